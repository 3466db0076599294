//! `xdg-email`, the true one, and mail programs that are not.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
};

use deskhand_agent::channel::mail::{self, Letter, Opened, Way};
use expect_test::expect;
use rustix::fs::OFlags;

use super::desk::{Desk, LINK, MAILTO, tidy};

#[tokio::test]
async fn the_mail_program_is_handed_the_letter_and_the_file_but_not_the_link() {
    let desk = Desk::new();
    desk.install("thunderbird", &[MAILTO], "");
    let opened = desk.open(Way::Auto).await.unwrap();
    let attachment = desk.attachment();
    assert_eq!(opened, Opened::Program { attachment });
    let arguments = desk.arguments("thunderbird").unwrap();
    assert!(!arguments.concat().contains(LINK));
    expect![[r"
        -compose
        to='maria@example.org,',subject=Can%20you%20help%20me%3F,body=Please%20open%20the%20file.%0D%0A%0D%0ATh%C3%A4nk%20you%20%26%20%22bye%22%3B%20100%25,attachment='TMP/invitation/From Anna & Co.html'"]].assert_eq(&tidy(&arguments.join("\n"), &desk));
}

#[tokio::test]
async fn any_other_mail_program_is_handed_an_address_with_everything_in_it() {
    let desk = Desk::new();
    desk.install("mailer", &[MAILTO], "");
    desk.open(Way::XdgEmail).await.unwrap();
    let arguments = desk.arguments("mailer").unwrap();
    expect!["mailto:maria@example.org?subject=Can%20you%20help%20me%3F&body=Please%20open%20the%20file.%0D%0A%0D%0ATh%C3%A4nk%20you%20%26%20%22bye%22%3B%20100%25&attach=TMP/invitation/From%20Anna%20%26%20Co.html"].assert_eq(&tidy(&arguments.join("\n"), &desk));
}

#[tokio::test]
async fn the_novice_may_fill_in_the_recipient() {
    let desk = Desk::new();
    desk.install("mailer", &[MAILTO], "");
    let letter = Letter {
        to: None,
        ..desk.letter()
    };
    mail::open_at(&desk.settings, &letter, Way::XdgEmail)
        .await
        .unwrap();
    let arguments = desk.arguments("mailer").unwrap();
    assert!(
        arguments[0].starts_with("mailto:?subject="),
        "{arguments:?}"
    );
}

#[tokio::test]
async fn a_mail_program_that_stays_open_is_not_waited_for() {
    let desk = Desk::new();
    let pipe = desk.pipe();
    let script = format!("read line < '{}'", pipe.display());
    desk.install("thunderbird", &[MAILTO], &script);
    assert!(desk.open(Way::XdgEmail).await.is_ok());
    // It is still there: somebody reads the other end.
    let mut options = OpenOptions::new();
    let flags = OFlags::NONBLOCK.bits().try_into().unwrap();
    options.write(true).custom_flags(flags).open(pipe).unwrap();
}

#[tokio::test]
async fn what_does_not_work_is_said() {
    let mut desk = Desk::new();
    let mut said = vec![];
    said.push(desk.open(Way::XdgEmail).await.unwrap_err().to_string());
    said.push(desk.open(Way::Draft).await.unwrap_err().to_string());
    said.push(desk.open(Way::Mapi).await.unwrap_err().to_string());
    desk.install("thunderbird", &[MAILTO], "exit 1");
    said.push(desk.open(Way::XdgEmail).await.unwrap_err().to_string());
    desk.without_xdg_utils();
    said.push(desk.open(Way::XdgEmail).await.unwrap_err().to_string());
    fs::remove_file(desk.attachment()).unwrap();
    said.push(desk.open(Way::Auto).await.unwrap_err().to_string());
    expect![[r"
        no mail program was found on this computer. Use another way to invite
        no mail program was found on this computer. Use another way to invite
        no mail program was found on this computer. Use another way to invite
        your mail program could not be opened: xdg-email failed because the program that it started failed. Use another way to invite
        your mail program could not be opened: xdg-mime failed because it is not installed (package xdg-utils). Use another way to invite
        the invitation's file TMP/invitation/From Anna & Co.html cannot be read: No such file or directory (os error 2). Make the invitation anew"]].assert_eq(&tidy(&said.join("\n"), &desk));
}

#[tokio::test]
async fn without_any_mail_program_there_is_a_text_to_copy() {
    let mut desk = Desk::new();
    let text = Opened::Text(desk.letter().bare);
    assert_eq!(desk.open(Way::Auto).await.unwrap(), text);
    assert_eq!(desk.open(Way::Text).await.unwrap(), text);
    desk.without_xdg_utils();
    assert_eq!(desk.open(Way::Auto).await.unwrap(), text);
    assert!(!desk.draft().exists());
}
