//! The invitations of this computer.

pub mod kept;
