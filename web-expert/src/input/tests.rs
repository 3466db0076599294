use std::collections::BTreeSet;

use deskhand_protocol::input::{Button, Norm};
use proptest::prelude::*;

use super::*;

const DISPLAY: u16 = 3;

fn at(x: u16) -> Position {
    Position {
        x: Norm(x),
        y: Norm(x),
    }
}

fn stroke(code: KeyCode, down: bool) -> Stroke {
    Stroke {
        code: code.to_dom().into(),
        key: "Unidentified".into(),
        down,
        ..Stroke::default()
    }
}

fn in_control() -> Input {
    let mut input = Input::new(Platform::Other);
    input.display(DISPLAY);
    input.grant(GrantId(1));
    input
}

const LEFT: Press = Press {
    buttons: 1,
    may_press: true,
    modifiers: Modifiers {
        shift: false,
        ctrl: false,
        alt: false,
        meta: false,
        alt_graph: false,
    },
};

#[test]
fn nothing_is_sent_without_control_or_without_a_display() {
    let mut input = Input::new(Platform::Other);
    input.grant(GrantId(1));
    assert_eq!(input.key(&stroke(KeyCode::KeyA, true)), Typed::NotOurs);
    assert_eq!(input.moved(at(1)), Moved::Waits);
    assert!(input.press(at(1), LEFT).is_empty());
    assert!(input.heartbeat().is_empty());
    input.display(DISPLAY);
    assert_eq!(input.heartbeat().len(), 1);
    input.revoke();
    assert_eq!(input.key(&stroke(KeyCode::KeyA, true)), Typed::NotOurs);
    assert!(input.heartbeat().is_empty());
}

#[test]
fn every_event_names_its_grant_its_display_and_its_place() {
    let mut input = in_control();
    assert!(matches!(input.moved(at(7)), Moved::Send(Packet::Motion(m))
        if m.at == at(7) && m.grant == GrantId(1) && m.epoch == 3));
    let Typed::Sent(packets) = input.key(&stroke(KeyCode::KeyA, true)) else {
        panic!("not sent");
    };
    let [Packet::Event(event)] = &packets[..] else {
        panic!("{packets:?}");
    };
    assert_eq!((event.grant, event.epoch, event.at), (GrantId(1), 3, at(7)));
}

#[test]
fn the_end_of_control_releases_under_the_old_grant() {
    let mut input = in_control();
    input.press(at(5), LEFT);
    let packets = input.revoke();
    let up = Action::Button {
        button: Button::Left,
        down: false,
    };
    let actions: Vec<_> = packets
        .iter()
        .map(|packet| match packet {
            Packet::Event(event) => (event.grant, event.action),
            Packet::Motion(_) => panic!("a motion"),
        })
        .collect();
    assert_eq!(
        actions,
        [(GrantId(1), up), (GrantId(1), Action::ReleaseAll)]
    );
}

#[test]
fn letting_go_is_said_once_and_also_when_nothing_is_known_to_be_held() {
    let mut input = in_control();
    assert!(input.release_all().is_empty(), "nothing went down yet");
    input.key(&stroke(KeyCode::KeyA, true));
    input.key(&stroke(KeyCode::KeyA, false));
    assert!(
        matches!(&input.release_all()[..], [Packet::Event(e)] if e.action == Action::ReleaseAll)
    );
    assert!(input.release_all().is_empty(), "blur, hidden tab and all");
}

#[test]
fn another_display_releases_under_its_own_number() {
    let mut input = in_control();
    input.press(at(5), LEFT);
    assert!(input.display(DISPLAY).is_empty(), "said again");
    let packets = input.display(DISPLAY + 1);
    assert!(
        packets
            .iter()
            .all(|p| matches!(p, Packet::Event(e) if e.epoch == 4))
    );
    assert_eq!(packets.len(), 2);
}

#[test]
fn a_click_takes_a_waiting_motion_along() {
    let mut input = in_control();
    assert!(matches!(input.moved(at(1)), Moved::Send(_)));
    assert_eq!(input.moved(at(2)), Moved::Waits);
    assert_eq!(input.press(at(2), LEFT).len(), 1);
    assert_eq!(input.frame(), None);
}

#[test]
fn motion_goes_on_after_control_ended_in_the_middle_of_one() {
    let mut input = in_control();
    input.moved(at(1));
    input.moved(at(2));
    input.revoke();
    assert_eq!(input.frame(), None);
    input.grant(GrantId(2));
    assert!(matches!(input.moved(at(3)), Moved::Send(_)));
}

/// Anything that can happen on the page.
#[derive(Debug, Clone, Copy)]
enum Step {
    Key(KeyCode, bool, bool, Modifiers),
    Press(u16, bool, Modifiers),
    Wheel(f64, Modifiers),
    Move(u16),
    Chord(KeyCode),
    Frame,
    Blur,
    Display(u16),
    Grant,
    Revoke,
}

