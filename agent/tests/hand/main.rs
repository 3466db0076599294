//! The hand for real: its own process, on a real X server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod flood;
mod letting_go;
mod own;
#[path = "../../../tests/src/physical.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod physical;
mod question;
mod stop;
mod support;
mod typing;
