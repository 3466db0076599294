//! A real browser, driven from outside like a person would: elements are found by role and
//! accessible name, keys and clicks are real events.

use std::{collections::BTreeMap, path::Path, time::Duration};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{
        InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
        WheelAction, WheelActions,
    },
    elements::Element,
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    authority::Authority,
    network::{Bridge, Node},
    process::Process,
    wait::{self, PATIENCE},
};

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1400,1000",
];

/// A running browser with one window and a fresh profile.
pub struct Browser {
    /// For what this file has no word for.
    pub client: Client,
    driver: Process,
    profile: TempDir,
    _bridge: Option<Bridge>,
}

impl Browser {
    /// Starts it.
    pub async fn start() -> Self {
        let (driver, port) = Self::drive(Process::command("chromedriver")).await;
        Self::connect(driver, port, None).await
    }

    /// Starts it elsewhere in a network.
    pub async fn start_at(node: &Node) -> Self {
        Self::start_with(node, node.command("chromedriver")).await
    }

    /// The same for one that believes this authority, too.
    pub async fn start_believing(authority: &Authority, node: &Node) -> Self {
        let mut command = node.command("chromedriver");
        command.env("HOME", authority.believers_home());
        Self::start_with(node, command).await
    }

    async fn start_with(node: &Node, command: std::process::Command) -> Self {
        let (driver, port) = Self::drive(command).await;
        let bridge = node.reached_from_here(port);
        Self::connect(driver, bridge.port, Some(bridge)).await
    }

    async fn drive(mut command: std::process::Command) -> (Process, u16) {
        let driver = Process::start("browser driver", command.arg("--port=0"));
        let port = driver
            .stdout
            .wait("port of the browser driver", PATIENCE, 0, |text| {
                let (_, rest) = text.split_once("successfully on port ")?;
                rest.split_once('.')?.0.parse().ok()
            })
            .await;
        (driver, port)
    }

    async fn connect(driver: Process, port: u16, bridge: Option<Bridge>) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path()))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("the browser starts");
        Self {
            client,
            driver,
            profile,
            _bridge: bridge,
        }
    }

    /// Where it keeps what is its own.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Opens an address.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// The visible element of this role with this accessible name, once there is one.
    pub async fn find(&self, role: Role, name: &str) -> Element {
        self.until(&format!("{role:?} {name:?}"), async || {
            self.look_for(role, name).await
        })
        .await
    }

    /// Like [`wait::until`], but says what the page showed in the end.
    async fn until<T>(&self, what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
        let found = wait::within(PATIENCE, attempt).await;
        let Some(found) = found else {
            let shown = self.run("return document.body.innerText", vec![]).await;
            panic!("{what}: did not happen within {PATIENCE:?}; the page shows {shown}");
        };
        found
    }

    /// The visible element of this role with this accessible name, if there is one right now.
    pub async fn look_for(&self, role: Role, name: &str) -> Option<Element> {
        let found = self
            .client
            .find_all(Locator::Css(role.selector()))
            .await
            .ok()?;
        for element in found {
            // Elements may vanish while they are looked at: then they do not count.
            if element.is_displayed().await.unwrap_or(false)
                && self.accessible_name(&element).await.as_deref() == Some(name)
            {
                return Some(element);
            }
        }
        None
    }

    /// Waits until no such element is visible.
    pub async fn gone(&self, role: Role, name: &str) {
        self.until(&format!("end of {role:?} {name:?}"), async || {
            self.look_for(role, name).await.is_none().then_some(())
        })
        .await;
    }

    /// Clicks a button once it is there and can be pressed.
    pub async fn press(&self, name: &str) {
        self.until(&format!("press of button {name:?}"), async || {
            let button = self.look_for(Role::Button, name).await?;
            if !button.is_enabled().await.ok()? {
                return None;
            }
            button.click().await.ok()
        })
        .await;
    }

    /// Opens the menu of a button and chooses from it.
    pub async fn chooses(&self, menu: &str, item: &str) {
        self.press(menu).await;
        let item = self.find(Role::MenuItem, item).await;
        item.click().await.expect("what is in a menu can be chosen");
    }

    /// Types into a text box.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(Role::TextBox, name).await;
        field.clear().await.expect("a text box can be cleared");
        field.send_keys(text).await.expect("a text box takes keys");
    }

    /// The text of all visible elements of this role.
    pub async fn text_of(&self, role: Role) -> String {
        let mut text = String::new();
        for element in
            (self.client.find_all(Locator::Css(role.selector())).await).unwrap_or_default()
        {
            text.push_str(&element.text().await.unwrap_or_default());
            text.push('\n');
        }
        text
    }

    /// Waits until elements of this role say something with `words` in it, and gives all they
    /// say.
    pub async fn says(&self, role: Role, words: &str) -> String {
        let mut last = String::new();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                last = self.text_of(role).await;
                if last.to_lowercase().contains(&words.to_lowercase()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert!(
            found.is_ok(),
            "{role:?} never said {words:?}; it says {last:?}"
        );
        last
    }

    async fn accessible_name(&self, element: &Element) -> Option<String> {
        let path = format!("element/{}/computedlabel", element.element_id());
        let name = self.client.issue_cmd(Command::get(path)).await.ok()?;
        Some(name.as_str()?.to_owned())
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str, args: Vec<Value>) -> Value {
        self.client
            .execute(script, args)
            .await
            .unwrap_or_else(|error| panic!("the script failed: {error}\n{script}"))
    }

    /// Has every page from now on run a script before its own.
    pub async fn run_first(&self, script: &str) {
        let command = Command::post(
            "goog/cdp/execute",
            json!({
                "cmd": "Page.addScriptToEvaluateOnNewDocument",
                "params": { "source": script },
            }),
        );
        self.client
            .issue_cmd(command)
            .await
            .expect("a script can be run first");
    }

    /// Opens another tab in front of the page; gives what leads back to it.
    pub async fn hide_behind_a_tab(&self) -> WindowHandle {
        let page = self.client.window().await.expect("the page has a tab");
        let other = self.client.new_window(true).await.expect("a tab opens");
        self.show(other.handle).await;
        page
    }

    /// Brings a tab to the front.
    pub async fn show(&self, tab: WindowHandle) {
        self.client
            .switch_to_window(tab)
            .await
            .expect("the tab is still there");
    }

    /// Presses keys and buttons of the keyboard, in order.
    pub async fn keys(&self, actions: impl IntoIterator<Item = KeyAction>) {
        let keys = actions
            .into_iter()
            .fold(KeyActions::new("keyboard".into()), |keys, action| {
                keys.then(action)
            });
        self.client
            .perform_actions(keys)
            .await
            .expect("keys can be pressed");
    }

    /// Releases whatever keys and buttons are down.
    pub async fn lets_go(&self) {
        self.client
            .release_actions()
            .await
            .expect("keys can be released");
    }

    /// Moves and clicks the mouse, in order; places are the window's.
    pub async fn mouse(&self, actions: impl IntoIterator<Item = PointerAction>) {
        let mouse = actions
            .into_iter()
            .fold(MouseActions::new("mouse".into()), |mouse, action| {
                mouse.then(action)
            });
        self.client
            .perform_actions(mouse)
            .await
            .expect("the mouse can be moved");
    }

    /// Moves the mouse to a place of the window, presses its left button and leaves it down.
    pub async fn presses_mouse_at(&self, (x, y): (f64, f64)) {
        let to = PointerAction::MoveTo {
            duration: None,
            x,
            y,
        };
        let button = MOUSE_BUTTON_LEFT;
        self.mouse([to, PointerAction::Down { button }]).await;
    }

    /// Turns the wheel by so many pixels at a place of the window.
    pub async fn wheel(&self, at: (f64, f64), delta: (i64, i64)) {
        #[expect(clippy::cast_possible_truncation, reason = "places in a window")]
        let turn = WheelAction::Scroll {
            duration: None,
            x: at.0 as i64,
            y: at.1 as i64,
            delta_x: delta.0,
            delta_y: delta.1,
        };
        let wheel = WheelActions::new("wheel".into()).then(turn);
        self.client
            .perform_actions(wheel)
            .await
            .expect("the wheel can be turned");
    }

    /// Errors in the browser's console since the last call: messages of level SEVERE.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(Command::post("se/log", json!({ "type": "browser" })))
            .await
            .expect("the browser keeps a log");
        log.as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// Closes the browser properly.
    ///
    /// # Panics
    /// If there was an error in its console.
    pub async fn close(self) {
        let errors = self.console_errors().await;
        assert!(
            errors.is_empty(),
            "errors in the browser's console: {errors:#?}"
        );
        let _ = self.client.clone().close().await;
    }

    /// Ends the browser at once, as a crash would.
    pub fn kill(&self) {
        for id in self.driver.descendants() {
            crate::process::signal_to(id, rustix::process::Signal::KILL);
        }
    }

    /// Saves a picture of the page.
    pub async fn save_picture(&self, path: &Path) {
        let png = self
            .client
            .screenshot()
            .await
            .expect("a page can be pictured");
        std::fs::write(path, png).expect("the picture can be written");
    }
}

