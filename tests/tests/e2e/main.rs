//! End to end: the real programs, a real X display and a real browser.
//!
//! One binary, so that it is linked once. Each file is about one promise.
#![allow(missing_docs, reason = "tests are named by what they show")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failure is a panic with a sentence"
)]

mod acme;
mod bad_input;
mod bad_line;
mod channels;
mod clocks;
mod crash;
mod displays;
mod far;
mod file;
mod firefox;
mod guesses;
mod harness;
mod hostile;
mod input;
mod instance;
mod invitations;
mod lan;
mod links;
mod nodes;
mod packages;
mod page;
mod password;
mod picture;
mod policy;
mod prompts;
mod proxies;
mod reconnect;
mod refusal;
mod relay;
mod screens;
mod secrets;
mod sentences;
mod session;
mod soak;
mod spoken;
mod stop;
mod tray;
mod trial;
mod which_server;
mod window;
