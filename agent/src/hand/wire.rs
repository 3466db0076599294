//! What the agent and its hand say to each other over the hand's standard input and output:
//! a four-byte little-endian length, then postcard.

use deskhand_protocol::{
    control::StopCause,
    id::GrantId,
    input::{InputEvent, Motion},
};
use serde::{Deserialize, Serialize};

/// Agent to hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The shared display; events of another epoch are dropped.
    Display {
        /// Which one.
        epoch: u16,
        /// In pixels.
        width: u16,
        /// In pixels.
        height: u16,
    },
    /// Opens the gate for this grant. Numbers rise strictly; one that the hand has closed, or a
    /// lower one, is never opened again.
    Open(GrantId),
    /// Closes the gate and releases everything that is held.
    Close,
    /// A prompt is open (true): drop everything whatever the gate says.
    Prompt(bool),
    /// Windows of the agent's own (X11 ids), frames included: events aimed at them are dropped.
    OwnWindows(Vec<u32>),
    /// From channel `input`.
    Input(InputEvent),
    /// From channel `pointer`.
    Motion(Motion),
}

/// Hand to agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Connected to the display; watching.
    Ready,
    /// The gate is open for this grant.
    Opened(GrantId),
    /// The gate closed, everything is released, and nothing more will be injected under this
    /// grant.
    Closed {
        /// Which grant.
        grant: GrantId,
        /// How.
        cause: StopCause,
    },
    /// The novice's own hand took precedence, or no longer.
    LocalHand(bool),
    /// It cannot work, or no longer; a sentence says why.
    Fault(String),
}
