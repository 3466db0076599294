//! Channels `input` (reliable, ordered), `pointer` and `cursor` (unordered, no retransmits), and
//! what hides loss from `input`: [`redundancy`].
//!
//! INVARIANT: everything that could be injected carries the number of the grant it claims;
//! the hand drops whatever claims another than the open one.

pub mod redundancy;

use serde::{Deserialize, Serialize};

use crate::{
    id::GrantId,
    key::{KeyCode, Keysym},
};

/// Numbers of the negotiated data channels, the same on both sides.
pub mod channel {
    /// Reliable and ordered: requests, grants, chat, session events.
    pub const CONTROL: u16 = 0;
    /// Reliable and ordered: keys, buttons, wheel, heartbeat.
    pub const INPUT: u16 = 1;
    /// Unordered, never retransmitted: the expert's pointer.
    pub const POINTER: u16 = 2;
    /// Unordered, never retransmitted: the novice's pointer.
    pub const CURSOR: u16 = 3;
    /// Unordered, never retransmitted: how the picture travels; see [`crate::picture::Feedback`].
    pub const FEEDBACK: u16 = 4;
    /// Unordered, never retransmitted: the last messages of `input` once more; see
    /// [`super::redundancy`].
    pub const REDUNDANT: u16 = 5;
}

/// How often the page says that it is alive while it holds control.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_millis(250);

/// A place on the shared display, as fractions of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// From the left edge.
    pub x: Norm,
    /// From the top edge.
    pub y: Norm,
}

/// A fraction in units of 1/65536.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Norm(pub u16);

impl Norm {
    /// The fraction `part / whole`, clamped to the display.
    pub fn from_fraction(part: f64, whole: f64) -> Self {
        let scaled = (part / whole * 65_536.0).floor();
        if scaled.is_nan() {
            return Self(0);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped"
        )]
        Self(scaled.clamp(0.0, 65_535.0) as u16)
    }

    /// The middle of pixel `pixel` of `size`.
    pub fn of_pixel(pixel: u16, size: u16) -> Self {
        Self::from_fraction(f64::from(pixel) + 0.5, f64::from(size.max(1)))
    }

    /// Which pixel of `size` this falls on; always below `size` (or 0).
    pub fn to_pixel(self, size: u16) -> u16 {
        ((u32::from(self.0) * u32::from(size)) >> 16) as u16
    }
}

/// One message of channel `input`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEvent {
    /// Under which grant.
    pub grant: GrantId,
    /// Which [`crate::control::Display`] the position refers to; events of another are dropped.
    pub epoch: u16,
    /// Where the pointer is, so that a click never depends on a lost motion.
    pub at: Position,
    /// What happened.
    pub action: Action,
}

/// What the expert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A key went down or up. Repeats are downs of a key that is down.
    Key {
        /// Which key.
        code: KeyCode,
        /// What it meant on the expert's layout, if anything.
        keysym: Option<Keysym>,
        /// Down, or up.
        down: bool,
    },
    /// A pointer button went down or up.
    Button {
        /// Which one.
        button: Button,
        /// Down, or up.
        down: bool,
    },
    /// The wheel turned, in 1/120 of a notch; positive is right and down.
    Wheel {
        /// Sideways.
        dx: i16,
        /// Along.
        dy: i16,
    },
    /// Let go of everything: the page lost focus or was hidden.
    ReleaseAll,
    /// The page is alive; every [`HEARTBEAT`].
    Heartbeat,
}

impl Action {
    /// Whether it does anything but let go and show that the page is alive.
    pub const fn begins(self) -> bool {
        match self {
            Self::Key { down, .. } | Self::Button { down, .. } => down,
            Self::Wheel { .. } => true,
            Self::ReleaseAll | Self::Heartbeat => false,
        }
    }
}

/// A pointer button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each name is its own documentation")]
pub enum Button {
    Left,
    Middle,
    Right,
    Back,
    Forward,
}

impl Button {
    /// From `MouseEvent.button`.
    pub const fn from_dom(button: i16) -> Option<Self> {
        Some(match button {
            0 => Self::Left,
            1 => Self::Middle,
            2 => Self::Right,
            3 => Self::Back,
            4 => Self::Forward,
            _ => return None,
        })
    }
}

/// One message of channel `pointer`: the expert's pointer moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    /// Under which grant.
    pub grant: GrantId,
    /// Which display the position refers to.
    pub epoch: u16,
    /// Rises with every motion of a session; older ones are dropped.
    pub seq: u32,
    /// Where to.
    pub at: Position,
}

/// One message of channel `cursor`: the novice's pointer moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorMoved {
    /// Rises with every message; older ones are dropped.
    pub seq: u32,
    /// Where to.
    pub at: Position,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_pixel_survives_the_wire(size in 1u16..=16_384, pixel in 0u16..16_384) {
            let pixel = pixel % size;
            prop_assert_eq!(Norm::of_pixel(pixel, size).to_pixel(size), pixel);
        }

        #[test]
        fn no_fraction_leaves_the_display(part: f64, whole: f64, size: u16) {
            prop_assert!(Norm::from_fraction(part, whole).to_pixel(size) < size.max(1));
        }
    }
}
