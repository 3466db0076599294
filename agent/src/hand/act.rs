//! Does what the gate lets through: picks keys, keeps the ledger, leaves the agent's own
//! windows alone.
//!
//! INVARIANT: every key and button that goes down is in the ledger before it does, and leaves
//! it when it came up. Dropping the actor releases what is left.

use std::time::Instant;

use deskhand_protocol::{
    input::Button,
    key::{KeyCode, Keysym},
};

use super::{
    gate::{Output, Pixel},
    held::{Held, Release, Scancode},
    inject::{Axis, Inject, InjectError},
    keymap::{Layout, Mods, Moment, Plan},
    wire::Event,
};

/// What the actor has to know about the desktop.
pub trait Desk {
    /// Whether a click there would go to one of the agent's own windows.
    fn is_own_at(&mut self, at: Pixel) -> Result<bool, DeskError>;
    /// Whether a key pressed now would go to one of the agent's own windows.
    fn is_own_focused(&mut self) -> Result<bool, DeskError>;
    /// The layout that injected keys are read by.
    fn layout(&mut self) -> Result<&Layout, DeskError>;
    /// The active language, and the modifiers in effect.
    fn state(&mut self) -> Result<(usize, Mods), DeskError>;
    /// Gives a key without any meaning this one.
    fn lend(&mut self, keysym: Keysym) -> Result<Loan, DeskError>;
    /// Replaces the list of the agent's own windows.
    fn set_own(&mut self, windows: Vec<u32>);
}

/// What became of the wish for a key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loan {
    /// This one does now.
    Key(Scancode),
    /// None can be lent before then.
    Later(Instant),
    /// There are no such keys.
    Never,
}

/// What became of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// It is done.
    Done,
    /// The agent is to be told.
    Tell(Event),
    /// Nothing was done; it can be from then on. What comes after it has to wait.
    Later(Instant),
}

/// The desktop cannot be asked any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the display cannot be asked: {0}")]
pub struct DeskError(pub String);

