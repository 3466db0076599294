//! From the first page to an invitation.

use std::time::Duration;

use deskhand_agent::front::{Channel, Intent, Notice, Order, Rules, Serial, Server};
use egui::Key;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use crate::{
    canned::{self, invitations},
    desk::{Desk, SMALLEST, click, done, open, press, see, type_into},
};

/// The one invitation that was asked for.
fn order(desk: &Harness<'_, Desk>) -> Order {
    match desk.state().done.as_slice() {
        [Intent::Invite(order)] => order.clone(),
        other => panic!("not one invitation: {other:?}"),
    }
}

fn password(order: &Order) -> Option<&str> {
    order.password.as_ref().map(|password| password.as_str())
}

/// Changes what the session shows.
fn change(desk: &mut Harness<'_, Desk>, how: impl FnOnce(&mut deskhand_agent::front::View)) {
    let now = desk.state().now;
    let mut view = canned::view("home", now);
    how(&mut view);
    desk.state_mut().model.see(view);
    desk.run();
}

fn hear(desk: &mut Harness<'_, Desk>, notice: &Notice) {
    desk.state_mut().model.hear(notice);
    desk.run();
}

fn is_enabled(desk: &Harness<'_, Desk>, name: &str) -> bool {
    !desk.get_by_label(name).accesskit_node().is_disabled()
}

#[test]
fn three_clicks_make_an_invitation() {
    for (name, channel) in [
        ("On the phone", Channel::Spoken),
        ("By e-mail", Channel::Mail),
        ("With a link", Channel::Link),
        ("As a file", Channel::File),
    ] {
        let mut desk = open("home");
        click(&mut desk, "Invite someone to help you");
        click(&mut desk, name);
        click(&mut desk, "Continue");
        click(&mut desk, "Make the invitation");
        let order = order(&desk);
        assert_eq!(order.channel, channel);
        assert_eq!(order.life, Duration::from_hours(1));
        assert!(!order.keep_open);
        let given = (channel != Channel::Spoken).then_some("w3xt-8hjn");
        assert_eq!(password(&order), given, "{name}");
        desk.get_by_label("Making your invitation…");
    }
}

#[test]
fn the_keyboard_alone_makes_an_invitation() {
    let mut desk = open("home");
    press(&mut desk, Key::Tab);
    assert!(desk.get_by_label("Invite someone to help you").is_focused());
    press(&mut desk, Key::Enter);
    press(&mut desk, Key::Tab);
    assert!(desk.get_by_label("On the phone").is_focused());
    for _ in 0..2 {
        press(&mut desk, Key::Tab);
    }
    press(&mut desk, Key::Enter);
    assert!(desk.get_by_label("Continue").is_focused());
    press(&mut desk, Key::Enter);
    assert!(desk.get_by_label("Make the invitation").is_focused());
    press(&mut desk, Key::Enter);
    assert_eq!(order(&desk).channel, Channel::Link);
}

#[test]
fn what_the_keyboard_reaches_is_in_sight() {
    let mut desk = open("wizard-channel");
    desk.set_size(SMALLEST.into());
    desk.run();
    for _ in 0..4 {
        press(&mut desk, Key::Tab);
    }
    let last = desk.get_by_label("As a file");
    assert!(last.is_focused());
    let footer = desk.get_by_label("Back").rect().top();
    assert!(last.rect().bottom() < footer, "{:?}", last.rect());
}

#[test]
fn every_choice_ends_up_in_the_order() {
    let mut desk = open("wizard-password");
    click(&mut desk, "Make another one");
    desk.get_by_label("b9dc-5fga");
    click(&mut desk, "Continue");
    click(&mut desk, "4 hours");
    click(&mut desk, "Keep it open after the first visit");
    click(&mut desk, "Make the invitation");
    let order = order(&desk);
    assert_eq!(password(&order), Some("b9dc-5fga"));
    assert_eq!(order.life, Duration::from_hours(4));
    assert!(order.keep_open);
}

#[test]
fn going_without_a_password_has_to_be_confirmed() {
    let mut desk = open("wizard-no-password");
    assert!(!is_enabled(&desk, "Continue"));
    click(&mut desk, "Continue");
    desk.get_by_label("Step 2 of 3");
    click(&mut desk, "I understand, and I want no password.");
    click(&mut desk, "Continue");
    click(&mut desk, "Make the invitation");
    assert_eq!(password(&order(&desk)), None);

    // Who thinks better of it has to confirm again.
    let mut desk = open("wizard-no-password");
    click(&mut desk, "I understand, and I want no password.");
    click(&mut desk, "Use a password");
    click(&mut desk, "No password");
    assert!(!is_enabled(&desk, "Continue"));
}

#[test]
fn a_password_of_ones_own_has_to_be_long_enough() {
    let mut desk = open("wizard-own");
    desk.get_by_label("Too short to be safe: 3 more characters.");
    assert!(!is_enabled(&desk, "Continue"));
    press(&mut desk, Key::Enter);
    desk.get_by_label("Step 2 of 3");
    // Spaces at the ends cannot be read out.
    type_into(&mut desk, "Your own password", " o   ");
    desk.get_by_label("Too short to be safe: 1 more character.");
    type_into(&mut desk, "Your own password", "ak ");
    press(&mut desk, Key::Enter);
    click(&mut desk, "Make the invitation");
    assert_eq!(password(&order(&desk)), Some("river o   ak"));
}

