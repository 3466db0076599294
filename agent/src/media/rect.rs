//! Rectangles of a picture, and how many small ones become a few.

/// Width and height in pixels. What is shared always has even sides, since chroma has half the
/// resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Size {
    /// Without the odd last column and row.
    #[must_use]
    pub fn even(self) -> Self {
        Self {
            width: self.width & !1,
            height: self.height & !1,
        }
    }

    /// All of it.
    pub fn rect(self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.width,
            height: self.height,
        }
    }
}

/// A part of a picture, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Rect {
    /// The first column to the right of it.
    pub fn right(&self) -> u32 {
        self.x + self.width
    }

    /// The first row below it.
    pub fn bottom(&self) -> u32 {
        self.y + self.height
    }

    /// Of both sides.
    pub fn size(&self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }

    /// In pixels.
    pub fn area(&self) -> u32 {
        self.width * self.height
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn around(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }

    /// Whether all of the other lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// What both have in common.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        (x < right && y < bottom).then(|| Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        })
    }

    /// What of it lies in `view`, from the top left corner of that.
    #[must_use]
    pub fn within(&self, view: &Self) -> Option<Self> {
        let seen = self.overlap(view)?;
        Some(Self {
            x: seen.x - view.x,
            y: seen.y - view.y,
            ..seen
        })
    }

    /// Somewhere else; it must stay at coordinates of zero and above.
    #[must_use]
    pub fn shifted(&self, dx: i32, dy: i32) -> Self {
        Self {
            x: self.x.saturating_add_signed(dx),
            y: self.y.saturating_add_signed(dy),
            ..*self
        }
    }

    /// Grown to even pixels and clipped to a picture with even sides; `None` if nothing is left.
    #[must_use]
    pub fn fit(&self, picture: Size) -> Option<Self> {
        let (x, y) = (self.x & !1, self.y & !1);
        let right = self.right().next_multiple_of(2).min(picture.width);
        let bottom = self.bottom().next_multiple_of(2).min(picture.height);
        (x < right && y < bottom).then(|| Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        })
    }
}

/// At most so many rectangles go on after merging: each costs a request and a conversion.
pub const MAX_RECTS: usize = 16;

/// Two rectangles become one if that covers at most so many pixels for nothing.
const MAX_WASTE: u32 = 4096;

/// Merges what changed into at most [`MAX_RECTS`] even rectangles inside `picture`.
///
/// INVARIANT: every changed pixel inside `picture` is covered, and all results together have at
/// most as many pixels as `picture`, so they fit a buffer of its size.
pub fn merge(changed: impl IntoIterator<Item = Rect>, picture: Size) -> Vec<Rect> {
    let mut merged: Vec<Rect> = Vec::with_capacity(MAX_RECTS + 1);
    for rect in changed.into_iter().filter_map(|rect| rect.fit(picture)) {
        insert(&mut merged, rect);
        if merged.len() > MAX_RECTS {
            join_cheapest(&mut merged);
        }
    }
    let total: u64 = merged.iter().map(|rect| u64::from(rect.area())).sum();
    if total > u64::from(picture.rect().area()) {
        return vec![picture.rect()];
    }
    merged
}

fn waste(a: &Rect, b: &Rect) -> u32 {
    a.around(b).area().saturating_sub(a.area() + b.area())
}

/// Adds `rect`, swallowing every rectangle that it can be joined with cheaply.
fn insert(merged: &mut Vec<Rect>, mut rect: Rect) {
    while let Some(near) = merged
        .iter()
        .position(|other| waste(other, &rect) <= MAX_WASTE)
    {
        rect = rect.around(&merged.swap_remove(near));
    }
    merged.push(rect);
}

fn join_cheapest(merged: &mut Vec<Rect>) {
    let pairs = (0..merged.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    if let Some((a, b)) = pairs.min_by_key(|&(a, b)| waste(&merged[a], &merged[b])) {
        // `a` is the later one: removing it first leaves `b` in its place.
        let joined = merged.swap_remove(a).around(&merged.swap_remove(b));
        insert(merged, joined);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PICTURE: Size = Size {
        width: 640,
        height: 480,
    };

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn letters_of_a_line_become_one_rectangle() {
        let letters = (0..20).map(|i| rect(101 + i * 9, 51, 9, 17));
        assert_eq!(merge(letters, PICTURE), [rect(100, 50, 182, 18)]);
    }

    #[test]
    fn far_corners_stay_apart() {
        let corners = [rect(0, 0, 10, 10), rect(630, 470, 10, 10)];
        assert_eq!(merge(corners, PICTURE).len(), 2);
    }

    #[test]
    fn what_lies_in_a_view_is_counted_from_its_corner() {
        let view = rect(100, 50, 200, 100);
        let within = |part: Rect| part.within(&view);
        assert_eq!(within(rect(110, 60, 5, 5)), Some(rect(10, 10, 5, 5)));
        assert_eq!(within(rect(90, 40, 20, 500)), Some(rect(0, 0, 10, 100)));
        assert_eq!(within(rect(0, 0, 100, 400)), None);
    }

    #[test]
    fn nothing_outside_the_picture_survives() {
        let outside = [rect(640, 0, 9, 9), rect(639, 479, 100, 100)];
        assert_eq!(merge(outside, PICTURE), [rect(638, 478, 2, 2)]);
    }

    proptest! {
        #[test]
        fn merging_covers_everything_within_its_bounds(
            parts in prop::collection::vec((0u32..700, 0u32..500, 1u32..200, 1u32..200), 0..60),
        ) {
            let parts: Vec<_> = parts.into_iter().map(|(x, y, w, h)| rect(x, y, w, h)).collect();
            let merged = merge(parts.iter().copied(), PICTURE);
            prop_assert!(merged.len() <= MAX_RECTS);
            let total: u32 = merged.iter().map(Rect::area).sum();
            prop_assert!(total <= PICTURE.rect().area());
            for out in &merged {
                prop_assert!(out.x % 2 == 0 && out.y % 2 == 0);
                prop_assert!(out.width % 2 == 0 && out.height % 2 == 0);
                prop_assert!(out.right() <= PICTURE.width && out.bottom() <= PICTURE.height);
            }
            for part in parts {
                for y in (part.y..part.bottom().min(PICTURE.height)).step_by(7) {
                    for x in (part.x..part.right().min(PICTURE.width)).step_by(7) {
                        let covered = merged.iter().any(|out| {
                            (out.x..out.right()).contains(&x)
                                && (out.y..out.bottom()).contains(&y)
                        });
                        prop_assert!(covered, "({}, {}) is not covered", x, y);
                    }
                }
            }
        }
    }
}
