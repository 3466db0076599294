//! The server under load: the real program, built for release, in a process of its own, spoken to
//! in the real protocol by very many ends at once, from addresses all over 127.0.0.0/8, so that
//! each keeps to what the server lets one address have.
//!
//! `cargo bench --workspace --bench load -- RUN` does one run and prints one line of JSON;
//! without a name it does all of them once. `cargo xtask bench server` repeats them in turns and
//! makes a report. A run has its yardstick beside it: `full --peer echo` is the same load on a
//! WebSocket server that does nothing but echo, `relayed --peer coturn` the same datagrams through
//! coturn, which has to be installed.
//!
//! - `waiting`: what one waiting invitation takes of the server's memory.
//! - `handshakes`: how long a message takes through the server while so many handshakes are under
//!   way, each with a novice who takes a few seconds to say yes.
//! - `full`: how many messages pass in a second when everybody answers at once.
//! - `relayed`: what the relay inside takes of the processor.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a bench: it prints, and its numbers are far below what a float can count"
)]

mod coturn;
mod echo;
mod ends;
mod full;
mod handshakes;
mod places;
mod program;
mod relayed;
mod script;
mod socket;
mod talk;
mod tally;
mod turn;
mod waiting;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    run: Option<Run>,
    /// What cargo adds.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Run {
    /// Very many invitations that nobody has come for.
    Waiting(waiting::Options),
    /// Very many handshakes with people behind them.
    Handshakes(handshakes::Options),
    /// The same without people: as fast as it goes.
    Full(full::Options),
    /// Pictures through a relay.
    Relayed(relayed::Options),
    /// The server that only echoes; `full` starts it.
    #[command(hide = true)]
    Echo,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runs = match options.run {
        Some(run) => vec![run],
        None => all(),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut code = ExitCode::SUCCESS;
    for run in runs {
        if matches!(run, Run::Echo) {
            if let Err(error) = runtime.block_on(echo::serve()) {
                eprintln!("{error:#}");
                return ExitCode::FAILURE;
            }
            continue;
        }
        let line = runtime.block_on(measure(&run));
        if line["ok"] != true {
            code = ExitCode::FAILURE;
        }
        println!("{line}");
    }
    code
}

/// Each once.
fn all() -> Vec<Run> {
    vec![
        Run::Waiting(waiting::Options::default()),
        Run::Handshakes(handshakes::Options::default()),
        Run::Full(full::Options::of(full::Peer::Deskhand)),
        Run::Full(full::Options::of(full::Peer::Echo)),
        Run::Relayed(relayed::Options::of(relayed::Peer::Deskhand)),
        Run::Relayed(relayed::Options::of(relayed::Peer::Coturn)),
    ]
}

/// The line of one run, of a failed one too.
async fn measure(run: &Run) -> Value {
    match run {
        Run::Waiting(options) => line("waiting", "deskhand", waiting::measure(options)).await,
        Run::Handshakes(options) => {
            line("handshakes", "deskhand", handshakes::measure(options)).await
        }
        Run::Full(options) => line("full", options.peer.name(), full::measure(options)).await,
        Run::Relayed(options) => {
            line("relayed", options.peer.name(), relayed::measure(options)).await
        }
        Run::Echo => Value::Null,
    }
}

async fn line(
    run: &str,
    peer: &str,
    figures: impl Future<Output = anyhow::Result<Value>>,
) -> Value {
    let mut line = match figures.await {
        Ok(mut figures) => {
            figures["ok"] = true.into();
            figures
        }
        Err(error) => json!({ "ok": false, "error": format!("{error:#}") }),
    };
    line["run"] = run.into();
    line["peer"] = peer.into();
    line
}
