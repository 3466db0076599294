//! Colours of a tile that has few of them.

use super::{
    Colour, TileError,
    range::{Chance, Coder},
    rows::{Around, Spell},
};

/// At most this many.
const MOST: usize = 256;

/// The colours of a tile in order, and how to name one of them.
#[derive(Debug, Clone)]
pub(super) struct Palette {
    /// Sorted by [`key`], none twice.
    colours: Vec<Colour>,
    /// Bits of a place in it.
    bits: u32,
    places: Vec<Chance>,
}

/// Green first: it says most about how bright a colour is.
fn key(colour: Colour) -> u32 {
    let [blue, green, red, _] = colour.to_le_bytes();
    u32::from_be_bytes([0, green, red, blue])
}

fn colour(key: u32) -> Colour {
    let [_, green, red, blue] = key.to_be_bytes();
    u32::from_be_bytes([0, red, green, blue])
}

impl Palette {
    /// The palette of `pixels`, unless they have too many colours.
    pub(super) fn of(pixels: impl Iterator<Item = Colour>) -> Option<Self> {
        /// Larger than any colour.
        const FREE: u32 = u32::MAX;
        let mut seen = [FREE; MOST * 4];
        let mut colours = Vec::new();
        let mut last = FREE;
        for colour in pixels {
            if colour == last {
                continue;
            }
            last = colour;
            let mut slot = (colour.wrapping_mul(0x9e37_79b1) >> 22) as usize;
            while seen[slot] != FREE && seen[slot] != colour {
                slot = (slot + 1) % seen.len();
            }
            if seen[slot] == FREE {
                if colours.len() == MOST {
                    return None;
                }
                seen[slot] = colour;
                colours.push(colour);
            }
        }
        colours.sort_unstable_by_key(|&colour| key(colour));
        Some(Self::new(colours))
    }

    fn new(colours: Vec<Colour>) -> Self {
        let bits = colours.len().next_power_of_two().trailing_zeros();
        Self {
            colours,
            bits,
            places: vec![Chance::EVEN; 1 << bits],
        }
    }

    pub(super) fn colours(&self) -> &[Colour] {
        &self.colours
    }

    /// Writes the colours.
    pub(super) fn write(&self, coder: &mut impl Coder) {
        coder.bits(8, self.colours.len() as u32 - 1);
        let mut steps = Steps::new();
        for &colour in &self.colours {
            steps.code(coder, key(colour));
        }
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(coder: &mut impl Coder) -> Result<Self, TileError> {
        let count = coder.bits(8, 0) as usize + 1;
        let mut steps = Steps::new();
        let mut colours = Vec::with_capacity(count);
        for _ in 0..count {
            colours.push(colour(steps.code(coder, 0)));
        }
        if !colours.is_sorted_by(|&a, &b| key(a) < key(b)) {
            return Err(TileError::BadPalette);
        }
        Ok(Self::new(colours))
    }
}

impl Spell for Palette {
    fn spell<C: Coder>(
        &mut self,
        coder: &mut C,
        _: &Around,
        colour: Colour,
    ) -> Result<Colour, TileError> {
        let place = if C::TOLD {
            self.colours
                .binary_search_by_key(&key(colour), |&c| key(c))
                .unwrap_or(0)
        } else {
            0
        };
        let place = coder.tree(&mut self.places, self.bits, place as u32);
        self.colours
            .get(place as usize)
            .copied()
            .ok_or(TileError::BadPalette)
    }

    fn count(&self) -> usize {
        self.colours.len()
    }
}

/// The steps from one colour to the next.
struct Steps {
    last: u32,
    /// Whether the last step was one of grey.
    grey: bool,
    is_grey: [Chance; 2],
    green: Number,
    red: Number,
    blue: Number,
}

impl Steps {
    fn new() -> Self {
        let number = Number::new;
        let is_grey = [Chance::EVEN; 2];
        Self {
            last: 0,
            grey: true,
            is_grey,
            green: number(),
            red: number(),
            blue: number(),
        }
    }

    fn code(&mut self, coder: &mut impl Coder, key: u32) -> u32 {
        let [_, g, r, b] = key.to_be_bytes();
        let [_, last_g, last_r, last_b] = self.last.to_be_bytes();
        let step = self.green.code(coder, g.wrapping_sub(last_g));
        let g = last_g.wrapping_add(step);
        // Most steps are as wide in all three.
        let (like_r, like_b) = (last_r.wrapping_add(step), last_b.wrapping_add(step));
        let grey = &mut self.is_grey[usize::from(self.grey)];
        self.grey = coder.bit(grey, r == like_r && b == like_b);
        let (r, b) = if self.grey {
            (like_r, like_b)
        } else {
            let red = unfold(self.red.code(coder, fold(r.wrapping_sub(like_r))));
            let blue = unfold(self.blue.code(coder, fold(b.wrapping_sub(like_b))));
            (like_r.wrapping_add(red), like_b.wrapping_add(blue))
        };
        self.last = u32::from_be_bytes([0, g, r, b]);
        self.last
    }
}

/// A byte whose small values are the likely ones: how many bits it has, then those.
pub(super) struct Number {
    size: [Chance; 16],
    /// The highest bit that is not known from the size.
    half: [Chance; 9],
}

impl Number {
    pub(super) fn new() -> Self {
        Self {
            size: [Chance::EVEN; 16],
            half: [Chance::EVEN; 9],
        }
    }

    pub(super) fn code(&mut self, coder: &mut impl Coder, value: u8) -> u8 {
        let size = coder
            .tree(&mut self.size, 4, 8 - value.leading_zeros())
            .min(8);
        if size < 2 {
            return size as u8;
        }
        let below = size - 2;
        let value = u32::from(value);
        let half = coder.bit(&mut self.half[size as usize], value >> below & 1 == 1);
        let rest = coder.bits(below, value & ((1 << below) - 1));
        ((2 + u32::from(half)) << below | rest) as u8
    }
}

/// Makes small differences small numbers, whatever their sign.
pub(super) fn fold(difference: u8) -> u8 {
    difference << 1 ^ (difference.cast_signed() >> 7).cast_unsigned()
}

/// Undoes [`fold`].
pub(super) fn unfold(value: u8) -> u8 {
    value >> 1 ^ (value & 1).wrapping_neg()
}
