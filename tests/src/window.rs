//! The novice with a window: the real agent's graphical form, and the person in front of it,
//! who has a keyboard of their own.

use std::{path::Path, time::Duration};

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window,
    },
    rust_connection::RustConnection,
};

use crate::{
    desktop::Desktop,
    home::Home,
    physical::Physical,
    process::Process,
    server::Server,
    wait::{self, PATIENCE},
};

const TAB: u32 = 0xff09;
const SPACE: u32 = 0x20;
/// Twice as long as a question has to be readable before a yes counts.
const READING: Duration = Duration::from_millis(1500);
/// What stands for danger in the window, and only there.
const RED: [u8; 3] = [0xc6, 0x28, 0x28];
/// Pixels of a button that nobody can overlook.
const BIG: usize = 10_000;
/// A quick typist's pause.
const BETWEEN_KEYS: Duration = Duration::from_millis(100);
/// What the window is called while it asks something.
const ASKING: &str = "Deskhand asks you";

/// A running `deskhand invite` with its window.
pub struct WindowNovice {
    /// The program.
    pub process: Process,
    /// From `Link: …`.
    pub link: String,
    /// From `Password: …`.
    pub password: String,
    /// What is left when the program ends.
    pub home: Home,
    person: Physical,
    x: RustConnection,
}

impl WindowNovice {
    /// Invites, and waits until the window is there.
    pub async fn invite(server: &Server, desktop: &Desktop) -> Self {
        Self::invite_at(Home::new(), server, desktop).await
    }

    /// Invites in a home of its own.
    pub async fn invite_at(home: Home, server: &Server, desktop: &Desktop) -> Self {
        let mut command = home.deskhand(&["invite", "--print", "--server", &server.url]);
        let process = Process::start("agent", desktop.dress(&mut command));
        let mut novice = Self {
            process,
            link: String::new(),
            password: String::new(),
            home,
            person: Physical::open(&desktop.display).unwrap(),
            x: desktop.connect(),
        };
        novice.says_that_nobody_called().await;
        novice.link = novice.field("Link: ").await;
        novice.password = novice.field("Password: ").await;
        novice
    }

    /// Whose idea was it? The first of the two answers is "No, I asked for help myself".
    async fn says_that_nobody_called(&self) {
        self.window("Deskhand").await;
        self.is_in_front().await;
        for key in self.keys_that_allow() {
            self.presses(key);
            tokio::time::sleep(BETWEEN_KEYS).await;
        }
    }

    async fn field(&self, name: &str) -> String {
        self.process
            .stdout
            .wait(name, PATIENCE, 0, |text| {
                let (_, rest) = text.split_once(name)?;
                Some(rest.split_once('\n')?.0.trim().to_owned())
            })
            .await
    }

    /// Closes the window by the cross in its title bar.
    pub async fn closes_the_window(&self) {
        let window = self.window("Deskhand").await;
        let close = |name: &[u8]| {
            self.x
                .intern_atom(false, name)
                .unwrap()
                .reply()
                .unwrap()
                .atom
        };
        let kind = close(b"_NET_CLOSE_WINDOW");
        // Source 2: somebody who acts for the person.
        let message = ClientMessageEvent::new(32, window, kind, [0, 2, 0, 0, 0]);
        let root = self.x.setup().roots[0].root;
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x.send_event(false, root, to, message).unwrap();
        self.x.flush().unwrap();
    }

    /// Waits until the window is on the screen, or is not.
    pub async fn is_seen(&self, seen: bool) {
        let what = if seen { "the window" } else { "no window" };
        wait::until(what, PATIENCE, async || {
            let viewable = ["Deskhand", ASKING].iter().any(|title| {
                let shown = self.titled(title).map(|window| {
                    let attributes = self.x.get_window_attributes(window).unwrap().reply();
                    attributes.is_ok_and(|window| window.map_state == MapState::VIEWABLE)
                });
                shown.unwrap_or_default()
            });
            (viewable == seen).then_some(())
        })
        .await;
    }

    /// Waits for the next question.
    pub async fn is_asked(&self) {
        self.window(ASKING).await;
        // Until it could be read, nothing counts.
        tokio::time::sleep(READING).await;
    }

