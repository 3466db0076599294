//! How input gets into the desktop: one small trait, a file per way of doing it.

mod native;
pub mod synthetic;

pub use native::{Echo, Native, Sent};

use deskhand_protocol::input::Button;

use super::held::Scancode;

/// Puts input into the desktop. Every call has happened when it returns.
pub trait Inject {
    /// Presses or releases a key.
    fn key(&mut self, key: Scancode, down: bool) -> Result<(), InjectError>;
    /// Presses or releases a pointer button.
    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError>;
    /// Moves the pointer to that pixel of the display.
    fn move_to(&mut self, x: u16, y: u16) -> Result<(), InjectError>;
    /// Turns the wheel by whole notches; positive is right and down.
    fn wheel(&mut self, axis: Axis, notches: i16) -> Result<(), InjectError>;
}

/// Which wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Sideways.
    Horizontal,
    /// Along.
    Vertical,
}

/// Input could not be injected. What it was is not said: it may be part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("input could not be injected: {0}")]
pub struct InjectError(pub String);
