//! Displays that cannot be shown, or no longer: a sentence on both sides, and no picture that is
//! old without saying so.

use std::time::Duration;

use deskhand_tests::{
    browser::Role,
    desktop::{Desktop, Kind},
    expert::Expert,
    novice::Novice,
    probe::Event,
    scene::Scene,
    server::Server,
    wait::PATIENCE,
};

async fn is_told(expert: &Expert) {
    let text = "The novice's computer cannot share its screen. Its own window says why.";
    expert.browser.says(Role::Alert, text).await;
    expert.browser.gone(Role::Screen, "Novice's desktop").await;
}

fn logged_once(novice: &Novice) {
    let log = novice.process.stderr.text();
    assert_eq!(log.matches("the picture stops").count(), 1, "{log}");
}

#[tokio::test]
async fn a_desktop_with_other_colours_is_refused_in_a_sentence_on_both_sides() {
    let server = Server::start().await;
    for depth in [16, 30] {
        let screen = format!("1280x800x{depth}");
        let desktop = Desktop::start_on(Kind::Xvfb, &["-screen", "0", &screen]).await;
        let mut novice = Novice::invite(&server, &desktop).await;
        let expert = Expert::let_in(&mut novice).await;
        let why = format!("This desktop uses {depth} bits of colour. Deskhand needs 24");
        novice.hears(&why).await;
        is_told(&expert).await;
        logged_once(&novice);
        expert.browser.close().await;
    }
}

#[tokio::test]
async fn a_desktop_that_is_closed_in_mid_session_ends_it_with_a_sentence_on_both_sides() {
    let mut scene = Scene::controlling().await;
    scene.expert_sees_changes().await;
    scene.desktop.crash();
    scene
        .novice
        .hears("The desktop was closed, so there is nothing left to show.")
        .await;
    is_told(&scene.expert).await;
    logged_once(&scene.novice);
    scene.close().await;
}

/// What both sides hear of a desktop that hangs.
async fn hang_is_told(scene: &mut Scene) {
    let words = "Your desktop does not answer right now.";
    scene.novice.hears_within(words, HANG).await;
    let words = "The novice's desktop does not answer";
    scene.expert.browser.says(Role::Status, words).await;
}

/// Longer than it takes to be sure that a desktop hangs.
const HANG: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_desktop_that_hangs_is_told_on_both_sides_and_goes_on_when_it_answers() {
    let mut scene = Scene::controlling().await;
    scene.expert_sees_changes().await;
    scene.desktop.freeze();
    hang_is_told(&mut scene).await;
    scene.desktop.thaw();
    scene.novice.hears("Your desktop answers again.").await;
    let words = "You share mouse and keyboard";
    scene.expert.browser.says(Role::Status, words).await;
    scene.expert_sees_changes().await;
    scene.expert_reaches_probe().await;
    scene.close().await;
}

#[tokio::test]
async fn what_is_clicked_while_the_desktop_hangs_does_not_happen_afterwards() {
    let mut scene = Scene::controlling().await;
    scene.desktop.freeze();
    hang_is_told(&mut scene).await;
    let middle = scene.probe.middle();
    scene.expert.clicks(middle, 2).await;
    scene.desktop.thaw();
    scene.novice.hears("Your desktop answers again.").await;
    let words = "You share mouse and keyboard";
    scene.expert.browser.says(Role::Status, words).await;
    // The first button that arrives is the one of now.
    scene.expert.clicks(middle, 0).await;
    let left_first = |events: &[Event]| {
        let first = events
            .iter()
            .find(|e| e.is_button(1, true) || e.is_button(3, true))?;
        Some(first.is_button(1, true))
    };
    assert!(scene.probe.wait("a click", left_first).await);
    scene.close().await;
}

#[tokio::test]
async fn a_session_ends_at_once_although_the_desktop_hangs() {
    let mut scene = Scene::controlling().await;
    scene.desktop.freeze();
    hang_is_told(&mut scene).await;
    scene.novice.types("/end");
    let ended = "novice ended the session";
    scene.expert.browser.says(Role::Alert, ended).await;
    let status = scene.novice.process.end(PATIENCE).await;
    assert!(status.success(), "{status}");
    scene.desktop.thaw();
    scene.close().await;
}
