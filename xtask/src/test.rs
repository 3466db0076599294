//! `cargo xtask test`: every check and every test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, bail};

use crate::{
    build,
    bundle::{self, Profile},
    packages::{self, Set},
    page_tests,
    steps::{Steps, sh, show},
};

/// The end-to-end tests: a target that runs only when it is named. Everything here names the
/// whole workspace and no package, so that cargo builds each dependency once and not once for
/// every selection of packages and their features.
const END_TO_END: &str = "e2e";

/// What to leave out.
#[derive(clap::Args)]
pub struct Options {
    /// Leave out formatting, lints and the check of dependencies.
    #[arg(long)]
    skip_checks: bool,
    /// Also the end-to-end tests that take many minutes.
    #[arg(long)]
    soak: bool,
    /// Only end-to-end tests whose name contains this.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Runs everything, going on after a failed check, and repeats all results at the end.
///
/// # Errors
/// If anything failed.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    packages::ensure(steps, &[Set::Build, Set::Tests])?;
    packages::ensure_wasm_target(steps)?;
    let everything = options.only.is_none();
    // The server embeds the page, so the page comes before the first build of the server.
    build::page(steps, root, Profile::Quick)?;
    if everything && !options.skip_checks {
        packages::ensure_lint_tools(steps)?;
        checks(steps, root);
    }
    let mut results = Vec::new();
    if everything {
        steps.check("Unit, property and simulation tests", || {
            run_tests(&mut cargo_test(root, &["--workspace"]), &mut results)
        });
    }
    steps.step("Building the page's own tests", || page_tests::build(root))?;
    steps.step("Building server and agent", || {
        sh(build::cargo(root)
            .args(["build", "--locked", "--workspace"])
            .args(build::PROGRAMS))
    })?;
    steps.check("End-to-end tests", || {
        let threads = end_to_end_threads();
        let mut harness = vec!["--test-threads", threads.as_str()];
        harness.extend(options.soak.then_some("--include-ignored"));
        end_to_end(root, options.only.as_deref(), &harness, &[], &mut results)
    });
    steps.print_summary();
    let mut out = std::io::stdout().lock();
    writeln!(out)?;
    for line in results {
        writeln!(out, "{line}")?;
    }
    steps.verdict()
}

fn checks(steps: &mut Steps, root: &Path) {
    steps.check("Formatting", || {
        sh(build::cargo(root).args(["fmt", "--all", "--check"]))
    });
    steps.check("Lints", || {
        sh(build::cargo(root)
            .args([
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--test",
                END_TO_END,
            ])
            .args(["--", "--deny", "warnings"]))
    });
    steps.check("Lints of the page, for the browser", || {
        sh(bundle::cargo(root)
            .args([
                "clippy",
                "--package",
                bundle::PACKAGE,
                "--target",
                bundle::TARGET,
            ])
            .args(["--lib", "--bins", "--test", "browser"])
            .args(["--", "--deny", "warnings"]))
    });
    if packages::in_path("cargo-deny") {
        // Known vulnerabilities are looked up on the Internet, so they are not checked here.
        steps.check("Licences and sources of dependencies", || {
            sh(build::cargo(root).args(["deny", "check", "bans", "licenses", "sources"]))
        });
    } else {
        eprintln!(
            "\ncargo-deny is not installed, so licences and sources of dependencies are not \
             checked (cargo install cargo-deny)."
        );
    }
}

/// A browser, an encoder and an X server keep about two cores busy.
fn end_to_end_threads() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, 4).to_string()
}

/// The end-to-end tests whose name contains `only`, or all, told `harness`.
///
/// # Errors
/// If one failed, or none has that name.
pub fn end_to_end(
    root: &Path,
    only: Option<&str>,
    harness: &[&str],
    variables: &[(&str, &str)],
    results: &mut Vec<String>,
) -> anyhow::Result<()> {
    let mut command = cargo_test(root, &["--workspace", "--test", END_TO_END]);
    command.args(harness).args(only);
    command.envs(variables.iter().copied());
    let before = results.len();
    run_tests(&mut command, results)?;
    match only {
        Some(name) if !results[before..].iter().any(|line| has_passed(line)) => {
            bail!("no end-to-end test that is run has {name} in its name")
        }
        _ => Ok(()),
    }
}

/// Whether this line says that a test has passed, at least.
fn has_passed(line: &str) -> bool {
    line.starts_with("test result:") && !line.contains(" 0 passed")
}

fn cargo_test(root: &Path, args: &[&str]) -> Command {
    let mut command = build::cargo(root);
    command
        .args(["test", "--locked", "--no-fail-fast"])
        .args(args)
        .arg("--");
    command
}

/// Runs tests, shows everything as it comes and keeps the result lines.
fn run_tests(command: &mut Command, results: &mut Vec<String>) -> anyhow::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        writeln!(std::io::stdout(), "{line}")?;
        let counted = line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed");
        let failed = line.starts_with("test ") && line.ends_with("FAILED");
        if counted || failed {
            results.push(line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_which_nothing_passed_is_told_from_one_in_which_something_did() {
        let result = |passed| {
            format!(
                "test result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 90 filtered out"
            )
        };
        assert!(has_passed(&result(1)) && has_passed(&result(10)));
        assert!(!has_passed(&result(0)));
        assert!(!has_passed("test result_is_told ... ok"));
    }
}
