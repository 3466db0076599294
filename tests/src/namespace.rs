//! Mounts that only this test's programs see: another policy, a full disk, a read-only folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
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

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
