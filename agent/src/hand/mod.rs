//! The hand: a small process of its own that owns injection.
//!
//! The agent runs itself again as this process, [`process::run`], and speaks to it through
//! [`Hand`]. It ends only when its pipe closes, so it lets go of everything even if the agent
//! is killed; if it is killed itself, the agent lets go with [`release_xtest`].
//!
//! From the outside in:
//!
//! - [`child`]: the agent's end. [`wire`]: what goes through the pipe. [`queue`]: what waits.
//! - [`process`]: the loop. It feeds [`gate`] and lets [`act`] do what comes out.
//! - [`gate`] (pure): may it be injected, and is control over? With [`local`] (the local hand
//!   wins) and [`rate`].
//! - [`physical`]: what people do, told from what programs inject, by [`devices`].
//! - [`act`] (pure): which key ([`keymap`]), what is held ([`held`]), whose window.
//! - [`inject`]: the way into the desktop. [`desk_x11`] answers questions about it, with
//!   [`layout_x11`], [`lend`] and [`own`].
//! - [`terminal`]: which window holds the terminal that the agent runs in.
//!
//! INVARIANTS: nothing is injected outside an open grant; every down has an up; a number that
//! was closed never opens again; `Closed` is said when everything is released and no sooner.

pub mod act;
pub mod child;
mod desk_x11;
mod devices;
pub mod gate;
pub mod held;
pub mod inject;
pub mod keymap;
mod layout_x11;
mod lend;
pub mod local;
mod own;
pub mod physical;
pub mod process;
pub mod queue;
mod terminal;
pub mod wire;
mod xerror;
mod xtest;

pub use child::{Gone, Hand, HandError};
pub use terminal::{TerminalWindow, terminal_window};
pub use xerror::XError;
pub use xtest::release_xtest;
