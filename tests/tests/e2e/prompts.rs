//! The agent in a terminal window of the desktop that is shared: nothing that is injected
//! reaches it, and its own keyboard stops control there, too.

use std::{fs, time::Duration};

use deskhand_tests::{
    desktop::Desktop,
    expert::Expert,
    home::Home,
    keys::ENTER,
    physical::Physical,
    probe::{Probe, typed},
    process::program,
    server::Server,
    wait::{self, PATIENCE},
};

/// How many random events the expert throws at the agent's window.
const EVENTS: usize = 1000;

/// An agent in a terminal window on the very desktop that is shared, and the person in front
/// of it, who has a keyboard of their own.
struct InWindow {
    hand: Physical,
    home: Home,
    read: usize,
}

/// The left control key, as a keysym.
const CONTROL: u32 = 0xffe3;
/// Where its window is.
const WINDOW: (u16, u16) = (200, 560);

impl InWindow {
    fn open(server: &Server, desktop: &mut Desktop) -> Self {
        let home = Home::new();
        let command = format!(
            "exec env -u XDG_STATE_HOME HOME={home} {agent} invite --server {url} --terminal > {home}/said",
            home = home.path().display(),
            agent = program("deskhand").display(),
            url = server.url,
        );
        desktop.run(&[
            "xterm",
            "-geometry",
            "90x16+20+450",
            "-e",
            "sh",
            "-c",
            &command,
        ]);
        Self {
            hand: Physical::open(&desktop.display).unwrap(),
            home,
            read: 0,
        }
    }

    /// Everything the agent has said.
    fn said(&self) -> String {
        fs::read_to_string(self.home.path().join("said")).unwrap_or_default()
    }

    async fn hears(&mut self, words: &str, within: Duration) -> String {
        let (said, end) = wait::until(&format!("{words:?} from the agent"), within, async || {
            let said = self.said();
            let end = self.read + said.get(self.read..)?.find(words)? + words.len();
            Some((said[self.read..end].to_owned(), end))
        })
        .await;
        self.read = end;
        said
    }

    async fn field(&mut self, name: &str) -> String {
        self.hears(name, PATIENCE).await;
        let value = self.hears("\n", PATIENCE).await;
        value.trim().to_owned()
    }

    /// Types with the novice's own keyboard, into whichever window has it.
    fn types(&self, text: &str) {
        for c in text.chars() {
            let keysym = if c == '\n' { 0xff0d } else { u32::from(c) };
            self.hand
                .tap(self.hand.keycode_of(keysym).unwrap())
                .unwrap();
        }
    }

    /// Presses Ctrl+C on the novice's own keyboard.
    fn presses_ctrl_c(&self) {
        let control = self.hand.keycode_of(CONTROL).unwrap();
        self.hand.press(control).unwrap();
        self.types("c");
        self.hand.release(control).unwrap();
    }

    /// Waits for a question and answers it with the novice's own keyboard.
    async fn answers_yes(&mut self) {
        self.hears("[y/N] ", PATIENCE).await;
        self.types("y\n");
    }
}

impl Drop for InWindow {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- agent in the terminal window said:\n{}", self.said());
        }
    }
}

/// Answers, commands and clicks, in an order that differs from test to test but not from run
/// to run.
async fn throw_at_the_window(expert: &Expert, events: usize) {
    let mut state = 7_u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap() % below
    };
    let texts = ["y", "Y", "yes", "/end", "/pause", "n"];
    let mut thrown = 0;
    while thrown < events {
        let (x, y) = WINDOW;
        let at = (
            x + u16::try_from(random(300)).unwrap(),
            y + u16::try_from(random(60)).unwrap(),
        );
        expert.clicks(at, u64::try_from(random(3)).unwrap()).await;
        let text = format!("{}{ENTER}", texts[random(texts.len())]);
        expert.types(&text).await;
        thrown += 3 + 2 * text.chars().count();
    }
}

