//! Sharpen when still: once nothing moves, refine what is not sharp yet in steps that fit the
//! link, then stop completely. Pure.

use std::time::{Duration, Instant};

use super::{
    blocks::{ActiveMap, Blocks},
    pace::Link,
    rect::{Rect, Size},
};

/// One rung of the ladder towards a sharp picture.
struct Rung {
    /// After so much quiet.
    after: Duration,
    /// On the encoder's scale of 0 to 63.
    quantizer: u8,
    /// What a block of dense text costs at first; measured ones replace it.
    bytes_per_block: f64,
}

static LADDER: [Rung; 3] = [
    Rung {
        after: Duration::from_millis(120),
        quantizer: 24,
        bytes_per_block: 15.0,
    },
    Rung {
        after: Duration::from_millis(250),
        quantizer: 8,
        bytes_per_block: 35.0,
    },
    // Lossless: exactly what is on the screen.
    Rung {
        after: Duration::from_millis(400),
        quantizer: 0,
        bytes_per_block: 60.0,
    },
];

/// A step may keep the link busy for so long: then new damage waits no longer than that.
const STEP: Duration = Duration::from_millis(150);

/// The level of blocks that cannot become any sharper.
#[expect(clippy::cast_possible_truncation, reason = "a short ladder")]
const TOP: u8 = LADDER.len() as u8;

/// Smaller steps cost more in encoder time than they save on the link.
const MIN_BLOCKS: usize = 64;

/// What is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Everything is sharp: nothing to do until something changes.
    Done,
    /// Nothing before then.
    At(Instant),
    /// Encode these blocks now.
    Refine(Step),
}

/// One refinement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The level these blocks have afterwards.
    level: u8,
    /// To encode them with.
    pub quantizer: u8,
    /// Which ones.
    pub map: ActiveMap,
}

/// Keeps account of what is sharp and when to refine the rest.
#[derive(Debug)]
pub struct Sharpen {
    blocks: Blocks,
    quiet_since: Instant,
    bytes_per_block: [f64; LADDER.len()],
}

impl Sharpen {
    /// A new picture, of which nothing is sharp.
    pub fn new(picture: Size, now: Instant) -> Self {
        Self {
            blocks: Blocks::new(picture),
            quiet_since: now,
            bytes_per_block: LADDER.each_ref().map(|rung| rung.bytes_per_block),
        }
    }

    /// These parts have changed: refinement of the whole starts over after new quiet.
    pub fn changed(&mut self, rects: &[Rect], now: Instant) {
        self.blocks.damage(rects);
        self.quiet_since = now;
    }

    /// The whole picture was sent anew, coarsely.
    pub fn reset(&mut self, now: Instant) {
        self.blocks.reset();
        self.quiet_since = now;
    }

    /// The blocks of `map` were sent with this quantizer: some rungs may be behind them already.
    pub fn sent(&mut self, map: &ActiveMap, quantizer: u8) {
        let reached = (1..=TOP)
            .zip(&LADDER)
            .take_while(|(_, rung)| quantizer <= rung.quantizer);
        if let Some((level, _)) = reached.last() {
            self.blocks.raise(map, level);
        }
    }

    /// What the encoder should look at when something has just changed: that, and whatever has
    /// not become sharp since it last changed.
    pub fn unsharp(&self) -> ActiveMap {
        self.blocks.below(1, usize::MAX)
    }

    /// What to do now, or when to ask again.
    pub fn next(&self, link: &Link, now: Instant) -> Next {
        let left = self.blocks.count_below(TOP);
        if left == 0 {
            return Next::Done;
        }
        // If all of it can be perfect in one step, the rungs between would only cost.
        let (level, after) = if left <= self.affordable(TOP, link) {
            (TOP, LADDER[0].after)
        } else {
            let level = (1..TOP)
                .find(|&level| self.blocks.count_below(level) > 0)
                .unwrap_or(TOP);
            (level, rung(level).after)
        };
        let due = (self.quiet_since + after).max(link.free_at());
        if now < due {
            return Next::At(due);
        }
        Next::Refine(Step {
            level,
            quantizer: rung(level).quantizer,
            map: self.blocks.below(level, self.affordable(level, link)),
        })
    }

