//! Who gets as far as the question.

use std::time::Duration;

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    novice::Novice,
    server::Server,
    wait::{self, PATIENCE},
};

/// Waits of 0, 2, 4 and 8 seconds lie between five attempts.
pub(crate) const LOCKING: Duration = Duration::from_mins(1);

/// What the page says about an attempt that was refused.
pub(crate) async fn refusal(expert: &Expert) -> String {
    wait::until("a refusal", LOCKING, async || {
        let said = expert.browser.text_of(Role::Alert).await;
        let form = expert.browser.look_for(Role::Button, "Connect").await;
        (!said.trim().is_empty() && form.is_some()).then(|| said.trim().to_owned())
    })
    .await
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_invitation_and_all_look_alike() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;

    let mut said = Vec::new();
    let expert = Expert::open(&novice.link).await;
    for left in [4, 3, 2, 1, 0] {
        expert.connect("wrong-one").await;
        let told = match left {
            0 => "is locked: the password was wrong too often",
            1 => "One more try is left",
            n => &format!("{n} more tries are left"),
        };
        novice.hears_within(told, LOCKING).await;
        said.push(refusal(&expert).await);
        assert!(!novice.is_asked(), "a wrong password asks nobody");
    }
    let status = novice.process.end(PATIENCE).await;
    assert!(!status.success(), "a locked invitation is no success");

    expert.connect(&novice.password).await;
    said.push(refusal(&expert).await);
    expert.browser.goto("about:blank").await;

    // Somebody else's guess at a link that never was.
    let unknown = novice.link.replacen("#1.", "#1.AAAA", 1);
    let (start, end) = unknown.split_at(unknown.find("#1.").unwrap() + 7);
    let unknown = format!("{start}{}", &end[4..]);
    let stranger = Expert::open(&unknown).await;
    stranger.connect(&novice.password).await;
    said.push(refusal(&stranger).await);

    assert!(
        said.iter().all(|sentence| *sentence == said[0]),
        "wrong, locked and unknown must look alike: {said:#?}"
    );
    stranger.browser.close().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn the_right_password_still_works_after_a_wrong_one() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect("wrong-one").await;
    novice.hears("4 more tries are left").await;
    refusal(&expert).await;
    expert.connect(&novice.password).await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn the_password_may_be_the_novices_own() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let own = "meine Katze heißt Mia";
    let mut novice = Novice::invite_with_own(&server, &desktop, own).await;
    assert_eq!(novice.password, own);
    let expert = Expert::open(&novice.link).await;
    expert.connect(own).await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn an_expired_invitation_lets_nobody_in() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&server.url, &desktop, &["--expires", "3s"]).await;
    let expert = Expert::open(&novice.link).await;
    novice.hears("expired").await;
    expert.connect(&novice.password).await;
    let said = refusal(&expert).await;
    assert!(said.contains("not open"), "{said}");
    assert!(!novice.is_asked());
    expert.browser.close().await;
}

#[tokio::test]
async fn a_damaged_link_is_named_as_such() {
    let server = Server::start().await;
    let expert = Expert::open(&format!("{}/#1.abc", server.url)).await;
    expert.browser.says(Role::Alert, "not a complete").await;
    expert.browser.close().await;
}
