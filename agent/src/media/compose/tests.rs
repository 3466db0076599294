//! Whatever happens on the screen, in the end the page shows exactly that.

use deskhand_protocol::{
    control::Quality,
    picture::{Area, Codec, Part, Update, tile},
};
use proptest::prelude::*;

use super::*;
use crate::media::{
    pace::Pacer,
    plane::{Pixel, Plane, UNKNOWN},
};

mod failing;
mod quality;

const SIZE: Size = Size {
    width: 230,
    height: 158,
};
const MS: Duration = Duration::from_millis(1);

/// A screen, the composer, and a page that paints what it is sent.
struct Scene {
    screen: Plane,
    composer: Composer,
    page: Plane,
    /// What the page's decoder goes on with.
    decoder: Option<Codec>,
    link: Link,
    pacer: Pacer,
    now: Instant,
    bytes: usize,
    /// How many updates a codec had a part in.
    videos: usize,
}

/// Something happens on the screen.
#[derive(Debug, Clone)]
enum Act {
    Fill(Rect, Pixel),
    Noise(Rect, u32),
    Text(Rect, u32),
    Scroll(Rect, i32, i32),
    Wait(u64),
    Refresh,
    Bitrate(u32),
    Decodes(Vec<Codec>),
    Prefer(Quality),
}

impl Scene {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            screen: Plane::new(SIZE, 0x20_3040),
            composer: Composer::new(1, SIZE, 8000, now, now),
            page: Plane::new(SIZE, UNKNOWN),
            decoder: None,
            link: Link::new(8000, now),
            pacer: Pacer::new(60),
            now,
            bytes: 0,
            videos: 0,
        }
    }

    /// Draws, and lets the composer look.
    fn draws(&mut self, rect: Rect, mut pixel: impl FnMut(u32, u32) -> Pixel) {
        let pixels: Vec<Pixel> = (rect.y..rect.bottom())
            .flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)))
            .map(|(x, y)| pixel(x, y))
            .collect();
        self.screen.paste(rect, &pixels);
        self.sees(rect);
    }

    fn sees(&mut self, rect: Rect) {
        let bgra: Vec<u8> = self
            .screen
            .rows(rect)
            .flatten()
            // What is in the fourth byte is of no consequence.
            .flat_map(|pixel| (pixel | 0xab00_0000).to_le_bytes())
            .collect();
        let pixels = Pixels {
            bgra: &bgra,
            stride: rect.width * 4,
        };
        self.composer.see(rect, pixels, self.now);
    }

    fn does(&mut self, act: &Act) {
        match *act {
            Act::Fill(rect, colour) => self.draws(rect, |_, _| colour),
            Act::Noise(rect, seed) => self.draws(rect, |x, y| noise(x, y, seed)),
            Act::Text(rect, seed) => self.draws(rect, |x, y| {
                if noise(x / 2, y / 2, seed).is_multiple_of(4) {
                    0x1_0203
                } else {
                    0xf0_f0e8
                }
            }),
            Act::Scroll(rect, dx, dy) => {
                let old = self.screen.clone();
                self.draws(rect, |x, y| {
                    let from = (x.checked_add_signed(-dx), y.checked_add_signed(-dy));
                    match from {
                        (Some(x), Some(y))
                            if rect.contains(&Rect {
                                x,
                                y,
                                width: 1,
                                height: 1,
                            }) =>
                        {
                            old.pixels()[(y * SIZE.width + x) as usize]
                        }
                        _ => 0xf0_f0e8,
                    }
                });
            }
            Act::Wait(ms) => self.now += MS * u32::try_from(ms).unwrap(),
            Act::Refresh => self.composer.refresh(),
            Act::Bitrate(kbit) => self.composer.set_bitrate(kbit),
            Act::Prefer(quality) => self.composer.set_taste(Taste::of(quality)),
            Act::Decodes(ref codecs) => {
                let codecs = codecs.iter().copied().collect();
                self.composer.set_decodable(codecs);
            }
        }
    }

    /// Sends one update; false if there was none.
    fn sends(&mut self, budget: usize) -> bool {
        let packet = self.composer.compose(budget, &self.link, self.now);
        let Some(packet) = packet else { return false };
        self.bytes += packet.data.len();
        let update = Update::decode(&packet.data).unwrap();
        if update.fresh {
            self.decoder = None;
        }
        for part in &update.parts {
            match part {
                Part::Copy { dx, dy, areas } => {
                    let before = self.page.clone();
                    for area in areas {
                        let to = rect(*area);
                        let from = to.shifted(-i32::from(*dx), -i32::from(*dy));
                        let pixels: Vec<_> = before.rows(from).flatten().copied().collect();
                        self.page.paste(to, &pixels);
                    }
                }
                Part::Tile { area, data } => {
                    let mut rgba = vec![];
                    tile::decode(data, area.width, area.height, &mut rgba).unwrap();
                    let pixels: Vec<_> = rgba
                        .chunks_exact(4)
                        .map(|p| u32::from_be_bytes([0, p[0], p[1], p[2]]))
                        .collect();
                    self.page.paste(rect(*area), &pixels);
                }
                // Nobody knows what a codec makes of it.
                Part::Video {
                    codec, key, areas, ..
                } => {
                    assert!(*key || self.decoder == Some(*codec), "it can be decoded");
                    self.decoder = Some(*codec);
                    self.videos += 1;
                    for area in areas {
                        let unknown = Plane::new(SIZE, UNKNOWN);
                        self.page.copy_from(&unknown, rect(*area));
                    }
                }
            }
        }
        true
    }

    /// Sends until nothing is left, and gives the number of updates.
    fn settles(&mut self, budget: usize) -> usize {
        for count in 0..10_000 {
            match self.composer.due(self.now) {
                Due::Now => assert!(
                    self.sends(budget) || self.composer.due(self.now) != Due::Now,
                    "what is due is sent, or waits for a certain time"
                ),
                Due::At(at) => {
                    assert!(at > self.now, "a wait leads forward");
                    self.now = at;
                }
                Due::Never => return count,
            }
        }
        panic!("it never ends");
    }

    fn is_exact(&self) -> bool {
        self.page.equals(&self.screen, SIZE.rect())
    }
}

