//! The page of an invitation, and the list of all.

use std::time::Duration;

use deskhand_agent::{
    clock::Now,
    front::{Channel, Invitation, Notice, Password, Rules, Serial, Standing},
};
use egui_kittest::{Harness, kittest::Queryable};

use crate::{
    canned::{self, invitations},
    desk::{Desk, click, copied, done, open, see},
};

/// Has the session show these.
fn keep(desk: &mut Harness<'_, Desk>, kept: Vec<Invitation>) {
    let mut view = canned::view("home", desk.state().now);
    view.invitations = kept;
    desk.state_mut().model.see(view);
    desk.run();
}

#[test]
fn every_button_of_an_invitation_does_what_it_says() {
    for (screen, button, intent) in [
        ("link", "Stop this invitation", "[Expire(Serial(1))]"),
        ("spoken", "Stop this invitation", "[Expire(Serial(1))]"),
        ("file", "Save the file", "[SaveFile(Serial(1))]"),
        ("file-saved", "Save it again", "[SaveFile(Serial(1))]"),
        ("file-not-saved", "Save the file", "[SaveFile(Serial(1))]"),
        ("mail", "Open my mail program", "[OpenMail(Serial(1))]"),
        ("mail-opened", "Open it again", "[OpenMail(Serial(1))]"),
        ("mail-not-opened", "Try again", "[OpenMail(Serial(1))]"),
        ("mail-not-opened", "Save the file", "[SaveFile(Serial(1))]"),
        ("closed-used", "Delete", "[Forget(Serial(9))]"),
        ("link", "Copy link", "[]"),
        ("link", "Copy password", "[]"),
    ] {
        let mut desk = open(screen);
        click(&mut desk, button);
        assert_eq!(done(&desk), intent, "{button} on {screen}");
    }
}

#[test]
fn link_and_password_never_go_to_the_clipboard_together() {
    for (screen, button) in [
        ("link", "Copy link"),
        ("link", "Copy a text to send"),
        ("link", "Copy password"),
        ("mail", "Copy a text to send"),
    ] {
        let text = copied(&mut open(screen), button);
        let link = button != "Copy password";
        assert_eq!(text.contains("https://help.example.org/#1."), link);
        assert_eq!(text.contains("k7mp-q2rs"), !link, "{button}");
    }
    let text = copied(&mut open("link"), "Copy a text to send");
    assert!(text.contains("It asks for a password"), "{text}");
    let text = copied(&mut open("link-no-password"), "Copy a text to send");
    assert!(!text.contains("password"), "{text}");
}

#[test]
fn what_is_read_out_on_the_phone_is_all_there() {
    let desk = open("spoken");
    for part in [
        "help.example.org",
        "482",
        "913",
        "067",
        "amber",
        "lamp",
        "river",
        "stone",
    ] {
        desk.get_by_label(part);
    }
    let desk = open("spoken-no-number");
    desk.get_by_label("The server gives you a number in a moment.");
}

#[test]
fn the_page_says_where_the_file_is_and_how_the_mail_went() {
    open("file-saved").get_by_label("Saved as /home/anna/Documents/Help Anna.html");
    open("mail-opened").get_by_label(
        "Your mail program is open. Put in your helper's address and send the message.",
    );
    open("mail-not-opened").get_by_label("No mail program was found on this computer.");
}

#[test]
fn the_code_can_be_shown_and_hidden() {
    let mut desk = open("link-code");
    desk.get_by_label("QR code of the link");
    click(&mut desk, "Hide QR code");
    assert!(desk.query_by_label("QR code of the link").is_none());
    desk.get_by_label("Copy link");
}

#[test]
fn a_forgotten_password_leads_to_a_new_invitation() {
    let mut desk = open("link-forgotten");
    assert!(desk.query_by_label("Copy password").is_none());
    // One has to scroll for it.
    desk.get_by_label("Make a new invitation").click_accesskit();
    desk.run();
    desk.get_by_label("Step 1 of 3");
}

#[test]
fn an_invitation_that_closes_says_so_on_its_page() {
    for (standing, sentence) in [
        (
            Standing::Used,
            "It has served its purpose: Maria (name not verified) was here.",
        ),
        (Standing::Expired, "Its time is over."),
        (Standing::Revoked, "It was stopped."),
        (
            Standing::Locked,
            "The password was wrong too often, so Deskhand locked it to protect you.",
        ),
    ] {
        let mut desk = open("link");
        let now = desk.state().now;
        keep(
            &mut desk,
            vec![invitations::closed(1, Channel::Link, standing, now)],
        );
        desk.get_by_label(sentence);
        assert!(desk.query_by_label("Copy link").is_none());
    }
}

#[test]
fn an_invitation_that_is_gone_leaves_its_page() {
    let mut desk = open("closed-used");
    see(&mut desk, "list-empty");
    desk.get_by_label("There are none.");
}

#[test]
fn back_leads_to_where_one_came_from() {
    let mut desk = open("link");
    click(&mut desk, "Back");
    desk.get_by_label("Do you need help?");
    let mut desk = open("closed-used");
    click(&mut desk, "Back");
    desk.get_by_label("Your invitations");
}

