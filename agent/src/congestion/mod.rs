//! Congestion control: what leaves for the page, and when.
//!
//! The agent sends one stream of updates, with nothing for seconds and then a burst. The
//! [`Carrier`] is handed its packets. It lets them leave at a [pace](pacer) that the link bears,
//! [repeats](repeats) what is asked for and, where packets get lost, what nothing [follows](tail);
//! [until](probe) the other end has it.
//! From what the other end [reports](sent) it [estimates](estimate) what the link carries, so that
//! no more is made than can be sent: the best place for a picture to wait is the screen.
//!
//! Pure: time comes in as an argument, and packets are whatever the caller sends.
//!
//! INVARIANT: every queue in here is bounded.

pub mod carrier;
pub mod delay;
pub mod estimate;
pub mod loss;
pub mod meter;
pub mod pacer;
pub mod probe;
pub mod repeats;
pub mod sent;
pub mod tail;
pub mod train;
pub mod units;

pub use carrier::{Carrier, Departure, Flow, Outgoing};
pub use sent::{Report, told};

#[cfg(test)]
mod tests;
