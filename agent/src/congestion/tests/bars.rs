//! What is demanded of a link, and of whoever sends over it.

use std::time::{Duration, Instant};

use deskhand_protocol::picture::{Arrival, Arrivals};
use proptest::prelude::*;

use super::{link::Nature, run::Run, source::Work};
use crate::congestion::{Carrier, Outgoing, told};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
const MOST: u32 = 20_000;
const TYPING: Work = Work::Every(300, Duration::from_millis(150));
const FILM: Work = Work::Every(6000, Duration::from_millis(33));

fn p95(run: &Run, from: Duration) -> Duration {
    run.delay(from, 95)
}

fn longest(run: &Run, from: Duration) -> Duration {
    run.delay(from, 100)
}

fn ran(nature: Nature, work: Work, seed: u64) -> Run {
    let mut run = Run::new(nature, work, MOST, seed);
    run.go(30 * S);
    run
}

/// Where a picture waits is not simulated; on a real screen, drawing it takes this besides.
const DRAWING: Duration = Duration::from_millis(20);

#[test]
fn random_loss_hardly_delays_letters_and_films() {
    for work in [TYPING, FILM] {
        let clean = p95(&ran(Nature::new(10.0, 25, 0.0), work, 1), S);
        for seed in 2..6 {
            for loss in [0.02, 0.05] {
                let run = ran(Nature::new(10.0, 25, loss), work, seed);
                let p95 = p95(&run, S);
                assert!(
                    p95 + DRAWING <= 2 * (clean + DRAWING),
                    "{work:?}, {loss}, seed {seed}: {p95:?} of {clean:?}"
                );
                assert!(longest(&run, S) < 500 * MS, "{:?}", longest(&run, S));
            }
            let run = ran(Nature::new(10.0, 25, 0.1), work, seed);
            assert!(p95(&run, S) < 150 * MS, "{:?}", p95(&run, S));
            assert!(longest(&run, S) < 800 * MS, "{:?}", longest(&run, S));
        }
    }
}

#[test]
fn nothing_is_said_twice_where_nothing_gets_lost() {
    for work in [TYPING, FILM, Work::Flood] {
        assert_eq!(ran(Nature::new(10.0, 25, 0.0), work, 1).repeated, 0);
    }
}

#[test]
fn the_last_picture_before_quiet_arrives_whatever_gets_lost() {
    for seed in 0..24 {
        let rarely = Work::Every(300, 9 * S);
        let run = ran(Nature::new(10.0, 40, 0.3), rarely, seed);
        assert!(longest(&run, Duration::ZERO) < 6 * S, "seed {seed}");
    }
}

#[test]
fn random_loss_does_not_keep_a_flood_from_using_the_link() {
    for (loss, least) in [(0.0, 0.88), (0.02, 0.8), (0.05, 0.75), (0.1, 0.68)] {
        let run = ran(Nature::new(5.0, 25, loss), Work::Flood, 3);
        let goodput = run.goodput(3 * S, 29 * S);
        assert!(goodput > 5e6 * least, "{loss}: {goodput}");
        let queue = run.longest_queue(3 * S, 30 * S);
        assert!(queue < 150 * MS, "{loss}: {queue:?}");
        assert!(
            p95(&run, 3 * S) < 450 * MS,
            "{loss}: {:?}",
            p95(&run, 3 * S)
        );
    }
}

#[test]
fn a_link_that_shrinks_and_grows_is_followed() {
    for loss in [0.0, 0.02] {
        let mut run = Run::new(Nature::new(3.0, 25, loss), Work::Flood, MOST, 4);
        run.go(10 * S);
        run.link.nature.rate = 1e6;
        run.go(10 * S);
        run.link.nature.rate = 3e6;
        run.go(10 * S);
        let queue = run.longest_queue(12 * S, 20 * S);
        assert!(queue < 300 * MS, "{queue:?}");
        let goodput = run.goodput(13 * S, 20 * S);
        assert!(goodput > 0.8e6, "{goodput}");
        let again = run
            .log
            .iter()
            .find(|(at, _, estimate)| *at > 20 * S && *estimate > 2.4e6);
        let again = again.unwrap().0.saturating_sub(20 * S);
        assert!(again < 2 * S, "{again:?}");
        let goodput = run.goodput(24 * S, 30 * S);
        assert!(goodput > 2.4e6, "{goodput}");
    }
}

