//! Stops: only the novice's own hand, always.

use std::{
    process::Command as Program,
    time::{Duration, Instant},
};

use deskhand_agent::hand::{physical::Watcher, wire::Event};
use deskhand_protocol::{
    control::StopCause,
    input::Action,
    key::{KeyCode, Keysym},
};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, GrabStatus};

use crate::{
    physical::Physical,
    support::{CONTROL_L, Display, ESCAPE, Led, Observer, What, input, meaning},
};

#[tokio::test]
async fn a_persons_escape_stops_and_an_injected_one_does_not() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::ControlLeft, Some(Keysym(CONTROL_L)), true);
    for _ in 0..50 {
        led.tap(KeyCode::Escape, Some(Keysym(ESCAPE)));
    }
    led.tap(KeyCode::KeyC, meaning('c'));
    led.done(&observer, (5, 5)).await;
    assert_eq!(observer.held(), 1, "still open, Ctrl is down");
    let escapes = |what: &&What| matches!(what, What::Key(9, true));
    assert_eq!(observer.injected().iter().filter(escapes).count(), 50);

    person.tap(person.keycode_of(ESCAPE).unwrap()).unwrap();
    assert_eq!(
        led.event().await,
        Event::Closed {
            grant: led.grant,
            cause: StopCause::Escape
        }
    );
    assert_eq!(observer.held(), 0, "told when all was released");
}

#[tokio::test]
async fn a_persons_ctrl_c_stops_in_every_layout() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let mut led = Led::start(&display).await;
    for layout in ["us", "de", "fr", "ru"] {
        display.layout(layout);
        led.open().await;
        let control = person.keycode_of(CONTROL_L).unwrap();
        person.press(control).unwrap();
        person.tap(54).unwrap();
        person.release(control).unwrap();
        loop {
            match led.event().await {
                Event::LocalHand(_) => {}
                event => {
                    let cause = StopCause::CtrlC;
                    let grant = led.grant;
                    assert_eq!(event, Event::Closed { grant, cause }, "{layout}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn escape_is_where_the_layout_says() {
    let display = Display::start();
    let status = Program::new("setxkbmap")
        .args(["-display", &display.name, "us", "-option", "caps:escape"])
        .status()
        .unwrap();
    assert!(status.success());
    let person = Physical::open(&display.name).unwrap();
    let mut led = Led::start(&display).await;
    led.open().await;
    person.tap(66).unwrap(); // Caps Lock's place
    assert!(matches!(
        led.event().await,
        Event::Closed {
            cause: StopCause::Escape,
            ..
        }
    ));
}

#[tokio::test]
async fn whoever_has_control_cannot_take_the_stop_keys_away() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let mut led = Led::start(&display).await;
    led.open().await;
    // As the expert could have a program do.
    let status = Program::new("setxkbmap")
        .args(["-display", &display.name, "-option", "caps:swapescape"])
        .status()
        .expect("setxkbmap is installed");
    assert!(status.success());
    person.tap(9).unwrap(); // the key that says Esc
    let stopped = Event::Closed {
        grant: led.grant,
        cause: StopCause::Escape,
    };
    while led.event().await != stopped {}
}

#[tokio::test]
async fn somebody_elses_injection_counts_as_a_person() {
    let display = Display::start();
    let mut led = Led::start(&display).await;
    led.open().await;
    // An on-screen keyboard.
    let status = Program::new("xdotool")
        .args(["key", "Escape"])
        .env("DISPLAY", &display.name)
        .status()
        .expect("xdotool is installed");
    assert!(status.success());
    assert!(matches!(
        led.event().await,
        Event::Closed {
            cause: StopCause::Escape,
            ..
        }
    ));
}

#[tokio::test]
async fn the_local_hand_wins() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::KeyA, meaning('a'), true);
    observer.until_held(1, Duration::from_secs(2)).await;

    let before = Instant::now();
    person.nudge(3, 3).unwrap();
    assert_eq!(led.event().await, Event::LocalHand(true));
    assert_eq!(observer.held(), 0, "released at its start");
    observer.seen();
    led.tap(KeyCode::KeyA, meaning('a'));
    led.motion((700, 700));
    led.button((700, 700), true);

    assert_eq!(led.event().await, Event::LocalHand(false));
    let pause = before.elapsed();
    assert!(pause >= Duration::from_millis(1500), "{pause:?}");
    assert_eq!(observer.injected(), [], "nothing was injected meanwhile");
    led.tap(KeyCode::KeyA, meaning('a'));
    led.done(&observer, (6, 6)).await;
    assert!(observer.injected().contains(&What::Key(38, true)));
}

#[tokio::test]
async fn what_was_queued_before_a_stop_is_not_injected_after_the_next_grant() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    let stopped = led.grant;
    person.tap(9).unwrap();
    assert!(matches!(led.event().await, Event::Closed { .. }));
    led.open().await;
    while led.event().await != Event::LocalHand(false) {}
    observer.seen();
    for _ in 0..100 {
        let (code, keysym, down) = (KeyCode::KeyA, meaning('a'), true);
        let late = input(stopped, (9, 9), Action::Key { code, keysym, down });
        led.hand.send(late).unwrap();
    }
    led.done(&observer, (6, 6)).await;
    assert_eq!(observer.injected(), [What::Motion]);
}

#[tokio::test]
async fn a_front_end_can_tell_a_persons_press() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let mut watcher = Watcher::open(&display.name).unwrap();
    let mut by_people = || watcher.presses().unwrap().are_all_by_people();
    assert!(!by_people(), "there was none");
    person.click(1).unwrap();
    assert!(by_people());
    let inject = |args: &[&str]| {
        let mut xdotool = Program::new("xdotool");
        xdotool.args(args).env("DISPLAY", &display.name);
        assert!(xdotool.status().unwrap().success());
    };
    inject(&["click", "1"]);
    assert!(!by_people());
    person.tap(36).unwrap();
    inject(&["key", "Return"]);
    assert!(!by_people(), "not for sure");
}

#[tokio::test]
async fn stop_keys_work_while_another_program_grabs_the_keyboard() {
    let display = Display::start();
    let person = Physical::open(&display.name).unwrap();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    let mode = GrabMode::ASYNC;
    let grab =
        observer
            .connection
            .grab_keyboard(false, observer.root, x11rb::CURRENT_TIME, mode, mode);
    assert_eq!(grab.unwrap().reply().unwrap().status, GrabStatus::SUCCESS);
    person.tap(9).unwrap();
    assert!(matches!(
        led.event().await,
        Event::Closed {
            cause: StopCause::Escape,
            ..
        }
    ));
}