#[test]
fn the_list_tells_everything_about_an_invitation() {
    let mut desk = open("list");
    for line in [
        "Invitation 7",
        "With a link. Made 2 minutes ago.",
        "2 attempts have failed.",
        "Maria (name not verified) is here.",
        "Maria (name not verified) was here.",
        "Ended 17 hours ago.",
        "5 attempts have failed.",
    ] {
        desk.get_by_label(line);
    }
    for standing in ["Open", "In use", "Used", "Expired", "Stopped", "Locked"] {
        desk.get_by_label(standing);
    }
    assert_eq!(desk.get_all_by_label("Ends in 58 minutes.").count(), 2);

    // Newest first, as the session gives them.
    let at = |desk: &Harness<'_, Desk>, name: &str| desk.get_by_label(name).rect().top();
    assert!(at(&desk, "Invitation 7") < at(&desk, "Invitation 6"));
    let now = desk.state().now;
    keep(&mut desk, vec![invitations::open(8, Channel::File, now)]);
    assert!(desk.query_by_label("Invitation 7").is_none());
}

#[test]
fn every_button_of_the_list_does_what_it_says() {
    let hour = "[Extend(Serial(1), 3600s)]";
    for (button, intent) in [("Stop now", "[Expire(Serial(1))]"), ("1 hour more", hour)] {
        let mut desk = open("link");
        click(&mut desk, "Back");
        click(&mut desk, "View invitation status");
        click(&mut desk, button);
        assert_eq!(done(&desk), intent, "{button}");
    }
    let mut desk = open("list");
    let now = desk.state().now;
    keep(
        &mut desk,
        vec![invitations::closed(3, Channel::Link, Standing::Used, now)],
    );
    click(&mut desk, "Delete");
    assert_eq!(done(&desk), "[Forget(Serial(3))]");
}

#[test]
fn deleting_all_old_ones_leaves_the_open_ones() {
    let mut desk = open("list");
    click(&mut desk, "Delete all old ones");
    assert_eq!(done(&desk), "[ForgetClosed]");
    let now = desk.state().now;
    keep(&mut desk, vec![invitations::open(7, Channel::Link, now)]);
    assert!(desk.query_by_label("Delete all old ones").is_none());
}

#[test]
fn an_invitation_is_extended_no_further_than_the_rules_allow() {
    let mut desk = open("list");
    let now = desk.state().now;
    let mut view = canned::view("home", now);
    view.invitations = vec![invitations::open(1, Channel::Link, now)];
    view.rules = Rules {
        longest: Some(Duration::from_mins(80)),
        ..Rules::default()
    };
    desk.state_mut().model.see(view.clone());
    desk.run();
    click(&mut desk, "20 minutes more");
    assert_eq!(done(&desk), "[Extend(Serial(1), 1200s)]");
    view.rules.longest = Some(Duration::from_mins(60));
    desk.state_mut().model.see(view);
    desk.run();
    assert!(desk.query_by_label_contains(" more").is_none());
}

#[test]
fn what_went_wrong_is_told_until_the_page_is_turned() {
    let mut desk = open("verifying");
    let sentence = Notice::WrongPassword { left: 4 }.sentence();
    desk.get_by_label(&sentence);
    click(&mut desk, "Back");
    assert!(desk.query_by_label(&sentence).is_none());
}

#[test]
fn the_time_that_is_left_is_counted() {
    let desk = open("link");
    let now = desk.state().now;
    let wait = desk.state().model.next_change(now);
    assert!(wait.is_some_and(|wait| wait <= Duration::from_secs(61)));
    let quiet = canned::model("home-open", Now::read());
    assert_eq!(quiet.next_change(now), None, "the first page tells no time");
}

#[test]
fn a_number_that_was_replaced_is_told_where_it_stands() {
    let mut desk = open("spoken");
    let (old, new) = (Serial(1), Serial(2));
    let notice = Notice::Renumbered { old, new };
    desk.state_mut().model.hear(&notice);
    let now = desk.state().now;
    keep(
        &mut desk,
        vec![
            Invitation {
                number: Some("111 222 333".into()),
                password: Password::Known("oak moon fern hill".into()),
                ..invitations::open(2, Channel::Spoken, now)
            },
            Invitation {
                standing: Standing::Locked,
                number: None,
                ..invitations::open(1, Channel::Spoken, now)
            },
        ],
    );
    desk.get_by_label(&notice.sentence());
    for part in ["111", "222", "333", "oak", "moon"] {
        desk.get_by_label(part);
    }
}

#[test]
fn what_could_not_be_saved_is_told_until_the_first_page_has_shown_it() {
    let mut desk = open("link");
    let trouble = "The disk is full.";
    let notice = Notice::StoreTrouble(trouble.into());
    desk.state_mut().model.hear(&notice);
    desk.run();
    desk.get_by_label(trouble);
    click(&mut desk, "Back");
    desk.get_by_label(trouble);
    click(&mut desk, "View invitation status");
    assert!(desk.query_by_label(trouble).is_none());
}
