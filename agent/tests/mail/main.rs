//! Opening a mail program for real: a bus with a portal that keeps what it was handed, and the
//! true xdg-utils with a mail program that does the same.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[path = "../again/mod.rs"]
mod again;
#[path = "../bus/mod.rs"]
mod bus;
mod desk;
mod draft;
mod portal;
mod programs;
