//! What only this test's programs see: mounts, for another policy, a full disk or a read-only
//! folder, and another clock.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{process::Process, wait::PATIENCE};

/// A mount namespace; there for as long as this is.
pub struct Namespace {
    holder: Process,
}

impl Namespace {
    /// Makes one, with the mounts that `script` makes; it finds `home` in `$HOME`.
    ///
    /// # Panics
    /// If the system does not let us.
    pub async fn new(home: &Path, script: &str) -> Self {
        let mut command = Process::command("unshare");
        if !is_root() {
            command.arg("--map-root-user");
        }
        let script = format!("set -e\n{script}\necho ready\nexec cat");
        command
            .args(["--mount", "--", "sh", "-c", &script])
            .env("HOME", home);
        let holder = Process::start("mount namespace", &mut command);
        let ready = holder.stdout.said(PATIENCE, "ready\n").await;
        assert!(
            ready,
            "policy and disk are tested with mounts of the test's own, which this system does not \
             allow: run the tests as root, or allow user namespaces. It says: {}",
            holder.stderr.text()
        );
        Self { holder }
    }

    /// A program in it.
    pub fn command(&self, program: impl Into<PathBuf>) -> Command {
        let mut command = Process::command("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(program.into());
        command
    }

    /// Has a shell in it do something.
    ///
    /// # Panics
    /// If that fails.
    pub fn does(&self, home: &Path, script: &str) {
        let mut command = self.command("sh");
        command.args(["-e", "-c", script]).env("HOME", home);
        let output = command.output().expect("nsenter is installed");
        assert!(output.status.success(), "{script}: {output:?}");
    }
}

/// A program that runs when the computer has slept that long since the last one.
///
/// # Panics
/// If the system does not let us.
pub fn after_sleep(sleep: Duration, program: &Path) -> Command {
    let unshared = |ends: &Path| {
        let mut command = Process::command("unshare");
        if !is_root() {
            command.arg("--map-root-user");
        }
        let seconds = sleep.as_secs().to_string();
        command.args([
            "--time",
            "--boottime",
            &seconds,
            "--fork",
            "--kill-child",
            "--",
        ]);
        command.arg(ends);
        command
    };
    let tried = unshared(Path::new("true")).output();
    let tried = tried.expect("unshare is installed");
    assert!(
        tried.status.success(),
        "sleep is tested with a clock of the test's own, which this system does not allow: run \
         the tests as root, or allow user namespaces. It says: {}",
        String::from_utf8_lossy(&tried.stderr)
    );
    unshared(program)
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
