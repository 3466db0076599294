//! The server that introduces novice and helper: its address, which one it is, whether it is
//! there, who is believed about it, and the socket to it.

mod address;
mod backoff;
pub mod beside;
mod check;
mod choose;
mod socket;
mod trust;

pub use address::{Address, AddressError};
pub use check::{CheckError, check};
pub use choose::{Choice, ChooseError, Source, Sources, choose};
pub use socket::run;
pub use trust::{Trust, TrustError};
