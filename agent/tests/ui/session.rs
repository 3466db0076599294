//! Questions, and what is on the screen while somebody is here.

use std::time::Duration;

use deskhand_agent::{
    clock::Now,
    front::{Answer, Control, Intent, Notice, PROMPT_DELAY, Speaker, Stage},
};
use deskhand_protocol::{
    handshake::Words,
    text::{ChatText, Name},
};
use egui::Key;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use crate::{
    canned,
    desk::{Desk, SMALLEST, click, done, harness, open, open_live, pass, press, see},
};

fn answers(desk: &Harness<'_, Desk>) -> Vec<Answer> {
    let done = desk.state().done.iter();
    done.map(|intent| match intent {
        Intent::Answer { answer, .. } => *answer,
        other => panic!("not an answer: {other:?}"),
    })
    .collect()
}

#[test]
fn every_screen_names_its_inputs() {
    // The harness panics on an input without a name, and on a character that no font has.
    for screen in canned::SCREENS {
        open(screen);
    }
}

#[test]
fn every_button_does_what_it_says() {
    for (screen, button, intent) in [
        ("connecting", "End session", "[End]"),
        ("viewing", "End session", "[End]"),
        ("viewing", "Pause picture", "[Pause(true)]"),
        ("paused", "Resume picture", "[Pause(false)]"),
        ("control", "Stop control", "[StopControl]"),
        ("local-hand", "Stop control", "[StopControl]"),
        ("ended", "Done", "[Dismiss]"),
    ] {
        let mut desk = open(screen);
        click(&mut desk, button);
        assert_eq!(done(&desk), intent, "{button} on {screen}");
    }
    for (screen, button, answer) in [
        ("prompt-view", "Allow", Answer::Allow),
        ("prompt-view", "Not now", Answer::Refuse),
        ("prompt-view", "Stop and block", Answer::Block),
        ("prompt-control", "Allow control", Answer::Allow),
        ("prompt-control", "Not now", Answer::Refuse),
        ("prompt-control", "Stop and block", Answer::Block),
    ] {
        let mut desk = open_live(screen);
        click(&mut desk, button);
        assert_eq!(answers(&desk), [answer], "{button} on {screen}");
    }
}

#[test]
fn a_lost_connection_is_counted_and_can_be_given_up() {
    let mut desk = open("lost");
    desk.get_by_label("The connection to Maria is lost.");
    desk.get_by_label("Reconnecting… 12 s");
    pass(&mut desk, Duration::from_secs(3));
    desk.get_by_label("Reconnecting… 15 s");
    let next = desk.state().model.next_change(desk.state().now);
    assert!(next.is_some_and(|next| next <= Duration::from_secs(1)));

    // What is typed stays until somebody can read it.
    desk.get_by_label("Message").focus();
    desk.run();
    desk.get_by_label("Message").type_text("The printer");
    desk.run();
    assert!(desk.get_by_label("Send").accesskit_node().is_disabled());
    press(&mut desk, Key::Enter);
    assert_eq!(done(&desk), "[]");
    click(&mut desk, "End session");
    assert_eq!(done(&desk), "[End]");
}

#[test]
fn the_question_names_the_stranger_and_the_words() {
    let desk = open("prompt-view");
    desk.get_by_label("Maria (name not verified) wants to see your screen.");
    desk.get_by_label("rabbit cradle");
    let desk = open("prompt-control");
    desk.get_by_label("Maria (name not verified) wants to use your mouse and keyboard.");
    for way in ["Esc", "Ctrl", "C", "Stop control"] {
        desk.get_by_label(way);
    }
}

#[test]
fn allow_does_nothing_before_it_is_live() {
    for (screen, allow) in [
        ("prompt-view", "Allow"),
        ("prompt-control", "Allow control"),
    ] {
        let mut desk = open(screen);
        assert!(desk.get_by_label(allow).accesskit_node().is_disabled());
        click(&mut desk, allow);
        click(&mut desk, "Stop and block");
        assert_eq!(done(&desk), "[]");

        // Pressed too early, and released when it is live.
        let at = desk.get_by_label(allow).rect().center();
        desk.drag_at(at);
        desk.run();
        pass(&mut desk, PROMPT_DELAY);
        desk.drop_at(at);
        desk.run();
        assert_eq!(done(&desk), "[]");

        click(&mut desk, allow);
        assert_eq!(answers(&desk), [Answer::Allow]);
    }
}

