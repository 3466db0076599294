//! The server as others meet it: real sockets, real HTTP, the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail that way"
)]

mod http;
mod limits;
mod origins;
mod program;
mod relay;
mod restart;
mod spoken;
mod support;
