//! A binary range coder with probabilities that learn.
//!
//! What is to be coded is written once, over [`Coder`], for both directions: the encoder is told
//! each value and returns it, the decoder finds it out.

use super::TileError;

/// One direction of coding.
pub(super) trait Coder {
    /// Whether values are told (and not found out).
    const TOLD: bool;

    /// Codes one decision.
    fn bit(&mut self, chance: &mut Chance, value: bool) -> bool;

    /// Codes `count` bits (at most 16) of which nothing is known.
    fn bits(&mut self, count: u32, value: u32) -> u32;

    /// Codes a number of `count` bits from the highest down, each bit after those before it.
    /// There must be `1 << count` chances.
    fn tree(&mut self, chances: &mut [Chance], count: u32, value: u32) -> u32 {
        let mut node = 1;
        for place in (0..count).rev() {
            let bit = self.bit(&mut chances[node], value >> place & 1 == 1);
            node = node * 2 + usize::from(bit);
        }
        node as u32 - (1 << count)
    }
}

/// How likely a decision is to be yes, as learnt from how it went before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    /// In 65536ths.
    yes: u16,
    /// How often it was asked, up to the end of [`PACE`].
    asked: u16,
}

/// What part of the way a chance goes towards what happened, in 32768ths: far at first, so that
/// a small tile learns at all, and less the more it has seen.
const PACE: [i32; 24] = {
    let mut pace = [0; 24];
    let mut asked = 0;
    while asked < pace.len() {
        pace[asked] = 65_536 / (asked as i32 * 2 + 3);
        asked += 1;
    }
    pace
};

impl Chance {
    /// Nothing is known yet.
    pub(super) const EVEN: Self = Self::new(1 << 15);

    /// Starts with a guess.
    pub(super) const fn new(yes: u16) -> Self {
        Self { yes, asked: 0 }
    }

    fn learn(&mut self, value: bool) {
        let goal = if value { 65_535 - 24 } else { 24 };
        let old = i32::from(self.yes);
        self.yes = (old + (((goal - old) * PACE[usize::from(self.asked)]) >> 15)) as u16;
        self.asked = (self.asked + 1).min(PACE.len() as u16 - 1);
    }
}

/// Writes at the end of a vector.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    low: u64,
    range: u64,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            low: 0,
            range: u64::MAX,
        }
    }

    fn raise(&mut self, by: u64) {
        let (low, carry) = self.low.overflowing_add(by);
        self.low = low;
        if carry {
            // Never runs out of bytes: what is coded is less than one.
            for byte in self.out.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    fn settle(&mut self) {
        if self.range < 1 << 32 {
            self.out.extend(((self.low >> 32) as u32).to_be_bytes());
            self.low <<= 32;
            self.range <<= 32;
        }
    }

    /// Writes as few bytes as tell the rest; the decoder takes those after the end for zeros.
    pub(super) fn finish(mut self) {
        let (low, range) = (self.low, self.range);
        for count in 0..=8 {
            let below = u64::MAX.checked_shr(count * 8).unwrap_or(0);
            let up = low.wrapping_add(below) & !below;
            if up.wrapping_sub(low) < range {
                self.raise(up.wrapping_sub(low));
                self.out.extend(&up.to_be_bytes()[..count as usize]);
                return;
            }
        }
    }
}

impl Coder for Encoder<'_> {
    const TOLD: bool = true;

    fn bit(&mut self, chance: &mut Chance, value: bool) -> bool {
        let yes = (self.range >> 16) * u64::from(chance.yes);
        if value {
            self.range = yes;
        } else {
            self.raise(yes);
            self.range -= yes;
        }
        chance.learn(value);
        self.settle();
        value
    }

    fn bits(&mut self, count: u32, value: u32) -> u32 {
        self.range >>= count;
        self.raise(self.range * u64::from(value));
        self.settle();
        value
    }
}

/// Reads bytes.
pub(super) struct Decoder<'a> {
    data: &'a [u8],
    /// How many bytes were taken for zeros after the end.
    beyond: usize,
    code: u64,
    range: u64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        let mut decoder = Self {
            data,
            beyond: 0,
            code: 0,
            range: u64::MAX,
        };
        decoder.code = u64::from(decoder.take()) << 32;
        decoder.code |= u64::from(decoder.take());
        decoder
    }

    fn take(&mut self) -> u32 {
        if let Some((word, rest)) = self.data.split_first_chunk() {
            self.data = rest;
            return u32::from_be_bytes(*word);
        }
        let mut word = [0; 4];
        word[..self.data.len()].copy_from_slice(self.data);
        self.beyond += 4 - self.data.len();
        self.data = &[];
        u32::from_be_bytes(word)
    }

    fn settle(&mut self) {
        if self.range < 1 << 32 {
            self.code = self.code << 32 | u64::from(self.take());
            self.range <<= 32;
        }
    }

    /// Whether bytes were read that an encoder cannot have left out.
    pub(super) fn is_beyond(&self) -> bool {
        self.beyond > 8
    }

    /// Fails unless the bytes end where they should.
    pub(super) fn finish(self) -> Result<(), TileError> {
        if self.data.is_empty() && !self.is_beyond() {
            Ok(())
        } else {
            Err(TileError::WrongLength)
        }
    }
}

impl Coder for Decoder<'_> {
    const TOLD: bool = false;

    fn bit(&mut self, chance: &mut Chance, _: bool) -> bool {
        let yes = (self.range >> 16) * u64::from(chance.yes);
        let value = self.code < yes;
        if value {
            self.range = yes;
        } else {
            self.code -= yes;
            self.range -= yes;
        }
        chance.learn(value);
        self.settle();
        value
    }

    fn bits(&mut self, count: u32, _: u32) -> u32 {
        self.range >>= count;
        let value = (self.code / self.range).min((1 << count) - 1);
        self.code -= value * self.range;
        self.settle();
        value as u32
    }
}
