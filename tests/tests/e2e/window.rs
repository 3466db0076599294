//! The novice's window: what is injected answers nothing in it, a person does; control and
//! session end as they should.

use std::time::Duration;

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    probe::Probe,
    server::Server,
    wait::{self, PATIENCE},
    window::WindowNovice,
};
use rustix::process::Signal;
use x11rb::{
    connection::Connection as _,
    protocol::{
        xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT},
        xtest::ConnectionExt as _,
    },
};

use crate::stop::{flood, flood_arrives};

#[tokio::test]
async fn the_window_takes_yes_only_from_a_person_at_this_computer() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let novice = WindowNovice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.is_asked().await;

    // The keys that would say yes, but from a program.
    let x = desktop.connect();
    let root = x.setup().roots[0].root;
    let [tab, space] = novice.keys_that_allow();
    for key in [tab].into_iter().chain([space; 20]) {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            x.xtest_fake_input(kind, key, 0, root, 0, 0, 0).unwrap();
        }
    }
    x.flush().unwrap();
    wait::never("a picture", Duration::from_secs(2), async || {
        let video = expert.browser.look_for(Role::Screen, "Novice's desktop");
        video.await.is_some()
    })
    .await;

    // The focus is on Allow now; the same key from the novice's own keyboard counts.
    novice.presses(space);
    expert.sees_desktop().await;
    expert.browser.press("Take control").await;
    novice.allows().await;
    expert.has_control().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn the_red_button_and_an_interrupt_stop_control_and_the_next_ends_everything() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = WindowNovice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.allows().await;
    expert.sees_desktop().await;

    expert.browser.press("Take control").await;
    novice.allows().await;
    expert.has_control().await;
    // The window draws itself only when there is something new to see.
    expert.settles(Duration::from_secs(2), PATIENCE).await;
    let mut probe = Probe::open_at(&desktop, [20, 60, 300, 200]).await;
    expert.clicks(probe.middle(), 0).await;
    flood(&expert, async {
        flood_arrives(&probe).await;
        novice.stops_control(&desktop).await;
        expert.has_no_control().await;
    })
    .await;
    desktop.all_released(PATIENCE).await;
    probe.forget();
    expert.types("late").await;
    assert_eq!(probe.events(), [], "after the stop nothing arrives");
    expert
        .browser
        .says(Role::Alert, "The novice stopped control")
        .await;

    expert.browser.press("Take control").await;
    novice.allows().await;
    expert.has_control().await;
    novice.process.signal(Signal::INT);
    expert.has_no_control().await;
    expert.sees_desktop().await;

    novice.process.signal(Signal::INT);
    expert.browser.says(Role::Alert, "ended the session").await;
    let end = novice.process.end(PATIENCE).await;
    assert!(end.success(), "no window stays behind: {end}");
    expert.browser.close().await;
}
