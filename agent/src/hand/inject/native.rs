//! Injection through enigo. On X11 it speaks XTEST and waits for the server after each call.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use deskhand_protocol::input::Button;
use enigo::{Coordinate, Direction, Enigo, Keyboard as _, Mouse as _, Settings};

use super::{Axis, Inject, InjectError};
use crate::hand::held::Scancode;

/// What the display will report because of us. An XTEST event that is not in here is somebody
/// else's: an on-screen keyboard, for one, and so a person.
pub type Sent = Rc<RefCell<VecDeque<Echo>>>;

/// One report to expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Echo {
    Key(u32, bool),
    Button(u32, bool),
    Motion,
}

/// Injects into the real desktop.
pub struct Native {
    enigo: Enigo,
    sent: Sent,
}

impl Native {
    /// Connects to the display; notes everything it injects in `sent`.
    ///
    /// # Errors
    /// The display cannot be reached, or offers no way to inject.
    pub fn open(display: &str, sent: Sent) -> Result<Self, InjectError> {
        let settings = Settings {
            x11_display: Some(display.to_owned()),
            // Delays between events are for programs that poll; our events come at human
            // speed, and a delay would hold up a stop.
            linux_delay: 0,
            // The ledger does this, and knows which.
            release_keys_when_dropped: false,
            ..Settings::default()
        };
        let enigo = Enigo::new(&settings).map_err(|error| InjectError(error.to_string()))?;
        Ok(Self { enigo, sent })
    }

    fn expect(&self, echo: Echo) {
        self.sent.borrow_mut().push_back(echo);
    }
}

impl Inject for Native {
    fn key(&mut self, key: Scancode, down: bool) -> Result<(), InjectError> {
        self.expect(Echo::Key(key.into(), down));
        self.enigo.raw(key.into(), direction(down)).map_err(failed)
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let (native, number) = match button {
            Button::Left => (enigo::Button::Left, 1),
            Button::Middle => (enigo::Button::Middle, 2),
            Button::Right => (enigo::Button::Right, 3),
            Button::Back => (enigo::Button::Back, 8),
            Button::Forward => (enigo::Button::Forward, 9),
        };
        self.expect(Echo::Button(number, down));
        self.enigo.button(native, direction(down)).map_err(failed)
    }

    fn move_to(&mut self, x: u16, y: u16) -> Result<(), InjectError> {
        self.expect(Echo::Motion);
        let moved = self
            .enigo
            .move_mouse(i32::from(x), i32::from(y), Coordinate::Abs);
        moved.map_err(failed)
    }

    fn wheel(&mut self, axis: Axis, notches: i16) -> Result<(), InjectError> {
        let (native, number) = match (axis, notches > 0) {
            (Axis::Vertical, false) => (enigo::Axis::Vertical, 4),
            (Axis::Vertical, true) => (enigo::Axis::Vertical, 5),
            (Axis::Horizontal, false) => (enigo::Axis::Horizontal, 6),
            (Axis::Horizontal, true) => (enigo::Axis::Horizontal, 7),
        };
        for _ in 0..notches.unsigned_abs() {
            self.expect(Echo::Button(number, true));
            self.expect(Echo::Button(number, false));
        }
        let turned = self.enigo.scroll(notches.into(), native);
        turned.map_err(failed)
    }
}

fn direction(down: bool) -> Direction {
    if down {
        Direction::Press
    } else {
        Direction::Release
    }
}

/// INVARIANT: the message names what failed, never which key.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: enigo::InputError) -> InjectError {
    InjectError(match error {
        enigo::InputError::Simulate(what) => what.to_owned(),
        _ => "the display refused it".to_owned(),
    })
}
