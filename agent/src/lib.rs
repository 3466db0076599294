//! Deskhand's agent: the novice's half.
//!
//! Three parts, each replaceable and testable alone: the [`session`] and its consent, a pure
//! state machine; [`media`], from damage to packets; and the [`hand`], a small process that owns
//! injection. [`front`] is what both front ends see of them, and the [`driver`] is the one loop that
//! runs it all.

pub mod book;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod congestion;
pub mod consent;
pub mod desk;
pub mod door;
pub mod driver;
pub mod front;
pub mod hand;
pub mod instance;
pub mod invitation;
pub mod io;
pub mod media;
pub mod peer;
pub mod policy;
pub mod program;
mod rate;
pub mod scope;
pub mod secrecy;
pub mod sentence;
pub mod server;
pub mod session;
pub mod settings;
pub mod signals;
pub mod start;
pub mod store;
pub mod terminal;
pub mod tray;
pub mod ui;
