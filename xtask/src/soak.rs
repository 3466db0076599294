//! `cargo xtask soak`: a session that goes on and on, and a page that is lost again and again.

use std::path::Path;

use crate::{
    build,
    bundle::Profile,
    packages::{self, Set},
    steps::{Steps, sh},
    test,
};

/// The end-to-end test that does it.
const TEST: &str = "an_hour_with_a_lost_page_every_few_seconds_leaves_nothing_behind";

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
        let minutes = options.minutes.to_string();
        let variables = [("DESKHAND_SOAK_MINUTES", minutes.as_str())];
        let harness = ["--ignored", "--nocapture"];
        test::end_to_end(root, Some(TEST), &harness, &variables, &mut Vec::new())
    })
}
