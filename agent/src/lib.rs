//! Deskhand's agent: the novice's half.
//!
//! Three parts, each replaceable and testable alone: the [`session`](crate) and its consent, a
//! pure state machine; [`media`], from damage to packets; and the [`hand`], a small process
//! that owns injection. [`front`] is what both front ends see of them.

pub mod front;
pub mod hand;
pub mod media;
