//! The icon in the tray, on a bus of its own: a watcher as a desktop has it, and somebody who
//! reads the icon and its menu and clicks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[path = "../again/mod.rs"]
mod again;
#[path = "../bus/mod.rs"]
mod bus;
mod desktop;

use std::time::Duration;

use deskhand_agent::tray::{Tray, TrayAct, TrayState};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use bus::Bus;
use desktop::{Desktop, Item};

/// In the environment of a test that has its bus.
const ON_BUS: &str = "DESKHAND_TEST_ON_BUS";

const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the test of that name in a process of its own, with a session bus of its own: which bus
/// is the session's is a matter of the environment.
fn on_a_bus(name: &str, test: impl Future<Output = ()>) {
    if std::env::var_os(ON_BUS).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let all = async { tokio::time::timeout(PATIENCE, test).await };
        return runtime.block_on(all).expect("the test ends");
    }
    let bus = Bus::start();
    let output = again::this_test(name)
        .env(ON_BUS, "")
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .output();
    again::has_passed(&output.unwrap());
}

async fn open(state: TrayState) -> (Tray, Item, Desktop, mpsc::Receiver<TrayAct>) {
    let mut desktop = Desktop::start().await;
    // One place: whatever is clicked meanwhile has to wait.
    let (acts, hears) = mpsc::channel(1);
    let tray = Tray::open(state, acts)
        .await
        .expect("the desktop has a tray");
    let item = desktop.item().await;
    (tray, item, desktop, hears)
}

#[test]
fn the_icon_tells_what_is_going_on_and_offers_what_lessens_it() {
    on_a_bus(
        "the_icon_tells_what_is_going_on_and_offers_what_lessens_it",
        async {
            let (tray, item, _desktop, _hears) = open(TrayState::Waiting).await;
            assert_eq!(item.title().await, "Deskhand");
            let (width, height, pixels) = item.icon().await;
            assert_eq!(pixels.len(), usize::try_from(width * height * 4).unwrap());
            // Alpha comes first: the corners are clear, the middle is not.
            assert_eq!(pixels[0], 0);
            let middle = usize::try_from((height / 2 * width + width / 2) * 4).unwrap();
            assert_eq!(pixels[middle], 255);

            assert_eq!(item.tool_tip().await, "Waiting for your helper");
            assert_eq!(item.menu().await, ["Show Deskhand", "Stop waiting"]);
            for (state, tip, menu) in [
                (
                    TrayState::Watched,
                    "Your screen is being watched",
                    &["Show Deskhand", "End session"][..],
                ),
                (
                    TrayState::Shared,
                    "Mouse and keyboard are shared",
                    &["Show Deskhand", "End session"],
                ),
                (
                    TrayState::Idle,
                    "Nobody can see your screen",
                    &["Show Deskhand"],
                ),
            ] {
                let mut changed = item.changes().await;
                tray.update(state);
                changed.next().await.unwrap();
                assert_eq!(item.tool_tip().await, tip);
                assert_eq!(item.menu().await, menu);
            }
        },
    );
}

#[test]
fn every_click_arrives_once() {
    on_a_bus("every_click_arrives_once", async {
        let (tray, item, _desktop, mut hears) = open(TrayState::Waiting).await;
        item.click("Stop waiting").await;
        assert_eq!(hears.recv().await, Some(TrayAct::StopWaiting));
        item.activate().await;
        assert_eq!(hears.recv().await, Some(TrayAct::Show));

        let mut changed = item.changes().await;
        tray.update(TrayState::Shared);
        changed.next().await.unwrap();
        // Nobody listens for a while: one finds a place, the gravest of the others is next.
        for label in [
            "Show Deskhand",
            "Show Deskhand",
            "Show Deskhand",
            "End session",
        ] {
            item.click(label).await;
        }
        let mut told = vec![];
        while !told.contains(&TrayAct::End) {
            told.push(hears.recv().await.unwrap());
        }
        assert!(told.len() <= 2, "{told:?}");
    });
}

#[test]
fn without_a_tray_there_is_none() {
    on_a_bus("without_a_tray_there_is_none", async {
        let (acts, _hears) = mpsc::channel(1);
        assert!(Tray::open(TrayState::Waiting, acts).await.is_none());
    });
}

#[test]
fn when_the_tray_goes_away_the_window_comes_back() {
    on_a_bus("when_the_tray_goes_away_the_window_comes_back", async {
        let (tray, _item, desktop, mut hears) = open(TrayState::Waiting).await;
        assert!(tray.is_there());
        desktop.leave().await;
        assert_eq!(hears.recv().await, Some(TrayAct::Show));
        assert!(!tray.is_there());
        // A desktop that was restarted shows the icon again.
        let mut desktop = Desktop::start().await;
        let item = desktop.item().await;
        assert!(tray.is_there());
        assert_eq!(item.tool_tip().await, "Waiting for your helper");
    });
}

#[test]
fn the_icon_goes_with_its_owner() {
    on_a_bus("the_icon_goes_with_its_owner", async {
        let (tray, item, _desktop, mut hears) = open(TrayState::Waiting).await;
        drop(tray);
        assert_eq!(hears.recv().await, None);
        item.gone().await;
    });
}
