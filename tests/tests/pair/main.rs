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

/// Both ends have met.
fn viewing(seed: u64) -> Pair {
    let mut pair = Pair::new(link(seed), PASSWORD);
    assert!(pair.run_until(Pair::both_see, secs(300)), "seed {seed}");
    pair
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
        assert_eq!(
            pair.words_of_expert(),
            pair.words_of_novice(),
            "seed {seed}"
        );
        assert!(pair.attempts <= 5, "seed {seed}: {}", pair.attempts);
    }
}

#[test]
fn a_wrong_password_asks_nobody_and_is_tried_five_times_at_most() {
    for seed in 0..SEEDS {
        let mut pair = Pair::new(link(seed), "a wrong one");
        let locked = |pair: &Pair| pair.standing() == Standing::Locked;
        assert!(pair.run_until(locked, secs(600)), "seed {seed}: it locks");
        pair.passes(secs(120));
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
            pair.passes(secs(60));
        }
        assert!(matches!(pair.stage(), Stage::Viewing { .. }), "seed {seed}");
    }
}

#[test]
fn a_lost_connection_comes_back_over_any_link_and_nobody_is_asked() {
    for seed in 0..SEEDS {
        let mut pair = viewing(seed);
        let (questions, attempts) = (pair.questions, pair.attempts);
        for round in 0..9 {
            pair.cut_from_now_on();
            match round % 3 {
                0 => pair.lose_line(),
                1 => pair.reload(),
                _ => pair.black_out(secs(10)),
            }
            pair.run_until(|pair| !pair.both_see(), secs(6));
            let back = pair.run_until(Pair::both_see, secs(110));
            assert!(back, "seed {seed}, round {round}: {:?}", pair.stage());
            assert!(!pair.locked_out, "seed {seed}");
            pair.passes(secs(30));
            assert!(pair.both_see(), "seed {seed}, round {round}: and it stays");
        }
        assert_eq!(pair.words_of_expert(), pair.words_of_novice());
        assert_eq!(pair.questions, questions, "seed {seed}");
        assert_eq!(pair.attempts, attempts, "seed {seed}: no password");
    }
}

#[test]
fn after_two_minutes_neither_end_waits_any_more() {
    for seed in 0..SEEDS {
        let mut pair = viewing(seed);
        let questions = pair.questions;
        pair.server_is_gone();
        pair.lose_line();
        pair.passes(secs(110));
        assert!(
            matches!(pair.stage(), Stage::Viewing { lost: Some(_), .. }),
            "seed {seed}"
        );
        pair.passes(secs(20));
        assert!(
            !matches!(pair.stage(), Stage::Viewing { .. }),
            "seed {seed}"
        );
        assert!(!pair.page_waits(), "seed {seed}");
        assert_eq!(pair.questions, questions, "seed {seed}");
    }
}

#[test]
fn nobody_comes_back_after_the_end() {
    for seed in 0..SEEDS {
        let mut pair = viewing(seed);
        let pictures = pair.pictures;
        pair.lose_line();
        pair.end();
        pair.passes(secs(300));
        assert_eq!(pair.pictures, pictures, "seed {seed}");
        assert!(
            !matches!(pair.stage(), Stage::Viewing { .. }),
            "seed {seed}"
        );
        assert!(!pair.page_waits(), "seed {seed}");
    }
}
