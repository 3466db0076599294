//! Building the programs and the page inside the server.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{
    bundle::{self, Profile},
    packages::{self, Set},
    steps::{Steps, sh},
};

/// The cargo that called us.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    command
}

/// Where cargo puts what it builds.
pub fn target_dir(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// What rustc calls this kind of computer.
pub fn host() -> anyhow::Result<String> {
    let out = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .find_map(|line| Some(line.strip_prefix("host: ")?.to_owned()))
        .context("rustc does not say for which computer it builds")
}

/// `cargo xtask bundle`.
pub fn page(steps: &mut Steps, root: &Path, profile: Profile) -> anyhow::Result<()> {
    packages::ensure_wasm_target(steps)?;
    steps.step("Building the expert's page", || {
        bundle::bundle(root, profile)
    })
}

/// `cargo xtask build`: both programs for release.
pub fn release(steps: &mut Steps, root: &Path) -> anyhow::Result<()> {
    packages::ensure(steps, &[Set::Build])?;
    page(steps, root, Profile::Release)?;
    steps.step("Building server and agent for release", || {
        sh(cargo(root)
            .args(["build", "--locked", "--release"])
            .args(PROGRAMS))
    })?;
    let dir = target_dir(root).join("release");
    eprintln!(
        "\nReady:\n  {}\n  {}",
        dir.join("deskhand-server").display(),
        dir.join("deskhand").display()
    );
    Ok(())
}

/// Cargo's arguments that choose the two programs.
pub const PROGRAMS: [&str; 4] = ["--bin", "deskhand-server", "--bin", "deskhand"];
