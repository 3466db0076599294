use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::Display,
    id::GrantId,
    input::{Action, InputEvent, Motion, Norm, Position},
};
use proptest::prelude::*;

use super::*;
use crate::{
    hand::{
        gate::{Gate, Input, Physical},
        inject::synthetic::{Did, Recorder},
        keymap::{Group, Key, KeyType, SHIFT},
        wire::Command,
    },
    scope::Scope,
};

const SHIFT_KEY: Scancode = 50;
const CONTROL_KEY: Scancode = 37;
const A: Scancode = 38;
const ONE: Scancode = 10;
const LENT: Scancode = 250;

/// A desktop with five keys, whose left half is the agent's own.
struct Desktop {
    layout: Layout,
    mods: Mods,
    own_focus: bool,
}

impl Desktop {
    fn new() -> Self {
        let mut layout = Layout {
            types: vec![KeyType {
                mask: SHIFT,
                levels: vec![(SHIFT, 1)],
            }],
            ..Layout::default()
        };
        for (code, keysyms, mods) in [
            (SHIFT_KEY, vec![0xffe1], SHIFT),
            (CONTROL_KEY, vec![0xffe3], 4),
            (A, vec![0x61, 0x41], 0),
            (ONE, vec![0x31, 0x21], 0),
        ] {
            let groups = vec![Group { kind: 0, keysyms }];
            let key = Key {
                groups,
                mods,
                ..Key::default()
            };
            layout.keys.insert(code, key);
        }
        Self {
            layout,
            mods: 0,
            own_focus: false,
        }
    }
}

impl Desk for Desktop {
    fn is_own_at(&mut self, at: Pixel) -> Result<bool, DeskError> {
        Ok(at.x < 50)
    }
    fn is_own_focused(&mut self) -> Result<bool, DeskError> {
        Ok(self.own_focus)
    }
    fn layout(&mut self) -> Result<&Layout, DeskError> {
        Ok(&self.layout)
    }
    fn state(&mut self) -> Result<(usize, Mods), DeskError> {
        Ok((0, self.mods))
    }
    fn lend(&mut self, _: Keysym) -> Result<Loan, DeskError> {
        Ok(Loan::Key(LENT))
    }
    fn set_own(&mut self, _: Vec<u32>) {}
}

type TestActor = Actor<Recorder, Desktop>;

fn actor() -> TestActor {
    Actor::new(Recorder::default(), Desktop::new())
}

fn down(actor: &mut TestActor, code: KeyCode, c: char) {
    let keysym = Keysym::from_char(c);
    actor.act(Output::KeyDown { code, keysym }).unwrap();
}

fn did(actor: &mut TestActor) -> Vec<Did> {
    std::mem::take(&mut actor.inject.did)
}

const FREE: Pixel = Pixel { x: 80, y: 10 };
const OURS: Pixel = Pixel { x: 10, y: 10 };

#[test]
fn a_key_is_held_until_its_release_and_repeats_are_the_desktops() {
    let mut actor = actor();
    down(&mut actor, KeyCode::KeyA, 'a');
    down(&mut actor, KeyCode::KeyA, 'a');
    actor.act(Output::KeyUp(KeyCode::KeyA)).unwrap();
    actor.act(Output::KeyUp(KeyCode::KeyA)).unwrap();
    assert_eq!(did(&mut actor), [Did::Key(A, true), Did::Key(A, false)]);
}

#[test]
fn a_missing_shift_is_added_for_one_character() {
    let mut actor = actor();
    down(&mut actor, KeyCode::Slash, '!');
    assert_eq!(
        did(&mut actor),
        [
            Did::Key(SHIFT_KEY, true),
            Did::Key(ONE, true),
            Did::Key(ONE, false),
            Did::Key(SHIFT_KEY, false)
        ]
    );
}