#[test]
fn a_question_that_was_hidden_at_first_is_not_live_when_it_appears() {
    let opened = Now::read();
    let model = canned::model("prompt-view", opened);
    let mut desk = harness(model, opened.after(PROMPT_DELAY * 5));
    click(&mut desk, "Allow");
    assert_eq!(done(&desk), "[]");
    pass(&mut desk, PROMPT_DELAY);
    click(&mut desk, "Allow");
    assert_eq!(answers(&desk), [Answer::Allow]);
}

#[test]
fn no_is_focused_and_heard_at_once() {
    let mut desk = open("prompt-view");
    assert!(desk.get_by_label("Not now").is_focused());
    click(&mut desk, "Not now");
    assert_eq!(answers(&desk), [Answer::Refuse]);
}

#[test]
fn enter_never_grants() {
    for (screen, allow) in [
        ("prompt-view", "Allow"),
        ("prompt-control", "Allow control"),
    ] {
        let mut desk = open_live(screen);
        press(&mut desk, Key::Enter);
        assert_eq!(answers(&desk), [Answer::Refuse], "on the focused Not now");

        let mut desk = open_live(screen);
        desk.get_by_label(allow).focus();
        desk.run();
        assert!(desk.get_by_label(allow).is_focused());
        press(&mut desk, Key::Enter);
        assert_eq!(done(&desk), "[]", "on the focused {allow}");
        press(&mut desk, Key::Space);
        assert_eq!(answers(&desk), [Answer::Allow], "the space bar does");
    }
}

#[test]
fn escape_is_a_no() {
    let mut desk = open_live("prompt-control");
    press(&mut desk, Key::Escape);
    assert_eq!(answers(&desk), [Answer::Refuse]);
}

#[test]
fn assistive_technology_can_say_no_but_not_yes() {
    let mut desk = open_live("prompt-view");
    desk.get_by_label("Allow").click_accesskit();
    desk.run();
    assert_eq!(done(&desk), "[]");
    desk.get_by_label("Not now").click_accesskit();
    desk.run();
    assert_eq!(answers(&desk), [Answer::Refuse]);
}

#[test]
fn a_key_that_is_still_held_answers_nothing() {
    let mut desk = open("prompt-view");
    desk.key_down(Key::Space);
    desk.run();
    pass(&mut desk, PROMPT_DELAY);
    // Keys that are held repeat themselves.
    for _ in 0..5 {
        desk.key_down(Key::Space);
        desk.run();
    }
    assert_eq!(done(&desk), "[]");
    desk.key_up(Key::Space);
    press(&mut desk, Key::Space);
    assert_eq!(answers(&desk), [Answer::Refuse]);
}

#[test]
fn a_sentence_that_is_being_typed_goes_to_the_chat_and_into_no_question() {
    let mut desk = open("viewing");
    desk.get_by_label("Message").focus();
    desk.run();
    desk.get_by_label("Message").type_text("The printer");
    desk.run();

    // The question opens in the middle of the sentence.
    see(&mut desk, "prompt-control");
    for round in 0..10 {
        desk.event(egui::Event::Text("is".into()));
        desk.run();
        press(&mut desk, Key::Space);
        press(&mut desk, Key::Enter);
        assert_eq!(done(&desk), "[]", "round {round}");
        pass(&mut desk, PROMPT_DELAY / 3);
    }

    // After a pause, keys count again, and the sentence is where it was.
    pass(&mut desk, PROMPT_DELAY);
    press(&mut desk, Key::Space);
    assert_eq!(answers(&desk), [Answer::Refuse]);
    see(&mut desk, "viewing");
    assert_eq!(
        desk.get_by_label("Message").value().as_deref(),
        Some("The printer")
    );
}

#[test]
fn messages_are_sent_by_enter_and_by_the_button() {
    let mut desk = open("control");
    desk.get_by_label("Message").focus();
    desk.run();
    desk.get_by_label("Message").type_text(" y N ");
    desk.run();
    press(&mut desk, Key::Enter);
    assert!(desk.get_by_label("Message").is_focused());
    desk.get_by_label("Message").type_text("second");
    desk.run();
    click(&mut desk, "Send");
    let said: Vec<_> = desk
        .state()
        .done
        .iter()
        .map(|intent| match intent {
            Intent::Chat(text) => text.as_str(),
            other => panic!("not a message: {other:?}"),
        })
        .collect();
    assert_eq!(said, ["y N", "second"]);
    assert!(desk.get_by_label("Send").accesskit_node().is_disabled());
}

#[test]
fn stop_control_is_large_and_there_exactly_while_control_is_shared() {
    let [during, waiting] = ["control", "local-hand"].map(|screen| {
        let mut desk = open(screen);
        // Narrow enough that one of the sentences takes two lines.
        desk.set_size(SMALLEST.into());
        desk.run();
        desk.get_by_label("Stop control").rect()
    });
    assert!(during.height() >= 56.0, "{during:?}");
    assert!(during.width() >= 300.0, "{during:?}");
    assert_eq!(during, waiting, "it is where the novice's hand went");
    assert!(open("viewing").query_by_label("Stop control").is_none());
}

