//! `cargo xtask soak`: a session that goes on and on, and a page that is lost again and again.

use std::path::Path;

use crate::{
    build,
    bundle::Profile,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// The end-to-end test that does it.
const TEST: &str = "an_hour_with_a_lost_page";

/// For how long.
#[derive(clap::Args)]
pub struct Options {
    /// How long it goes on.
    #[arg(long, value_name = "NUMBER", default_value_t = 60)]
    minutes: u32,
}

/// Builds what runs, and lets it run.
///
/// # Errors
/// If a program grew, or leaked a descriptor, or anything else went wrong.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    packages::ensure(steps, &[Set::Build, Set::Tests])?;
    packages::ensure_wasm_target(steps)?;
    build::page(steps, root, Profile::Quick)?;
    steps.step("Building server and agent", || {
        sh(build::cargo(root)
            .args(["build", "--locked", "--workspace"])
            .args(build::PROGRAMS))
    })?;
    steps.step("One long session", || {
        sh(build::cargo(root)
            .args(["test", "--locked", "--workspace", "--test", "e2e", "--"])
            .args(["--ignored", "--nocapture", TEST])
            .env("DESKHAND_SOAK_MINUTES", options.minutes.to_string()))
    })
}
