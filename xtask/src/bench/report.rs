//! BENCHMARKS.md.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    bar::{Check, checks},
    cell::{Cell, Results},
    metric::{
        Metric,
        Part::{P50, P95},
    },
    plan::{NETS, OTHER_NETS, OURS, PEERS, WORKLOADS, find},
};

/// What a column shows: one figure, or a median and a 95th percentile.
type Column = (&'static str, &'static [Metric]);

const COLUMNS: [Column; 9] = [
    (
        "change → photon, ms",
        &[Metric::Change(P50), Metric::Change(P95)],
    ),
    (
        "input → photon, ms",
        &[Metric::Input(P50), Metric::Input(P95)],
    ),
    (
        "frame → photon, ms",
        &[Metric::Frame(P50), Metric::Frame(P95)],
    ),
    ("frames/s", &[Metric::Shown]),
    ("kbit/s", &[Metric::Down]),
    ("cores, server", &[Metric::Server]),
    ("cores, browser", &[Metric::Viewer]),
    (
        "text at rest, dB luma / RGB",
        &[Metric::TextLuma, Metric::TextColour],
    ),
    ("exact at rest, %", &[Metric::Exact]),
];
/// A ratio of decibels says nothing.
const RATIOS: usize = 7;
/// In place of a figure.
pub const NONE: &str = "–";

/// All of it; `plot` is where the bars are, `text` where text is as each peer shows it.
pub fn markdown(results: &Results, plot: &str, text: &str) -> String {
    let mut out = TITLE.to_owned() + INTRODUCTION;
    out.push_str(&machine(&results.machine));
    let _ = write!(
        out,
        "\n![The same in bars]({plot})\n\nText at rest, three times as large:\n\n\
         ![Text as the screen has it and as each peer shows it]({text})\n"
    );
    for net in NETS.iter().chain(&OTHER_NETS) {
        out.push_str(&table(results, net));
    }
    if let Some(stages) = &results.stages {
        let _ = write!(out, "{STAGES}```text\n{}\n```\n", stages.trim_end());
    }
    out.push_str(&goals(&checks(results)));
    if !results.failed.is_empty() {
        out.push_str("\n## Runs that failed\n\n");
        for failed in &results.failed {
            let _ = writeln!(out, "- {failed}");
        }
    }
    out
}

/// What the part begins with.
pub const TITLE: &str = "# The picture, measured";

const INTRODUCTION: &str = "

Made by `cargo xtask bench picture`, which measures all of this anew; how is told in
[tests/bench/peers](tests/bench/peers/README.md). Every peer shares the same desktop of
1920 x 1080 while the same program works on it, and is seen in the same headless Chromium.

- **change → photon**: from a change on the novice's screen to the picture that shows it in the
  expert's browser. **input → photon**: from the expert's click or key to the change that it causes
  there. **frame → photon**: as the first, for each frame of the workload. Median / 95th percentile.
- **cores, server**: processor time of peer and X server together. **cores, browser**: of the
  expert's Chromium, measuring included.
- **at rest**: two seconds after all motion, against what the X server holds. 99 dB is lossless.
- TigerVNC is its own X server and cannot share the desktop that a person sits at. It shows what no
  capture at all costs, and does not count among the best.
- One machine does everything, so processor time saved shows as latency. Less than 3 ms on quiet
  work, or a fifth elsewhere, is noise.
";

const STAGES: &str = "
## The agent alone

What lies between a change on the screen and its update, stage by stage, without link and browser:
`cargo bench --workspace --bench stages`. The workloads are like those above.

";

/// What all of it was measured on.
pub fn machine(machine: &Value) -> String {
    let word = |name: &str| match &machine[name] {
        Value::String(word) => word.clone(),
        Value::Number(number) => number.to_string(),
        _ => "?".to_owned(),
    };
    let with = machine["with"].as_array().into_iter().flatten();
    let with: Vec<&str> = with.filter_map(Value::as_str).collect();
    format!(
        "\nMeasured on {} cores of {} with {} GiB, {}, Linux {}, no GPU. Commit {}. {}.\n",
        word("cores"),
        word("processor"),
        word("memory_gib"),
        word("system"),
        word("kernel"),
        word("commit"),
        with.join(", "),
    )
}

fn net_title(net: &str) -> &str {
    match net {
        "lan" => "A clean link",
        "wan" => "40 ms round trip, 1 % lost each way",
        "slow" => "5 Mbit/s",
        "loss0" => "50 ms round trip",
        "loss2" => "50 ms round trip, 2 % lost each way",
        "loss5" => "50 ms round trip, 5 % lost each way",
        "loss10" => "50 ms round trip, 10 % lost each way",
        "thin" => "300 kbit/s",
        other => other,
    }
}