    /// How many blocks can be refined to `level` in one step.
    fn affordable(&self, level: u8, link: &Link) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of blocks; saturates"
        )]
        let blocks = (link.bytes_in(STEP) / self.bytes_per_block[usize::from(level) - 1]) as usize;
        blocks.max(MIN_BLOCKS)
    }

    /// `step` was encoded, and took so many bytes.
    pub fn refined(&mut self, step: &Step, bytes: usize) {
        self.blocks.raise(&step.map, step.level);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let measured = bytes as f64 / step.map.active.max(1) as f64;
        // Half of the old estimate: a blank area must not make the next step far too large.
        let estimate = &mut self.bytes_per_block[usize::from(step.level) - 1];
        *estimate = f64::midpoint(*estimate, measured).max(2.0);
    }
}

/// The rung that leads to `level`.
fn rung(level: u8) -> &'static Rung {
    &LADDER[usize::from(level.clamp(1, TOP)) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size {
        width: 1920,
        height: 1080,
    };
    const MS: Duration = Duration::from_millis(1);

    /// Runs until nothing is left; returns what was refined as (ms, quantizer, blocks).
    fn run(sharpen: &mut Sharpen, link: &mut Link, start: Instant) -> Vec<(u128, u8, usize)> {
        let mut now = start;
        let mut steps = Vec::new();
        loop {
            match sharpen.next(link, now) {
                Next::Done => return steps,
                Next::At(later) => {
                    assert!(later > now, "a wait must lead forward");
                    now = later;
                }
                Next::Refine(step) => {
                    let bytes = step.map.active * 20;
                    link.sent(bytes, now);
                    sharpen.refined(&step, bytes);
                    steps.push(((now - start).as_millis(), step.quantizer, step.map.active));
                    assert!(steps.len() < 1000, "never ends");
                }
            }
        }
    }

    #[test]
    fn a_typed_letter_becomes_perfect_in_one_step_and_then_nothing_happens() {
        let now = Instant::now();
        let mut sharpen = Sharpen::new(PICTURE, now);
        let mut link = Link::new(3000, now);
        run(&mut sharpen, &mut link, now);
        let key = now + Duration::from_secs(60);
        sharpen.changed(
            &[Rect {
                x: 160,
                y: 160,
                width: 8,
                height: 16,
            }],
            key,
        );
        assert_eq!(run(&mut sharpen, &mut link, key), [(120, 0, 1)]);
        assert_eq!(sharpen.next(&link, key + 3600 * 1000 * MS), Next::Done);
    }

    #[test]
    fn a_whole_screen_is_refined_in_slices_that_fit_the_link() {
        let now = Instant::now();
        let mut sharpen = Sharpen::new(PICTURE, now);
        let mut link = Link::new(3000, now);
        let steps = run(&mut sharpen, &mut link, now);
        let blocks = PICTURE.width.div_ceil(16) * PICTURE.height.div_ceil(16);
        for quantizer in [24, 8, 0] {
            let of_rung = steps.iter().filter(|step| step.1 == quantizer);
            assert_eq!(
                of_rung.map(|step| step.2).sum::<usize>(),
                blocks as usize,
                "every block once"
            );
        }
        for step in &steps {
            // 150 ms of 3 Mbit/s are 56 KB; these blocks cost 20 bytes, estimated 15 at first.
            assert!(step.2 * 20 <= 80_000, "{step:?} is too large");
        }
    }

    #[test]
    fn what_was_sent_sharp_is_not_sent_again() {
        let now = Instant::now();
        let mut sharpen = Sharpen::new(PICTURE, now);
        let mut link = Link::new(3000, now);
        let all = sharpen.unsharp();
        sharpen.sent(&all, 25);
        assert_eq!(sharpen.unsharp(), all);
        sharpen.sent(&all, 20);
        assert_eq!(sharpen.unsharp().active, 0);
        let steps = run(&mut sharpen, &mut link, now);
        assert!(steps.iter().all(|step| step.1 < 24), "{steps:?}");
        sharpen.reset(now);
        sharpen.sent(&all, 0);
        assert_eq!(sharpen.next(&link, now), Next::Done);
    }

    #[test]
    fn new_damage_aborts_refinement() {
        let now = Instant::now();
        let mut sharpen = Sharpen::new(PICTURE, now);
        let link = Link::new(3000, now);
        assert_eq!(
            sharpen.next(&link, now + 119 * MS),
            Next::At(now + 120 * MS)
        );
        sharpen.changed(&[], now + 119 * MS);
        assert_eq!(
            sharpen.next(&link, now + 120 * MS),
            Next::At(now + 239 * MS)
        );
    }
}
