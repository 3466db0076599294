//! A desktop that only takes notes, for tests.

use std::collections::BTreeSet;

use deskhand_protocol::input::Button;

use super::{Axis, Inject, InjectError};
use crate::hand::held::Scancode;

/// One thing that was injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Did {
    Key(Scancode, bool),
    Button(Button, bool),
    MoveTo(u16, u16),
    Wheel(Axis, i16),
}

/// Notes what is injected, and what is down.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Everything so far.
    pub did: Vec<Did>,
    /// Keys that are down.
    pub keys: BTreeSet<Scancode>,
    /// Buttons that are down.
    pub buttons: BTreeSet<Button>,
    /// Refuse everything from now on.
    pub broken: bool,
}

impl Recorder {
    fn note(&mut self, did: Did) -> Result<(), InjectError> {
        if self.broken {
            return Err(InjectError("broken on purpose".into()));
        }
        self.did.push(did);
        Ok(())
    }
}

impl Inject for Recorder {
    fn key(&mut self, key: Scancode, down: bool) -> Result<(), InjectError> {
        self.note(Did::Key(key, down))?;
        let changed = if down {
            self.keys.insert(key)
        } else {
            self.keys.remove(&key)
        };
        debug_assert!(changed, "key {key} was so already");
        Ok(())
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        self.note(Did::Button(button, down))?;
        let changed = if down {
            self.buttons.insert(button)
        } else {
            self.buttons.remove(&button)
        };
        debug_assert!(changed, "{button:?} was so already");
        Ok(())
    }

    fn move_to(&mut self, x: u16, y: u16) -> Result<(), InjectError> {
        self.note(Did::MoveTo(x, y))
    }

    fn wheel(&mut self, axis: Axis, notches: i16) -> Result<(), InjectError> {
        self.note(Did::Wheel(axis, notches))
    }
}
