//! Closing the window.

use deskhand_agent::{front::Channel, ui::closing::Fate};
use egui_kittest::{Harness, kittest::Queryable};

use crate::{
    canned::{self, invitations},
    desk::{Desk, click, done, open, see},
};

/// Closes it; what is said to the session, and what becomes of the window.
fn close(desk: &mut Harness<'_, Desk>, has_tray: bool) -> (String, Fate) {
    let (intents, fate) = desk.state_mut().model.close(has_tray);
    desk.run();
    (format!("{intents:?}"), fate)
}

fn fate(desk: &mut Harness<'_, Desk>, has_tray: bool) -> Fate {
    let fate = desk.state_mut().model.fate(has_tray);
    desk.run();
    fate
}

/// The session is over, and the invitation is still open, or not.
fn end(desk: &mut Harness<'_, Desk>, open: bool) {
    let now = desk.state().now;
    let mut view = canned::view("ended", now);
    if open {
        view.invitations = vec![invitations::open(1, Channel::Link, now)];
    }
    desk.state_mut().model.see(view);
    desk.run();
}

#[test]
fn it_closes_if_nobody_can_come() {
    for screen in ["home", "closed-used", "wizard-life", "ended"] {
        for has_tray in [false, true] {
            let closed = close(&mut open(screen), has_tray);
            assert_eq!(closed, ("[]".into(), Fate::Close), "{screen}");
        }
    }
}

#[test]
fn with_a_tray_it_hides_while_somebody_could_come() {
    for screen in ["home-open", "link", "verifying"] {
        let mut desk = open(screen);
        assert_eq!(close(&mut desk, true), ("[]".into(), Fate::Hide));
        assert_eq!(fate(&mut desk, true), Fate::Stay, "hidden once");
        assert!(desk.query_by_label("Keep waiting").is_none());
    }
}

#[test]
fn without_a_tray_it_asks_while_somebody_could_come() {
    let mut desk = open("link");
    assert_eq!(close(&mut desk, false), ("[]".into(), Fate::Stay));
    desk.get_by_label("If Deskhand stops, nobody can come in.");
    click(&mut desk, "Keep waiting");
    assert_eq!(fate(&mut desk, false), Fate::Minimise);
    assert_eq!(fate(&mut desk, false), Fate::Stay, "minimised once");
    assert_eq!(done(&desk), "[]");
    desk.get_by_label("Send the link");

    close(&mut desk, false);
    click(&mut desk, "Stop waiting");
    assert_eq!(done(&desk), "[Quit]");

    // Closing it again is an answer, too.
    let mut desk = open("link");
    close(&mut desk, false);
    assert_eq!(close(&mut desk, false).1, Fate::Close);
}

#[test]
fn during_a_session_it_stops_control_and_ends_it_first() {
    let mut desk = open("control");
    let closed = close(&mut desk, true);
    assert_eq!(closed, ("[StopControl, End]".into(), Fate::Stay));
    assert_eq!(fate(&mut desk, true), Fate::Stay, "it is still ending");
    end(&mut desk, false);
    assert_eq!(fate(&mut desk, true), Fate::Close);

    for screen in ["viewing", "connecting", "prompt-view", "prompt-control"] {
        let closed = close(&mut open(screen), false);
        assert_eq!(closed, ("[End]".into(), Fate::Stay), "{screen}");
    }
}

#[test]
fn after_a_session_it_asks_or_hides_if_somebody_can_still_come() {
    let mut desk = open("viewing");
    close(&mut desk, true);
    end(&mut desk, true);
    assert_eq!(fate(&mut desk, true), Fate::Hide);

    let mut desk = open("viewing");
    close(&mut desk, false);
    end(&mut desk, true);
    assert_eq!(fate(&mut desk, false), Fate::Stay);
    desk.get_by_label("If Deskhand stops, nobody can come in.");
    click(&mut desk, "Keep waiting");
    assert_eq!(
        done(&desk),
        "[Dismiss]",
        "nobody needs to read how it ended"
    );
}

#[test]
fn a_session_that_does_not_end_does_not_keep_it_open() {
    let mut desk = open("control");
    close(&mut desk, false);
    assert_eq!(close(&mut desk, false), ("[]".into(), Fate::Close));
}

#[test]
fn a_question_comes_before_that_of_closing() {
    let mut desk = open("closing");
    see(&mut desk, "prompt-view");
    desk.get_by_label("Allow them to see your screen?");
    see(&mut desk, "home-open");
    assert!(desk.query_by_label("Keep waiting").is_none(), "long ago");
}