fn rect(area: Area) -> Rect {
    Rect {
        x: area.x.into(),
        y: area.y.into(),
        width: area.width.into(),
        height: area.height.into(),
    }
}

fn noise(x: u32, y: u32, seed: u32) -> Pixel {
    let mut n = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed;
    n ^= n >> 15;
    n = n.wrapping_mul(0x2c1b_3c6d);
    (n ^ n >> 13) & 0xff_ffff
}

fn any_rect() -> impl Strategy<Value = Rect> {
    (0..SIZE.width, 0..SIZE.height).prop_flat_map(|(x, y)| {
        (1..=SIZE.width - x, 1..=SIZE.height - y).prop_map(move |(width, height)| Rect {
            x,
            y,
            width,
            height,
        })
    })
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any_rect(), 0..0x100_0000_u32).prop_map(|(rect, colour)| Act::Fill(rect, colour)),
        (any_rect(), any::<u32>()).prop_map(|(rect, seed)| Act::Noise(rect, seed)),
        (any_rect(), any::<u32>()).prop_map(|(rect, seed)| Act::Text(rect, seed)),
        (any_rect(), -40..40, -40..40).prop_map(|(rect, dx, dy)| Act::Scroll(rect, dx, dy)),
        (1..700_u64).prop_map(Act::Wait),
        Just(Act::Refresh),
        (1..100_u32).prop_map(Act::Bitrate),
        prop::sample::select(vec![
            Quality::Auto,
            Quality::SharpText,
            Quality::Balanced,
            Quality::LowBandwidth,
        ])
        .prop_map(Act::Prefer),
        prop::sample::subsequence(vec![Codec::Vp9, Codec::Av1], 0..=2).prop_map(Act::Decodes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn in_the_end_the_page_shows_exactly_the_screen(
        acts in prop::collection::vec((any_act(), any::<bool>()), 1..30),
        budget in 1..20_000_usize,
    ) {
        let mut scene = Scene::new();
        scene.sees(SIZE.rect());
        for (act, sends) in &acts {
            scene.does(act);
            if *sends {
                scene.sends(budget);
            }
        }
        scene.settles(budget);
        prop_assert!(scene.is_exact());
    }
}

#[test]
fn what_did_not_change_is_not_sent_although_it_was_drawn_again() {
    let mut scene = Scene::new();
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    scene.sees(SIZE.rect());
    assert_eq!(scene.composer.due(scene.now), Due::Never);
    assert!(!scene.sends(usize::MAX));
}

#[test]
fn a_letter_is_sent_before_a_page() {
    let mut scene = Scene::new();
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    let page = Rect {
        x: 0,
        y: 0,
        width: 100,
        height: 94,
    };
    let letter = Rect {
        x: 140,
        y: 60,
        width: 6,
        height: 9,
    };
    scene.does(&Act::Text(page, 1));
    scene.does(&Act::Text(letter, 2));
    scene.sends(1);
    assert!(scene.page.equals(&scene.screen, letter));
    assert!(!scene.page.equals(&scene.screen, page));
}