/// Control cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
#[allow(missing_docs, reason = "the errors inside say it")]
pub enum ActError {
    Inject(#[from] InjectError),
    Desk(#[from] DeskError),
}

/// The wheel counts in 1/120 of a notch, as mice do.
const NOTCH: i16 = 120;

/// Does what it is told, and remembers what is down.
pub struct Actor<I: Inject, D: Desk> {
    inject: I,
    desk: D,
    held: Held,
    /// Turns of less than a notch so far: sideways, along.
    turned: (i16, i16),
}

impl<I: Inject, D: Desk> Actor<I, D> {
    /// An actor that holds nothing.
    pub fn new(inject: I, desk: D) -> Self {
        Self {
            inject,
            desk,
            held: Held::default(),
            turned: (0, 0),
        }
    }

    /// Does one thing.
    ///
    /// # Errors
    /// The desktop is gone or refuses input: control cannot go on.
    pub fn act(&mut self, output: Output) -> Result<Acted, ActError> {
        match output {
            Output::Move(at) => {
                if !self.desk.is_own_at(at)? {
                    self.inject.move_to(at.x, at.y)?;
                }
            }
            Output::KeyDown { code, keysym } => return self.key_down(code, keysym),
            Output::KeyUp(code) => {
                if let Some(key) = self.held.scancode_of(code) {
                    self.release_key(key)?;
                }
            }
            Output::ButtonDown(button, at) => self.button_down(button, at)?,
            Output::ButtonUp(button, at) => self.button_up(button, at)?,
            Output::Wheel { dx, dy, at } => self.wheel(dx, dy, at)?,
            Output::ReleaseTyping => self.release_typing()?,
            Output::ReleaseAll => self.release_all()?,
            Output::Own(windows) => self.desk.set_own(windows),
            Output::Tell(event) => return Ok(Acted::Tell(event)),
        }
        Ok(Acted::Done)
    }

    /// Releases everything that is held, as much as the desktop still lets it.
    ///
    /// # Errors
    /// Something could not be released; the rest was tried all the same.
    pub fn release_all(&mut self) -> Result<(), InjectError> {
        self.turned = (0, 0);
        let mut result = Ok(());
        for release in self.held.to_release() {
            let released = match release {
                Release::Button(button) => self.release_button(button),
                Release::Key(key) => self.release_key(key),
            };
            result = result.and(released);
        }
        result
    }

    /// The desktop as the actor sees it.
    pub fn desk_mut(&mut self) -> &mut D {
        &mut self.desk
    }

    /// What injects.
    pub fn inject(&self) -> &I {
        &self.inject
    }

    fn key_down(&mut self, code: KeyCode, keysym: Option<Keysym>) -> Result<Acted, ActError> {
        // The desktop itself repeats what is held, as fast as its owner likes.
        if self.held.scancode_of(code).is_some() || self.desk.is_own_focused()? {
            return Ok(Acted::Done);
        }
        match self.plan(code, keysym)? {
            Plan::Hold(key) => self.press_key(Some(code), key)?,
            Plan::Tap { key, add, lift } => self.tap(key, &add, lift)?,
            Plan::Lend(keysym) => match self.desk.lend(keysym)? {
                Loan::Key(key) => self.tap(key, &[], 0)?,
                Loan::Later(at) => return Ok(Acted::Later(at)),
                Loan::Never => {}
            },
            Plan::Nothing => {}
        }
        Ok(Acted::Done)
    }

    fn plan(&mut self, code: KeyCode, keysym: Option<Keysym>) -> Result<Plan, DeskError> {
        let (group, mods) = self.desk.state()?;
        let layout = self.desk.layout()?;
        let held = self.held.keys().fold(0, |m, key| m | layout.mods(key));
        let moment = Moment {
            group,
            ours: mods & held,
            others: mods & !held,
        };
        Ok(layout.plan(moment, code, keysym))
    }

    /// Presses and releases `key` with `add` held and whatever holds `lift` let go; afterwards
    /// everything is as it was.
    fn tap(&mut self, key: Scancode, add: &[Scancode], lift: Mods) -> Result<(), ActError> {
        let layout = self.desk.layout()?;
        let lifted: Vec<Scancode> = self
            .held
            .keys()
            .filter(|held| layout.mods(*held) & lift != 0)
            .collect();
        for &modifier in lifted.iter().rev() {
            // Stays in the ledger, under the code it was pressed for.
            self.inject.key(modifier, false)?;
        }
        let mut added = Vec::new();
        for &modifier in add {
            if self.held.press(None, modifier) {
                self.inject.key(modifier, true)?;
                added.push(modifier);
            }
        }
        self.press_key(None, key)?;
        self.release_key(key)?;
        for &modifier in added.iter().rev() {
            self.release_key(modifier)?;
        }
        for &modifier in &lifted {
            self.inject.key(modifier, true)?;
        }
        Ok(())
    }

    fn button_down(&mut self, button: Button, at: Pixel) -> Result<(), ActError> {
        if !self.desk.is_own_at(at)? {
            self.inject.move_to(at.x, at.y)?;
            if self.held.press_button(button) {
                self.inject.button(button, true)?;
            }
        }
        Ok(())
    }

    fn button_up(&mut self, button: Button, at: Option<Pixel>) -> Result<(), ActError> {
        if !self.held.has_button(button) {
            return Ok(());
        }
        if let Some(at) = at
            && !self.desk.is_own_at(at)?
        {
            self.inject.move_to(at.x, at.y)?;
        }
        self.release_button(button)?;
        Ok(())
    }

    fn wheel(&mut self, dx: i16, dy: i16, at: Pixel) -> Result<(), ActError> {
        if self.desk.is_own_at(at)? {
            return Ok(());
        }
        let across = notches(&mut self.turned.0, dx);
        let along = notches(&mut self.turned.1, dy);
        if across != 0 || along != 0 {
            self.inject.move_to(at.x, at.y)?;
        }
        for (axis, count) in [(Axis::Horizontal, across), (Axis::Vertical, along)] {
            if count != 0 {
                self.inject.wheel(axis, count)?;
            }
        }
        Ok(())
    }

    /// Lets go of keys that type if they would now repeat into one of the agent's own windows:
    /// the focus may have moved there since they went down.
    ///
    /// # Errors
    /// The desktop is gone or refuses input.
    pub fn mind_own_focus(&mut self) -> Result<(), ActError> {
        if self.held.keys().next().is_some() && self.desk.is_own_focused()? {
            self.release_typing()?;
        }
        Ok(())
    }

    fn release_typing(&mut self) -> Result<(), ActError> {
        let layout = self.desk.layout()?;
        let typing: Vec<Scancode> = self
            .held
            .keys()
            .filter(|key| layout.mods(*key) == 0)
            .collect();
        for &key in typing.iter().rev() {
            self.release_key(key)?;
        }
        Ok(())
    }

    fn press_key(&mut self, code: Option<KeyCode>, key: Scancode) -> Result<(), InjectError> {
        // Another key of the expert's may mean the same one here: it is struck again.
        if self.held.has(key) {
            self.release_key(key)?;
        }
        if self.held.press(code, key) {
            self.inject.key(key, true)?;
        }
        Ok(())
    }

    fn release_key(&mut self, key: Scancode) -> Result<(), InjectError> {
        let released = self.inject.key(key, false);
        self.held.lift(key);
        released
    }

    fn release_button(&mut self, button: Button) -> Result<(), InjectError> {
        let released = self.inject.button(button, false);
        self.held.lift_button(button);
        released
    }
}

impl<I: Inject, D: Desk> Drop for Actor<I, D> {
    fn drop(&mut self) {
        // If even this fails, the agent releases over its own connection.
        let _ = self.release_all();
    }
}

/// Adds a turn to what has gathered; whole notches come out.
fn notches(gathered: &mut i16, turn: i16) -> i16 {
    // A turn back starts afresh, so that it is felt at once.
    if gathered.signum() * turn.signum() < 0 {
        *gathered = 0;
    }
    let sum = gathered.saturating_add(turn);
    *gathered = sum % NOTCH;
    sum / NOTCH
}

#[cfg(test)]
mod tests;
