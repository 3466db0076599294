use proptest::prelude::*;

use super::*;

const SIZE: Size = Size {
    width: 320,
    height: 240,
};

/// A picture that can be drawn on.
#[derive(Clone, PartialEq)]
struct Canvas(Vec<u32>);

impl Canvas {
    fn filled(mut colour: impl FnMut(u32, u32) -> u32) -> Self {
        let all = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
        Self(all.map(|(x, y)| colour(x, y)).collect())
    }

    /// Lines of what looks like letters on white, none like another.
    fn text(seed: u64) -> Self {
        let mut letters = random(seed);
        let cells: Vec<u32> = (0..40 * 20).map(|_| letters()).collect();
        Self::filled(|x, y| {
            let cell = cells[((y / 12).min(19) * 40 + (x / 8).min(39)) as usize];
            let ink = !(cell >> ((x % 8 / 2) * 4 + (y % 12) / 3)).is_multiple_of(2);
            if ink && x % 8 < 7 && y % 12 < 10 && !cell.is_multiple_of(7) {
                0x10_2030
            } else {
                0xff_ffff
            }
        })
    }

    fn noise(seed: u64) -> Self {
        let mut next = random(seed);
        Self::filled(|_, _| next() & 0xff_ffff)
    }

    fn at(&self, x: u32, y: u32) -> u32 {
        self.0[(y * SIZE.width + x) as usize]
    }

    /// `area` shows what `from` showed `(dx, dy)` before, where that is inside `area`.
    fn shifted(&self, area: Rect, vector: Vector, fresh: &Self) -> Self {
        Self::filled(|x, y| {
            if !inside(area, x, y) {
                return self.at(x, y);
            }
            let (from_x, from_y) = (
                x.wrapping_add_signed(-vector.dx),
                y.wrapping_add_signed(-vector.dy),
            );
            let source = if inside(area, from_x, from_y) {
                self
            } else {
                fresh
            };
            let (x, y) = if inside(area, from_x, from_y) {
                (from_x, from_y)
            } else {
                (x, y)
            };
            source.at(x, y)
        })
    }

    fn plane(&self) -> Plane {
        let mut plane = Plane::new(SIZE, 0);
        plane.paste(SIZE.rect(), &self.0);
        plane
    }
}

