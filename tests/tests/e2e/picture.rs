//! The picture as the expert gets it: nothing while nobody looks, the choice of quality, what the
//! page says about it, and browsers that lack or lose something.

use std::time::{Duration, Instant};

use deskhand_tests::{
    browser::Role,
    scene::Scene,
    wait::{self, PATIENCE},
};

/// What came of a film and stands still is exact so soon, also on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// Notes how many packets of the picture have come, whenever the page is hidden or shown.
const COUNTS: &str = "
    const Real = RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(...args) { super(...args); window.connection = this; }
    };
    window.counts = [];
    document.addEventListener('visibilitychange', async () => {
        const hidden = document.hidden;
        // What was on its way when the page was hidden may still come.
        if (hidden) await new Promise(done => setTimeout(done, 1000));
        let count = 0;
        for (const one of (await connection.getStats()).values())
            if (one.type === 'inbound-rtp') count += one.packetsReceived;
        counts.push([hidden, count]);
    });";

#[tokio::test]
async fn a_hidden_page_gets_nothing_and_shows_the_newest_as_soon_as_it_is_seen() {
    let mut scene = Scene::viewing_with(COUNTS).await;
    scene.expert_sees_changes().await;
    let page = scene.expert.browser.hide_behind_a_tab().await;
    scene
        .novice
        .hears("is looking at something else right now")
        .await;
    // Long enough for the page to have counted.
    let begun = Instant::now();
    let mut shade = 0;
    while begun.elapsed() < Duration::from_secs(3) {
        shade = (shade + 1) % 200;
        scene.probe.paint([shade, 90, 200 - shade]).await;
    }
    scene.novice.types("Are you there?");
    let newest = [250, 200, 20];
    scene.probe.paint(newest).await;

    scene.expert.browser.show(page).await;
    let shown = Instant::now();
    scene.expert.sees_colour(scene.probe.middle(), newest).await;
    let took = shown.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    scene.novice.hears("is looking at your screen again").await;
    scene.expert.browser.says(Role::Log, "Are you there?").await;
    let counts = scene.expert.browser.run("return counts", vec![]).await;
    let count = |n: usize| counts[n][1].as_i64().unwrap_or_default();
    assert_eq!(
        (&counts[0][0], &counts[1][0]),
        (&true.into(), &false.into())
    );
    // What is made when it is shown may be among the second.
    assert!(count(1) - count(0) <= 5, "{counts}");
    scene.close().await;
}

fn number(said: &str) -> Option<f64> {
    said.split(' ').next()?.parse().ok()
}

#[tokio::test]
async fn the_panel_tells_how_the_picture_travels_while_it_is_open() {
    let mut scene = Scene::viewing().await;
    scene.probe.plays_film(20);
    let expert = &scene.expert;
    assert_eq!(expert.figure("Round trip").await, None);
    expert.opens_connection().await;
    let is =
        |from: f64, to: f64| move |said: &str| number(said).is_some_and(|n| n >= from && n <= to);
    expert.reads("Pictures", is(5.0, 40.0)).await;
    expert.reads("Round trip", is(0.0, 500.0)).await;
    let painted = expert.reads("Delay to this page", is(1.0, 2000.0)).await;
    let presented = expert.reads("Delay to your screen", is(1.0, 2000.0)).await;
    assert!(painted.contains(" ms, at times ") && presented.ends_with(" ms"));
    expert.reads("Arriving", is(100.0, 100_000.0)).await;
    expert.reads("Lost", |said| said.ends_with(" %")).await;
    expert.reads("Way", |said| said == "direct").await;
    expert
        .reads("Size", |said| said == "1280 × 800 pixels")
        .await;
    expert.reads("Film drawn by", |said| said == "VP9").await;
    if let Some(folder) = std::env::var_os("DESKHAND_PICTURES") {
        let path = std::path::Path::new(&folder).join("connection.png");
        expert.browser.save_picture(&path).await;
    }
    scene.probe.stands_still().await;
    scene.expert.reads("Pictures", is(0.0, 0.0)).await;
    scene.expert.opens_connection().await;
    assert_eq!(scene.expert.figure("Pictures").await, None);
    scene.close().await;
}

#[tokio::test]
async fn the_choice_of_quality_takes_effect_and_is_remembered() {
    let mut scene = Scene::viewing().await;
    scene.probe.plays_film(40);
    scene.expert.opens_connection().await;
    let at_least = |least: f64| move |said: &str| number(said).is_some_and(|n| n >= least);
    scene.expert.reads("Arriving", at_least(1500.0)).await;
    scene
        .expert
        .reads("Film drawn by", |said| said == "VP9")
        .await;
    scene.expert.prefers("Low bandwidth").await;
    let kept = "return localStorage.getItem('deskhand.quality')";
    let kept = scene.expert.browser.run(kept, vec![]).await;
    assert_eq!(kept, "low-bandwidth");
    scene
        .expert
        .reads("Quality", |said| said == "Low bandwidth")
        .await;
    let at_most = |most: f64| move |said: &str| number(said).is_some_and(|n| n > 0.0 && n <= most);
    scene.expert.reads("Pictures", at_most(15.5)).await;
    scene.expert.reads("Arriving", at_most(900.0)).await;
    scene
        .expert
        .reads("Film drawn by", |said| said == "AV1")
        .await;
    scene.probe.stands_still().await;
    let place = scene.probe.place;
    scene
        .expert
        .sees_exactly(&scene.desktop, place, PATIENCE)
        .await;
    scene.close().await;
}

