//! Everything the end-to-end tests act with: the real server, the real agent on a real X
//! display, a real browser, and stand-ins for those who misbehave.
//!
//! What is started here ends with the test that started it, also if the test panics. A wait
//! waits for something, up to a deadline; when that passes, the test panics with a sentence,
//! and every part that is dropped on the way out prints what it had said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test harness: a failure is a panic with a sentence"
)]

pub mod authority;
pub mod bad_link;
pub mod balancer;
pub mod browser;
pub mod computer;
pub mod coturn;
pub mod desktop;
pub mod expert;
pub mod fake_expert;
pub mod fake_novice;
pub mod fault;
pub mod firefox;
pub mod home;
pub mod hostile;
pub mod keys;
pub mod lan;
pub mod mail;
pub mod memory;
pub mod monitors;
pub mod namespace;
pub mod network;
pub mod novice;
pub mod output;
pub mod pebble;
pub mod physical;
pub mod probe;
pub mod process;
pub mod redis;
pub mod scene;
pub mod server;
pub mod tab;
pub mod tls;
pub mod wait;
pub mod window;
