//! How long a stop takes while the expert floods.

use std::time::{Duration, Instant};

use deskhand_agent::hand::wire::Event;
use deskhand_protocol::{
    control::StopCause,
    input::Action,
    key::{KeyCode, Keysym},
};

use crate::{
    physical::Physical,
    support::{Display, ESCAPE, Led, Observer, Seen, What, meaning},
};

/// So many events of the flood have arrived when the person stops it.
const FLOOD: usize = 40;

/// Physical key to last injected event, by the server's own clock.
async fn stop_under_flood(led: &mut Led, person: &Physical, observer: &Observer) -> Duration {
    led.open().await;
    // The last stop was a physical key, and so began a pause.
    while led.grant.0 > 1 && led.event().await != Event::LocalHand(false) {}
    observer.seen();
    let mut all: Vec<Seen> = Vec::new();
    let mut pressed: Option<Instant> = None;
    let mut step: u16 = 0;
    // Until well after the stop, about 2,000 events a second: twice what the hand lets
    // through. Keys, clicks, wheel, and the expert's own Esc.
    while pressed.is_none_or(|at| at.elapsed() < Duration::from_millis(200)) {
        for _ in 0..3 {
            step = step.wrapping_add(1);
            let at = (600 + step % 64, 600);
            led.tap(KeyCode::KeyA, meaning('a'));
            led.button(at, step.is_multiple_of(2));
            led.act(at, Action::Wheel { dx: 0, dy: 120 });
            led.tap(KeyCode::Escape, Some(Keysym(ESCAPE)));
        }
        tokio::time::sleep(Duration::from_millis(8)).await;
        all.extend(observer.seen());
        if pressed.is_none() && all.len() > FLOOD {
            person.press(9).unwrap();
            pressed = Some(Instant::now());
        }
    }
    let closed = Event::Closed {
        grant: led.grant,
        cause: StopCause::Escape,
    };
    assert_eq!(led.hand.next().await, closed);
    person.release(9).unwrap();
    all.extend(observer.seen());
    let escape = all
        .iter()
        .find(|seen| !seen.injected && seen.what == What::Key(9, true))
        .expect("the physical key was seen")
        .time;
    let injected = all.iter().filter(|seen| seen.injected);
    let last = injected.map(|seen| seen.time).max().unwrap();
    assert_eq!(observer.held(), 0);
    Duration::from_millis(last.saturating_sub(escape).into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_stops_under_flood_take_under_100_ms() {
    const DISPLAYS: usize = 4;
    const STOPS: usize = 50;
    let displays = (0..DISPLAYS).map(|_| {
        tokio::spawn(async {
            let display = Display::start();
            let person = Physical::open(&display.name).unwrap();
            let observer = Observer::open(&display);
            let mut led = Led::start(&display).await;
            let mut times = Vec::new();
            for _ in 0..STOPS {
                times.push(stop_under_flood(&mut led, &person, &observer).await);
            }
            times
        })
    });
    let mut times = Vec::new();
    for display in displays.collect::<Vec<_>>() {
        times.extend(display.await.unwrap());
    }
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "physical Esc to last injected event, {} stops: median {:?}, p90 {:?}, p99 {:?}, most {:?}",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
    assert!(at(99) <= Duration::from_millis(100), "{times:?}");
}