#[test]
fn a_slow_link_is_filled_and_not_flooded() {
    let run = ran(Nature::new(0.3, 25, 0.0), Work::Flood, 5);
    // What is sent before anything is known cannot be taken back.
    assert!(run.longest_queue(Duration::ZERO, S) < 600 * MS);
    assert!(run.longest_queue(2 * S, 30 * S) < 250 * MS);
    let goodput = run.goodput(4 * S, 30 * S);
    assert!(goodput > 0.23e6, "{goodput}");
}

#[test]
fn a_long_way_with_a_little_loss_is_used() {
    let run = ran(Nature::new(10.0, 20, 0.01), Work::Flood, 6);
    assert!(run.goodput(2 * S, 28 * S) > 8.5e6);
    assert!(run.longest_queue(2 * S, 28 * S) < 120 * MS);
}

#[test]
fn a_fast_link_is_found_out_at_the_first_picture() {
    let mut run = Run::new(Nature::new(1000.0, 0, 0.0), Work::Flood, 50_000, 7);
    run.go(S);
    let first = run.log.iter().find(|(_, _, estimate)| *estimate > 40e6);
    assert!(first.unwrap().0 < 300 * MS);
    // The first megabyte.
    assert!(run.goodput(Duration::ZERO, 500 * MS) > 16e6);
}

#[test]
fn jitter_is_no_congestion() {
    for (jitter, least) in [(5, 6e6), (15, 3e6)] {
        for seed in 8..12 {
            let nature = Nature {
                jitter: jitter * MS,
                ..Nature::new(10.0, 25, 0.0)
            };
            let run = ran(nature, Work::Flood, seed);
            let goodput = run.goodput(3 * S, 28 * S);
            assert!(goodput > 8.5e6, "{jitter}: {goodput}");
            let run = ran(nature, FILM, seed);
            let low = run.log.iter().filter(|(at, ..)| *at > 3 * S);
            let low = low.map(|(.., estimate)| *estimate).fold(1e9, f64::min);
            assert!(low > least, "{jitter}: {low}");
        }
    }
}

#[test]
fn a_link_that_is_gone_for_a_while_is_used_again_at_once() {
    let mut run = Run::new(Nature::new(5.0, 25, 0.0), Work::Flood, MOST, 9);
    run.go(5 * S);
    run.link.nature.loss = 1.0;
    run.go(3 * S);
    assert!(run.estimate() < 1e6, "silence is not to be shouted at");
    run.link.nature.loss = 0.0;
    run.go(12 * S);
    let goodput = run.goodput(10 * S, 18 * S);
    assert!(goodput > 4e6, "{goodput}");
}

#[test]
fn a_page_that_reports_nothing_is_sent_something_all_the_same() {
    let mut run = Run::new(Nature::new(10.0, 25, 0.0), FILM, MOST, 10);
    run.mute();
    run.go(20 * S);
    assert!(run.goodput(5 * S, 18 * S) > 1e6);
    assert!(longest(&run, 5 * S) < 100 * MS);
}

/// As [`ran`], with a page that reports by itself what arrives.
fn ran_by_itself(nature: Nature, work: Work, seed: u64) -> Run {
    let mut run = Run::new(nature, work, MOST, seed);
    run.page_reports_by_itself();
    run.go(30 * S);
    run
}

#[test]
fn a_page_that_reports_by_itself_is_followed_as_well() {
    for (loss, least) in [(0.0, 0.88), (0.02, 0.78), (0.05, 0.7)] {
        let run = ran_by_itself(Nature::new(5.0, 25, loss), Work::Flood, 3);
        let goodput = run.goodput(3 * S, 29 * S);
        assert!(goodput > 5e6 * least, "{loss}: {goodput}");
        let queue = run.longest_queue(3 * S, 30 * S);
        assert!(queue < 200 * MS, "{loss}: {queue:?}");
    }
    for work in [TYPING, FILM] {
        let run = ran_by_itself(Nature::new(10.0, 25, 0.05), work, 2);
        assert!(p95(&run, S) < 150 * MS, "{:?}", p95(&run, S));
        assert!(longest(&run, S) < 600 * MS, "{:?}", longest(&run, S));
    }
    let slow = ran_by_itself(Nature::new(0.3, 25, 0.0), Work::Flood, 5);
    assert!(slow.longest_queue(4 * S, 30 * S) < 250 * MS);
    assert!(slow.goodput(6 * S, 30 * S) > 0.23e6);
}

