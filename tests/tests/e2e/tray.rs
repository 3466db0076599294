//! The window is closed and the invitation goes on: an icon in the tray is what is left of it.

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    home::Home,
    server::Server,
    wait::{self, PATIENCE},
    window::WindowNovice,
};

#[path = "../../../agent/tests/bus/mod.rs"]
#[allow(missing_docs, reason = "shared with other tests")]
mod bus;
#[path = "../../../agent/tests/tray/desktop.rs"]
#[allow(dead_code, missing_docs, reason = "shared with other tests")]
mod tray;

use bus::Bus;

/// A novice with a window and a tray, and the icon in it.
struct Scene {
    novice: WindowNovice,
    icon: tray::Item,
    server: Server,
    _desktop: Desktop,
    _tray: tray::Desktop,
    _bus: Bus,
}

impl Scene {
    async fn start() -> Self {
        let bus = Bus::start();
        let mut tray = tray::Desktop::start_on(Some(&bus.address)).await;
        let server = Server::start().await;
        let desktop = Desktop::start().await;
        let mut home = Home::new();
        home.set("DBUS_SESSION_BUS_ADDRESS", &bus.address);
        let novice = WindowNovice::invite_at(home, &server, &desktop).await;
        let icon = tray.item().await;
        // Before that the window manager would not know what to close.
        novice.is_seen(true).await;
        Self {
            novice,
            icon,
            server,
            _desktop: desktop,
            _tray: tray,
            _bus: bus,
        }
    }

    async fn icon_says(&self, tip: &str) {
        wait::until(tip, PATIENCE, async || {
            (self.icon.tool_tip().await == tip).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_closed_window_comes_back_for_the_helper_and_the_icon_ends_the_session() {
    let scene = Scene::start().await;
    let novice = &scene.novice;
    scene.icon_says("Waiting for your helper").await;
    novice.closes_the_window().await;
    novice.is_seen(false).await;
    assert_eq!(novice.home.status_of(1).await["standing"], "open");

    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.allows().await;
    novice.is_seen(true).await;
    expert.sees_desktop().await;
    scene.icon_says("Your screen is being watched").await;
    scene.icon.click("End session").await;
    expert.browser.says(Role::Alert, "ended the session").await;
    novice.home.stands(1, "used").await;
    expert.browser.close().await;
}

#[tokio::test]
async fn the_icon_shows_the_window_and_stops_waiting() {
    let mut scene = Scene::start().await;
    scene.icon_says("Waiting for your helper").await;
    scene.novice.closes_the_window().await;
    scene.novice.is_seen(false).await;
    scene.icon.click("Show Deskhand").await;
    scene.novice.is_seen(true).await;

    scene.novice.closes_the_window().await;
    scene.novice.is_seen(false).await;
    scene.icon.click("Stop waiting").await;
    assert!(scene.novice.process.end(PATIENCE).await.success());
    scene.icon.gone().await;
    let kept = scene.novice.home.status_of(1).await;
    assert_eq!(kept["standing"], "open", "it is only not waited for");
    drop(scene.server);
}

#[tokio::test]
async fn a_hidden_window_ends_with_the_last_invitation() {
    let mut scene = Scene::start().await;
    scene.icon_says("Waiting for your helper").await;
    scene.novice.closes_the_window().await;
    scene.novice.is_seen(false).await;
    scene.novice.home.runs(&["expire", "1"]).await.success();
    assert!(scene.novice.process.end(PATIENCE).await.success());
}
