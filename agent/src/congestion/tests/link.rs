//! A link: a rate with a queue before it, a way with delay and jitter, and loss.

use std::time::{Duration, Instant};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::congestion::units;

/// What a link is like.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// Bits a second.
    pub rate: f64,
    /// One way.
    pub delay: Duration,
    /// What finds more before it is lost.
    pub queue: Duration,
    /// The share that is lost for no reason.
    pub loss: f64,
    /// A packet takes up to so much longer, but does not overtake.
    pub jitter: Duration,
}

impl Nature {
    pub fn new(mbit: f64, delay_ms: u64, loss: f64) -> Self {
        Self {
            rate: mbit * 1e6,
            delay: Duration::from_millis(delay_ms),
            queue: Duration::from_millis(1000),
            loss,
            jitter: Duration::ZERO,
        }
    }
}

/// One direction.
#[derive(Debug)]
pub struct Link {
    pub nature: Nature,
    free_at: Instant,
    last: Instant,
    chance: ChaCha8Rng,
}

impl Link {
    pub fn new(nature: Nature, seed: u64, now: Instant) -> Self {
        Self {
            nature,
            free_at: now,
            last: now,
            chance: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// A packet is sent: when it arrives, if it does.
    pub fn carry(&mut self, size: usize, now: Instant) -> Option<Instant> {
        if self.chance() < self.nature.loss || self.queue(now) > self.nature.queue {
            return None;
        }
        self.free_at = self.free_at.max(now) + units::time_for(size, self.nature.rate);
        let jitter = self.nature.jitter.mul_f64(self.chance());
        let arrives = self.free_at + self.nature.delay + jitter;
        self.last = self.last.max(arrives);
        Some(self.last)
    }

    /// How long a packet would wait.
    pub fn queue(&self, now: Instant) -> Duration {
        self.free_at.saturating_duration_since(now)
    }

    fn chance(&mut self) -> f64 {
        f64::from(self.chance.next_u32()) / f64::from(u32::MAX)
    }
}
