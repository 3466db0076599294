//! End to end: the real programs, a real X display and a real browser.
//!
//! One binary, so that it is linked once. Each file is about one promise.
#![allow(missing_docs, reason = "tests are named by what they show")]

mod harness;