fn random(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

fn inside(rect: Rect, x: u32, y: u32) -> bool {
    (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y)
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

fn found(old: &Canvas, new: &Canvas, damage: &[Rect], hint: Option<Vector>) -> Option<Vector> {
    find(&old.plane(), &new.plane(), damage, hint).map(|motion| motion.vector)
}

fn moved(old: &Canvas, new: &Canvas, area: Rect, vector: Vector) -> Vec<Rect> {
    matching(&old.plane(), &new.plane(), area, vector)
}

/// The part of `area` that came from inside it.
fn kept(area: Rect, vector: Vector) -> Rect {
    rect(
        area.x + vector.dx.max(0).unsigned_abs(),
        area.y + vector.dy.max(0).unsigned_abs(),
        area.width - vector.dx.unsigned_abs(),
        area.height - vector.dy.unsigned_abs(),
    )
}

fn pixels(rect: Rect) -> impl Iterator<Item = (u32, u32)> {
    (rect.y..rect.bottom()).flat_map(move |y| (rect.x..rect.right()).map(move |x| (x, y)))
}

/// All of these lie in `area` and are the old picture, moved.
fn are_right(
    rects: &[Rect],
    old: &Canvas,
    new: &Canvas,
    area: Rect,
    vector: Vector,
) -> Result<(), TestCaseError> {
    for rect in rects {
        prop_assert_eq!(area.around(rect), area);
        for (x, y) in pixels(*rect) {
            let from_x = x.checked_add_signed(-vector.dx).unwrap();
            let from_y = y.checked_add_signed(-vector.dy).unwrap();
            prop_assert_eq!(new.at(x, y), old.at(from_x, from_y));
        }
    }
    Ok(())
}

/// How many changed pixels of `kept` are in none of these.
fn missed(rects: &[Rect], old: &Canvas, new: &Canvas, kept: Rect) -> usize {
    let changed = pixels(kept).filter(|&(x, y)| new.at(x, y) != old.at(x, y));
    changed
        .filter(|&(x, y)| !rects.iter().any(|rect| inside(*rect, x, y)))
        .count()
}

prop_compose! {
    fn areas()(x in 0_u32..60, y in 0_u32..40)(
        x in Just(x), y in Just(y),
        width in 200..=SIZE.width - x, height in 160..=SIZE.height - y,
    ) -> Rect {
        rect(x, y, width, height)
    }
}

prop_compose! {
    fn vectors()(dx in -60_i32..=60, dy in -60_i32..=60) -> Vector {
        Vector { dx, dy }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn text_that_moved_is_found_wherever_it_went(
        seed: u64, area in areas(), vector in vectors(),
    ) {
        prop_assume!(vector != Vector::ZERO);
        let old = Canvas::text(seed);
        let new = old.shifted(area, vector, &Canvas::text(!seed));
        prop_assert_eq!(found(&old, &new, &[area], None), Some(vector));
    }

    #[test]
    fn noise_did_not_move(seed: u64, area in areas()) {
        let (old, new) = (Canvas::noise(seed), Canvas::noise(!seed));
        prop_assert_eq!(found(&old, &new, &[area], Some(Vector { dx: 0, dy: 16 })), None);
    }

    #[test]
    fn other_text_did_not_move(seed: u64, area in areas()) {
        let (old, new) = (Canvas::text(seed), Canvas::text(!seed));
        prop_assert_eq!(found(&old, &new, &[area], None), None);
    }

    #[test]
    fn what_moved_together_is_found_to_its_last_pixel(
        seed: u64, area in areas(), vector in vectors(),
    ) {
        prop_assume!(vector != Vector::ZERO);
        let old = Canvas::text(seed);
        let new = old.shifted(area, vector, &Canvas::text(!seed));
        let rects = moved(&old, &new, area, vector);
        are_right(&rects, &old, &new, area, vector)?;
        prop_assert_eq!(missed(&rects, &old, &new, kept(area, vector)), 0, "{:?}", rects);
        prop_assert!(rects.len() < 8, "{rects:?}");
    }

    #[test]
    fn what_moved_around_something_new_is_nearly_all_found(
        seed: u64, area in areas(), vector in vectors(), across: u32, down: u32,
    ) {
        prop_assume!(vector != Vector::ZERO);
        let old = Canvas::text(seed);
        let kept = kept(area, vector);
        let place = |from: u32, side: u32, part: u32| from + part % (side - 8);
        let spot = rect(place(kept.x, kept.width, across), place(kept.y, kept.height, down), 8, 8);
        let moved_text = old.shifted(area, vector, &Canvas::text(!seed));
        let new = Canvas::filled(|x, y| if inside(spot, x, y) { 0xff_0000 } else { moved_text.at(x, y) });
        let rects = moved(&old, &new, area, vector);
        are_right(&rects, &old, &new, area, vector)?;
        // The spot, the rest of up to four blocks around it, and a little along the edges.
        let little = 4 * 256 + kept.area() as usize / 25;
        let missed = missed(&rects, &old, &new, kept);
        prop_assert!(missed <= little, "{missed} of {}: {rects:?}", kept.area());
    }

    #[test]
    fn nothing_outside_is_read(
        seed: u64, x: u32, y: u32, width: u32, height: u32, dx: i32, dy: i32, near: bool,
    ) {
        let cut = |value: u32, limit| if near { value % limit } else { value };
        let area = rect(cut(x, 340), cut(y, 250), cut(width, 340), cut(height, 250));
        let vector = if near { Vector { dx: dx % 330, dy: dy % 250 } } else { Vector { dx, dy } };
        let (old, new) = (Canvas::text(seed), Canvas::text(!seed));
        found(&old, &new, &[area, rect(0, 0, 40, 8)], Some(vector));
        moved(&old, &new, area, vector);
    }
}

#[test]
fn flat_areas_did_not_move() {
    let (black, white) = (Canvas::filled(|_, _| 0), Canvas::filled(|_, _| 0xff_ffff));
    assert_eq!(found(&black, &white, &[SIZE.rect()], None), None);
    let half = Canvas::filled(|_, y| if y < 100 { 0 } else { 0xff_ffff });
    assert_eq!(found(&half, &white, &[SIZE.rect()], None), None);
}

#[test]
fn a_window_that_was_dragged_is_found_in_two_damaged_places() {
    let desk = Canvas::filled(|x, y| {
        if (x / 40 + y / 30).is_multiple_of(2) {
            0x40_6080
        } else {
            0x60_4080
        }
    });
    let inside_window = Canvas::text(5);
    let at = |left: u32, top: u32| {
        Canvas::filled(|x, y| {
            let window = inside(rect(left, top, 150, 100), x, y);
            if window {
                inside_window.at(x - left, y - top)
            } else {
                desk.at(x, y)
            }
        })
    };
    let vector = Vector { dx: 130, dy: -57 };
    let (old, new) = (at(20, 90), at(150, 33));
    let damage = [rect(20, 90, 150, 100), rect(150, 33, 150, 100)];
    assert_eq!(found(&old, &new, &damage, None), Some(vector));
    assert_eq!(moved(&old, &new, damage[1], vector), [damage[1]]);
}

#[test]
fn a_hint_that_is_right_is_kept_and_one_that_is_wrong_does_no_harm() {
    let old = Canvas::text(8);
    let vector = Vector { dx: 0, dy: -36 };
    let new = old.shifted(SIZE.rect(), vector, &Canvas::text(9));
    let wrong = Vector { dx: 3, dy: 12 };
    for hint in [vector, wrong, Vector::ZERO] {
        assert_eq!(found(&old, &new, &[SIZE.rect()], Some(hint)), Some(vector));
    }
}

#[test]
fn pictures_of_two_sizes_have_nothing_in_common() {
    let plane = Canvas::text(1).plane();
    let small = Size { width: 300, ..SIZE };
    let other = Plane::new(small, 0);
    let vector = Vector { dx: 0, dy: 12 };
    assert_eq!(find(&plane, &other, &[small.rect()], Some(vector)), None);
    assert_eq!(matching(&plane, &other, small.rect(), vector), []);
}

#[test]
fn what_nobody_has_seen_did_not_move() {
    let nothing = Plane::new(SIZE, crate::media::plane::UNKNOWN);
    let text = Canvas::text(3).plane();
    let vector = Vector { dx: 0, dy: 12 };
    assert_eq!(find(&nothing, &text, &[SIZE.rect()], Some(vector)), None);
    assert_eq!(matching(&nothing, &text, SIZE.rect(), vector), []);
}
