//! `deskhand`: the novice's program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_agent::{
    channel::mail,
    cli::{Cli, Command, Policy},
    commands, hand,
    io::Outcome,
    program, secrecy, terminal,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    if let Some(Command::Portal) = cli.command {
        // The one that others may look into: it knows no secret.
        return mail::ask_for_another();
    }
    secrecy::keep_memory_private();
    if let Some(Command::Hand) = cli.command {
        return hand::process::run();
    }
    match obey(&cli) {
        Ok(Outcome::Finished) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Err(error) => {
            let said = format!("{error:#}");
            terminal::complain(&format!("{}.", said.trim_end_matches('.')));
            ExitCode::from(2)
        }
    }
}

fn obey(cli: &Cli) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program cannot start")?;
    let done = match &cli.command {
        None => return program::open(&runtime, &cli.agent),
        Some(Command::Wait(agent)) => return program::wait(&runtime, agent),
        Some(Command::Invite(options)) => return program::invite(&runtime, options),
        Some(Command::Status(output)) => commands::status(&runtime, *output),
        Some(Command::Show(options)) => commands::show(&runtime, options),
        Some(Command::Expire(named)) => commands::expire(&runtime, named),
        Some(Command::Extend(options)) => commands::extend(&runtime, options),
        Some(Command::Forget(named)) => commands::forget(&runtime, named),
        Some(Command::Settings(options)) => commands::settings(&runtime, options),
        Some(Command::Policy(Policy::Check(output))) => {
            let allowed = commands::check_policy(*output);
            return Ok(if allowed {
                Outcome::Finished
            } else {
                Outcome::Failed
            });
        }
        Some(Command::Hand | Command::Portal) => Ok(()),
    };
    done?;
    Ok(Outcome::Finished)
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DESKHAND_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("warn,webrtc=off,rtc=off,winit=error")
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false) // colours are not built in; asking for them panics in debug builds
        .init();
}