#[test]
fn a_held_shift_is_lifted_for_one_character_and_comes_back() {
    let mut actor = actor();
    let keysym = Some(Keysym(0xffe1));
    let code = KeyCode::ShiftLeft;
    actor.act(Output::KeyDown { code, keysym }).unwrap();
    actor.desk_mut().mods = SHIFT;
    down(&mut actor, KeyCode::Digit7, '1');
    actor.act(Output::KeyUp(code)).unwrap();
    assert_eq!(
        did(&mut actor),
        [
            Did::Key(SHIFT_KEY, true),
            Did::Key(SHIFT_KEY, false),
            Did::Key(ONE, true),
            Did::Key(ONE, false),
            Did::Key(SHIFT_KEY, true),
            Did::Key(SHIFT_KEY, false)
        ]
    );
}

#[test]
fn what_no_key_types_is_typed_with_a_lent_one() {
    let mut actor = actor();
    down(&mut actor, KeyCode::KeyE, 'é');
    assert_eq!(
        did(&mut actor),
        [Did::Key(LENT, true), Did::Key(LENT, false)]
    );
}

#[test]
fn the_agents_own_windows_get_nothing_but_releases() {
    let mut actor = actor();
    for output in [
        Output::Move(OURS),
        Output::ButtonDown(Button::Left, OURS),
        Output::Wheel {
            dx: 0,
            dy: 120,
            at: OURS,
        },
    ] {
        actor.act(output).unwrap();
    }
    actor.desk_mut().own_focus = true;
    down(&mut actor, KeyCode::KeyA, 'a');
    assert_eq!(did(&mut actor), []);

    actor.desk_mut().own_focus = false;
    down(&mut actor, KeyCode::KeyA, 'a');
    actor.act(Output::ButtonDown(Button::Left, FREE)).unwrap();
    actor.desk_mut().own_focus = true;
    did(&mut actor);
    actor.act(Output::KeyUp(KeyCode::KeyA)).unwrap();
    let up = Output::ButtonUp(Button::Left, Some(OURS));
    actor.act(up).unwrap();
    assert_eq!(
        did(&mut actor),
        [Did::Key(A, false), Did::Button(Button::Left, false)],
        "released where the pointer is, without moving onto the window"
    );
}

#[test]
fn the_wheel_gathers_whole_notches() {
    let mut actor = actor();
    for dy in [50, 50, 50, -10, -110] {
        let at = FREE;
        actor.act(Output::Wheel { dx: 0, dy, at }).unwrap();
    }
    let turns: Vec<Did> = did(&mut actor)
        .into_iter()
        .filter(|did| matches!(did, Did::Wheel(..)))
        .collect();
    assert_eq!(
        turns,
        [
            Did::Wheel(Axis::Vertical, 1),
            Did::Wheel(Axis::Vertical, -1)
        ]
    );
}

#[test]
fn a_stall_releases_what_types_and_keeps_what_is_held() {
    let mut actor = actor();
    let keysym = Some(Keysym(0xffe3));
    let code = KeyCode::ControlLeft;
    actor.act(Output::KeyDown { code, keysym }).unwrap();
    actor.act(Output::ButtonDown(Button::Left, FREE)).unwrap();
    down(&mut actor, KeyCode::KeyA, 'a');
    actor.act(Output::ReleaseTyping).unwrap();
    assert_eq!(actor.inject.keys.iter().collect::<Vec<_>>(), [&CONTROL_KEY]);
    assert!(actor.inject.buttons.contains(&Button::Left));
}

#[test]
fn a_failing_desktop_ends_control() {
    let mut actor = actor();
    down(&mut actor, KeyCode::KeyA, 'a');
    actor.inject.broken = true;
    let button = Output::ButtonDown(Button::Left, FREE);
    assert!(matches!(actor.act(button), Err(ActError::Inject(_))));
}

