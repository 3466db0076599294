//! Everything together over a simulated link, in virtual time, with a seed.

mod bars;
mod link;
mod page;
mod run;
mod source;
