#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use deskhand_protocol::{control::Display, input::Norm};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Runs a script and compares what came out, with the milliseconds in front.
///
/// `open 1`, `close`, `prompt on`, `beat 1`, `press 1`, `lift 1`, `click 1`, `unclick 1`,
/// `wheel 1`, `move 1 7` (grant, sequence), `blur 1`, `old press 1` (of an earlier display),
/// `esc`, `ctrl-c`, `mouse`, `wait 500`, `tick`.
fn check(script: &str, expected: &Expect) {
    let start = Instant::now();
    let mut now = start;
    let mut gate = Gate::default();
    gate.handle(Input::Command(display(EPOCH)), now);
    let mut transcript = String::new();
    for step in script.split(';').map(str::trim) {
        let words: Vec<&str> = step.split_whitespace().collect();
        let outputs = match words[..] {
            ["wait", ms] => {
                now += Duration::from_millis(ms.parse().unwrap());
                continue;
            }
            _ => gate.handle(parse(&words), now),
        };
        for output in outputs {
            let at = now.duration_since(start).as_millis();
            writeln!(transcript, "{at:04} {}", show(&output)).unwrap();
        }
    }
    expected.assert_eq(&transcript);
}

const EPOCH: u16 = 3;

fn display(epoch: u16) -> Command {
    Command::Display(Scope {
        display: Display {
            epoch,
            width: 100,
            height: 100,
        },
        left: 0,
        top: 0,
    })
}

fn parse(words: &[&str]) -> Input {
    let number = |word: &str| word.parse().unwrap();
    let grant = |word: &str| GrantId(number(word));
    let event = |epoch, word: &str, action| {
        Input::Command(Command::Input(InputEvent {
            grant: grant(word),
            epoch,
            at: Position {
                x: Norm::of_pixel(10, 100),
                y: Norm::of_pixel(20, 100),
            },
            action,
        }))
    };
    let key = |down| Action::Key {
        code: KeyCode::KeyA,
        keysym: Some(Keysym(0x61)),
        down,
    };
    let button = |down| Action::Button {
        button: Button::Left,
        down,
    };
    match *words {
        ["open", n] => Input::Command(Command::Open(grant(n))),
        ["close"] => Input::Command(Command::Close),
        ["prompt", state] => Input::Command(Command::Prompt(state == "on")),
        ["display", epoch] => Input::Command(display(epoch.parse().unwrap())),
        ["beat", n] => event(EPOCH, n, Action::Heartbeat),
        ["press", n] => event(EPOCH, n, key(true)),
        ["lift", n] => event(EPOCH, n, key(false)),
        ["old", "press", n] => event(EPOCH - 1, n, key(true)),
        ["old", "lift", n] => event(EPOCH - 1, n, key(false)),
        ["old", "unclick", n] => event(EPOCH - 1, n, button(false)),
        ["click", n] => event(EPOCH, n, button(true)),
        ["unclick", n] => event(EPOCH, n, button(false)),
        ["wheel", n] => event(EPOCH, n, Action::Wheel { dx: 0, dy: 30_000 }),
        ["blur", n] => event(EPOCH, n, Action::ReleaseAll),
        ["move", n, seq] => Input::Command(Command::Motion(Motion {
            grant: grant(n),
            epoch: EPOCH,
            seq: number(seq),
            at: Position {
                x: Norm::of_pixel(30, 100),
                y: Norm::of_pixel(40, 100),
            },
        })),
        ["esc"] => Input::Physical(Physical::Escape),
        ["ctrl-c"] => Input::Physical(Physical::CtrlC),
        ["mouse"] => Input::Physical(Physical::Other),
        ["tick"] => Input::Tick,
        _ => panic!("no such step: {words:?}"),
    }
}

fn show(output: &Output) -> String {
    let place = |at: &Pixel| format!("{},{}", at.x, at.y);
    match output {
        Output::Move(at) => format!("move to {}", place(at)),
        Output::KeyDown { code, .. } => format!("{} down", code.to_dom()),
        Output::KeyUp(code) => format!("{} up", code.to_dom()),
        Output::ButtonDown(button, at) => format!("{button:?} down at {}", place(at)),
        Output::ButtonUp(button, Some(at)) => format!("{button:?} up at {}", place(at)),
        Output::ButtonUp(button, None) => format!("{button:?} up"),
        Output::Wheel { dx, dy, at } => format!("wheel {dx},{dy} at {}", place(at)),
        Output::ReleaseTyping => "release what types".into(),
        Output::ReleaseAll => "release all".into(),
        Output::Own(windows) => format!("own {windows:?}"),
        Output::Tell(Event::Opened(grant)) => format!("-> opened {}", grant.0),
        Output::Tell(Event::Closed { grant, cause }) => format!("-> closed {} {cause:?}", grant.0),
        Output::Tell(Event::LocalHand(on)) => format!("-> local hand {on}"),
        Output::Tell(event) => format!("-> {event:?}"),
    }
}

