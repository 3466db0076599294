//! `deskhand`: the novice's program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_agent::{
    cli::{Cli, Command, Invite},
    front::Notice,
    hand,
    session::Outcome,
    signals, start, terminal,
    ui::{person::DisplayDevices, window},
};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let result = match cli.command {
        Some(Command::Hand) => return hand::process::run(),
        Some(Command::Invite(options)) => invite(&options),
        None => invite(&cli.invite),
    };
    match result {
        Ok(Outcome::Finished) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the one place where a person reads an error"
            )]
            {
                eprintln!("deskhand: {error:#}.");
            }
            ExitCode::from(2)
        }
    }
}

fn invite(options: &Invite) -> anyhow::Result<Outcome> {
    let ready = start::prepare(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program cannot start")?;
    let person = if options.terminal {
        None
    } else {
        let devices = DisplayDevices::new(&ready.display);
        Some(devices.context(
            "Deskhand cannot tell the mouse and keyboard of this desktop from what programs do, \
             so no control could be given. Start it with --terminal to be helped by viewing only",
        )?)
    };
    let no_control = ready.no_control.clone();
    let (invitation, front, session) = ready.split();
    let session = runtime.spawn(session);
    let (leave, left) = oneshot::channel();
    runtime.spawn(signals::obey(
        front.view.clone(),
        front.intents.clone(),
        leave,
    ));
    if options.terminal || options.print {
        terminal::announce(&invitation);
        if let Some(why) = no_control {
            terminal::say(&Notice::ControlUnavailable(why).sentence());
        }
    }
    match person {
        None => {
            runtime.block_on(terminal::run(front));
        }
        // Windows belong to the main thread; the session runs on its own.
        Some(person) => {
            let _inside = runtime.enter();
            window::run(front, Box::new(person), left)
                .context("start Deskhand with --terminal instead")?;
        }
    }
    runtime.block_on(session).context("the session broke off")
}

fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DESKHAND_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,webrtc=off,rtc=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false) // colours are not built in; asking for them panics in debug builds
        .init();
}
