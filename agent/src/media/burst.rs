//! Keeps the first picture of a sudden large change small enough to arrive soon. Pure.

use std::time::{Duration, Instant};

use super::pace::Link;

/// A change after so much quiet is sudden.
const QUIET: Duration = Duration::from_millis(250);

/// So is one that covers so many times the blocks of the last one.
const JUMP: usize = 4;

/// The first picture may keep the link busy for so long.
const FIRST: Duration = Duration::from_millis(200);

/// Each following picture may be so much finer: the rate control would spend all that was saved
/// on the second one.
const EASE: u8 = 4;

/// Of the encoders' quantizers, from 0 to 63.
const COARSEST: u8 = 52;

/// The finest quantizer that a picture may get.
///
/// Rate control alone gives the first picture of a change either its finest quantizer, which
/// holds up everything after it, or its coarsest, from which a scrolled page takes seconds to
/// recover.
#[derive(Debug, Default)]
pub struct Burst {
    floor: u8,
    blocks: usize,
    last: Option<Instant>,
}

impl Burst {
    /// The finest quantizer for a picture in which so many blocks change now.
    pub fn floor(&mut self, blocks: usize, link: &Link, now: Instant) -> u8 {
        let quiet = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= QUIET);
        self.floor = if quiet || blocks > self.blocks * JUMP {
            cheap_enough(blocks, link)
        } else {
            self.floor.saturating_sub(EASE)
        };
        self.blocks = blocks;
        self.last = Some(now);
        self.floor
    }
}

/// A block of a dear film (with grain) costs 26 bytes at quantizer 16 and half as much with every
/// nine further steps, in AV1 as in VP9; photographs cost less.
fn cheap_enough(blocks: usize, link: &Link) -> u8 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let affordable = link.bytes_in(FIRST) / blocks.max(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    let floor = (16.0 + 9.0 * (26.0 / affordable).log2()).clamp(0.0, f64::from(COARSEST)) as u8;
    floor
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_letter_is_as_sharp_as_it_can_be() {
        let now = Instant::now();
        let link = Link::new(300, now);
        assert_eq!(Burst::default().floor(4, &link, now), 0);
    }

    #[test]
    fn a_new_page_begins_coarse_on_a_slow_link_and_becomes_finer_with_every_picture() {
        let now = Instant::now();
        let slow = Link::new(1000, now);
        let mut burst = Burst::default();
        let floors = (0..15).map(|i| burst.floor(3750, &slow, now + 33 * MS * i));
        let floors: Vec<_> = floors.collect();
        assert_eq!(floors[..3], [33, 29, 25]);
        assert_eq!(floors[14], 0);
        let fast = Link::new(20_000, now);
        assert_eq!(Burst::default().floor(3750, &fast, now), 0);
    }

    #[test]
    fn a_page_turned_while_typing_is_sudden_too() {
        let now = Instant::now();
        let link = Link::new(1000, now);
        let mut burst = Burst::default();
        assert_eq!(burst.floor(4, &link, now), 0);
        assert_eq!(burst.floor(8000, &link, now + 20 * MS), 43);
        assert_eq!(burst.floor(8000, &link, now + 40 * MS), 39);
    }
}
