//! How an invitation reaches the helper.

pub mod file;