/// What an element is to a person who cannot see it
/// ([WAI-ARIA](https://www.w3.org/TR/wai-aria-1.2/#role_definitions)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Role {
    Button,
    MenuItem,
    TextBox,
    Screen,
    Status,
    Alert,
    Log,
    Choice,
}

impl Role {
    /// The elements that can have this role.
    const fn selector(self) -> &'static str {
        match self {
            Self::Button => "button, [role=button]",
            Self::MenuItem => "[role=menuitem], [role=menuitemradio]",
            Self::TextBox => "input, textarea, [role=textbox]",
            Self::Screen => "canvas[role=img]",
            Self::Status => "[role=status], output",
            Self::Alert => "[role=alert]",
            Self::Log => "[role=log]",
            Self::Choice => "select",
        }
    }
}

fn capabilities(profile: &Path) -> serde_json::Map<String, Value> {
    let mut args: Vec<String> = FLAGS.map(String::from).to_vec();
    args.push(format!("--user-data-dir={}", profile.display()));
    let binary = BROWSERS
        .into_iter()
        .flat_map(|name| {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .map(move |dir| dir.join(name))
                .collect::<Vec<_>>()
        })
        .find(|path| path.is_file())
        .expect("a browser is installed: `cargo xtask test` does that");
    let fields: BTreeMap<&str, Value> = [
        ("browserName", json!("chrome")),
        (
            "goog:chromeOptions",
            json!({ "args": args, "binary": binary }),
        ),
        ("goog:loggingPrefs", json!({ "browser": "ALL" })),
    ]
    .into();
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A command of the driver's that fantoccini has no name for.
#[derive(Debug)]
struct Command {
    path: String,
    body: Option<Value>,
}

impl Command {
    fn get(path: String) -> Self {
        Self { path, body: None }
    }

    fn post(path: &str, body: Value) -> Self {
        Self {
            path: path.to_owned(),
            body: Some(body),
        }
    }
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        match &self.body {
            None => (http::Method::GET, None),
            Some(body) => (http::Method::POST, Some(body.to_string())),
        }
    }
}
