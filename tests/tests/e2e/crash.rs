//! Whatever dies, no key stays down.

use std::time::Duration;

use deskhand_tests::{browser::Role, process::signal_to, scene::Scene, wait::PATIENCE};
use rustix::process::Signal;

/// The promise.
const SOON: Duration = Duration::from_secs(2);

/// The expert holds two keys and a button on the probe.
async fn hold(scene: &Scene) {
    scene.holds_keys().await;
    let place = scene.expert.place_of(scene.probe.middle()).await;
    scene.expert.browser.presses_mouse_at(place).await;
    scene
        .probe
        .wait("a held button", |events| {
            let held = events.iter().any(|e| e.is_button(1, true));
            held.then_some(())
        })
        .await;
    assert!(!scene.desktop.keys_down().is_empty() && scene.desktop.button_down());
}

#[tokio::test]
async fn killing_the_agent_releases_everything() {
    let mut scene = Scene::controlling().await;
    hold(&scene).await;
    scene.novice.process.signal(Signal::KILL);
    scene.desktop.all_released(SOON).await;
    scene.novice.process.end(PATIENCE).await;
    let browser = &scene.expert.browser;
    browser.says(Role::Status, "Reconnecting").await;
    browser.press("End session").await;
    browser.says(Role::Alert, "ended the session").await;
    scene.close().await;
}

#[tokio::test]
async fn killing_the_hand_releases_everything_and_viewing_goes_on() {
    let mut scene = Scene::controlling().await;
    hold(&scene).await;
    signal_to(scene.novice.hand().await, Signal::KILL);
    scene.desktop.all_released(SOON).await;
    scene.novice.hears("Control stopped").await;
    scene.expert.has_no_control().await;
    scene.expert_sees_changes().await;
    // Another hand is there when it is asked for.
    scene.novice.hand().await;
    scene.shares_control().await;
    scene.close().await;
}

#[tokio::test]
async fn killing_the_browser_releases_everything() {
    let scene = Scene::controlling().await;
    hold(&scene).await;
    scene.expert.browser.kill();
    scene.desktop.all_released(SOON).await;
}

#[tokio::test]
async fn the_session_survives_the_server() {
    let mut scene = Scene::controlling().await;
    scene.server.process.signal(Signal::KILL);
    scene.server.process.end(PATIENCE).await;
    scene.novice.hears("server cannot be reached").await;
    scene.expert_sees_changes().await;
    scene.types_through("still").await;
}
