//! Tests that need a second process are that process, too: they run themselves again, with a word
//! in the environment that says so.

#![allow(dead_code, reason = "some tests kill the second process")]

use std::process::{Command, Output};

/// Runs the test of that name once more, in a process of its own.
pub fn this_test(name: &str) -> Command {
    // Not by its path, which may lead through folders that are closed to others.
    let mut command = Command::new("/proc/self/exe");
    command.args(["--exact", name, "--nocapture"]);
    command
}

/// It was found, ran and passed.
pub fn has_passed(ended: &Output) {
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
