//! The test's view of the probe: what arrived in a real program on the desktop.

use std::time::Duration;

use crate::{
    desktop::Desktop,
    process::{Process, program},
    wait::PATIENCE,
};

/// The probe's window.
pub struct Probe {
    process: Process,
    /// Where its window is: left, top, width, height.
    pub place: [u16; 4],
    from: usize,
}

/// One line of the probe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key went down or up.
    Key {
        /// Down, or up.
        down: bool,
        /// X keycode.
        code: u8,
        /// What it meant, Shift taken into account.
        keysym: u32,
        /// Modifiers that were in force before.
        state: u16,
        /// The X server's, in milliseconds.
        time: u32,
    },
    /// A button, or a notch of the wheel (4 up, 5 down, 6 left, 7 right).
    Button {
        /// Down, or up.
        down: bool,
        /// Its number.
        button: u8,
        /// Where on the display.
        at: (u16, u16),
        /// The X server's, in milliseconds.
        time: u32,
    },
    /// The pointer moved.
    Move {
        /// To where on the display.
        at: (u16, u16),
        /// The X server's, in milliseconds.
        time: u32,
    },
}

impl Event {
    /// When it happened, by the X server's clock in milliseconds.
    pub fn time(&self) -> u32 {
        match *self {
            Self::Key { time, .. } | Self::Button { time, .. } | Self::Move { time, .. } => time,
        }
    }

    /// Whether it is a button's going down (or up).
    pub fn is_button(&self, number: u8, going_down: bool) -> bool {
        matches!(*self, Self::Button { down, button, .. } if button == number && down == going_down)
    }

    /// Whether it is the going down (or up) of a key that means `wanted`.
    pub fn is_key(&self, wanted: u32, going_down: bool) -> bool {
        matches!(*self, Self::Key { down, keysym, .. } if keysym == wanted && down == going_down)
    }

    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Some(match words[..] {
            ["key", what, code, keysym, "state", state, "time", time] => Self::Key {
                down: what == "press",
                code: code.parse().ok()?,
                keysym: u32::from_str_radix(keysym, 16).ok()?,
                state: state.parse().ok()?,
                time: time.parse().ok()?,
            },
            ["button", what, button, "at", x, y, "time", time] => Self::Button {
                down: what == "press",
                button: button.parse().ok()?,
                at: (x.parse().ok()?, y.parse().ok()?),
                time: time.parse().ok()?,
            },
            ["move", x, y, "time", time] => Self::Move {
                at: (x.parse().ok()?, y.parse().ok()?),
                time: time.parse().ok()?,
            },
            _ => return None,
        })
    }
}

impl Probe {
    /// Opens its window in the middle of the display, and waits until it has the keyboard.
    pub async fn open(desktop: &Desktop) -> Self {
        Self::open_at(desktop, [440, 250, 400, 300]).await
    }

    /// Opens its window at a place.
    pub async fn open_at(desktop: &Desktop, place: [u16; 4]) -> Self {
        let mut command = Process::command(program("probe"));
        command.args(place.map(|n| n.to_string()));
        let process = Process::start("probe", desktop.dress(&mut command));
        for line in ["ready", "focus in"] {
            process
                .stdout
                .wait(line, PATIENCE, 0, |text| {
                    text.lines().any(|l| l == line).then_some(())
                })
                .await;
        }
        Self {
            process,
            place,
            from: 0,
        }
    }

    /// Fills its window, and waits until that is on the display.
    pub async fn paint(&mut self, rgb: [u8; 3]) {
        let hex = format!("{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
        let from = self.process.stdout.len();
        self.process.write(&format!("paint {hex}\n"));
        let answer = format!("painted {hex}");
        self.process
            .stdout
            .wait(&answer, PATIENCE, from, |text| {
                text.lines().any(|l| l == answer).then_some(())
            })
            .await;
    }

    /// From now on every press of a button there gives it another colour at once.
    pub async fn answers_clicks(&mut self) {
        let from = self.process.stdout.len();
        self.process.write("answer\n");
        self.process
            .stdout
            .wait("the probe answers", PATIENCE, from, |text| {
                text.lines().any(|line| line == "answers").then_some(())
            })
            .await;
    }

    /// Plays something like a film in its window, so many pictures a second.
    pub fn plays_film(&mut self, fps: u32) {
        self.process.write(&format!("film {fps}\n"));
    }

    /// Stops it, and waits until its last picture is on the display.
    pub async fn stands_still(&mut self) {
        let from = self.process.stdout.len();
        self.process.write("still\n");
        self.process
            .stdout
            .wait("still", PATIENCE, from, |text| {
                text.lines().any(|l| l == "still").then_some(())
            })
            .await;
    }

    /// The middle of its window.
    pub fn middle(&self) -> (u16, u16) {
        let [x, y, width, height] = self.place;
        (x + width / 2, y + height / 2)
    }

    /// Forgets what arrived so far.
    pub fn forget(&mut self) {
        self.from = self.process.stdout.len();
    }

    /// What arrived since then.
    pub fn events(&self) -> Vec<Event> {
        parse(&self.process.stdout.after(self.from))
    }

    /// Waits until `find` finds something in what arrived.
    pub async fn wait<T>(&self, what: &str, mut find: impl FnMut(&[Event]) -> Option<T>) -> T {
        self.wait_within(what, PATIENCE, &mut find).await
    }

    /// Waits until `find` finds something in what arrived.
    pub async fn wait_within<T>(
        &self,
        what: &str,
        within: Duration,
        mut find: impl FnMut(&[Event]) -> Option<T>,
    ) -> T {
        self.process
            .stdout
            .wait(what, within, self.from, |text| find(&parse(text)))
            .await
    }
}

/// Whole lines only: the last one may still be on its way.
fn parse(text: &str) -> Vec<Event> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(Event::parse).collect()
}

/// What was typed: the characters of all keys that went down, modifiers apart.
pub fn typed(events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Key {
                down: true, keysym, ..
            } => deskhand_protocol::key::Keysym(*keysym).to_char(),
            _ => None,
        })
        .collect()
}
