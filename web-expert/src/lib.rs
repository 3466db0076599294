//! The expert's page.

pub mod input;
pub mod keyboard;
pub mod pointer;
