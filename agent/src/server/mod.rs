//! The server that introduces novice and helper: its address, which one it is, whether it is
//! there, and the socket to it.

mod address;
mod backoff;
pub mod beside;
mod check;
mod choose;
mod socket;

pub use address::{Address, AddressError};
pub use check::{CheckError, check};
pub use choose::{Choice, ChooseError, Source, Sources, choose};
pub use socket::run;
