//! `cargo xtask screenshots`: the README's pictures, made from the running programs.

use std::{fs, path::Path};

use crate::{
    build,
    bundle::Profile,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// Builds everything, then lets the end-to-end harness play a session and take the pictures.
///
/// # Errors
/// If a build fails, or the session does not come to the point of a picture.
pub fn run(steps: &mut Steps, root: &Path) -> anyhow::Result<()> {
    packages::ensure(steps, &[Set::Build, Set::Tests])?;
    build::page(steps, root, Profile::Release)?;
    let docs = root.join("docs");
    fs::create_dir_all(&docs)?;
    steps.step("Building server, agent and harness", || {
        sh(build::cargo(root)
            .args(["build", "--locked", "--package", "deskhand-tests", "--bins"])
            .args([
                "--package",
                "deskhand-signaling",
                "--package",
                "deskhand-agent",
            ]))
    })?;
    steps.step("Taking the pictures", || {
        sh(build::cargo(root)
            .args(["run", "--locked", "--package", "deskhand-tests"])
            .args(["--bin", "screenshots", "--"])
            .arg(&docs))
    })
}
