//! Colours of a tile that has many: what is missing to a prediction from the neighbours.

use super::{
    Colour, TileError,
    palette::{fold, unfold},
    range::{Chance, Coder},
    rows::{Around, Spell},
};

/// How busy the surroundings are, in this many steps.
const STEPS: usize = 10;

/// Learns how far predictions miss.
pub(super) struct Residual {
    channels: [[Misses; STEPS]; 3],
}

impl Residual {
    pub(super) fn new() -> Self {
        Self {
            channels: [[Misses::new(); STEPS]; 3],
        }
    }
}

impl Spell for Residual {
    fn spell<C: Coder>(
        &mut self,
        coder: &mut C,
        around: &Around,
        colour: Colour,
    ) -> Result<Colour, TileError> {
        let [w, n, nw, ne] = [around.w, around.n, around.nw, around.ne].map(Colour::to_le_bytes);
        let told = colour.to_le_bytes();
        let mut found = [0; 4];
        let mut missed = 0;
        let mut busy = 0;
        // Green first; the others mostly miss as far as it does.
        for (order, at) in [1, 2, 0].into_iter().enumerate() {
            if order == 0 {
                busy = w[at].abs_diff(nw[at]) as usize
                    + n[at].abs_diff(nw[at]) as usize
                    + n[at].abs_diff(ne[at]) as usize;
            }
            let step = (usize::BITS - busy.leading_zeros()) as usize;
            let expected = between(w[at], n[at], nw[at]).wrapping_add(missed);
            let miss = &mut self.channels[order][step.min(STEPS - 1)];
            let miss = unfold(miss.code(coder, fold(told[at].wrapping_sub(expected))));
            if order == 0 {
                missed = miss;
            }
            found[at] = expected.wrapping_add(miss);
        }
        Ok(u32::from_le_bytes(found))
    }

    fn count(&self) -> usize {
        usize::MAX
    }
}

/// The neighbour across an edge, or on a slope what goes on with it.
fn between(w: u8, n: u8, nw: u8) -> u8 {
    let (low, high) = (w.min(n), w.max(n));
    let slope = i16::from(w) + i16::from(n) - i16::from(nw);
    slope.clamp(i16::from(low), i16::from(high)) as u8
}

/// How far predictions missed in one kind of surroundings.
#[derive(Clone, Copy)]
struct Misses {
    /// Of the last ones, with less weight the longer ago.
    sum: u32,
    more: [Chance; 16],
}

/// How much the last misses weigh in [`Misses::sum`].
const MEMORY: u32 = 16;

impl Misses {
    fn new() -> Self {
        Self {
            sum: 4 * MEMORY,
            more: [Chance::EVEN; 16],
        }
    }

    /// Codes a miss as a multiple of a power of two near the middle of the last ones, in ones,
    /// and the rest in bits.
    fn code(&mut self, coder: &mut impl Coder, value: u8) -> u8 {
        let value = u32::from(value);
        let mean = self.sum / MEMORY;
        let low = (u32::BITS - (mean * 2 / 3).leading_zeros()).min(7);
        let times = value >> low;
        let mut count = 0;
        while count < 255 >> low {
            if !coder.bit(&mut self.more[(count as usize).min(15)], times > count) {
                break;
            }
            count += 1;
        }
        let rest = coder.bits(low, value & ((1 << low) - 1));
        let value = count << low | rest;
        self.sum = self.sum - mean + value;
        value as u8
    }
}
