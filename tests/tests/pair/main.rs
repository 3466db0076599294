//! Both ends and the server over bad links, in memory and in virtual time.
#![allow(missing_docs, reason = "tests are named by what they show")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure is a panic with a sentence"
)]

mod pair;

use std::time::Duration;

use deskhand_agent::front::{Stage, Standing};
use pair::{Bad, PASSWORD, Pair};

const SEEDS: u64 = 100;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn link(seed: u64) -> Bad {
    Bad {
        latency: Duration::from_millis(seed % 5 * 150),
        cuts: u32::try_from(seed % 3).unwrap(),
        seed,
    }
}

#[test]
fn they_meet_over_any_link_and_see_the_same_words() {
    for seed in 0..SEEDS {
        let mut pair = Pair::new(link(seed), PASSWORD);
        let met = pair.run_until(|pair| pair.started, secs(300));
        assert!(
            met,
            "seed {seed}: {:?} after {} attempts",
            pair.stage(),
            pair.attempts
        );
        assert_eq!(pair.words, pair.words_of_novice(), "seed {seed}");
        assert!(pair.attempts <= 5, "seed {seed}: {}", pair.attempts);
    }
}

#[test]
fn a_wrong_password_asks_nobody_and_is_tried_five_times_at_most() {
    for seed in 0..SEEDS {
        let mut pair = Pair::new(link(seed), "a wrong one");
        let locked = |pair: &Pair| pair.standing() == Standing::Locked;
        assert!(pair.run_until(locked, secs(600)), "seed {seed}: it locks");
        pair.run_until(|_| false, secs(120));
        assert_eq!(pair.attempts, 5, "seed {seed}");
        assert_eq!(pair.questions, 0, "seed {seed}");
        assert!(!pair.started);
    }
}

#[test]
fn once_they_have_met_the_server_may_come_and_go() {
    for seed in 0..SEEDS {
        let mut pair = Pair::new(link(seed), PASSWORD);
        assert!(
            pair.run_until(|pair| pair.started, secs(300)),
            "seed {seed}"
        );
        for _ in 0..3 {
            pair.cut_novice();
            pair.run_until(|_| false, secs(60));
        }
        assert!(matches!(pair.stage(), Stage::Viewing { .. }), "seed {seed}");
    }
}
