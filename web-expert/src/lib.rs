//! The expert's page: join an invitation, see the novice's desktop, chat, share control.
//!
//! INVARIANTS: the pure modules ([`choice`], [`handshake`], [`input`], [`kept`], [`keyboard`],
//! [`meter`], [`pointer`], [`reach`], [`sentences`], [`state`],
//! [`trial::verdict`]) know no DOM, no socket and no clock. [`shell`] alone owns the
//! edges; [`view`] draws, puts text into text nodes only and returns events. Loading the page
//! contacts nobody.

pub mod app;
pub mod certificate;
pub mod channels;
pub mod choice;
pub mod cursor;
pub mod gauge;
pub mod hands;
pub mod handshake;
pub mod heart;
pub mod input;
pub mod js;
pub mod kept;
pub mod keyboard;
pub mod memory;
pub mod meter;
pub mod own_worker;
pub mod peer;
pub mod picture;
pub mod place;
pub mod pointer;
pub mod reach;
pub mod sentences;
pub mod server;
pub mod shell;
pub mod state;
pub mod trial;
pub mod view;
