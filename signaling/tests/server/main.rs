//! The server as others meet it: real sockets, real HTTP, the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::large_futures,
    clippy::print_stderr,
    reason = "a test may fail that way"
)]

mod downloads;
mod hardening;
mod http;
mod limits;
mod nodes;
mod operators;
mod origins;
mod process;
mod program;
mod redis;
mod relay;
mod restart;
mod slow;
mod spoken;
mod support;
mod tls;
mod tokens;
mod turn;
