//! The hand: a small process of its own that owns injection. See DESIGN notes in
//! ARCHITECTURE.md, section "The hand".

pub mod wire;
