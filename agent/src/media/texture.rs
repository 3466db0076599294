//! What a block of the picture looks like: drawn by a computer, or of a photograph or film. Pure.

use super::plane::{Pixel, UNKNOWN};

/// A block of so many colours is natural, whatever else.
const MANY_COLOURS: u32 = 96;

/// One of so many is if it is nowhere flat: letters with soft edges have as many, but they stand
/// on a plain ground.
const SOME_COLOURS: u32 = 24;

/// Of 2^this places a hash table is: enough for the colours of a block, since counting them ends
/// with [`MANY_COLOURS`].
const TABLE_BITS: u32 = 9;

/// What was counted in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texture {
    /// Different colours, up to [`MANY_COLOURS`].
    colours: u32,
    /// Pixels, until so many colours were found.
    pixels: u32,
    /// Of these, those that are like the one to the left of them or above.
    flat: u32,
}

impl Texture {
    /// Counts the pixels of a block.
    pub fn of<'a>(rows: impl Iterator<Item = &'a [Pixel]>) -> Self {
        let mut seen = [UNKNOWN; 1 << TABLE_BITS];
        let (mut colours, mut pixels, mut flat) = (0, 0, 0);
        let mut above: &[Pixel] = &[];
        for row in rows {
            let mut left = UNKNOWN;
            for (x, &pixel) in row.iter().enumerate() {
                pixels += 1;
                if pixel == left || above.get(x) == Some(&pixel) {
                    flat += 1;
                } else if is_new(&mut seen, pixel) {
                    colours += 1;
                    if colours == MANY_COLOURS {
                        return Self {
                            colours,
                            pixels,
                            flat,
                        };
                    }
                }
                left = pixel;
            }
            above = row;
        }
        Self {
            colours,
            pixels,
            flat,
        }
    }

    /// Whether it is of a photograph or film.
    pub fn is_natural(self) -> bool {
        let plain = self.flat * 2 > self.pixels;
        self.colours >= MANY_COLOURS || (self.colours >= SOME_COLOURS && !plain)
    }
}

/// Puts a pixel into a hash table (with open addressing); false if it was there.
fn is_new(seen: &mut [Pixel; 1 << TABLE_BITS], pixel: Pixel) -> bool {
    let mut slot = (pixel.wrapping_mul(0x9e37_79b1) >> (32 - TABLE_BITS)) as usize;
    while seen[slot] != pixel {
        if seen[slot] == UNKNOWN {
            seen[slot] = pixel;
            return true;
        }
        slot = (slot + 1) % seen.len();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_natural(pixel: impl Fn(u32, u32) -> Pixel) -> bool {
        let pixels: Vec<Pixel> = (0..256).map(|n| pixel(n % 16, n / 16)).collect();
        Texture::of(pixels.chunks(16)).is_natural()
    }

    #[test]
    fn what_computers_draw_is_not_natural() {
        assert!(!is_natural(|_, _| 0x30_3030), "plain");
        assert!(!is_natural(|_, y| 0x10_1010 * y / 2), "a gradient");
        assert!(
            !is_natural(|x, y| if (x * y) % 3 == 0 { 0 } else { 0xff_ffff }),
            "dots"
        );
        let soft = |x: u32, y: u32| {
            if x % 4 == 1 && y % 8 < 5 {
                0x01_0101 * (x * 8 + y)
            } else {
                0
            }
        };
        assert!(!is_natural(soft), "letters with soft edges");
    }

    #[test]
    fn photographs_and_what_is_like_them_are_natural() {
        assert!(is_natural(|x, y| (x * 57 + y * 91) % 251), "many colours");
        assert!(
            is_natural(|x, y| (x + y * 2) << 8),
            "a slope in both directions"
        );
    }
}