/// Anything at all that can reach the hand.
fn input() -> impl Strategy<Value = Input> {
    let grant = (1u32..4).prop_map(GrantId);
    let at = (any::<u16>(), any::<u16>()).prop_map(|(x, y)| Position {
        x: Norm(x),
        y: Norm(y),
    });
    let code = prop::sample::select(KeyCode::ALL);
    let keysym = prop::option::of(prop::sample::select(vec![
        0x61, 0x41, 0x31, 0x21, 0xe9, 0xffe1, 0xffe3, 0xfe03, 0xff1b,
    ]));
    let button = prop::sample::select(vec![Button::Left, Button::Right, Button::Back]);
    let action = prop_oneof![
        6 => (code, keysym, any::<bool>()).prop_map(|(code, keysym, down)| Action::Key {
            code,
            keysym: keysym.map(Keysym),
            down,
        }),
        3 => (button, any::<bool>()).prop_map(|(button, down)| Action::Button { button, down }),
        1 => (any::<i16>(), any::<i16>()).prop_map(|(dx, dy)| Action::Wheel { dx, dy }),
        1 => Just(Action::ReleaseAll),
        1 => Just(Action::Heartbeat),
    ];
    let event =
        (grant.clone(), 0u16..2, at.clone(), action).prop_map(|(grant, epoch, at, action)| {
            Command::Input(InputEvent {
                grant,
                epoch,
                at,
                action,
            })
        });
    let motion = (grant.clone(), 0u16..2, any::<u32>(), at).prop_map(|(grant, epoch, seq, at)| {
        Command::Motion(Motion {
            grant,
            epoch,
            seq,
            at,
        })
    });
    let physical = prop::sample::select(vec![Physical::Escape, Physical::CtrlC, Physical::Other]);
    prop_oneof![
        20 => event.prop_map(Input::Command),
        3 => motion.prop_map(Input::Command),
        2 => grant.prop_map(|n| Input::Command(Command::Open(n))),
        1 => Just(Input::Command(Command::Close)),
        1 => any::<bool>().prop_map(|open| Input::Command(Command::Prompt(open))),
        1 => physical.prop_map(Input::Physical),
        1 => Just(Input::Tick),
    ]
}

proptest! {
    /// The recorder panics if anything goes down twice or comes up twice.
    #[test]
    fn every_down_has_an_up(
        steps in proptest::collection::vec((input(), 0u64..400, any::<bool>()), 0..150)
    ) {
        let mut now = Instant::now();
        let mut gate = Gate::default();
        let mut actor = actor();
        let display = Command::Display(Scope {
            display: Display { epoch: 1, width: 100, height: 100 },
            left: 0,
            top: 0,
        });
        gate.handle(Input::Command(display), now);
        for (input, ms, own_focus) in steps {
            now += Duration::from_millis(ms);
            actor.desk_mut().own_focus = own_focus;
            for output in gate.handle(input, now) {
                if let Acted::Tell(Event::Closed { .. }) = actor.act(output).unwrap() {
                    let up = actor.inject.keys.is_empty() && actor.inject.buttons.is_empty();
                    prop_assert!(gate.is_open() || up, "closed with something down");
                }
                // What the desktop would say about modifiers.
                let held = actor.inject.keys.iter();
                let mods = held.fold(0, |m, key| m | actor.desk.layout.mods(*key));
                actor.desk_mut().mods = mods;
            }
            if !gate.is_open() {
                prop_assert!(actor.inject.keys.is_empty() && actor.inject.buttons.is_empty());
            }
        }
        for output in gate.close(deskhand_protocol::control::StopCause::Button) {
            actor.act(output).unwrap();
        }
        prop_assert!(actor.inject.keys.is_empty() && actor.inject.buttons.is_empty());
    }
}

#[test]
fn a_held_key_does_not_repeat_into_the_agents_own_window() {
    let mut actor = actor();
    down(&mut actor, KeyCode::KeyA, 'a');
    actor.mind_own_focus().unwrap();
    assert_eq!(actor.inject().keys.len(), 1);
    actor.desk_mut().own_focus = true;
    actor.mind_own_focus().unwrap();
    assert!(actor.inject().keys.is_empty());
}
