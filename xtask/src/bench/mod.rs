//! `cargo xtask bench picture`: how fast, how sharp and how cheap the picture is, beside other
//! remote desktops on the same work in the same hour. `tests/bench/peers` measures; this decides
//! what, keeps the raw results, and makes a part of BENCHMARKS.md of them. `cargo xtask bench
//! server` makes another one; see [`server`].

mod bar;
mod cell;
mod harness;
mod machine;
mod metric;
mod parts;
mod plan;
mod plot;
mod report;
mod server;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use self::{
    cell::Results,
    harness::Harness,
    plan::{PEERS, Plan},
};
use crate::{build, steps::Steps};

/// What can be measured.
#[derive(clap::Subcommand)]
pub enum Bench {
    /// The picture in the expert's browser, ours and other programs'.
    Picture(Options),
    /// What the server carries: waiting invitations, handshakes, relayed pictures.
    Server(server::Options),
}

/// What of it.
#[derive(clap::Args)]
pub struct Options {
    /// Once, not long, without bad links, beside the strongest peers: about ten minutes.
    #[arg(long)]
    quick: bool,
    /// Only this peer, such as deskhand or selkies@eco; may be given again.
    #[arg(long, value_name = "NAME")]
    peer: Vec<String>,
    /// Only this workload, such as typing; may be given again.
    #[arg(long, value_name = "NAME")]
    workload: Vec<String>,
    /// Only this net: lan, wan, slow, or one that else only ours is measured over (loss0, loss2,
    /// loss5, loss10, thin); may be given again.
    #[arg(long, value_name = "NAME")]
    net: Vec<String>,
    /// How often each is measured.
    #[arg(long, value_name = "NUMBER")]
    repeats: Option<u16>,
    /// How long each is measured.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u16>,
    /// Do not build: measure the programs that are there.
    #[arg(long)]
    no_build: bool,
    /// Measure nothing: make the report from results of earlier runs; may be given again.
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
}

impl Options {
    /// Whether the results are all there is to know, and so make BENCHMARKS.md.
    fn is_whole(&self) -> bool {
        let narrowed = [&self.peer, &self.workload, &self.net]
            .iter()
            .any(|names| !names.is_empty());
        !self.quick && !narrowed
    }
}

/// Where the picture of the report goes.
const PLOT: &str = "docs/bench-picture.svg";
const TEXT: &str = "docs/bench-text.png";

/// Measures, keeps the raw results, prints the tables, and writes the report unless only a part
/// was measured.
///
/// # Errors
/// If set-up or the build fails, or not one run succeeds. A single failed run is told and goes
/// into the report.
pub fn run(steps: &mut Steps, root: &Path, bench: &Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Picture(options) => picture(steps, root, options),
        Bench::Server(options) => server::run(steps, root, options),
    }
}

fn picture(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    let files = if options.report.is_empty() {
        vec![measure(steps, root, options)?]
    } else {
        options.report.clone()
    };
    let text = files
        .iter()
        .map(|file| {
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        })
        .collect::<anyhow::Result<String>>()?;
    let results = Results::parse(&text)?;
    let report = report::markdown(&results, PLOT, TEXT);
    write!(std::io::stdout(), "{report}")?;
    if options.is_whole() {
        parts::put(root, report::TITLE, &report)?;
        fs::write(root.join(PLOT), plot::svg(&results))?;
        let peers = PEERS.iter().map(|peer| (peer.name, peer.title));
        Harness::ready(steps, root)?.compare(peers, &root.join(TEXT))?;
        eprintln!("\nWritten: {}, {PLOT}, {TEXT}", parts::FILE);
    }
    Ok(())
}

/// Gives the file with the raw results, one line of JSON a run after one about the machine.
fn measure(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<PathBuf> {
    let plan = Plan::new(options)?;
    let harness = Harness::ready(steps, root)?;
    if !options.no_build && plan.has_ours() {
        build::release(steps, root)?;
    }
    let folder = build::target_dir(root).join("bench/picture");
    fs::create_dir_all(&folder)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let path = folder.join(format!("{}.jsonl", now.as_secs()));
    let mut file = File::create(&path)?;
    writeln!(
        file,
        "{}",
        machine::describe(root, &machine::peers(harness.cache()), now)
    )?;
    if plan.has_ours() && !options.no_build {
        let stages = steps.step("The agent's stages", || stages(root))?;
        writeln!(file, "{stages}")?;
    }
    let count = plan.runs().count();
    eprintln!(
        "\n{count} runs, about {} minutes. Leave the machine alone meanwhile.",
        plan.minutes()
    );
    for (at, cell) in plan.runs().enumerate() {
        let name = format!(
            "{} of {count}: {} {} {}",
            at + 1,
            cell.peer,
            cell.workload,
            cell.net
        );
        steps.check(&name, || {
            let line = harness.measure(&cell)?;
            writeln!(file, "{line}")?;
            harness::verdict(&line)
        });
    }
    eprintln!("\nRaw results: {}", path.display());
    Ok(path)
}

/// What the agent's own bench prints.
fn stages(root: &Path) -> anyhow::Result<serde_json::Value> {
    let out = build::cargo(root)
        .args(["bench", "--locked", "--workspace"])
        .args(["--bench", "stages"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        out.status.success(),
        "the bench of the agent's stages failed"
    );
    Ok(json!({ "stages": String::from_utf8(out.stdout)? }))
}