#[test]
fn the_banner_says_who_sees_and_who_steers() {
    for (screen, what) in [
        ("viewing", "Maria can see your screen."),
        ("paused", "Paused. Maria sees nothing new."),
        ("away", "Maria is looking at something else right now."),
        ("control", "Maria can use your mouse and keyboard."),
        ("local-hand", "You are using the mouse. Maria waits."),
    ] {
        open(screen).get_by_label(what);
    }
}

#[test]
fn buttons_stay_in_reach_however_long_the_name_and_small_the_window() {
    for screen in ["prompt-view", "prompt-control", "long-name", "control"] {
        let mut desk = open_live(screen);
        desk.set_size(SMALLEST.into());
        desk.run();
        let buttons: &[&str] = match screen {
            "control" => &["Stop control", "Send", "Pause picture", "End session"],
            "prompt-control" => &["Not now", "Allow control", "Stop and block"],
            _ => &["Not now", "Allow", "Stop and block"],
        };
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, SMALLEST.into());
        for button in buttons {
            let rect = desk.get_by_label(button).rect();
            assert!(
                window.contains_rect(rect),
                "{button} of {screen} at {rect:?}"
            );
        }
    }
}

#[test]
fn the_words_to_compare_are_in_sight_however_long_the_name_and_small_the_window() {
    for screen in ["prompt-view", "long-name"] {
        let mut desk = open(screen);
        desk.set_size(SMALLEST.into());
        desk.run();
        let words = desk.get_by_label("rabbit cradle").rect();
        let question = desk.get_by_label("Allow them to see your screen?").rect();
        assert!(
            words.top() > 0.0 && words.bottom() < question.top() - 20.0,
            "{words:?}"
        );
    }
}

#[test]
fn what_was_said_is_in_the_log_and_the_log_is_bounded() {
    let now = Now::read();
    let mut model = canned::model("viewing", now);
    for n in 0..600 {
        model.hear(&Notice::Chat {
            from: Speaker::Expert(Name::new("Maria")),
            text: ChatText::new(&format!("line {n}")),
        });
    }
    assert_eq!(model.log().count(), 500);
    let desk = harness(model, now);
    desk.get_by_label("line 599");
    assert!(desk.query_by_label("line 99").is_none());
}

#[test]
fn the_next_helper_does_not_read_what_the_last_one_wrote() {
    let now = Now::read();
    let mut model = canned::model("lost", now);
    model.hear(&Notice::Chat {
        from: Speaker::Expert(Name::new("Maria")),
        text: ChatText::new("the door code"),
    });
    let mut view = canned::view("lost", now);
    model.see(view.clone());
    assert_eq!(model.log().count(), 1, "the same session");
    // They come while the former one is waited for; all that lies between passed unseen.
    view.stage = Stage::Connecting {
        expert: Name::new("Paul"),
        words: Words::from_bytes([9, 9]),
    };
    model.see(view);
    assert_eq!(model.log().count(), 0);
}

#[test]
fn the_picture_changes_by_itself_only_when_there_is_something_to_count() {
    let now = Now::read();
    let quiet = canned::model("control", now);
    assert_eq!(quiet.next_change(now), None);
    let asking = open_live("prompt-view");
    let wait = asking.state().model.next_change(asking.state().now);
    assert!(
        wait.is_some_and(|wait| wait <= Duration::from_millis(1001)),
        "{wait:?}"
    );
    let fresh = open("prompt-view");
    let wait = fresh.state().model.next_change(fresh.state().now);
    assert!(wait.is_some_and(|wait| wait <= PROMPT_DELAY), "{wait:?}");
}

#[test]
fn the_window_must_be_seen_while_it_asks_and_while_control_is_shared() {
    let now = Now::read();
    for screen in canned::SCREENS {
        let view = canned::view(screen, now);
        let model = canned::model(screen, now);
        let controlled = matches!(
            view.stage,
            Stage::Viewing {
                control: Control::Shared { .. },
                ..
            }
        );
        let must = view.prompt.is_some() || controlled;
        assert_eq!(model.must_be_seen(), must, "{screen}");
    }
}

#[test]
fn nothing_moves_by_itself() {
    let mut desk = open("control");
    desk.get_by_label("Message").focus();
    desk.run();
    // One pass settles what the last event began; more would mean that something is animated.
    assert!(desk.run() <= 1);
}