#[test]
fn no_longer_life_is_offered_than_the_rules_allow() {
    let mut desk = open("wizard-capped");
    for life in ["1 hour", "4 hours", "1 day"] {
        assert!(desk.query_by_label(life).is_none(), "{life}");
    }
    desk.get_by_label("The rules of this computer allow 30 minutes at most.");
    click(&mut desk, "Make the invitation");
    assert_eq!(order(&desk).life, Duration::from_mins(30));

    // Also if they become stricter while the novice chooses.
    let mut desk = open("wizard-life");
    click(&mut desk, "1 day");
    change(&mut desk, |view| {
        view.rules.longest = Some(Duration::from_mins(20));
    });
    click(&mut desk, "Make the invitation");
    assert_eq!(order(&desk).life, Duration::from_mins(20));
}

#[test]
fn back_leads_through_every_step_and_nothing_is_lost() {
    let mut desk = open("wizard-password");
    click(&mut desk, "Choose my own");
    type_into(&mut desk, "Your own password", "my own words");
    click(&mut desk, "Continue");
    click(&mut desk, "1 day");
    click(&mut desk, "Back");
    let typed = desk.get_by_label("Your own password").value();
    assert_eq!(typed.as_deref(), Some("my own words"));
    click(&mut desk, "Back");
    click(&mut desk, "As a file");
    click(&mut desk, "Continue");
    click(&mut desk, "Make the invitation");
    let order = order(&desk);
    assert_eq!(
        (order.channel, password(&order), order.life),
        (
            Channel::File,
            Some("my own words"),
            Duration::from_hours(24)
        )
    );

    let mut desk = open("wizard-channel");
    click(&mut desk, "Back");
    desk.get_by_label("Nobody can see your screen now.");
}

#[test]
fn a_question_in_between_loses_nothing() {
    let mut desk = open("wizard-password");
    click(&mut desk, "Choose my own");
    type_into(&mut desk, "Your own password", "my own words");
    see(&mut desk, "prompt-view");
    desk.get_by_label("Allow them to see your screen?");
    see(&mut desk, "home");
    let typed = desk.get_by_label("Your own password").value();
    assert_eq!(typed.as_deref(), Some("my own words"));
    click(&mut desk, "Continue");
    click(&mut desk, "Make the invitation");
    assert_eq!(password(&order(&desk)), Some("my own words"));
}

#[test]
fn the_page_of_a_new_invitation_opens_as_soon_as_it_is_there() {
    let mut desk = open("wizard-making");
    hear(&mut desk, &Notice::Invited(Serial(1), Channel::Link));
    desk.get_by_label("Making your invitation…");
    see(&mut desk, "link");
    desk.get_by_label("Send the link");
    click(&mut desk, "Back");
    desk.get_by_label("Do you need help?");
    assert_eq!(done(&desk), "[]");
}

#[test]
fn a_new_mail_is_opened_once() {
    let mut desk = open("wizard-making");
    hear(&mut desk, &Notice::Invited(Serial(1), Channel::Link));
    see(&mut desk, "mail");
    assert_eq!(done(&desk), "[OpenMail(Serial(1))]");
    click(&mut desk, "Back");
    click(&mut desk, "Show it");
    assert_eq!(done(&desk), "[OpenMail(Serial(1))]", "not every time");
}

#[test]
fn what_cannot_be_made_is_explained_and_can_be_tried_again() {
    let mut desk = open("wizard-failed");
    let sentence = "The server cannot be reached, so it gave you no number. Try again later, or \
                    choose another way.";
    desk.get_by_label(sentence);
    click(&mut desk, "Make the invitation");
    assert!(desk.query_by_label(sentence).is_none());
    order(&desk);
}

#[test]
fn who_does_not_wait_finds_the_invitation_on_the_first_page() {
    let mut desk = open("wizard-making");
    click(&mut desk, "Back");
    hear(&mut desk, &Notice::Invited(Serial(1), Channel::Link));
    see(&mut desk, "link");
    desk.get_by_label("1 invitation is open. Waiting for your helper.");
}

#[test]
fn an_invitation_made_by_a_command_opens_like_one_made_here() {
    let mut desk = open("home");
    desk.state_mut().model.show_fresh(Serial(1));
    see(&mut desk, "mail");
    desk.get_by_label("Send the e-mail");
    assert_eq!(done(&desk), "[OpenMail(Serial(1))]");
}

#[test]
fn whose_idea_it_was_is_asked_before_the_first_time_only() {
    let mut desk = open("scam");
    click(&mut desk, "No, I asked for help myself");
    assert_eq!(done(&desk), "[Warned]");
    desk.get_by_label("Step 1 of 3");
    // Not again, even before the session knows.
    click(&mut desk, "Back");
    click(&mut desk, "Invite someone to help you");
    desk.get_by_label("Step 1 of 3");

    let mut desk = open("home");
    click(&mut desk, "Invite someone to help you");
    desk.get_by_label("Step 1 of 3");
}

