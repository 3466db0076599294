//! Candidates: pieces of the new picture are looked for in the old one.
//!
//! A piece is a short segment of a row. The new picture lends a few hundred of them; a rolling
//! hash over the old one finds where they were, and each find is a vote for a vector. Pieces are
//! taken from [`STACK`] rows below each other, so that only each [`STACK`]th row of the old
//! picture need be looked at.

use std::collections::HashMap;

use super::{Pixel, Plane, Rect, Vector};

/// Pixels of an anchor.
const LENGTH: u32 = 32;

/// Rows below each other from which anchors are taken.
const STACK: u32 = 4;

/// Places at which anchors are looked for.
const PLACES: u64 = 1_024;

/// At most so many anchors.
const MOST: usize = 512;

/// Pixels of an anchor that must differ from the one before.
const CHANGES: usize = 5;

/// What is found more often than this is a pattern: it says nothing about where it was.
const OFTEN: u32 = 16;

/// So many vectors are worth judging.
const CANDIDATES: usize = 4;

/// A piece of the new picture.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    hash: u64,
    x: u32,
    y: u32,
}

/// The vectors for which most anchors speak.
pub(super) fn candidates(old: &Plane, new: &Plane, damage: &[Rect]) -> Vec<Vector> {
    let anchors = Anchors::take(old, new, damage);
    let Some(around) = damage.iter().copied().reduce(|all, one| all.around(&one)) else {
        return Vec::new();
    };
    let mut votes = anchors.votes(old, around);
    // Of two with as many votes the shorter one, so that the order is always the same.
    votes.sort_unstable_by_key(|&(vector, count)| {
        let length = vector.dx.unsigned_abs() + vector.dy.unsigned_abs();
        (std::cmp::Reverse(count), length, vector)
    });
    votes.truncate(CANDIDATES);
    votes.into_iter().map(|(vector, _)| vector).collect()
}

struct Anchors {
    /// Sorted by hash.
    all: Vec<Anchor>,
    /// A bit for each hash by its highest bits: most of the old picture is in none.
    filter: Vec<u64>,
}

impl Anchors {
    fn take(old: &Plane, new: &Plane, damage: &[Rect]) -> Self {
        let mut all = Vec::with_capacity(MOST);
        let area: u64 = damage
            .iter()
            .map(|r| u64::from(r.width) * u64::from(r.height))
            .sum();
        let pitch = ((area / PLACES).isqrt() as u32).max(STACK);
        // Where one pass over the damage finds enough, they should still come from all over it.
        let mut places: Vec<(u32, u32)> = Vec::new();
        for rect in damage
            .iter()
            .filter(|r| r.width >= LENGTH && r.height >= STACK)
        {
            for (row, y) in (0..=rect.height - STACK)
                .step_by(pitch as usize)
                .enumerate()
            {
                let shift = (row as u32).wrapping_mul(13) % pitch;
                for x in (shift..=rect.width - LENGTH).step_by(pitch as usize) {
                    places.push((rect.x + x, rect.y + y));
                }
            }
        }
        let stride = (places.len() / 97).max(1) | 1;
        for start in 0..stride {
            for &(x, y) in places.iter().skip(start).step_by(stride) {
                for y in y..y + STACK {
                    let place = Rect {
                        x,
                        y,
                        width: LENGTH,
                        height: 1,
                    };
                    let now = new.row(place, y);
                    if is_busy(now) && now != old.row(place, y) {
                        let hash = hash(now);
                        all.push(Anchor { hash, x, y });
                    }
                }
                if all.len() + STACK as usize > MOST {
                    return Self::new(all);
                }
            }
        }
        Self::new(all)
    }

    fn new(mut all: Vec<Anchor>) -> Self {
        all.sort_unstable_by_key(|anchor| anchor.hash);
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for anchor in &all {
            let (word, bit) = place(anchor.hash);
            filter[word] |= bit;
        }
        Self { all, filter }
    }

    /// Looks for them in `around`.
    fn votes(&self, old: &Plane, around: Rect) -> Vec<(Vector, u32)> {
        let mut votes = HashMap::new();
        if self.all.is_empty() || around.width < LENGTH {
            return Vec::new();
        }
        let mut found = vec![0; self.all.len()];
        for y in (around.y..around.bottom()).step_by(STACK as usize) {
            let row = old.row(around, y);
            roll(row, |left, hash| {
                let (word, bit) = place(hash);
                if self.filter[word] & bit != 0 {
                    self.vote(hash, around.x + left, y, &mut found, &mut votes);
                }
            });
        }
        votes.into_iter().collect()
    }

    #[cold]
    fn vote(&self, hash: u64, x: u32, y: u32, found: &mut [u32], votes: &mut HashMap<Vector, u32>) {
        let first = self.all.partition_point(|anchor| anchor.hash < hash);
        let same = self.all[first..]
            .iter()
            .take_while(|anchor| anchor.hash == hash);
        let Some(times) = found.get_mut(first) else {
            return;
        };
        for anchor in same.take(OFTEN as usize) {
            *times += 1;
            if *times > OFTEN {
                return;
            }
            let vector = Vector {
                dx: anchor.x.cast_signed() - x.cast_signed(),
                dy: anchor.y.cast_signed() - y.cast_signed(),
            };
            if vector != Vector::ZERO {
                *votes.entry(vector).or_insert(0) += 1;
            }
        }
    }
}

const FILTER_BITS: u32 = 16;

fn place(hash: u64) -> (usize, u64) {
    let at = hash >> (64 - FILTER_BITS);
    ((at >> 6) as usize, 1 << (at & 63))
}

/// Whether there is enough in it to be told from other places.
fn is_busy(row: &[Pixel]) -> bool {
    row.windows(2).filter(|pair| pair[0] != pair[1]).count() >= CHANGES
}

fn mix(pixel: Pixel) -> u64 {
    u64::from(pixel).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Cyclic polynomial hashing: what leaves a segment can be taken out of the hash again.
fn hash(row: &[Pixel]) -> u64 {
    row.iter()
        .fold(0, |hash: u64, &pixel| hash.rotate_left(1) ^ mix(pixel))
}

/// Calls `each` with where each segment of `row` begins and its hash.
fn roll(row: &[Pixel], mut each: impl FnMut(u32, u64)) {
    let (first, rest) = row.split_at(LENGTH as usize);
    let mut hash = hash(first);
    each(0, hash);
    for (left, (&out, &into)) in (1..).zip(row.iter().zip(rest)) {
        hash = hash.rotate_left(1) ^ mix(out).rotate_left(LENGTH) ^ mix(into);
        each(left, hash);
    }
}
