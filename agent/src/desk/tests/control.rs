//! Mouse and keyboard: asked for, shared, stopped and refused.

use super::*;

#[test]
fn input_reaches_the_hand_only_under_the_grant_that_is_open() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 0, "before any grant");

    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 0, "while the novice is asked");
    assert!(scene.hand().contains(&Command::Prompt(true)));
    scene.answer(Answer::Allow);
    scene.key(GrantId(1));
    assert_eq!(
        scene.forwarded(),
        0,
        "before the hand says that the gate is open"
    );
    scene.input(Input::Hand(HandEvent::Opened(GrantId(1))));
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 1);
    scene.key(GrantId(2));
    assert_eq!(scene.forwarded(), 1, "under another number");

    scene.novice(Intent::StopControl);
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 1, "after the stop");
    assert!(matches!(
        scene.desk.view().stage,
        Stage::Viewing {
            control: front::Control::None,
            ..
        }
    ));
}

#[test]
fn a_later_grant_has_another_number() {
    let mut scene = Scene::new();
    let (_, first) = scene.controlling();
    scene.input(Input::Hand(HandEvent::Closed {
        grant: first,
        cause: StopCause::Escape,
    }));
    let second = scene.grant();
    assert!(second > first);
    scene.key(first);
    assert_eq!(scene.forwarded(), 0);
    scene.key(second);
    assert_eq!(scene.forwarded(), 1);
}

#[test]
fn each_stop_ends_control_and_not_the_session() {
    for cause in [StopCause::Escape, StopCause::CtrlC, StopCause::Silence] {
        let mut scene = Scene::new();
        let (_, grant) = scene.controlling();
        scene.input(Input::Hand(HandEvent::Closed { grant, cause }));
        assert!(
            scene
                .controls()
                .contains(&FromNovice::Stopped { grant, cause })
        );
        assert!(matches!(
            scene.desk.view().stage,
            Stage::Viewing {
                control: front::Control::None,
                ..
            }
        ));
    }
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    scene.peer(PeerEvent::Control(FromExpert::ReleaseControl(grant)));
    assert!(scene.hand().contains(&Command::Close));
}

#[test]
fn a_dead_hand_ends_control_and_says_so() {
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    scene.input(Input::Hand(HandEvent::Fault("gone".into())));
    assert!(scene.controls().contains(&FromNovice::Stopped {
        grant,
        cause: StopCause::Broken
    }));
    scene.key(grant);
    assert_eq!(scene.forwarded(), 0);
}

#[test]
fn where_control_cannot_be_given_nobody_is_asked_and_both_are_told() {
    let mut scene = Scene::on_a_computer(Some("this is a test"));
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    assert!(scene.desk.view().prompt.is_none());
    assert!(matches!(
        scene.controls().last(),
        Some(FromNovice::Denied {
            reason: Denial::Unavailable,
            ..
        })
    ));
    let told = |output: &Output| matches!(output, Output::Tell(notice) if notice.sentence().contains("this is a test"));
    assert!(scene.out.iter().any(told));
}

#[test]
fn another_hand_is_started_only_after_one_that_worked() {
    let starts = |scene: &Scene| {
        let start = |output: &&Output| matches!(output, Output::StartHand);
        scene.out.iter().filter(start).count()
    };
    let fault = || Input::Hand(HandEvent::Fault("it is broken.".into()));
    let mut scene = Scene::new();
    scene.controlling();
    scene.out.clear();
    scene.input(fault());
    assert_eq!(starts(&scene), 1);
    scene.input(fault());
    assert_eq!(starts(&scene), 1, "it would fail again");
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    assert!(scene.desk.view().prompt.is_none());
    let told = |output: &Output| matches!(output, Output::Tell(notice) if notice.sentence().contains("it is broken"));
    assert!(scene.out.iter().any(told), "and why");
}

#[test]
fn no_two_questions_of_a_session_have_the_same_number() {
    let mut scene = Scene::new();
    scene.asking();
    let view = scene.desk.view().prompt.unwrap().id;
    scene.answer(Answer::Refuse);
    scene.pass(Duration::from_secs(61));
    let mut numbers = vec![view];
    scene.viewing();
    for _ in 0..2 {
        scene.peer(PeerEvent::Control(FromExpert::RequestControl));
        numbers.push(scene.desk.view().prompt.unwrap().id);
        scene.answer(Answer::Refuse);
        scene.pass(Duration::from_secs(61));
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn refused_requests_have_to_wait() {
    let mut scene = Scene::new();
    scene.viewing();
    let mut waits = vec![];
    for _ in 0..4 {
        scene.out.clear();
        scene.peer(PeerEvent::Control(FromExpert::RequestControl));
        scene.answer(Answer::Refuse);
        scene.peer(PeerEvent::Control(FromExpert::RequestControl));
        for message in scene.controls() {
            if let FromNovice::Denied {
                reason: Denial::TooSoon,
                retry_secs,
            } = message
            {
                waits.push(retry_secs);
            }
        }
        scene.pass(Duration::from_secs(61));
    }
    assert_eq!(waits, [10, 30, 60, 60]);
}

#[test]
fn silence_at_the_control_prompt_means_no() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    scene.pass(crate::consent::CONTROL_PATIENCE);
    assert!(scene.controls().iter().any(|m| matches!(
        m,
        FromNovice::Denied {
            reason: Denial::NoAnswer,
            ..
        }
    )));
    assert!(!scene.hand().iter().any(|c| matches!(c, Command::Open(_))));
}

#[test]
fn nothing_begins_on_a_desktop_that_does_not_answer_but_everything_ends() {
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    let button = |down| Action::Button {
        button: Button::Left,
        down,
    };
    scene.act(grant, button(true));
    assert_eq!(scene.forwarded(), 1);

    scene.input(Input::Media(MediaEvent::Stalled(true)));
    assert!(scene.controls().contains(&FromNovice::Stalled(true)));
    scene.act(grant, button(true));
    scene.act(grant, Action::Wheel { dx: 0, dy: 120 });
    let motion = Motion {
        grant,
        epoch: 1,
        seq: 1,
        at: Position::default(),
    };
    scene.peer(PeerEvent::Motion(motion));
    assert_eq!(scene.forwarded(), 1);
    scene.act(grant, button(false));
    scene.act(grant, Action::ReleaseAll);
    scene.key(grant);
    assert_eq!(scene.forwarded(), 4);

    scene.input(Input::Media(MediaEvent::Stalled(false)));
    assert!(scene.controls().contains(&FromNovice::Stalled(false)));
    scene.act(grant, button(true));
    assert_eq!(scene.forwarded(), 5);
}
