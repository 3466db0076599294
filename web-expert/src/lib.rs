//! The expert's page.

pub mod handshake;
pub mod input;
pub mod keyboard;
pub mod pointer;
pub mod sentences;
pub mod state;