#[test]
fn a_page_that_reports_by_itself_has_a_shrinking_link_followed() {
    let mut run = Run::new(Nature::new(3.0, 25, 0.01), Work::Flood, MOST, 4);
    run.page_reports_by_itself();
    run.go(10 * S);
    run.link.nature.rate = 1e6;
    run.go(10 * S);
    run.link.nature.rate = 3e6;
    run.go(10 * S);
    let queue = run.longest_queue(12 * S, 20 * S);
    assert!(queue < 300 * MS, "{queue:?}");
    assert!(run.goodput(24 * S, 30 * S) > 2.4e6);
}

#[test]
fn a_film_after_letters_is_not_held_up() {
    let mut run = Run::new(Nature::new(10.0, 25, 0.0), TYPING, MOST, 11);
    run.go(10 * S);
    run.does(FILM);
    run.go(10 * S);
    assert!(longest(&run, 9 * S) < 60 * MS, "{:?}", longest(&run, 9 * S));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_link_everything_arrives_and_no_queue_stays(
        mbit in 0.3_f64..50.0,
        delay in 0_u64..150,
        loss in 0.0_f64..0.08,
        jitter in 0_u32..10,
        queue in 100_u32..1500,
        work in prop_oneof![
            Just(Work::Flood),
            Just(FILM),
            (100_usize..100_000, 20_u64..1500).prop_map(|(bytes, ms)| {
                Work::Every(bytes, Duration::from_millis(ms))
            }),
        ],
        seed in any::<u32>(),
    ) {
        let nature = Nature {
            queue: queue * MS,
            jitter: jitter * MS,
            ..Nature::new(mbit, delay, loss)
        };
        let mut run = Run::new(nature, work, MOST, u64::from(seed));
        run.go(20 * S);
        let stands = run.longest_queue(5 * S, 20 * S);
        prop_assert!(stands < 600 * MS, "{stands:?}");
        let late = run.updates.iter().filter(|update| {
            update.whole.is_none() && run.now - update.made > 5 * S
        });
        prop_assert_eq!(late.count(), 0);
        for (_, _, estimate) in &run.log {
            prop_assert!((100_000.0..=20e6).contains(estimate));
        }
    }

    /// Whatever a page says of packets, sent or not, the estimate keeps to its bounds, and what is
    /// put in comes out in the end.
    #[test]
    fn reports_of_a_page_that_lies_do_no_harm(
        lies in prop::collection::vec(
            (any::<u16>(), any::<u32>(), prop::collection::vec((-40_i16..40, any::<u16>()), 0..60)),
            1..60,
        ),
    ) {
        let mut now = Instant::now();
        let mut carrier: Carrier<()> = Carrier::new(MOST, now);
        let (mut put, mut left) = (0_u16, 0);
        for (next, since, steps) in lies {
            for _ in 0..5 {
                let number = put;
                put += 1;
                carrier.put(Outgoing { number, size: 1200, ends: true, packet: () });
            }
            let packets = steps.into_iter().map(|(step, wait)| Arrival { step, wait }).collect();
            let next = next % (put + 20);
            carrier.reported(&told(&Arrivals { next, since, packets }), now);
            for _ in 0..10 {
                now += 10 * MS;
                left += std::iter::from_fn(|| carrier.next(now)).filter(|one| !one.again).count();
            }
            prop_assert!((100_000.0..=20e6).contains(&carrier.estimator().rate()));
        }
        // A rate that was lied down to its least still carries all of it.
        for _ in 0..6000 {
            now += 10 * MS;
            left += std::iter::from_fn(|| carrier.next(now)).filter(|one| !one.again).count();
        }
        prop_assert_eq!(left, usize::from(put));
    }
}
