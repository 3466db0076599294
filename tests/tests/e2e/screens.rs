//! A desktop that changes its size, and one with several screens.

use std::time::Instant;

use deskhand_tests::{
    browser::Role,
    desktop::{Desktop, Kind},
    expert::{Expert, NAME},
    novice::Novice,
    probe::{Event, Probe},
    server::Server,
    wait::{self, PATIENCE},
};

/// Has the page keep its first message that presses a button, to be sent again.
const KEEP_A_PRESS: &str = "
    const send = RTCDataChannel.prototype.send;
    RTCDataChannel.prototype.send = function (data) {
        const bytes = Uint8Array.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
        // Of channel `input`: a button, the left one, down.
        if (this.id === 1 && bytes.slice(-3).join() === '1,0,1') window.kept ??= [this, bytes];
        return send.call(this, data);
    };
    window.sendAgain = () => send.call(...window.kept);
";

/// The picture may be shown smaller than it is, so that a browser's pixel is more than one.
fn is_close(a: (u16, u16), b: (u16, u16)) -> bool {
    a.0.abs_diff(b.0) <= 2 && a.1.abs_diff(b.1) <= 2
}

/// The expert points at a pixel of what they see, and the pointer goes to that of the desktop.
async fn points(expert: &Expert, desktop: &Desktop, at: (u16, u16), there: (u16, u16)) {
    expert.points_at(at).await;
    wait::until(&format!("pointer at {there:?}"), PATIENCE, async || {
        is_close(desktop.pointer(), there).then_some(())
    })
    .await;
}

/// The expert clicks on a pixel of what they see, and it arrives on that of the desktop.
async fn clicks(expert: &Expert, probe: &mut Probe, at: (u16, u16), there: (u16, u16)) {
    probe.forget();
    expert.clicks(at, 0).await;
    let hit = probe
        .wait("click", |events| {
            events.iter().find_map(|event| match event {
                Event::Button {
                    down: false, at, ..
                } => Some(*at),
                _ => None,
            })
        })
        .await;
    assert!(is_close(hit, there), "{hit:?}, not {there:?}");
}

#[tokio::test]
async fn a_desktop_resized_in_mid_session_is_shown_whole_and_clicks_hit_what_is_seen() {
    let server = Server::start().await;
    let desktop = Desktop::start_on(Kind::Xvnc, &[]).await;
    let mut probe = Probe::open_at(&desktop, [100, 100, 400, 300]).await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let expert = Expert::view(&mut novice).await;
    expert.gets_control(&mut novice).await;
    // Larger, smaller, and upright.
    for (size, rgb) in [
        ((1600, 1000), [200, 40, 40]),
        ((800, 600), [40, 160, 60]),
        ((600, 800), [60, 80, 220]),
    ] {
        desktop.resize(size);
        expert.sees_size(size).await;
        probe.paint(rgb).await;
        for corner in [(103, 103), (496, 396)] {
            expert.sees_colour(corner, rgb).await;
        }
        let at = (150, 350);
        clicks(&expert, &mut probe, at, at).await;
        let edge = (size.0 - 5, size.1 - 5);
        points(&expert, &desktop, edge, edge).await;
    }
    expert.browser.close().await;
}

#[tokio::test]
async fn of_two_screens_the_expert_chooses_and_what_they_do_goes_to_the_one_they_see() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    desktop.set_monitor("DP-1", [0, 0, 701, 800], true);
    desktop.set_monitor("HDMI-1", [701, 0, 579, 800], false);
    let mut probe = Probe::open_at(&desktop, [801, 250, 400, 300]).await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let expert = Expert::let_in(&mut novice).await;

    expert.sees_size((700, 800)).await;
    let watching = |what: &str| format!("{NAME} is watching {what}.");
    novice.hears(&watching("screen 1 of 2 (DP-1)")).await;

    let rgb = [30, 160, 60];
    probe.paint(rgb).await;
    let chosen = Instant::now();
    let browser = &expert.browser;
    let choose = async |from: &str, to: &str| browser.chooses(from, to).await;
    choose("Screen 1 of 2", "2: HDMI-1, 579 × 800").await;
    expert.sees_size((578, 800)).await;
    expert.sees_colour((300, 400), rgb).await;
    println!("seen {:?} after the menu was opened", chosen.elapsed());
    novice.hears(&watching("screen 2 of 2 (HDMI-1)")).await;

    expert.gets_control(&mut novice).await;
    browser.run(KEEP_A_PRESS, vec![]).await;
    points(&expert, &desktop, (10, 20), (711, 20)).await;
    points(&expert, &desktop, (570, 790), (1271, 790)).await;
    clicks(&expert, &mut probe, (150, 300), (851, 300)).await;

    choose("Screen 2 of 2", "All screens, 1280 × 800").await;
    expert.sees_size((1280, 800)).await;
    novice.hears(&watching("both screens")).await;
    clicks(&expert, &mut probe, (1150, 500), (1150, 500)).await;
    points(&expert, &desktop, (900, 300), (900, 300)).await;

    // What was aimed at another screen, and comes too late, goes nowhere.
    probe.forget();
    browser.run("window.sendAgain()", vec![]).await;
    clicks(&expert, &mut probe, (900, 300), (900, 300)).await;
    let presses = probe.events().into_iter();
    assert_eq!(presses.filter(|event| event.is_button(1, true)).count(), 1);

    choose("All screens", "2: HDMI-1, 579 × 800").await;
    expert.sees_size((578, 800)).await;
    desktop.delete_monitor("HDMI-1");
    let disconnected = "The screen that you watched was disconnected. You see DP-1 now.";
    browser.says(Role::Alert, disconnected).await;
    expert.sees_size((700, 800)).await;
    browser.gone(Role::Button, "Screen 1 of 2").await;
    novice.hears(&watching("your only screen")).await;
    points(&expert, &desktop, (33, 44), (33, 44)).await;
    expert.browser.close().await;
}
