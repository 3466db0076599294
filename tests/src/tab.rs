//! A browser's tab, spoken to past the driver: that one gives up on a tab that has crashed.
//!
//! Over the [DevTools protocol](https://chromedevtools.github.io/devtools-protocol/).

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::{
    browser::Browser,
    wait::{self, PATIENCE},
};

/// The only tab of a browser.
pub struct Tab {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    calls: u64,
}

impl Tab {
    /// Of that browser.
    pub async fn of(browser: &Browser) -> Self {
        let at = browser.profile().join("DevToolsActivePort");
        let said = std::fs::read_to_string(at).expect("the browser says where it listens");
        let (port, path) = said.split_once('\n').expect("a port and a path");
        let url = format!("ws://127.0.0.1:{port}{}", path.trim());
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("the browser listens");
        let mut tab = Self {
            socket,
            session: None,
            calls: 0,
        };
        let targets = tab.call("Target.getTargets", json!({})).await;
        let targets = targets["targetInfos"].as_array().expect("a list").clone();
        let page = targets.iter().find(|target| target["type"] == "page");
        let id = page.expect("the browser has a tab")["targetId"].clone();
        let attached = tab
            .call(
                "Target.attachToTarget",
                json!({ "targetId": id, "flatten": true }),
            )
            .await;
        tab.session = Some(attached["sessionId"].as_str().expect("a session").into());
        tab.call("Inspector.enable", json!({})).await;
        tab
    }

    /// Its process dies, and the browser shows that.
    pub async fn crashes(&mut self) {
        self.send("Page.crash", json!({})).await;
        self.hear(|said| said["method"] == "Inspector.targetCrashed")
            .await;
    }

    /// Somebody presses Reload.
    pub async fn reloads(&mut self) {
        self.call("Page.reload", json!({})).await;
    }

    /// What an expression is in the page.
    pub async fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let said = self.call("Runtime.evaluate", params).await;
        said["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page.
    pub async fn becomes(&mut self, expression: &str) {
        wait::until(expression, PATIENCE, async || {
            (self.value(expression).await == json!(true)).then_some(())
        })
        .await;
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        let mut said = self.hear(|said| said["id"] == json!(id)).await;
        said["result"].take()
    }

    async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        let sent = self.socket.send(Message::text(call.to_string())).await;
        sent.expect("the browser listens");
        self.calls
    }

    async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let next = async {
            loop {
                let message = self.socket.next().await.expect("the browser is there");
                let message = message.expect("the browser keeps the socket");
                let text = message.to_text().unwrap_or_default();
                let said: Value = serde_json::from_str(text).unwrap_or_default();
                if wanted(&said) {
                    return said;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next)
            .await
            .expect("the browser answers")
    }
}
