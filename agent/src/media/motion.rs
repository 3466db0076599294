//! Finds what only moved: scrolled lines, a dragged window. Pure.
//!
//! [`find`] names the vector, [`matching`] the parts for which it is exactly right.

#![expect(
    clippy::cast_possible_truncation,
    reason = "coordinates and counts within a screen"
)]

mod anchors;
mod blocks;
#[cfg(test)]
mod tests;

use super::{
    plane::{Pixel, Plane},
    rect::{Rect, Size},
};

pub use blocks::matching;

/// How far something moved: what is at `(x, y)` now was at `(x - dx, y - dy)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vector {
    /// To the right.
    pub dx: i32,
    /// Downwards.
    pub dy: i32,
}

impl Vector {
    const ZERO: Self = Self { dx: 0, dy: 0 };

    /// Where `rect` was before, if all of it was inside.
    fn origin(self, rect: Rect, size: Size) -> Option<Rect> {
        let x = rect.x.checked_add_signed(self.dx.checked_neg()?)?;
        let y = rect.y.checked_add_signed(self.dy.checked_neg()?)?;
        let inside = rect.width <= size.width.checked_sub(x)?
            && rect.height <= size.height.checked_sub(y)?;
        inside.then_some(Rect { x, y, ..rect })
    }

    /// The part of `area` that was in `area` before, too.
    fn within(self, area: Rect) -> Option<Rect> {
        let (across, down) = (self.dx.unsigned_abs(), self.dy.unsigned_abs());
        let width = area.width.checked_sub(across).filter(|side| *side > 0)?;
        let height = area.height.checked_sub(down).filter(|side| *side > 0)?;
        Some(Rect {
            x: area.x + if self.dx > 0 { across } else { 0 },
            y: area.y + if self.dy > 0 { down } else { 0 },
            width,
            height,
        })
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Motion {
    /// How far it moved.
    pub vector: Vector,
    /// How much of what changed this explains, in percent; by samples.
    pub percent: u32,
}

/// Less than this is not worth copying, in percent of what changed.
const WORTH_PERCENT: u32 = 12;

/// A hint that explains this much is not improved upon.
const ENOUGH_PERCENT: u32 = 50;

/// The vector by which most of the damaged parts are exactly the old picture, moved.
///
/// `old` and `new` are of one size (else nothing is found). `hint` is what was found last: trying
/// it costs little. Looks at nothing outside the smallest rectangle around the damage, other than
/// where the hint points.
pub fn find(old: &Plane, new: &Plane, damage: &[Rect], hint: Option<Vector>) -> Option<Motion> {
    if old.size() != new.size() {
        return None;
    }
    let damage: Vec<Rect> = damage.iter().filter_map(|r| clip(*r, new.size())).collect();
    let hint = hint.and_then(|vector| score(old, new, &damage, vector));
    if hint.is_some_and(|motion| motion.percent >= ENOUGH_PERCENT) {
        return hint;
    }
    anchors::candidates(old, new, &damage)
        .into_iter()
        .filter_map(|vector| score(old, new, &damage, vector))
        .chain(hint)
        .max_by_key(|motion| motion.percent)
}

/// What of `rect` is inside.
fn clip(rect: Rect, size: Size) -> Option<Rect> {
    let width = rect.width.min(size.width.checked_sub(rect.x)?);
    let height = rect.height.min(size.height.checked_sub(rect.y)?);
    (width > 0 && height > 0).then_some(Rect {
        width,
        height,
        ..rect
    })
}

/// Pixels that are compared at once.
const PIECE: u32 = 16;

/// About so many pixels are looked at to judge a vector.
const SAMPLE: u64 = 32_768;

/// Pieces that a vector must explain among those looked at.
const LEAST_PIECES: u32 = 8;

/// How well `vector` explains what changed, unless that is not worth it. What is of one colour
/// does not count: it looks moved by any vector.
fn score(old: &Plane, new: &Plane, damage: &[Rect], vector: Vector) -> Option<Motion> {
    if vector == Vector::ZERO {
        return None;
    }
    let area: u64 = damage
        .iter()
        .map(|r| u64::from(r.width) * u64::from(r.height))
        .sum();
    let step = u32::try_from(area / SAMPLE).unwrap_or(u32::MAX).max(1);
    let (mut changed, mut explained) = (0_u32, 0_u32);
    for rect in damage {
        for (nth, band) in (0..rect.height).step_by(step as usize).enumerate() {
            // Not every `step`th row exactly: lines of text might be as far apart.
            let jitter = (nth as u32).wrapping_mul(7) % step;
            let y = rect.y + (band + jitter).min(rect.height - 1);
            for left in (0..rect.width).step_by(PIECE as usize) {
                let piece = Rect {
                    x: rect.x + left,
                    y,
                    width: PIECE.min(rect.width - left),
                    height: 1,
                };
                let now = new.row(piece, y);
                if is_flat(now) || now == old.row(piece, y) {
                    continue;
                }
                changed += 1;
                let origin = vector.origin(piece, old.size());
                let moved = origin.is_some_and(|origin| now == old.row(origin, origin.y));
                explained += u32::from(moved);
            }
        }
    }
    let percent = (u64::from(explained) * 100 / u64::from(changed.max(1))) as u32;
    (explained >= LEAST_PIECES && percent >= WORTH_PERCENT).then_some(Motion { vector, percent })
}

/// Whether a part of a row is of one colour.
fn is_flat(row: &[Pixel]) -> bool {
    row.windows(2).all(|pair| pair[0] == pair[1])
}