fn table(results: &Results, net: &str) -> String {
    let mut rows = String::new();
    for workload in WORKLOADS {
        let mut name = format!("**{workload}**");
        let others = results.peers().filter(|peer| find(peer).is_none());
        let peers = PEERS.iter().map(|peer| (peer.name, peer.title));
        for (peer, title) in peers.chain(others.map(|peer| (peer, peer))) {
            let Some(cell) = results.cell(net, workload, peer) else {
                continue;
            };
            let figures = COLUMNS.map(|(_, metrics)| figures(cell, metrics));
            row(&mut rows, &std::mem::take(&mut name), title, &figures);
        }
        if let Some(ratios) = ratios(results, net, workload) {
            row(&mut rows, "", "*ours ÷ best that can share*", &ratios);
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let mut out = format!("\n## {}\n\n", net_title(net));
    row(
        &mut out,
        "",
        "",
        &COLUMNS.map(|(title, _)| title.to_owned()),
    );
    let _ = writeln!(out, "|---|---{}|", "|---:".repeat(COLUMNS.len()));
    out + &rows
}

fn row(out: &mut String, workload: &str, peer: &str, cells: &[String]) {
    let _ = writeln!(out, "| {workload} | {peer} | {} |", cells.join(" | "));
}

fn figures(cell: &Cell, metrics: &[Metric]) -> String {
    let shown = metrics.iter().map(|metric| {
        let digits = metric.digits();
        metric.of(cell).map(|value| format!("{value:.digits$}"))
    });
    together(shown)
}

/// Ours by the best that can share a desktop, figure by figure.
fn ratios(results: &Results, net: &str, workload: &str) -> Option<[String; COLUMNS.len()]> {
    let ours = results.cell(net, workload, OURS)?;
    let others: Vec<&Cell> = PEERS
        .iter()
        .filter(|peer| peer.kind.shares())
        .filter_map(|peer| results.cell(net, workload, peer.name))
        .collect();
    let ratio = |metric: &Metric| {
        let best = metric.best(others.iter().filter_map(|cell| metric.of(cell)))?;
        let ratio = metric.of(ours)? / best;
        let shown = if ratio > 99.0 {
            "> 99".to_owned()
        } else {
            format!("{ratio:.2}")
        };
        (!ratio.is_nan()).then_some(shown)
    };
    let mut ratios = COLUMNS.map(|(_, metrics)| together(metrics.iter().map(ratio)));
    ratios[RATIOS..].fill(String::new());
    (!others.is_empty()).then_some(ratios)
}

/// One dash instead of several.
fn together(shown: impl Iterator<Item = Option<String>>) -> String {
    let shown: Vec<Option<String>> = shown.collect();
    if shown.iter().all(Option::is_none) {
        return NONE.to_owned();
    }
    let shown: Vec<String> = (shown.into_iter())
        .map(|figure| figure.unwrap_or_else(|| NONE.to_owned()))
        .collect();
    shown.join(" / ")
}

fn goals(checks: &[Check]) -> String {
    let met = checks.iter().filter(|check| check.is_met()).count();
    let mut out = format!("\n## Goals\n\n{met} of {} are met.", checks.len());
    let mut missed = checks.iter().filter(|check| !check.is_met()).peekable();
    if missed.peek().is_none() {
        out.push('\n');
        return out;
    }
    out.push_str(" Missed:\n\n| net | workload | figure | ours | goal | which is |\n");
    out.push_str("|---|---|---|---:|---:|---|\n");
    for check in missed {
        let digits = check.metric.digits();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.digits$} | {:.digits$} | {} |",
            check.net,
            check.workload,
            name(check.metric),
            check.ours,
            check.limit,
            check.because,
        );
    }
    out
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Change(P50) => "change → photon, median",
        Metric::Change(P95) => "change → photon, p95",
        Metric::Input(P50) => "input → photon, median",
        Metric::Input(P95) => "input → photon, p95",
        Metric::Frame(P50) => "frame → photon, median",
        Metric::Frame(P95) => "frame → photon, p95",
        Metric::LongestGap => "longest wait between frames, ms",
        Metric::Shown => "frames/s",
        Metric::Drawn => "frames/s drawn",
        Metric::Down => "kbit/s",
        Metric::Server => "cores, server",
        Metric::Viewer => "cores, browser",
        Metric::SoonLuma => "text a second after, dB luma",
        Metric::TextLuma => "text at rest, dB luma",
        Metric::TextColour => "text at rest, dB RGB",
        Metric::Similar => "SSIM at rest, luma",
        Metric::Exact => "exact at rest, %",
    }
}
