//! Films that are drawn rather than stored, the same on every run.

use std::f64::consts::PI;

use deskhand_agent::media::rect::Size;

/// What moves.
#[derive(Debug, Clone, Copy)]
pub enum Moving {
    /// Coloured waves and a disc, as the comparison with other programs has them.
    Waves,
    /// A photograph, scrolled by 24 pixels a picture.
    Scroll,
    /// A slow pan over it, with a grain that is new in every picture.
    Grain,
}

impl Moving {
    /// Draws a picture of so many: blue, green, red and a byte that means nothing, row by row.
    pub fn film(self, size: Size) -> Box<dyn Fn(u32) -> Vec<u8>> {
        let Size { width, height } = size;
        let draw = move |pixel: &dyn Fn(u32, u32) -> [u8; 3]| {
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            places
                .flat_map(|(x, y)| {
                    let [r, g, b] = pixel(x, y);
                    [b, g, r, 0]
                })
                .collect()
        };
        match self {
            Self::Waves => {
                let table: Vec<u32> = (0..1024)
                    .map(|i| whole(127.0 + 120.0 * (f64::from(i) * 2.0 * PI / 1024.0).sin()).into())
                    .collect();
                Box::new(move |frame| {
                    let wave = |phase: u32| table[phase as usize % 1024];
                    let (t, n) = (frame * 11, f64::from(frame));
                    let disc_x = 80.0 + 200.0 * (1.0 + (n * 0.05).sin());
                    let disc_y = 60.0 + 110.0 * (1.0 + (n * 0.083).sin());
                    draw(&|x, y| {
                        if (f64::from(x) - disc_x).hypot(f64::from(y) - disc_y) < 40.0 {
                            return [0xf8, 0xf0, 0xe0];
                        }
                        let v = u32::midpoint(wave(x * 2 + t), wave(y * 3 + t));
                        let u = wave(x + y * 2 + 2 * t);
                        [v, u, 255 - v].map(|c| whole(c.into()))
                    })
                })
            }
            Self::Scroll => {
                let photo = Photo::new(width);
                Box::new(move |frame| draw(&|x, y| photo.at(x, y + frame * 24)))
            }
            Self::Grain => {
                let photo = Photo::new(width);
                Box::new(move |frame| {
                    draw(&|x, y| {
                        let grain = f64::from(hash(x, y, frame + 1000) % 9) - 4.0;
                        let still = photo.at(x + frame * 2, y + frame * 3);
                        still.map(|c| whole(f64::from(c) + grain))
                    })
                })
            }
        }
    }
}

/// Clouds of all sizes, a few hard edges and a little noise: about as dear as a photograph. It
/// goes on in all directions.
struct Photo {
    width: u32,
    pixels: Vec<[u8; 3]>,
}

impl Photo {
    const HEIGHT: u32 = 2048;

    fn new(width: u32) -> Self {
        let places = (0..Self::HEIGHT).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| {
            let (mut light, mut warm, mut cold) = (0.0, 0.0, 0.0);
            let (mut size, mut weight) = (128.0, 1.0);
            for octave in 0..7_u32 {
                let cloud = |seed: u32| weight * (cloud(x, y, size, seed + octave) - 0.5);
                light += cloud(0);
                if octave < 4 {
                    warm += cloud(20);
                    cold += cloud(40);
                }
                size /= 2.0;
                weight *= 0.55;
            }
            let edge = if cloud(x, y, 90.0, 77) > 0.55 {
                40.0
            } else {
                0.0
            };
            let noise = f64::from(hash(x, y, 9) % 8) - 3.5;
            let light = 120.0 + 150.0 * light + edge + noise;
            [light + 70.0 * warm, light, light + 70.0 * cold].map(whole)
        });
        Self {
            width,
            pixels: pixels.collect(),
        }
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let at = y % Self::HEIGHT * self.width + x % self.width;
        self.pixels[at as usize]
    }
}

/// From 0 to 1, smooth between points that are `size` pixels apart.
fn cloud(x: u32, y: u32, size: f64, seed: u32) -> f64 {
    let (x, y) = (f64::from(x) / size, f64::from(y) / size);
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let mix = |a: f64, b: f64, t: f64| a + (b - a) * t;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the picture"
    )]
    let point = |dx: f64, dy: f64| {
        let n = hash((x.floor() + dx) as u32, (y.floor() + dy) as u32, seed);
        f64::from(n) / f64::from(u32::MAX)
    };
    let (tx, ty) = (ease(x.fract()), ease(y.fract()));
    mix(
        mix(point(0.0, 0.0), point(1.0, 0.0), tx),
        mix(point(0.0, 1.0), point(1.0, 1.0), tx),
        ty,
    )
}

fn hash(x: u32, y: u32, seed: u32) -> u32 {
    let mut n =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed.wrapping_mul(0xc2b2_ae35);
    n ^= n >> 15;
    n = n.wrapping_mul(0x2c1b_3c6d);
    n ^= n >> 12;
    n = n.wrapping_mul(0x297a_2d39);
    n ^ n >> 15
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped"
)]
fn whole(colour: f64) -> u8 {
    colour.clamp(0.0, 255.0) as u8
}