    /// Waits for the next question and says yes with the novice's own keyboard: "Not now" has
    /// the focus at first, the button beside it allows.
    pub async fn allows(&self) {
        self.is_asked().await;
        for key in self.keys_that_allow() {
            self.presses(key);
            // Keys that a person presses one after another are not in the same frame.
            tokio::time::sleep(BETWEEN_KEYS).await;
        }
        wait::until("end of the question", PATIENCE, async || {
            self.titled(ASKING).is_none().then_some(())
        })
        .await;
    }

    /// Presses the big red button with the novice's own mouse.
    pub async fn stops_control(&self, desktop: &Desktop) {
        let button = wait::until("Stop control", PATIENCE, async || {
            desktop.middle_of_colour(self.titled("Deskhand")?, RED, BIG)
        });
        let (x, y) = button.await;
        let root = self.x.setup().roots[0].root;
        self.x
            .warp_pointer(x11rb::NONE, root, 0, 0, 0, 0, x, y)
            .unwrap()
            .check()
            .unwrap();
        self.person.click(1).unwrap();
    }

    /// Waits until the window manager gives the window the keyboard.
    pub async fn is_in_front(&self) {
        wait::until("window in front", PATIENCE, async || {
            self.has_keyboard().then_some(())
        })
        .await;
    }

    /// Waits until another window has the keyboard, or none.
    pub async fn is_behind(&self) {
        wait::until("window behind", PATIENCE, async || {
            (!self.has_keyboard()).then_some(())
        })
        .await;
    }

    fn has_keyboard(&self) -> bool {
        let focus = self.x.get_input_focus().unwrap().reply().unwrap().focus;
        self.titled("Deskhand") == Some(focus)
    }

    /// Has the window manager minimise the window, as its own button would
    /// ([ICCCM](https://www.x.org/releases/current/doc/xorg-docs/icccm/icccm.html), 4.1.4).
    pub fn minimises(&self) {
        const ICONIC: u32 = 3;
        let name = b"WM_CHANGE_STATE";
        let kind = self
            .x
            .intern_atom(false, name)
            .unwrap()
            .reply()
            .unwrap()
            .atom;
        let window = self.titled("Deskhand").expect("there is a window");
        let event = ClientMessageEvent::new(32, window, kind, [ICONIC, 0, 0, 0, 0]);
        let root = self.x.setup().roots[0].root;
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x.send_event(false, root, mask, event).unwrap();
        self.x.flush().unwrap();
    }

    /// Presses and releases a key of the novice's own keyboard, by X keycode.
    pub fn presses(&self, key: u8) {
        self.person.tap(key).unwrap();
    }

    /// X keycodes of the keys that say yes, in order.
    pub fn keys_that_allow(&self) -> [u8; 2] {
        [TAB, SPACE].map(|keysym| self.person.keycode_of(keysym).unwrap())
    }

    /// Saves a picture of the window, its frame included.
    pub async fn save_picture(&self, desktop: &Desktop, path: &Path) {
        let window = self.window("Deskhand").await;
        desktop.save_part(self.frame(window), path);
    }

    async fn window(&self, title: &str) -> Window {
        wait::until(&format!("window {title:?}"), PATIENCE, async || {
            self.titled(title)
        })
        .await
    }

    /// The window with this very title, among all that the window manager has framed.
    fn titled(&self, title: &str) -> Option<Window> {
        let mut open = vec![self.x.setup().roots[0].root];
        while let Some(window) = open.pop() {
            let name = self
                .x
                .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)
                .ok()?
                .reply();
            if name.is_ok_and(|name| name.value == title.as_bytes()) {
                return Some(window);
            }
            if let Ok(tree) = self.x.query_tree(window).ok()?.reply() {
                open.extend(tree.children);
            }
        }
        None
    }

    /// The window manager's frame around a window: its ancestor just below the root.
    fn frame(&self, mut window: Window) -> Window {
        loop {
            let tree = self.x.query_tree(window).unwrap().reply().unwrap();
            if tree.parent == tree.root {
                return window;
            }
            window = tree.parent;
        }
    }
}
