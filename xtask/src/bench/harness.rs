//! The measuring itself: `tests/bench/peers`, and what it needs.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::plan::Run;
use crate::{
    build,
    steps::{Steps, sh},
};

/// Left by `setup.sh` when it has done all it does; another list of peers gets another name.
const READY: &str = "ready-2";

/// The harness, installed.
pub struct Harness {
    folder: PathBuf,
    cache: PathBuf,
    programs: PathBuf,
}

impl Harness {
    /// Installs what is missing, and says so.
    ///
    /// # Errors
    /// If that fails.
    pub fn ready(steps: &mut Steps, root: &Path) -> anyhow::Result<Self> {
        let harness = Self {
            folder: root.join("tests/bench/peers"),
            cache: cache()?,
            programs: build::target_dir(root).join("release"),
        };
        if !harness.cache.join(READY).exists() {
            eprintln!(
                "\nThe other remote desktops are not installed yet. Into the system go Chromium, \
                 Xvfb, TigerVNC, x11vnc, websockify, xpra, Node.js and the headers of X; into \
                 {} Selkies, noVNC, Playwright, and the programs that measure.",
                harness.cache.display()
            );
            steps.step("Installing what is measured and what measures", || {
                sh(
                    Command::new(harness.folder.join("setup.sh"))
                        .env("PEERS_CACHE", &harness.cache),
                )
                .context("setup.sh is for Debian and needs root")
            })?;
        }
        Ok(harness)
    }

    /// Where the peers are.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Puts text at rest, as the last runs of each of these peers have shown it, beside the true
    /// one.
    ///
    /// # Errors
    /// If no run has kept a picture.
    pub fn compare<'a>(
        &self,
        peers: impl Iterator<Item = (&'a str, &'a str)>,
        out: &Path,
    ) -> anyhow::Result<()> {
        let peers = peers.map(|(name, title)| format!("{name}={}", title.replace('*', "")));
        sh(Command::new(self.cache.join("py/bin/python"))
            .arg(self.folder.join("compare.py"))
            .arg(out)
            .args(peers)
            .env("PEERS_CACHE", &self.cache))
    }

    /// Does one run and gives its line of JSON, of a failed one too.
    ///
    /// # Errors
    /// If the harness says nothing.
    pub fn measure(&self, run: &Run) -> anyhow::Result<String> {
        let out = Command::new(self.folder.join("run.sh"))
            .args([&run.peer, &run.workload, &run.net])
            .arg(run.seconds.to_string())
            .env("PEERS_CACHE", &self.cache)
            .env("PEERS_SEED", run.seed.to_string())
            .env("DESKHAND_BIN", &self.programs)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start the harness")?;
        let line = String::from_utf8(out.stdout)?.trim().to_owned();
        ensure!(!line.is_empty(), "the harness failed ({})", out.status);
        Ok(line)
    }
}

/// # Errors
/// With what the harness says of a run that failed.
pub fn verdict(line: &str) -> anyhow::Result<()> {
    let run: Value = serde_json::from_str(line)?;
    if run["ok"] == true {
        return Ok(());
    }
    bail!("{}", run["error"].as_str().unwrap_or("no reason given"))
}

fn cache() -> anyhow::Result<PathBuf> {
    let path = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(given) = path("PEERS_CACHE") {
        return Ok(given);
    }
    path("XDG_CACHE_HOME")
        .or_else(|| Some(path("HOME")?.join(".cache")))
        .map(|caches| caches.join("deskhand-bench"))
        .context("there is no home directory to install into: please set PEERS_CACHE")
}
