//! `cargo xtask bench server`: how much the server carries, beside what limits it. The bench
//! `load` in `signaling/benches` measures; this decides how often and in which order, keeps the
//! raw results, and makes a part of BENCHMARKS.md of them.

mod goals;
mod report;
mod results;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use self::results::Results;
use super::{machine, parts};
use crate::{
    build,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// What of it.
#[derive(clap::Args)]
pub struct Options {
    /// Only this run: waiting, handshakes, full or relayed; may be given again.
    #[arg(long, value_name = "NAME")]
    run: Vec<String>,
    /// How often each is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    repeats: u16,
    /// Measure nothing: make the report from results of earlier runs; may be given again.
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
}

/// One run: what, and through whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run(pub &'static str, pub &'static str);

/// Ours.
pub const OURS: &str = "deskhand";
/// The limit of messages.
pub const ECHO: &str = "echo";
/// The other relay.
pub const COTURN: &str = "coturn";

/// All of them. What is compared stands side by side.
pub const RUNS: [Run; 6] = [
    Run("waiting", OURS),
    Run("handshakes", OURS),
    Run("full", OURS),
    Run("full", ECHO),
    Run("relayed", OURS),
    Run("relayed", COTURN),
];

/// Measures, keeps the raw results, prints the tables, and writes them into the report unless only
/// a part was measured.
///
/// # Errors
/// If set-up or the build fails. A single failed run is told and goes into the report.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    let files = if options.report.is_empty() {
        vec![measure(steps, root, options)?]
    } else {
        options.report.clone()
    };
    let mut results = Results::default();
    for file in &files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        results.read(&text)?;
    }
    let report = report::markdown(&results);
    write!(std::io::stdout(), "{report}")?;
    if options.run.is_empty() {
        parts::put(root, report::TITLE, &report)?;
        eprintln!("\nWritten: {}", parts::FILE);
    }
    Ok(())
}

/// Gives the file with the raw results, one line of JSON a run after one about the machine.
fn measure(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<PathBuf> {
    let runs = chosen(&options.run)?;
    if runs.contains(&Run("relayed", COTURN)) {
        packages::ensure(steps, &[Set::OtherRelay])?;
    }
    steps.step("Building the server and its load", || {
        sh(load(root).arg("--no-run"))
    })?;
    let folder = build::target_dir(root).join("bench/server");
    fs::create_dir_all(&folder)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let path = folder.join(format!("{}.jsonl", now.as_secs()));
    let mut file = File::create(&path)?;
    writeln!(file, "{}", machine::describe(root, &machine::relays(), now))?;
    eprintln!("\nLeave the machine alone meanwhile.");
    for round in 0..options.repeats {
        for Run(run, peer) in in_turn(&runs, round) {
            let name = format!("{} of {}: {run} {peer}", round + 1, options.repeats);
            steps.check(&name, || {
                let mut line = one(root, run, peer)?;
                line["round"] = round.into();
                writeln!(file, "{line}")?;
                verdict(&line)
            });
        }
    }
    eprintln!("\nRaw results: {}", path.display());
    Ok(path)
}

/// All, or those that are named.
fn chosen(names: &[String]) -> anyhow::Result<Vec<Run>> {
    for name in names {
        let known = RUNS.iter().any(|Run(run, _)| run == name);
        ensure!(known, "there is no run {name}");
    }
    let wanted = |Run(run, _): &Run| names.is_empty() || names.iter().any(|name| name == run);
    Ok(RUNS.into_iter().filter(wanted).collect())
}

/// Every other round the other way round, so that what comes first or last is the same for both of
/// those that are compared.
fn in_turn(runs: &[Run], round: u16) -> Vec<Run> {
    let mut runs = runs.to_vec();
    if round % 2 == 1 {
        runs.reverse();
    }
    runs
}

/// The line of one run, of a failed one too.
fn one(root: &Path, run: &str, peer: &str) -> anyhow::Result<Value> {
    let mut command = load(root);
    command.args(["--", run]);
    if RUNS.iter().filter(|known| known.0 == run).count() > 1 {
        command.args(["--peer", peer]);
    }
    let out = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the load")?;
    let line = String::from_utf8(out.stdout)?;
    serde_json::from_str(line.trim())
        .with_context(|| format!("the load failed ({}): {line}", out.status))
}

fn verdict(line: &Value) -> anyhow::Result<()> {
    if line["ok"] == true {
        return Ok(());
    }
    bail!("{}", line["error"].as_str().unwrap_or("no reason given"))
}

/// The bench, built as it is part of the workspace.
fn load(root: &Path) -> Command {
    let mut command = build::cargo(root);
    command.args([
        "bench",
        "--locked",
        "--quiet",
        "--workspace",
        "--bench",
        "load",
    ]);
    command
}
