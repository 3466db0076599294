//! What the README and continuous integration call: `cargo xtask run`, `cargo xtask test`.
//!
//! Each command does its own set-up and says what it is doing while it does it.
#![expect(
    clippy::print_stderr,
    reason = "a command-line tool; it speaks to the person who called it"
)]

mod bench;
mod build;
mod bundle;
mod desktop;
mod dist;
mod fuzz;
mod packages;
mod page_tests;
mod run;
mod screenshots;
mod soak;
mod steps;
mod test;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser;

use crate::{bundle::Profile, steps::Steps};

/// Builds, runs and tests Deskhand.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Set everything up, start the server and an invitation, and print its link and password.
    Run(run::Options),
    /// Build both programs for release, the expert's page inside the server.
    Build,
    /// Build the expert's page alone, into static/bundle.
    Bundle,
    /// Install what the tests need, then run all of them and all checks.
    Test(test::Options),
    /// Keep one session going for an hour, losing the page again and again, and look for leaks.
    Soak(soak::Options),
    /// Make packages of both programs, into target/dist. Needs Debian or Ubuntu.
    Dist(dist::Options),
    /// Try to make fall over what reads messages of the network, by libFuzzer.
    Fuzz(fuzz::Options),
    /// Measure beside other programs and write BENCHMARKS.md. Needs Debian and root.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Make the README's pictures from the running programs, into docs/.
    Screenshots,
}

fn main() -> ExitCode {
    let command = Command::parse();
    match root().and_then(|root| call(&command, &root)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nIt did not work: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn call(command: &Command, root: &Path) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    match command {
        Command::Run(options) => run::run(&mut steps, root, options),
        Command::Build => build::release(&mut steps, root),
        Command::Bundle => build::page(&mut steps, root, Profile::Release),
        Command::Test(options) => test::run(&mut steps, root, options),
        Command::Soak(options) => soak::run(&mut steps, root, options),
        Command::Dist(options) => dist::run(&mut steps, root, options),
        Command::Fuzz(options) => fuzz::run(&mut steps, root, options),
        Command::Bench(what) => bench::run(&mut steps, root, what),
        Command::Screenshots => screenshots::run(&mut steps, root),
    }
}

/// The folder of the workspace, wherever the command was called from. Cargo names it when it
/// runs this program; what was so at build time may have been moved since.
fn root() -> anyhow::Result<PathBuf> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent()
        .map(Path::to_path_buf)
        .context("the workspace has no folder")
}
