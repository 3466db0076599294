//! The other browser, driven by its built-in
//! [WebDriver BiDi](https://www.w3.org/TR/webdriver-bidi/): enough to open a page, to look at it
//! and to fill in a form.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::{
    process::Process,
    wait::{self, PATIENCE},
};

const BROWSERS: [&str; 2] = ["firefox-esr", "firefox"];

/// A running Firefox with one tab and a fresh profile.
pub struct Firefox {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u64,
    tab: Value,
    errors: Vec<String>,
    _process: Process,
    _profile: TempDir,
}

impl Firefox {
    /// Starts it.
    pub async fn start() -> Self {
        let program = BROWSERS
            .into_iter()
            .flat_map(|name| {
                std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                    .map(move |dir| dir.join(name))
                    .collect::<Vec<_>>()
            })
            .find(|path| path.is_file())
            .expect("Firefox is installed: `cargo xtask test` does that");
        let profile = tempfile::tempdir().unwrap();
        let process = Process::start(
            "Firefox",
            Process::command(program)
                .args(["--headless", "--no-remote", "--remote-debugging-port", "0"])
                .arg("--profile")
                .arg(profile.path())
                .env("HOME", profile.path())
                .env_remove("DISPLAY"),
        );
        let url = process
            .stderr
            .wait("address of Firefox", PATIENCE, 0, |text| {
                let (_, rest) = text.split_once("WebDriver BiDi listening on ")?;
                Some(rest.split_once('\n')?.0.trim().to_owned())
            })
            .await;
        let (socket, _) = tokio_tungstenite::connect_async(format!("{url}/session"))
            .await
            .expect("Firefox takes a session");
        let mut firefox = Self {
            socket,
            commands: 0,
            tab: Value::Null,
            errors: vec![],
            _process: process,
            _profile: profile,
        };
        firefox
            .command("session.new", json!({ "capabilities": {} }))
            .await;
        firefox
            .command("session.subscribe", json!({ "events": ["log.entryAdded"] }))
            .await;
        let tree = firefox.command("browsingContext.getTree", json!({})).await;
        firefox.tab = tree["contexts"][0]["context"].clone();
        firefox
    }

    /// Opens an address.
    pub async fn goto(&mut self, url: &str) {
        let params = json!({ "context": self.tab, "url": url, "wait": "complete" });
        self.command("browsingContext.navigate", params).await;
    }

    /// Evaluates an expression in the page, waiting if it is a promise; text, number or boolean.
    pub async fn run(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression,
            "target": { "context": self.tab },
            "awaitPromise": true,
        });
        let done = self.command("script.evaluate", params).await;
        assert_eq!(done["type"], "success", "the script failed: {done}");
        done["result"]["value"].clone()
    }

    /// Waits until the page's text has this in it.
    pub async fn shows(&mut self, words: &str) {
        let mut shown = String::new();
        let found = wait::within(PATIENCE, async || {
            let text = self.run("document.body.innerText").await;
            text.as_str().unwrap_or_default().clone_into(&mut shown);
            shown.contains(words).then_some(())
        })
        .await;
        assert!(found.is_some(), "never showed {words:?}; it shows {shown}");
    }

    /// Types into the text box with this label.
    pub async fn fill(&mut self, label: &str, text: &str) {
        let (label, text) = (json!(label), json!(text));
        let script = format!(
            "{{
                const label = [...document.querySelectorAll('label')]
                    .find(l => l.querySelector('span').textContent === {label});
                const field = label.querySelector('input');
                field.value = {text};
                field.dispatchEvent(new Event('change', {{ bubbles: true }}));
            }}"
        );
        self.run(&script).await;
    }

    /// Clicks the button with this text.
    pub async fn press(&mut self, name: &str) {
        let script = format!(
            "[...document.querySelectorAll('button')]
                .find(button => button.textContent.trim() === {}).click()",
            json!(name)
        );
        self.run(&script).await;
    }

    /// Errors in the console so far.
    pub fn console_errors(&self) -> &[String] {
        &self.errors
    }

    async fn command(&mut self, method: &str, params: Value) -> Value {
        self.commands += 1;
        let id = self.commands;
        let text = json!({ "id": id, "method": method, "params": params }).to_string();
        self.socket
            .send(Message::text(text))
            .await
            .expect("Firefox listens");
        let answer = async {
            loop {
                let said = self.socket.next().await.expect("Firefox is there").unwrap();
                let Ok(said) = serde_json::from_str::<Value>(said.to_text().unwrap_or_default())
                else {
                    continue;
                };
                if said["method"] == "log.entryAdded" && said["params"]["level"] == "error" {
                    self.errors.push(said["params"]["text"].to_string());
                }
                if said["id"] == id {
                    assert_eq!(said["type"], "success", "{method}: {said}");
                    return said["result"].clone();
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| panic!("Firefox does not answer {method}"))
    }
}
