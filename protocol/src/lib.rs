//! What Deskhand's three programs say to each other.
//!
//! INVARIANT: this crate is pure. It knows no async, no I/O and no clock; randomness comes in
//! as an argument. It builds natively and for WASM, and every wire type is defined here once.
//!
//! Three layers, from the outside in:
//!
//! 1. [`signal`]: what the server reads. JSON, one tagged enum per direction. [`ice`] is what it
//!    lends two ends so that they reach each other.
//! 2. [`envelope`]: what the two ends say to each other *through* the server: the handshake
//!    [`handshake`] and, after it, sealed bodies. The server relays these as opaque bytes.
//! 3. [`control`], [`input`] and [`picture`]: what flows directly between the ends; [`dial`] is how
//!    long that may take to begin.
//!
//! Layers 2 and 3 are [`postcard`](https://postcard.jamesmunns.com/wire-format) behind one
//! version byte; see [`wire`].

pub mod control;
pub mod dial;
pub mod envelope;
pub mod handshake;
pub mod host;
pub mod ice;
pub mod id;
pub mod input;
pub mod invitation;
pub mod key;
pub mod monitor;
pub mod oracle;
pub mod picture;
pub mod signal;
pub mod spoken;
pub mod text;
pub mod wire;

/// The version of everything in this crate. Both ends of every conversation must have the
/// same: any change on the wire raises it and adds a fixture.
pub const VERSION: u8 = 5;
