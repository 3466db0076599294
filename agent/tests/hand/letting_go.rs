//! Nothing stays down, whoever dies.

use std::{
    io::{ErrorKind, Write as _},
    process::{Command as Program, Stdio},
    time::{Duration, Instant},
};

use deskhand_agent::{
    hand::{
        Hand, HandError, release_xtest,
        wire::{self, Command, Event},
    },
    scope::Scope,
};
use deskhand_protocol::{
    control::StopCause,
    id::GrantId,
    input::Action,
    key::{KeyCode, Keysym},
};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::support::{CONTROL_L, Display, Guest, Led, Observer, PROGRAM, input, meaning, next};

#[tokio::test]
async fn a_silent_page_loses_control() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::ShiftLeft, Some(Keysym(0xffe1)), true);
    led.button((600, 600), true);
    observer.until_held(2, Duration::from_secs(2)).await;
    let closed = Event::Closed {
        grant: led.grant,
        cause: StopCause::Silence,
    };
    assert_eq!(next(&mut led.hand).await, closed);
    assert_eq!(observer.held(), 0);
}

#[tokio::test]
async fn a_killed_agent_leaves_nothing_held() {
    let display = Display::start();
    let observer = Observer::open(&display);
    // The agent of this test is a program that passes bytes on, until it is killed.
    let mut agent = Program::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let hand = Program::new(PROGRAM)
        .arg("hand")
        .env("DISPLAY", &display.name)
        .stdin(agent.stdout.take().unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut hand = Guest(hand);
    let mut pipe = agent.stdin.take().unwrap();
    let grant = GrantId(1);
    let (epoch, width, height) = (1, 1280, 800);
    for command in [
        Command::Display(Scope {
            display: deskhand_protocol::control::Display {
                epoch,
                width,
                height,
            },
            left: 0,
            top: 0,
        }),
        Command::Open(grant),
        input(
            grant,
            (600, 600),
            Action::Key {
                code: KeyCode::ControlLeft,
                keysym: Some(Keysym(CONTROL_L)),
                down: true,
            },
        ),
        input(
            grant,
            (600, 600),
            Action::Button {
                button: deskhand_protocol::input::Button::Left,
                down: true,
            },
        ),
    ] {
        pipe.write_all(&wire::frame(&command)).unwrap();
    }
    observer.until_held(2, Duration::from_secs(5)).await;
    let killed = Instant::now();
    agent.kill().unwrap();
    agent.wait().unwrap();
    observer.until_held(0, Duration::from_secs(2)).await;
    println!("released {:?} after the agent was killed", killed.elapsed());
    assert!(hand.0.wait().unwrap().success(), "and the hand ended");
}

#[tokio::test]
async fn a_killed_hand_is_noticed_and_the_agent_releases() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::ControlLeft, Some(Keysym(CONTROL_L)), true);
    led.button((600, 600), true);
    observer.until_held(2, Duration::from_secs(2)).await;

    let killed = Instant::now();
    led.kill();
    assert!(matches!(next(&mut led.hand).await, Event::Fault(_)));
    assert_eq!(observer.held(), 0, "told when all was released");
    assert!(killed.elapsed() < Duration::from_secs(2));
    assert!(led.hand.send(Command::Close).is_err());
}

#[tokio::test]
async fn what_anybody_left_down_can_be_released() {
    let display = Display::start();
    let observer = Observer::open(&display);
    for action in [["keydown", "Shift_L"], ["mousedown", "3"]] {
        let mut xdotool = Program::new("xdotool");
        xdotool.args(action).env("DISPLAY", &display.name);
        assert!(xdotool.status().unwrap().success());
    }
    assert_eq!(observer.held(), 2);
    assert_eq!(release_xtest(&display.name).unwrap(), 2);
    assert_eq!(observer.held(), 0);
}

#[tokio::test]
async fn a_new_hand_releases_what_the_last_one_left() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let status = Program::new("xdotool")
        .args(["keydown", "Shift_L"])
        .env("DISPLAY", &display.name)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(observer.held(), 1);
    let _led = Led::start(&display).await;
    assert_eq!(observer.held(), 0);
}

#[tokio::test]
async fn keys_on_loan_are_given_back() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let map = || {
        let map = observer.connection.get_keyboard_mapping(8, 248).unwrap();
        map.reply().unwrap().keysyms
    };
    let before = map();
    let mut led = Led::start(&display).await;
    led.open().await;
    led.tap(KeyCode::KeyX, meaning('Ж'));
    led.done(&observer, (9, 9)).await;
    assert!(map().contains(&0x0100_0416));
    led.kill();
    assert!(matches!(next(&mut led.hand).await, Event::Fault(_)));
    let nothing = |sym: &u32| *sym == 0;
    let same = map()
        .iter()
        .filter(|s| !nothing(s))
        .eq(before.iter().filter(|s| !nothing(s)));
    assert!(same, "even after the hand was killed");
}

#[tokio::test]
async fn a_stalled_network_types_no_row_of_letters() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::KeyA, meaning('a'), true);
    observer.until_held(1, Duration::from_secs(2)).await;
    // Nothing more arrives, not even the release.
    observer.until_held(0, Duration::from_millis(480)).await;
}

#[tokio::test]
async fn a_hand_that_takes_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let deaf = folder.path().join("deaf");
    std::fs::write(&deaf, "#!/bin/sh\nexec sleep 60\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&deaf, executable).unwrap();
    // A test beside this one may just have forked with the file still open for writing.
    let mut hand = loop {
        match Hand::spawn(&deaf, ":none") {
            Err(HandError::Start(error)) if error.kind() == ErrorKind::ExecutableFileBusy => {
                tokio::task::yield_now().await;
            }
            started => break started.unwrap(),
        }
    };
    let press = |down| {
        let (code, keysym) = (KeyCode::KeyA, meaning('a'));
        input(GrantId(1), (0, 0), Action::Key { code, keysym, down })
    };
    let mut sent = 0u32;
    while hand.send(press(sent.is_multiple_of(2))).is_ok() {
        sent += 1;
        assert!(sent < 100_000, "a queue without an end");
        tokio::task::yield_now().await;
    }
    assert!(matches!(next(&mut hand).await, Event::Fault(_)));
    assert_eq!(hand.id(), None, "and ended");
}
