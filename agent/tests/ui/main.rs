//! The novice's window without a window: what is on each screen, by its accessible name, and
//! what happens when it is used.

#[path = "../canned/mod.rs"]
mod canned;
mod closing;
mod desk;
mod invitations;
mod inviting;
mod session;
#[path = "../walk/mod.rs"]
mod walk;