/// A browser that has no AV1, whatever is asked of it.
const NO_AV1: &str = "
    const ask = VideoDecoder.isConfigSupported;
    VideoDecoder.isConfigSupported = async config =>
        config.codec.startsWith('av01') ? { supported: false, config } : ask(config);
    const configure = VideoDecoder.prototype.configure;
    VideoDecoder.prototype.configure = function (config) {
        if (config.codec.startsWith('av01')) throw new DOMException('no', 'NotSupportedError');
        configure.call(this, config);
    };";

/// One that says it has, and refuses it then.
const REFUSES_AV1: &str = "
    const configure = VideoDecoder.prototype.configure;
    VideoDecoder.prototype.configure = function (config) {
        if (config.codec.startsWith('av01')) throw new DOMException('no', 'NotSupportedError');
        configure.call(this, config);
    };";

/// One whose AV1 breaks off after some pictures, as a browser's own does: later, and for good.
const LOSES_AV1: &str = "
    const Real = VideoDecoder;
    window.drawn = 0;
    window.VideoDecoder = class extends Real {
        constructor(init) { super(init); this.fails = init.error; }
        configure(config) {
            this.av1 = config.codec.startsWith('av01');
            super.configure(config);
        }
        decode(chunk) {
            if (!this.av1 || ++drawn <= 10) return super.decode(chunk);
            if (drawn === 11) setTimeout(() => {
                this.close();
                this.fails(new DOMException('broken', 'EncodingError'));
            });
        }
    };";

/// A film where AV1 is worth it: it is drawn by this codec in the end, goes on, and is exact once
/// it stands still.
async fn film_is_drawn_by(codec: &str, script: &str) {
    let mut scene = Scene::viewing_with(script).await;
    scene.expert.prefers("Low bandwidth").await;
    scene.expert.opens_connection().await;
    scene.probe.plays_film(15);
    scene
        .expert
        .reads("Film drawn by", |said| said == codec)
        .await;
    let drawn = scene
        .expert
        .browser
        .run("return window.drawn ?? null", vec![])
        .await;
    assert!(
        drawn.as_i64().is_none_or(|drawn| drawn > 10),
        "it broke off: {drawn}"
    );
    // Not frozen: what is seen goes on changing.
    let at = scene.probe.middle();
    let mut seen = vec![];
    wait::until("a film that goes on", SOON, async || {
        let colour = scene.expert.colour_at(at).await?;
        if !seen.contains(&colour) {
            seen.push(colour);
        }
        (seen.len() >= 5).then_some(())
    })
    .await;
    scene.probe.stands_still().await;
    let place = scene.probe.place;
    scene.expert.sees_exactly(&scene.desktop, place, SOON).await;
    scene
        .expert
        .reads("Film drawn by", |said| said == codec)
        .await;
    scene.close().await;
}

#[tokio::test]
async fn where_the_browser_has_av1_a_film_of_few_bits_is_drawn_by_it() {
    film_is_drawn_by("AV1", "").await;
}

#[tokio::test]
async fn a_browser_without_av1_shows_the_film_by_vp9() {
    film_is_drawn_by("VP9", NO_AV1).await;
}

#[tokio::test]
async fn a_browser_that_refuses_av1_after_all_shows_the_film_by_vp9() {
    film_is_drawn_by("VP9", REFUSES_AV1).await;
}

#[tokio::test]
async fn a_browser_whose_av1_breaks_off_goes_on_with_vp9() {
    film_is_drawn_by("VP9", LOSES_AV1).await;
}

/// A browser that does not report when packets of audio arrive: its answer says so. Counts what
/// the page says instead.
const NO_REPORTS: &str = "
    const describe = RTCPeerConnection.prototype.createAnswer;
    RTCPeerConnection.prototype.createAnswer = async function () {
        const answer = await describe.call(this);
        const lines = answer.sdp.split('\\r\\n').filter(line => !line.includes('transport'));
        window.removed = answer.sdp.split('\\r\\n').length - lines.length;
        return { type: answer.type, sdp: lines.join('\\r\\n') };
    };
    window.reports = 0;
    const send = RTCDataChannel.prototype.send;
    RTCDataChannel.prototype.send = function (bytes) {
        if (this.label === 'feedback' && bytes[1] === 1) reports++;
        send.call(this, bytes);
    };";

#[tokio::test]
async fn where_the_browser_does_not_report_what_arrives_the_page_does() {
    let mut scene = Scene::viewing_with(NO_REPORTS).await;
    let removed = scene.expert.browser.run("return removed", vec![]).await;
    assert!(removed.as_i64().is_some_and(|lines| lines > 0), "{removed}");
    scene.probe.plays_film(20);
    wait::until("reports of the page's own", PATIENCE, async || {
        let reports = scene.expert.browser.run("return reports", vec![]).await;
        (reports.as_i64()? > 10).then_some(())
    })
    .await;
    scene.probe.stands_still().await;
    let place = scene.probe.place;
    scene.expert.sees_exactly(&scene.desktop, place, SOON).await;
    scene.expert_sees_changes().await;
    scene.close().await;
}

#[tokio::test]
async fn where_the_browser_reports_what_arrives_the_page_is_silent() {
    let script = NO_REPORTS.replace("!line.includes('transport')", "true");
    let mut scene = Scene::viewing_with(&script).await;
    scene.probe.plays_film(20);
    scene.expert.opens_connection().await;
    scene
        .expert
        .reads("Film drawn by", |said| said == "VP9")
        .await;
    scene.probe.stands_still().await;
    let place = scene.probe.place;
    scene.expert.sees_exactly(&scene.desktop, place, SOON).await;
    let reports = scene.expert.browser.run("return reports", vec![]).await;
    assert_eq!(reports, 0);
    scene.close().await;
}
