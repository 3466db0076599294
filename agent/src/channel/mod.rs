//! How an invitation leaves this computer.

pub mod file;
pub mod mail;
pub mod qr;
