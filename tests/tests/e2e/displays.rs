//! Displays that cannot be shown, or no longer: a sentence on both sides, and no picture that is
//! old without saying so.

use deskhand_tests::{
    browser::Role,
    desktop::{Desktop, Kind},
    expert::Expert,
    novice::Novice,
    scene::Scene,
    server::Server,
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