#[test]
fn who_was_telephoned_is_told_to_stop_and_may_insist() {
    let mut desk = open("scam-called");
    desk.get_by_label("Please do not go on");
    desk.get_by_label("Hang up. You owe them nothing.");
    click(&mut desk, "Close Deskhand");
    assert_eq!(done(&desk), "[Quit]");

    let mut desk = open("scam-called");
    click(&mut desk, "I know this person and want to go on");
    assert_eq!(done(&desk), "[Warned]");
    desk.get_by_label("Step 1 of 3");
}

#[test]
fn the_server_is_asked_for_when_it_is_needed() {
    let mut desk = open("server");
    assert!(!is_enabled(&desk, "Continue"));
    type_into(
        &mut desk,
        "Address of the server",
        " https://help.example.org ",
    );
    click(&mut desk, "Continue");
    assert_eq!(done(&desk), r#"[UseServer("https://help.example.org")]"#);

    change(&mut desk, |view| view.server = Server::Checking);
    assert!(!is_enabled(&desk, "Continue"));
    desk.get_by_label("Trying to reach the server. This takes a moment.");
    change(&mut desk, |view| {
        view.server = Server::Unnamed {
            problem: Some("Nobody answers there.".into()),
        };
    });
    desk.get_by_label("Nobody answers there.");
    type_into(&mut desk, "Address of the server", "s");
    press(&mut desk, Key::Enter);
    let again = r#", UseServer("https://help.example.org s")]"#;
    assert!(done(&desk).ends_with(again), "{}", done(&desk));

    // Once it is there, the novice goes on to what comes next.
    change(&mut desk, |view| view.first_use = true);
    desk.get_by_label("Did somebody phone you and ask for this?");
}

#[test]
fn what_is_forbidden_is_said_instead_of_offered() {
    let mut desk = open("home-forbidden");
    desk.get_by_label("Remote assistance is disabled by your administrator.");
    assert!(desk.query_by_label("Invite someone to help you").is_none());
    click(&mut desk, "View invitation status");
    desk.get_by_label("There are none.");

    // It also ends what had begun.
    let mut desk = open("wizard-life");
    change(&mut desk, |view| {
        view.rules = Rules {
            forbidden: Some("Not any more.".into()),
            ..Rules::default()
        };
    });
    desk.get_by_label("Not any more.");
}

#[test]
fn the_administrators_warning_comes_before_every_invitation() {
    let warning = "Invite only staff of the help desk. They never ask for your password.";
    open("home-warning").get_by_label(warning);
    let mut desk = open("closed-used");
    let mut view = canned::view("home-warning", desk.state().now);
    view.invitations = canned::view("closed-used", desk.state().now).invitations;
    desk.state_mut().model.see(view);
    desk.run();
    click(&mut desk, "Make a new invitation");
    desk.get_by_label(warning);
}

#[test]
fn the_first_page_leads_to_what_is_open() {
    let mut desk = open("home-open");
    desk.get_by_label("2 invitations are open. Waiting for your helper.");
    click(&mut desk, "Show them");
    desk.get_by_label("Your invitations");
    change(&mut desk, |view| {
        let now = deskhand_agent::clock::Now::read();
        view.invitations = vec![invitations::open(2, Channel::Link, now)];
    });
    click(&mut desk, "Back");
    click(&mut desk, "Show it");
    desk.get_by_label("Send the link");
}

#[test]
fn in_a_wide_window_everything_stays_together() {
    for (screen, button) in [
        ("home", "Invite someone to help you"),
        ("wizard-channel", "On the phone"),
        ("scam-called", "Close Deskhand"),
    ] {
        let mut desk = open(screen);
        desk.set_size([1600.0, 900.0].into());
        desk.run();
        let rect = desk.get_by_label(button).rect();
        assert!(
            (500.0..=560.0).contains(&rect.width()),
            "{button}: {rect:?}"
        );
        assert!((rect.center().x - 800.0).abs() < 10.0, "{button}: {rect:?}");
    }
}

#[test]
fn every_step_can_be_finished_in_the_smallest_window() {
    for (screen, button) in [
        ("home", "Invite someone to help you"),
        ("wizard-password", "Continue"),
        ("wizard-life", "Make the invitation"),
        ("wizard-failed", "Make the invitation"),
        ("scam-called", "Close Deskhand"),
        ("server-problem", "Continue"),
        ("closing", "Keep waiting"),
        ("link", "Stop this invitation"),
    ] {
        let mut desk = open(screen);
        desk.set_size(SMALLEST.into());
        desk.run();
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, SMALLEST.into());
        let rect = desk.get_by_label(button).rect();
        assert!(
            window.contains_rect(rect),
            "{button} of {screen} at {rect:?}"
        );
        assert!(rect.height() >= 46.0, "{button} of {screen}");
    }
}
