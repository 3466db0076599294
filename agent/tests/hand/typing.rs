//! What the expert types is what arrives.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    input::Action,
    key::{KeyCode, Keysym},
};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::support::{Display, Guest, Led, Observer, meaning};

/// A terminal of somebody else's that writes down what is typed into it.
struct Typewriter {
    _xterm: Guest,
    folder: tempfile::TempDir,
}

impl Typewriter {
    async fn start(display: &Display, observer: &Observer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("typed");
        let script = format!("touch {0}; exec cat > {0}", file.display());
        let xterm = display.run(
            "xterm",
            &["-u8", "-geometry", "100x40+0+0", "-e", "sh", "-c", &script],
        );
        let start = Instant::now();
        while !file.exists() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "xterm never came"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let connection = &observer.connection;
        connection
            .warp_pointer(x11rb::NONE, observer.root, 0, 0, 0, 0, 50, 50)
            .unwrap();
        while connection
            .query_pointer(observer.root)
            .unwrap()
            .reply()
            .unwrap()
            .child
            == 0
        {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "xterm never showed"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        observer.seen();
        Self {
            _xterm: xterm,
            folder,
        }
    }

    /// Waits for a whole line.
    async fn line(&self) -> String {
        let start = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.folder.path().join("typed")).unwrap();
            if text.ends_with('\n') {
                return text;
            }
            let late = start.elapsed() > Duration::from_secs(10);
            assert!(!late, "only {text:?} came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn type_on(layout: &str, text: &str) {
    let display = Display::start();
    display.layout(layout);
    let observer = Observer::open(&display);
    let typewriter = Typewriter::start(&display, &observer).await;
    let mut led = Led::start(&display).await;
    led.open().await;
    for c in text.chars() {
        // The same key for all: only the meaning can be right.
        led.tap(KeyCode::KeyX, meaning(c));
    }
    led.tap(KeyCode::Enter, Some(Keysym(0xff0d)));
    let typed = typewriter.line().await;
    assert_eq!(typed, format!("{text}\n"), "on layout {layout}");
}

#[tokio::test]
async fn characters_arrive_whatever_the_layout() {
    for layout in ["us", "de", "fr", "us,ru"] {
        type_on(layout, "aA!éЖ€ zZyY@/{ß").await;
    }
}

#[tokio::test]
async fn text_of_another_alphabet_arrives_in_order() {
    // More letters than there are keys to lend, faster than a program may be able to read.
    type_on(
        "us",
        "Съешь же ещё этих мягких французских булок, да выпей чаю 漢字",
    )
    .await;
}

#[tokio::test]
async fn a_held_key_repeats_and_is_nobodys_hand() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let typewriter = Typewriter::start(&display, &observer).await;
    let mut led = Led::start(&display).await;
    led.open().await;
    let start = Instant::now();
    led.key(KeyCode::KeyA, meaning('a'), true);
    while start.elapsed() < Duration::from_millis(1200) {
        led.act((0, 0), Action::Heartbeat);
        let quiet = tokio::time::timeout(Duration::from_millis(100), led.hand.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
    }
    led.key(KeyCode::KeyA, meaning('a'), false);
    led.tap(KeyCode::Enter, Some(Keysym(0xff0d)));
    let typed = typewriter.line().await;
    assert!(typed.len() > 3, "{typed:?}");
}
