//! The server's part of BENCHMARKS.md.

use std::fmt::Write as _;

use super::{
    COTURN, ECHO, OURS, Run,
    goals::{Goal, goals},
    results::{Results, Spread},
};
use crate::bench::report::{NONE, machine};

/// What the part begins with.
pub const TITLE: &str = "# The server, measured";

const INTRODUCTION: &str = "

Made by `cargo xtask bench server`, which measures all of this anew; the load is
`signaling/benches/load`. The server is the one that is released, with its usual options, in a
process of its own. The load comes from the same computer, so that both share its processor, and
from addresses all over 127.0.0.0/8: 20 sockets from each, which is what the server lets one
address have. Figures are medians over all rounds, in which the runs take turns; in brackets are
the least and the most.
";

const WAITING: &str = "
## Waiting

Each invitation is its own agent's, with a socket to the server that has been pinged once. While
all of them wait, an expert still gets through to one. Memory is what the process holds (RSS); the
kernel's buffers are not in it.

";

const HANDSHAKES: &str = "
## Handshakes

- **under way**: so many handshakes at any time, each with an expert who connects anew and a novice
  who says yes after 4 to 8 seconds. What people do decides how many messages there are.
- **full load**: so many pairs say whole handshakes over and over, each message as soon as the one
  before it has arrived: as many as the machine can carry, the load included.
- **bare echo**: the same load on an axum WebSocket that sends back what it gets: the same number
  of connections, messages as long, the same buffers.
- The messages are those of a handshake `ra/1` and of what follows it, sealed, in their order. Each
  is compared with what has to arrive. A message takes from when one end sends it to when the other
  has it.

";

const RELAYED: &str = "
## Relayed pictures

In each session both ends have an address of the relay's and speak to each other through both, in
channel data over UDP: packets of 1,200 bytes one way at 3 Mbit/s, and 50 of 80 bytes a second back.
coturn is Debian's, without TLS and logs, and opened by credentials that our server lends. It sends
what is for another address of its own over the network to itself; our relay hands it over inside.

";

/// All of it.
pub fn markdown(results: &Results) -> String {
    let mut out = TITLE.to_owned() + INTRODUCTION;
    out.push_str(&machine(&results.machine));
    waiting(&mut out, results);
    handshakes(&mut out, results);
    relayed(&mut out, results);
    out.push_str(&table_of(&goals(results)));
    if !results.failed.is_empty() {
        out.push_str("\n## Runs of the server that failed\n\n");
        for failed in &results.failed {
            let _ = writeln!(out, "- {failed}");
        }
    }
    out
}

fn waiting(out: &mut String, results: &Results) {
    let run = Run("waiting", OURS);
    if results.rounds(run) == 0 {
        return;
    }
    out.push_str(WAITING);
    head(
        out,
        &[
            "invitations",
            "registered within, s",
            "memory before, MiB",
            "after, MiB",
            "KiB each",
        ],
    );
    let figure = |pointer| results.figure(run, pointer);
    let mib = |pointer| figure(pointer).map(|kib| kib.times(1.0 / 1024.0));
    row(
        out,
        "**Deskhand**",
        &[
            plain(figure("/count"), 0),
            plain(figure("/seconds"), 1),
            plain(mib("/before_kib"), 1),
            plain(mib("/after_kib"), 1),
            ranged(figure("/each_kib"), 1),
        ],
    );
}

