//! The other browser: a session from the link to an exact picture.

use std::time::Duration;

use deskhand_tests::{
    desktop::{Desktop, SIZE},
    expert::NAME,
    firefox::Firefox,
    novice::Novice,
    probe::Probe,
    server::Server,
    wait::{self, PATIENCE},
};

/// A number that any other picture in this place would hardly have; see [`Desktop::print_of`].
fn print_of([x, y, width, height]: [u16; 4]) -> String {
    format!(
        "(() => {{
            const c = document.querySelector('canvas.screen');
            if (!c?.width) return 0;
            const pixels = c.getContext('2d').getImageData({x}, {y}, {width}, {height}).data;
            let print = 0;
            for (let n = 0; n < pixels.length; n++)
                if (n % 4 < 3) print = (Math.imul(print, 31) + pixels[n]) | 0;
            return print;
        }})()"
    )
}

#[tokio::test]
async fn firefox_shows_a_film_and_exactly_what_stands_still() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut probe = Probe::open(&desktop).await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let mut firefox = Firefox::start().await;
    firefox.goto(&novice.link).await;
    firefox.shows("Your name").await;
    firefox.fill("Your name", NAME).await;
    firefox.fill("Password", &novice.password).await;
    firefox.press("Connect").await;
    novice.answers("y").await;
    let (width, _) = SIZE;
    wait::until("first picture", PATIENCE, async || {
        let seen = firefox.run("document.querySelector('canvas.screen')?.width ?? 0");
        (seen.await == u64::from(width)).then_some(())
    })
    .await;

    firefox.press("Connection").await;
    probe.plays_film(15);
    wait::until("a film", PATIENCE, async || {
        let said = firefox
            .run("document.querySelector('#connection').innerText")
            .await;
        let said = said.as_str().unwrap_or_default().to_owned();
        (said.contains("VP9") || said.contains("AV1")).then_some(())
    })
    .await;
    probe.stands_still().await;
    let wanted = i64::from(desktop.print_of(probe.place));
    wait::until("an exact picture", Duration::from_secs(10), async || {
        let seen = firefox.run(&print_of(probe.place)).await;
        (seen.as_i64()? == wanted).then_some(())
    })
    .await;

    // Loaded again, it goes on by itself.
    firefox.goto(&server.url).await;
    novice.hears(&format!("{NAME} is back")).await;
    wait::until("the exact picture again", PATIENCE, async || {
        let seen = firefox.run(&print_of(probe.place)).await;
        (seen.as_i64()? == wanted).then_some(())
    })
    .await;
    assert!(!novice.is_asked());
    assert!(
        firefox.console_errors().is_empty(),
        "{:?}",
        firefox.console_errors()
    );
}
