//! The invitation as a file: the whole console in one page that no server supplied.

use std::path::Path;

use deskhand_agent::channel::file::{FilePage, page, write};
use deskhand_protocol::text::Name;
use deskhand_tests::{
    browser::{Browser, Role},
    expert, fake_novice,
    fake_novice::FakeNovice,
    firefox::Firefox,
    server::Server,
};
use tempfile::TempDir;

const PASSWORD: &str = "k7mp-q2ab";

/// A file on a disk, and the novice who waits for its expert.
struct Sent {
    novice: FakeNovice,
    html: String,
    folder: TempDir,
    server: Server,
}

impl Sent {
    async fn new() -> Self {
        let server = Server::start().await;
        let (novice, link) = FakeNovice::with_link(&server, PASSWORD, true).await;
        let html = page(&FilePage {
            server: &server.url,
            link: &link,
            novice: &Name::new(fake_novice::NAME),
        })
        .expect("the page was built before the agent");
        Self {
            novice,
            html,
            folder: tempfile::tempdir().unwrap(),
            server: server,
        }
    }

    /// Where a browser finds it, changed on its way by `meddle`.
    fn url(&self, meddle: impl FnOnce(String) -> String) -> String {
        let path = self.folder.path().join("Help for Anna.html");
        address(&write(&meddle(self.html.clone()), &path).unwrap())
    }
}

fn address(path: &Path) -> String {
    url::Url::from_file_path(path).unwrap().into()
}

/// Everything that the page has loaded.
const LOADED: &str = "JSON.stringify(performance.getEntriesByType('resource').map(r => r.name))";

/// Whether a worker from a blob works under the page's own policy.
const WORKER: &str = "new Promise(done => {
    const url = URL.createObjectURL(new Blob(['postMessage(7)']));
    const worker = new Worker(url);
    worker.onmessage = message => done(message.data);
    worker.onerror = () => done('refused');
})";

/// Whether the page may ask a server of somebody else's for anything.
const FETCH: &str = "fetch('http://127.0.0.1:9/').then(() => 'allowed', () => 'refused')";

#[tokio::test]
async fn a_file_leads_to_the_question_and_loads_nothing() {
    let mut sent = Sent::new().await;
    let browser = Browser::start().await;
    browser.goto(&sent.url(|html| html)).await;
    browser.fill("Your name", expert::NAME).await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Connect").await;
    let (name, words) = sent.novice.is_asked().await;
    assert_eq!(name.as_str(), expert::NAME);
    browser.says(Role::Status, "Waiting for the novice").await;
    let shown = browser.run("return document.body.innerText", vec![]).await;
    let shown = shown.as_str().unwrap();
    assert!(shown.contains(&words.to_string()), "{shown}");
    assert!(!shown.contains("Open this file"), "the fallback is gone");

    let loaded = browser.run(&format!("return {LOADED}"), vec![]).await;
    assert_eq!(loaded, "[]");
    assert_eq!(browser.run(&format!("return {WORKER}"), vec![]).await, 7);
    assert!(browser.console_errors().await.is_empty());

    let fetched = browser.run(&format!("return {FETCH}"), vec![]).await;
    assert_eq!(fetched, "refused");
    let errors = browser.console_errors().await.join("\n");
    assert!(errors.contains("Content Security Policy"), "{errors}");
    browser.close().await;
}

#[tokio::test]
async fn a_file_leads_to_the_question_in_firefox_too() {
    let mut sent = Sent::new().await;
    let mut browser = Firefox::start().await;
    browser.goto(&sent.url(|html| html)).await;
    browser.shows("Connect").await;
    browser.fill("Your name", expert::NAME).await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Connect").await;
    let (name, words) = sent.novice.is_asked().await;
    assert_eq!(name.as_str(), expert::NAME);
    browser.shows(&words.to_string()).await;
    assert_eq!(browser.run(LOADED).await, "[]");
    assert_eq!(browser.run(WORKER).await, 7);
    assert_eq!(browser.console_errors(), <[String; 0]>::default());
    assert_eq!(browser.run(FETCH).await, "refused");
}