/// An expert with control of a novice whose agent runs in a window of that very desktop.
async fn controlling() -> (Expert, InWindow, Desktop, Server) {
    let server = Server::start().await;
    let mut desktop = Desktop::start().await;
    let mut novice = InWindow::open(&server, &mut desktop);
    novice.hears("ask for this? [y/N] ", PATIENCE).await;
    novice.types("n\n");
    let link = novice.field("Link: ").await;
    let password = novice.field("Password: ").await;

    let expert = Expert::open(&link).await;
    expert.connect(&password).await;
    novice.answers_yes().await;
    expert.sees_desktop().await;
    expert.browser.press("Take control").await;
    novice.answers_yes().await;
    expert.has_control().await;
    (expert, novice, desktop, server)
}

#[tokio::test]
async fn who_was_telephoned_is_told_to_hang_up_and_invites_nobody() {
    let server = Server::start().await;
    let mut desktop = Desktop::start().await;
    let mut novice = InWindow::open(&server, &mut desktop);
    novice.hears("ask for this? [y/N] ", PATIENCE).await;
    // A later start hears why it has to wait.
    let said = novice.home.runs(&["status"]).await;
    assert!(said.refusal().contains("is just being started"), "{said:?}");
    novice.types("y\n");
    novice.hears("Hang up.", PATIENCE).await;
    novice.hears("[y/N] ", PATIENCE).await;
    novice.types("n\n");
    novice.hears("Nobody was invited.", PATIENCE).await;
    assert!(!novice.said().contains("Link:"));
}

#[tokio::test]
async fn a_thousand_injected_events_reach_no_window_of_the_agent() {
    let (expert, mut novice, desktop, _server) = controlling().await;
    // The novice has just typed, so their hand goes first for a moment.
    novice.hears("can use the mouse again", PATIENCE).await;

    // Clicks on the window are dropped, and so is what is typed while it has the keyboard. The
    // agent would say so if a line arrived. (While a question is open the page has nothing to
    // send; what the hand makes of a page that sends all the same, its own tests show.)
    let before = novice.said();
    throw_at_the_window(&expert, EVENTS).await;
    assert_eq!(novice.said(), before, "nothing arrived");

    // A question that was not answered is not put again once it is closed.
    expert.browser.press("Release control").await;
    novice.hears("gave control back", PATIENCE).await;
    expert.browser.press("Take control").await;
    novice.hears("[y/N] ", PATIENCE).await;
    novice
        .hears("Control was not given", Duration::from_secs(40))
        .await;

    // Elsewhere the expert's hands work as before.
    expert.browser.press("Take control").await;
    novice.answers_yes().await;
    expert.has_control().await;
    novice.hears("can use the mouse again", PATIENCE).await;
    let probe = Probe::open_at(&desktop, [700, 60, 300, 200]).await;
    expert.clicks(probe.middle(), 0).await;
    expert.types("fine").await;
    probe
        .wait("typing", |events| {
            typed(events).contains("fine").then_some(())
        })
        .await;
    expert.browser.close().await;
}

#[tokio::test]
async fn ctrl_c_in_the_agents_own_window_stops_control_and_not_the_session() {
    let (expert, mut novice, _desktop, _server) = controlling().await;
    for _ in 0..3 {
        novice.presses_ctrl_c();
        expert.has_no_control().await;
        novice.hears("Control stopped", PATIENCE).await;
        // Long enough for the signal, which comes by another way than the key.
        wait::never("end", Duration::from_millis(1200), async || {
            novice.said().contains("You ended")
        })
        .await;
        expert.browser.press("Take control").await;
        novice.answers_yes().await;
        expert.has_control().await;
    }
    novice.presses_ctrl_c();
    expert.has_no_control().await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    novice.presses_ctrl_c();
    novice.hears("You ended the session", PATIENCE).await;
    expert.browser.close().await;
}
