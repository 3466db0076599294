//! Over long ways that lose some, a session comes about, and what the expert does is seen soon.

use std::time::Duration;

use deskhand_tests::{
    bad_link::Nature,
    network::Network,
    scene::Scene,
    wait::{self, PATIENCE},
};

use super::relay::{Apart, meet_in};

/// Of a hundred packets, each way.
const LOST: [u8; 4] = [0, 1, 5, 10];
const CLICKS: usize = 40;
/// So soon, but for one click in twenty.
const SOON: f64 = 400.0;

/// Notes for each press on the picture how long it takes until the picture changes there, in
/// milliseconds, as of the next frame that could be on the glass.
const TIMES_CLICKS: &str = "
    const screen = document.querySelector('canvas.screen');
    const one = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const [x, y] = arguments;
    const pixel = () => {
        one.drawImage(screen, x, y, 1, 1, 0, 0, 1, 1);
        return one.getImageData(0, 0, 1, 1).data.join();
    };
    window.clicked = [];
    screen.addEventListener('pointerdown', () => {
        const begun = performance.now(), before = pixel();
        const look = () => {
            if (pixel() !== before) clicked.push(performance.now() - begun);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, true);";

/// How long each of some clicks takes from the expert's hand to the expert's eye, sorted.
async fn timed(scene: &mut Scene) -> Vec<f64> {
    scene.probe.answers_clicks().await;
    let middle = scene.probe.middle();
    let at = vec![middle.0.into(), middle.1.into()];
    scene.expert.browser.run(TIMES_CLICKS, at).await;
    for done in 1..=CLICKS {
        scene.expert.clicks(middle, 0).await;
        let seen = async || {
            let count = "return clicked.length";
            let count = scene.expert.browser.run(count, vec![]).await;
            (count.as_u64()? >= done as u64).then_some(())
        };
        wait::until("a click is seen", PATIENCE, seen).await;
    }
    let all = scene.expert.browser.run("return clicked", vec![]).await;
    let mut all: Vec<f64> = (all.as_array().unwrap().iter())
        .filter_map(serde_json::Value::as_f64)
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

/// A session comes about over that link, with control; gives it while it goes on.
async fn meets_over(round_trip: u64, lost: u8) -> Apart {
    eprintln!("{round_trip} ms, {lost} % lost");
    let nature = Nature {
        round_trip: Duration::from_millis(round_trip),
        lost,
        seed: round_trip * 100 + u64::from(lost),
    };
    let mut apart = meet_in(Network::over(nature).await).await;
    apart.scene.expert_sees_changes().await;
    apart.scene.shares_control().await;
    apart
}

async fn however_much_gets_lost(round_trip: u64) {
    for lost in LOST {
        let apart = meets_over(round_trip, lost).await;
        apart.scene.close().await;
    }
}

#[tokio::test]
async fn however_much_gets_lost_nearby_a_session_comes_about() {
    however_much_gets_lost(20).await;
}

#[tokio::test]
async fn however_much_gets_lost_across_a_country_a_session_comes_about() {
    however_much_gets_lost(80).await;
}

#[tokio::test]
async fn however_much_gets_lost_across_an_ocean_a_session_comes_about() {
    however_much_gets_lost(150).await;
}

#[tokio::test]
async fn however_much_gets_lost_around_the_world_a_session_comes_about() {
    however_much_gets_lost(300).await;
}

#[tokio::test]
async fn across_an_ocean_that_loses_some_what_the_expert_does_is_seen_soon() {
    let mut apart = meets_over(150, 5).await;
    let all = timed(&mut apart.scene).await;
    let (half, most) = (all[CLICKS / 2], all[CLICKS * 95 / 100]);
    eprintln!("half of the clicks {half:.0} ms, 95 % {most:.0} ms");
    assert!(most <= SOON, "{all:?}");
    apart.scene.close().await;
}