fn modifiers() -> impl Strategy<Value = Modifiers> {
    any::<[bool; 5]>().prop_map(|[shift, ctrl, alt, meta, alt_graph]| Modifiers {
        shift,
        ctrl,
        alt,
        meta,
        alt_graph,
    })
}

fn code() -> impl Strategy<Value = KeyCode> {
    use KeyCode as C;
    prop::sample::select(vec![
        C::KeyA,
        C::Digit1,
        C::ShiftLeft,
        C::ControlLeft,
        C::ControlRight,
        C::AltLeft,
        C::AltRight,
        C::MetaLeft,
        C::CapsLock,
        C::PrintScreen,
        C::F24,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (code(), any::<bool>(), any::<bool>(), modifiers())
            .prop_map(|(code, down, repeat, seen)| Step::Key(code, down, repeat, seen)),
        4 => (0u16..64, any::<bool>(), modifiers()).prop_map(|(b, may, seen)| Step::Press(b, may, seen)),
        2 => (-300.0..300.0, modifiers()).prop_map(|(d, seen)| Step::Wheel(d, seen)),
        2 => any::<u16>().prop_map(Step::Move),
        1 => code().prop_map(Step::Chord),
        1 => Just(Step::Frame),
        1 => Just(Step::Blur),
        1 => (0u16..3).prop_map(Step::Display),
        2 => Just(Step::Grant),
        1 => Just(Step::Revoke),
    ]
}

fn run(input: &mut Input, step: Step, next_grant: &mut u32) -> Vec<Packet> {
    match step {
        Step::Key(code, down, repeat, modifiers) => {
            let stroke = Stroke {
                repeat: repeat && down,
                modifiers,
                ..stroke(code, down)
            };
            match input.key(&stroke) {
                Typed::NotOurs => vec![],
                Typed::Sent(packets) | Typed::Leave(packets) => packets,
            }
        }
        Step::Press(buttons, may_press, modifiers) => input.press(
            at(1),
            Press {
                buttons,
                may_press,
                modifiers,
            },
        ),
        Step::Wheel(y, modifiers) => input.wheel(
            at(2),
            Turn {
                delta: (0.0, y),
                mode: 0,
                notches: None,
            },
            modifiers,
        ),
        Step::Move(x) => match input.moved(at(x)) {
            Moved::Waits => vec![],
            Moved::Send(packet) => vec![packet],
        },
        Step::Chord(code) => input.chord(&[KeyCode::ControlLeft, code]),
        Step::Frame => input.frame().into_iter().collect(),
        Step::Blur => input.release_all(),
        Step::Display(epoch) => input.display(epoch),
        Step::Grant => {
            *next_grant += 1;
            input.grant(GrantId(*next_grant))
        }
        Step::Revoke => input.revoke(),
    }
}

proptest! {
    #[test]
    fn every_down_has_an_up_under_its_own_grant(
        platform in prop::sample::select(vec![Platform::Mac, Platform::Windows, Platform::Other]),
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut input = Input::new(platform);
        let mut next_grant = 0;
        let mut keys = BTreeSet::new();
        let mut buttons = BTreeSet::new();
        let mut last_seq = 0;
        let all = steps.into_iter().chain([Step::Revoke]);
        for step in all {
            let ends = matches!(step, Step::Grant | Step::Revoke);
            for packet in run(&mut input, step, &mut next_grant) {
                match packet {
                    Packet::Motion(motion) => {
                        prop_assert!(motion.seq > last_seq);
                        last_seq = motion.seq;
                    }
                    Packet::Event(event) => match event.action {
                        Action::Key { code, down: true, .. } => {
                            keys.insert((event.grant, code));
                        }
                        Action::Key { code, down: false, .. } => {
                            prop_assert!(keys.remove(&(event.grant, code)), "an up without a down");
                        }
                        Action::Button { button, down: true } => {
                            prop_assert!(buttons.insert((event.grant, button)));
                        }
                        Action::Button { button, down: false } => {
                            prop_assert!(buttons.remove(&(event.grant, button)));
                        }
                        Action::Wheel { .. } | Action::ReleaseAll | Action::Heartbeat => {}
                    },
                }
            }
            if ends {
                prop_assert!(keys.is_empty() && buttons.is_empty(), "{keys:?} {buttons:?}");
            }
        }
    }

    #[test]
    fn what_may_be_dropped_is_never_a_release(
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut input = in_control();
        let mut next_grant = 1;
        for step in steps {
            for packet in run(&mut input, step, &mut next_grant) {
                if let Packet::Event(event) = &packet
                    && matches!(event.action, Action::Key { down: false, .. }
                        | Action::Button { down: false, .. } | Action::ReleaseAll)
                {
                    prop_assert!(!packet.may_be_dropped());
                }
            }
        }
    }
}
