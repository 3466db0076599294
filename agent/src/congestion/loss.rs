//! How much gets lost.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Counted together.
const GRAIN: Duration = Duration::from_millis(100);
/// Remembered for so long: who types sends little to tell from.
const WINDOW: Duration = Duration::from_secs(20);
/// A share of fewer packets says nothing.
const ENOUGH: u32 = 20;
/// No queue runs over for so few,
const FEW: u32 = 8;
/// and one that does loses all it loses within less.
const APART: Duration = Duration::from_millis(300);

/// Counts what arrives and what does not.
#[derive(Debug, Default)]
pub struct Loss {
    grains: VecDeque<Grain>,
}

#[derive(Debug)]
struct Grain {
    begun: Instant,
    told: u32,
    lost: u32,
}

impl Loss {
    /// A packet that left then arrived, or did not.
    pub fn told(&mut self, arrived: bool, sent: Instant) {
        let grain = self.grain(sent);
        grain.told += 1;
        grain.lost += u32::from(!arrived);
    }

    /// A packet that was taken for lost arrived after all.
    pub fn found(&mut self) {
        if let Some(grain) = self.grains.iter_mut().rev().find(|grain| grain.lost > 0) {
            grain.lost -= 1;
        }
    }

    /// The share that got lost of what left lately, if enough was sent to tell.
    pub fn share(&self, lately: Duration, now: Instant) -> Option<f64> {
        let (told, lost) = self
            .grains
            .iter()
            .filter(|grain| now.saturating_duration_since(grain.begun) <= lately)
            .fold((0, 0), |(told, lost), grain| {
                (told + grain.told, lost + grain.lost)
            });
        (told >= ENOUGH).then(|| f64::from(lost) / f64::from(told))
    }

    /// The share that got lost in all that is remembered.
    pub fn ever(&self) -> f64 {
        let told: u32 = self.grains.iter().map(|grain| grain.told).sum();
        let lost: u32 = self.grains.iter().map(|grain| grain.lost).sum();
        f64::from(lost) / f64::from(told.max(ENOUGH))
    }

    /// Whether any of that got lost at random, and not only because a burst made a queue run over.
    pub fn is_random(&self) -> bool {
        let mut lossy = self.grains.iter().filter(|grain| grain.lost > 0);
        if lossy.clone().any(|grain| grain.told <= FEW) {
            return true;
        }
        let ends = lossy.next().zip(lossy.next_back());
        ends.is_some_and(|(first, last)| last.begun.saturating_duration_since(first.begun) >= APART)
    }

    fn grain(&mut self, at: Instant) -> &mut Grain {
        while let Some(first) = self.grains.front()
            && at.saturating_duration_since(first.begun) > WINDOW
        {
            self.grains.pop_front();
        }
        let goes_on = self
            .grains
            .back()
            .is_some_and(|last| at.saturating_duration_since(last.begun) < GRAIN);
        let begun = if goes_on {
            self.grains.pop_back()
        } else {
            None
        };
        let index = self.grains.len();
        self.grains.push_back(begun.unwrap_or(Grain {
            begun: at,
            told: 0,
            lost: 0,
        }));
        &mut self.grains[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_share_needs_enough_packets() {
        let now = Instant::now();
        let mut loss = Loss::default();
        for n in 0..19 {
            loss.told(n > 0, now);
        }
        assert_eq!(loss.share(1000 * MS, now), None);
        loss.told(true, now);
        assert_eq!(loss.share(1000 * MS, now), Some(0.05));
        loss.found();
        assert_eq!(loss.share(1000 * MS, now), Some(0.0));
    }

    #[test]
    fn one_queue_that_ran_over_is_not_a_link_that_loses() {
        let now = Instant::now();
        let mut loss = Loss::default();
        for n in 0..36 {
            loss.told(n % 3 > 0, now + n * 5 * MS);
        }
        assert!(loss.ever() > 0.2 && !loss.is_random());
        for n in 0..12 {
            loss.told(n > 0, now + (400 + n) * MS);
        }
        assert!(loss.is_random(), "another time");
        loss.found();
        assert!(!loss.is_random(), "that one was only late");
        loss.told(false, now + 600 * MS);
        assert!(loss.is_random(), "there was no burst");
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let now = Instant::now();
        let mut loss = Loss::default();
        for _ in 0..40 {
            loss.told(false, now);
        }
        for n in 0..40 {
            loss.told(true, now + 1500 * MS + n * MS);
        }
        let later = now + 1600 * MS;
        assert_eq!(loss.share(1000 * MS, later), Some(0.0));
        assert_eq!(loss.share(2000 * MS, later), Some(0.5));
        loss.told(true, now + 22_000 * MS);
        assert!(loss.ever() < 0.001);
    }
}