#[tokio::test]
async fn an_edited_file_says_what_to_do() {
    let sent = Sent::new().await;
    let browser = Browser::start().await;
    for (from, to, said) in [
        ("{\"version\":1,", "{\"version\":2,", "newer version"),
        ("{\"version\":1,", "{", "damaged"),
        ("id=\"invitation\"", "id=\"x\"", "damaged"),
        (
            "\"server\":\"http://",
            "\"server\":\"http://evil.example/",
            "damaged",
        ),
    ] {
        assert!(sent.html.contains(from), "{from}");
        browser
            .goto(&sent.url(|html| html.replacen(from, to, 1)))
            .await;
        browser.says(Role::Alert, said).await;
        browser.says(Role::Alert, "Ask for a new one").await;
        assert!(browser.look_for(Role::Button, "Connect").await.is_none());
    }
    browser.close().await;
}

/// The policy names the script by its hash.
#[tokio::test]
async fn an_edited_script_does_not_run() {
    let sent = Sent::new().await;
    let browser = Browser::start().await;
    let edit = |html: String| html.replacen("isSecureContext", "location.href", 1);
    browser.goto(&sent.url(edit)).await;
    browser.says(Role::Status, "use the link below").await;
    let errors = browser.console_errors().await.join("\n");
    assert!(errors.contains("Content Security Policy"), "{errors}");
    browser.close().await;
}

/// A cut in the console itself stops the script; the link is in sight.
#[tokio::test]
async fn a_damaged_console_leads_to_the_link() {
    let sent = Sent::new().await;
    let browser = Browser::start().await;
    let cut = |html: String| html.replacen("id=\"console\">H4sI", "id=\"console\">H4sIAAAA", 1);
    browser.goto(&sent.url(cut)).await;
    browser.says(Role::Status, "This file is damaged").await;
    let link = browser
        .run("return document.querySelector('a').href", vec![])
        .await;
    assert!(
        link.as_str().unwrap().starts_with(&sent.server.url),
        "{link}"
    );
    browser.console_errors().await; // the reason is in the console, for whoever looks
    browser.close().await;
}

/// A file that was cut short has no script left; the link comes before whatever is long.
#[tokio::test]
async fn a_file_cut_short_leads_to_the_link() {
    let sent = Sent::new().await;
    let browser = Browser::start().await;
    let cut = |html: String| html[..html.len() / 2].to_owned();
    browser.goto(&sent.url(cut)).await;
    browser.says(Role::Status, "use the link below").await;
    let link = browser.run("return document.querySelector('a').href", vec![]);
    let link = link.await;
    assert!(
        link.as_str().unwrap().starts_with(&sent.server.url),
        "{link}"
    );
    browser.close().await;
}

#[tokio::test]
async fn what_a_browser_lacks_is_said_and_the_link_stays() {
    let sent = Sent::new().await;
    for (missing, said) in [
        ("WebAssembly", "cannot run this file"),
        ("DecompressionStream", "cannot run this file"),
        ("RTCPeerConnection", "no WebRTC"),
    ] {
        let browser = Browser::start().await;
        browser.run_first(&format!("delete window.{missing}")).await;
        browser.goto(&sent.url(|html| html)).await;
        browser.says(Role::Status, said).await;
        let link = browser
            .run("return document.querySelector('a').href", vec![])
            .await;
        assert!(link.as_str().unwrap().contains("/#1."), "{link}");
        browser.close().await;
    }
}

#[tokio::test]
async fn a_file_for_an_invitation_that_waits_for_none_is_refused() {
    let server = Server::start().await;
    let (_novice, link) = FakeNovice::with_link(&server, PASSWORD, false).await;
    let html = page(&FilePage {
        server: &server.url,
        link: &link,
        novice: &Name::default(),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = write(&html, &folder.path().join("Help.html")).unwrap();
    let browser = Browser::start().await;
    browser.goto(&address(&path)).await;
    browser.fill("Your name", expert::NAME).await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Connect").await;
    browser.says(Role::Alert, "not open, or the password").await;
    browser.close().await;
}