#[test]
fn a_film_is_drawn_by_the_codec_and_exact_once_it_stands_still() {
    let mut scene = Scene::new();
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    let film = Rect {
        x: 16,
        y: 16,
        width: 112,
        height: 64,
    };
    for frame in 0..5 {
        scene.now += 33 * MS;
        scene.does(&Act::Noise(film, frame));
        assert!(scene.sends(usize::MAX));
        assert!(
            !scene.page.equals(&scene.screen, film),
            "drawn by the codec"
        );
    }
    let Due::At(at) = scene.composer.due(scene.now) else {
        panic!("something is left to do")
    };
    assert_eq!(at, scene.now + STILL);
    scene.settles(usize::MAX);
    assert!(scene.is_exact());
}

#[test]
fn what_a_window_uncovers_of_a_photograph_is_exact_at_once_where_the_link_carries_it() {
    for (kbit, drawn) in [(20_000, false), (200, true)] {
        let mut scene = Scene::new();
        scene.link = Link::new(kbit, scene.now);
        let window = |x| Rect {
            x,
            y: 20,
            width: 90,
            height: 100,
        };
        let at = |x| {
            move |px: u32, py: u32| {
                let inside = window(x).contains(&Rect {
                    x: px,
                    y: py,
                    width: 1,
                    height: 1,
                });
                if inside { 0xe0_e0e0 } else { noise(px, py, 5) }
            }
        };
        scene.draws(SIZE.rect(), at(10));
        scene.settles(usize::MAX);
        scene.videos = 0;
        for step in 1..8 {
            scene.now += 16 * MS;
            scene.draws(SIZE.rect(), at(10 + step * 7));
            assert!(scene.sends(usize::MAX));
            assert!(scene.is_exact() || drawn, "{kbit} kbit/s, step {step}");
        }
        assert_eq!(scene.videos > 0, drawn, "{kbit} kbit/s");
    }
}

#[test]
fn a_page_that_scrolls_is_moved_and_only_its_new_lines_are_sent() {
    let mut scene = Scene::new();
    let page = SIZE.rect();
    scene.does(&Act::Text(page, 1));
    scene.settles(usize::MAX);
    let whole = std::mem::take(&mut scene.bytes);
    for _ in 0..3 {
        scene.does(&Act::Scroll(page, 0, -16));
        scene.settles(usize::MAX);
        assert!(scene.is_exact());
    }
    assert!(scene.bytes < whole / 2, "{} of {whole}", scene.bytes);
}

#[test]
fn what_a_codec_drew_stays_only_nearly_right_when_it_moves() {
    let mut scene = Scene::new();
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    for seed in 0..2 {
        scene.now += 33 * MS;
        scene.does(&Act::Noise(SIZE.rect(), seed));
        assert!(scene.sends(usize::MAX));
    }
    scene.now += 33 * MS;
    scene.does(&Act::Scroll(SIZE.rect(), 24, -16));
    assert!(scene.sends(usize::MAX));
    assert!(!scene.is_exact());
    scene.settles(usize::MAX);
    assert!(scene.is_exact());
}

#[test]
fn on_a_lean_link_a_film_is_drawn_by_av1_as_long_as_the_page_decodes_it() {
    let mut scene = Scene::new();
    scene.does(&Act::Bitrate(10));
    scene.sees(SIZE.rect());
    scene.settles(usize::MAX);
    let drawn_by = |seed, scene: &mut Scene| {
        scene.now += 33 * MS;
        scene.does(&Act::Noise(SIZE.rect(), seed));
        assert!(scene.sends(usize::MAX));
        scene.decoder
    };
    assert_eq!(
        drawn_by(1, &mut scene),
        Some(Codec::Vp9),
        "nothing said yet"
    );
    scene.does(&Act::Decodes(vec![Codec::Vp9, Codec::Av1]));
    assert_eq!(drawn_by(2, &mut scene), Some(Codec::Vp9), "it goes on");
    scene.does(&Act::Refresh);
    assert_eq!(drawn_by(3, &mut scene), Some(Codec::Av1));
    assert_eq!(drawn_by(4, &mut scene), Some(Codec::Av1));
    scene.does(&Act::Decodes(vec![Codec::Vp9]));
    assert_eq!(drawn_by(5, &mut scene), Some(Codec::Vp9), "it failed");
}
