//! The novice says no, or nothing.

use std::time::Duration;

use deskhand_tests::{
    browser::Role, desktop::Desktop, expert::Expert, novice::Novice, scene::Scene, server::Server,
};

/// Longer than any question stays open.
const SILENCE: Duration = Duration::from_secs(75);

#[tokio::test]
async fn a_no_to_the_first_question_shows_nothing() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    // Anything but yes is no, Enter alone too.
    for answer in ["n", ""] {
        let expert = Expert::open(&novice.link).await;
        expert.connect(&novice.password).await;
        novice.answers(answer).await;
        novice.hears("did not let them see").await;
        expert
            .browser
            .says(Role::Alert, "decided not to show")
            .await;
        assert!(
            expert
                .browser
                .look_for(Role::Screen, "Novice's desktop")
                .await
                .is_none()
        );
        expert.browser.close().await;
    }
}

#[tokio::test]
async fn silence_is_a_no_to_either_question() {
    tokio::join!(
        silence_at_the_first_question(),
        silence_at_the_second_question()
    );
}

async fn silence_at_the_first_question() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.asked().await;
    novice.hears_within("no answer", SILENCE).await;
    expert.browser.says(Role::Alert, "did not answer").await;
    expert.browser.close().await;
}

async fn silence_at_the_second_question() {
    let mut scene = Scene::viewing().await;
    scene.expert.browser.press("Take control").await;
    scene.novice.asked().await;
    scene
        .novice
        .hears_within("Control was not given", SILENCE)
        .await;
    scene
        .expert
        .browser
        .says(Role::Alert, "did not answer")
        .await;
    scene.expert.has_no_control().await;
    scene.expert_sees_changes().await;
    scene.close().await;
}

#[tokio::test]
async fn a_no_to_control_leaves_viewing_and_makes_the_next_request_wait() {
    let mut scene = Scene::viewing().await;
    scene.expert.browser.press("Take control").await;
    let question = scene.novice.answers("n").await;
    for way in ["Esc", "Ctrl+C", "/stop"] {
        assert!(
            question.contains(way),
            "the question names {way}: {question}"
        );
    }
    scene.expert.browser.says(Role::Alert, "said no").await;
    let button = scene
        .expert
        .browser
        .find(Role::Button, "Take control")
        .await;
    assert!(
        !button.is_enabled().await.unwrap(),
        "asking again at once is not possible"
    );
    scene.expert.clicks(scene.probe.middle(), 0).await;
    scene.expert_sees_changes().await;
    assert_eq!(scene.probe.events(), [], "nothing was granted");
    // After the wait it is possible again; pressing waits until the button can be pressed.
    scene.expert.gets_control(&mut scene.novice).await;
    scene.close().await;
}

#[tokio::test]
async fn block_closes_the_invitation_for_good() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.answers("block").await;
    novice.process.end(deskhand_tests::wait::PATIENCE).await;
    expert
        .browser
        .says(Role::Alert, "decided not to show")
        .await;
    expert.browser.close().await;
}