fn handshakes(out: &mut String, results: &Results) {
    let (under_way, full, echo) = (
        Run("handshakes", OURS),
        Run("full", OURS),
        Run("full", ECHO),
    );
    if [under_way, full, echo]
        .iter()
        .all(|run| results.rounds(*run) == 0)
    {
        return;
    }
    out.push_str(HANDSHAKES);
    head(
        out,
        &[
            "at once",
            "messages/s",
            "median, ms",
            "p95, ms",
            "p99, ms",
            "cores, server",
            "µs of processor a message",
        ],
    );
    for (name, run) in [
        ("**Deskhand**, under way", under_way),
        ("**Deskhand**, full load", full),
        ("bare echo, full load", echo),
    ] {
        if results.rounds(run) == 0 {
            continue;
        }
        let each = results.rate(run, "/processor", "/messages");
        row(
            out,
            name,
            &[
                plain(results.figure(run, "/count"), 0),
                ranged(results.rate(run, "/messages", "/seconds"), 0),
                plain(results.figure(run, "/ms/p50"), 2),
                plain(results.figure(run, "/ms/p95"), 2),
                ranged(results.figure(run, "/ms/p99"), 2),
                plain(results.rate(run, "/processor", "/seconds"), 2),
                plain(each.map(|each| each.times(1e6)), 1),
            ],
        );
    }
    let ratio = |pointer| ranged(results.ratio(full, echo, pointer), 2);
    row(
        out,
        "*full load, ours ÷ echo*",
        &[
            String::new(),
            ratio("/per_second"),
            ratio("/ms/p50"),
            ratio("/ms/p95"),
            ratio("/ms/p99"),
            String::new(),
            ratio("/micros_each"),
        ],
    );
}

fn relayed(out: &mut String, results: &Results) {
    let (ours, coturn) = (Run("relayed", OURS), Run("relayed", COTURN));
    if [ours, coturn].iter().all(|run| results.rounds(*run) == 0) {
        return;
    }
    out.push_str(RELAYED);
    head(
        out,
        &[
            "sessions",
            "datagrams/s",
            "arrived, %",
            "median, ms",
            "p95, ms",
            "p99, ms",
            "cores, relay",
            "µs of processor a datagram",
        ],
    );
    for (name, run) in [("**Deskhand**", ours), ("coturn", coturn)] {
        if results.rounds(run) == 0 {
            continue;
        }
        let arrived = results.rate(run, "/received", "/sent");
        row(
            out,
            name,
            &[
                plain(results.figure(run, "/count"), 0),
                plain(results.rate(run, "/received", "/seconds"), 0),
                plain(arrived.map(|part| part.times(100.0)), 2),
                plain(results.figure(run, "/ms/p50"), 2),
                plain(results.figure(run, "/ms/p95"), 2),
                plain(results.figure(run, "/ms/p99"), 2),
                plain(results.rate(run, "/processor", "/seconds"), 2),
                ranged(results.figure(run, "/micros_each"), 1),
            ],
        );
    }
    let ratio = |pointer| ranged(results.ratio(ours, coturn, pointer), 2);
    row(
        out,
        "*ours ÷ coturn*",
        &[
            String::new(),
            String::new(),
            String::new(),
            ratio("/ms/p50"),
            ratio("/ms/p95"),
            ratio("/ms/p99"),
            String::new(),
            ratio("/micros_each"),
        ],
    );
}

fn table_of(goals: &[Goal]) -> String {
    let met = goals.iter().filter(|goal| goal.is_met()).count();
    let mut out = format!(
        "\n## Goals of the server\n\n{met} of {} are met.\n\n",
        goals.len()
    );
    head(&mut out, &["ours", "goal", ""]);
    for goal in goals {
        let sign = if goal.more_is_better { '≥' } else { '≤' };
        let limit = format!("{sign} {}", goal.limit);
        let met = if goal.is_met() { "met" } else { "**missed**" };
        let ours = ranged(Some(goal.ours), goal.digits);
        row(&mut out, goal.what, &[ours, limit, met.to_owned()]);
    }
    out
}

fn head(out: &mut String, columns: &[&str]) {
    let _ = writeln!(out, "|  | {} |", columns.join(" | "));
    let _ = writeln!(out, "|---{}|", "|---:".repeat(columns.len()));
}

fn row(out: &mut String, name: &str, cells: &[String]) {
    let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
}

fn plain(figure: Option<Spread>, digits: usize) -> String {
    figure.map_or_else(
        || NONE.to_owned(),
        |figure| format!("{:.digits$}", figure.median),
    )
}

fn ranged(figure: Option<Spread>, digits: usize) -> String {
    figure.map_or_else(
        || NONE.to_owned(),
        |Spread {
             median,
             least,
             most,
         }| format!("{median:.digits$} ({least:.digits$} – {most:.digits$})"),
    )
}

impl Spread {
    fn times(self, factor: f64) -> Self {
        Self {
            median: self.median * factor,
            least: self.least * factor,
            most: self.most * factor,
        }
    }
}