#[test]
fn nothing_passes_a_gate_that_is_not_open() {
    check(
        "press 1; click 1; wheel 1; move 1 1; lift 1; blur 1; close; esc",
        &expect![[""]],
    );
}

#[test]
fn what_names_the_open_grant_passes() {
    check(
        "open 1; beat 1; press 1; lift 1; click 1; move 1 1; unclick 1; wheel 1; blur 1",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 KeyA up
            0000 Left down at 10,20
            0000 move to 30,40
            0000 Left up at 10,20
            0000 wheel 0,1200 at 10,20
            0000 release all
        "#]],
    );
}

#[test]
fn other_grants_and_earlier_displays_do_not() {
    check(
        "open 2; press 1; press 3; move 1 1; lift 1; old press 2; display 4; click 2; move 2 1",
        &expect![[r#"
            0000 -> opened 2
        "#]],
    );
}

#[test]
fn releases_pass_whatever_display_they_were_aimed_at() {
    check(
        "open 1; press 1; click 1; old lift 1; old unclick 1",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 Left down at 10,20
            0000 KeyA up
            0000 Left up
        "#]],
    );
}

#[test]
fn stop_keys_close_it_and_what_was_queued_stays_void() {
    check(
        "open 1; press 1; esc; press 1; lift 1; open 2; press 1; wait 1500; press 2; ctrl-c; press 2",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 release all
            0000 -> closed 1 Escape
            0000 -> opened 2
            0000 -> local hand true
            1500 -> local hand false
            1500 KeyA down
            1500 release all
            1500 -> closed 2 CtrlC
        "#]],
    );
}

#[test]
fn a_closed_number_never_opens_again() {
    check(
        "open 5; close; open 5; open 4; press 4; press 5; open 6; press 6",
        &expect![[r#"
            0000 -> opened 5
            0000 release all
            0000 -> closed 5 Button
            0000 -> closed 5 Broken
            0000 -> closed 4 Broken
            0000 -> opened 6
            0000 KeyA down
        "#]],
    );
}

#[test]
fn a_new_grant_ends_the_one_before() {
    check(
        "open 1; press 1; open 2; press 1; press 2",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 release all
            0000 -> closed 1 Released
            0000 -> opened 2
            0000 KeyA down
        "#]],
    );
}

#[test]
fn a_prompt_shuts_it_and_it_goes_on_afterwards() {
    check(
        "open 1; press 1; prompt on; press 1; click 1; move 1 1; lift 1; \
         wait 900; beat 1; wait 900; prompt off; press 1",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 release all
            0900 release what types
            1800 release what types
            1800 KeyA down
        "#]],
    );
}

#[test]
fn silence_of_a_second_ends_control() {
    check(
        "open 1; press 1; wait 349; tick; wait 1; tick; wait 649; tick; wait 1; press 1",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0350 release what types
            1000 release all
            1000 -> closed 1 Silence
        "#]],
    );
}

#[test]
fn the_page_has_three_seconds_to_learn_that_it_has_control() {
    check(
        "open 1; wait 2900; tick; beat 1; wait 999; tick; wait 1; tick",
        &expect![[r#"
            0000 -> opened 1
            3899 release what types
            3900 release all
            3900 -> closed 1 Silence
        "#]],
    );
}

#[test]
fn motion_alone_keeps_no_control() {
    check(
        "open 1; beat 1; wait 600; move 1 1; wait 400; move 1 2; move 1 3",
        &expect![[r#"
            0000 -> opened 1
            0600 release what types
            0600 move to 30,40
            1000 release all
            1000 -> closed 1 Silence
        "#]],
    );
}

#[test]
fn late_motions_are_dropped() {
    check(
        "open 1; move 1 5; move 1 4; move 1 5; move 1 6",
        &expect![[r#"
            0000 -> opened 1
            0000 move to 30,40
            0000 move to 30,40
        "#]],
    );
}

#[test]
fn the_local_hand_wins() {
    check(
        "open 1; press 1; click 1; mouse; press 1; move 1 1; click 1; wheel 1; lift 1; unclick 1; \
         wait 700; beat 1; mouse; wait 800; beat 1; press 1; wait 700; press 1; lift 1",
        &expect![[r#"
            0000 -> opened 1
            0000 KeyA down
            0000 Left down at 10,20
            0000 release all
            0000 -> local hand true
            0000 KeyA up
            0000 Left up
            0700 release what types
            1500 release what types
            2200 release what types
            2200 -> local hand false
            2200 KeyA down
            2200 KeyA up
        "#]],
    );
}

#[test]
fn a_flood_is_capped_but_every_release_passes() {
    let now = Instant::now();
    let mut gate = Gate::default();
    gate.handle(Input::Command(display(EPOCH)), now);
    gate.handle(parse(&["open", "1"]), now);
    let mut count = |step: &str| {
        (0..5000)
            .flat_map(|_| gate.handle(parse(&[step, "1"]), now))
            .count()
    };
    assert_eq!(count("press"), 200, "one burst");
    assert_eq!(count("lift"), 5000);
}

#[derive(Debug, Clone)]
enum Step {
    Do(String),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let grants = 1u32..6;
    let verbs = prop::sample::select(vec![
        "open",
        "beat",
        "press",
        "lift",
        "old press",
        "old lift",
        "click",
        "unclick",
        "wheel",
        "blur",
    ]);
    let lone = prop::sample::select(vec![
        "close",
        "prompt on",
        "prompt off",
        "display 3",
        "display 4",
        "esc",
        "ctrl-c",
        "mouse",
        "tick",
    ]);
    prop_oneof![
        8 => (verbs, grants.clone()).prop_map(|(verb, n)| Step::Do(format!("{verb} {n}"))),
        2 => (grants, 0u32..50).prop_map(|(n, seq)| Step::Do(format!("move {n} {seq}"))),
        2 => lone.prop_map(|step| Step::Do(step.to_owned())),
        2 => (0u64..1200).prop_map(Step::Wait),
    ]
}

proptest! {
    /// What a watcher sees who knows only what went in and what came out.
    #[test]
    fn nothing_is_injected_outside_a_live_grant(
        steps in proptest::collection::vec(step(), 0..200)
    ) {
        let mut now = Instant::now();
        let mut gate = Gate::default();
        let (mut open, mut closed, mut prompt) = (None::<u32>, 0, false);
        let mut last_person = None::<Instant>;
        for step in steps {
            let text = match step {
                Step::Wait(ms) => {
                    now += Duration::from_millis(ms);
                    continue;
                }
                Step::Do(text) => text,
            };
            let words: Vec<&str> = text.split_whitespace().collect();
            let outputs = gate.handle(parse(&words), now);
            match words[..] {
                ["prompt", state] => prompt = state == "on",
                ["esc" | "ctrl-c" | "mouse"] => last_person = Some(now),
                _ => {}
            }
            let mut released = false;
            for output in &outputs {
                match output {
                    Output::Tell(Event::Opened(grant)) => {
                        prop_assert!(open.is_none() && grant.0 > closed);
                        open = Some(grant.0);
                    }
                    Output::Tell(Event::Closed { grant, .. }) if open == Some(grant.0) => {
                        prop_assert!(released, "closed before all was released");
                        closed = grant.0;
                        open = None;
                    }
                    Output::ReleaseAll => released = true,
                    Output::KeyUp(_) | Output::ButtonUp(..) | Output::ReleaseTyping => {
                        prop_assert!(open.is_some());
                    }
                    Output::Move(_) | Output::KeyDown { .. } | Output::ButtonDown(..)
                    | Output::Wheel { .. } => {
                        let named = words.iter().find_map(|word| word.parse::<u32>().ok());
                        prop_assert!(open.is_some() && open == named, "{text}");
                        prop_assert!(!prompt, "{text} while a prompt is open");
                        let rests = last_person.is_none_or(|at| now - at >= super::super::local::PAUSE);
                        prop_assert!(rests, "{text} while the novice's hand is at work");
                    }
                    Output::Own(_) | Output::Tell(_) => {}
                }
            }
            if matches!(words[..], ["esc" | "ctrl-c" | "close"]) {
                prop_assert!(open.is_none() && !gate.is_open());
            }
        }
    }
}
