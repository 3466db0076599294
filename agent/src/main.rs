//! `deskhand`: the novice's program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_agent::{
    cli::{Cli, Command, Invite},
    front::{Control, Intent, Stage, View},
    hand,
    session::Outcome,
    start, terminal,
    ui::{person::DisplayDevices, window},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot, watch},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
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
    log_to_stderr();
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
        Some(devices.context("mouse and keyboard of this desktop cannot be watched")?)
    };
    let (invitation, front, session) = ready.split();
    let session = runtime.spawn(session);
    let (leave, left) = oneshot::channel();
    runtime.spawn(obey_signals(
        front.view.clone(),
        front.intents.clone(),
        leave,
    ));
    if options.terminal || options.print {
        terminal::announce(&invitation);
    }
    match person {
        None => {
            runtime.block_on(terminal::run(front));
        }
        // Windows belong to the main thread; the session runs on its own.
        Some(person) => {
            let _inside = runtime.enter();
            window::run(front, Box::new(person), left).context("try --terminal instead")?;
        }
    }
    runtime.block_on(session).context("the session broke off")
}

/// Ctrl+C in the terminal takes control back while it is given, and else ends; so does the
/// system's request to end. Who was told to end by a signal leaves no window behind.
async fn obey_signals(
    view: watch::Receiver<View>,
    intents: mpsc::Sender<Intent>,
    leave: oneshot::Sender<()>,
) {
    let mut leave = Some(leave);
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    loop {
        let intent = tokio::select! {
            _ = interrupt.recv() => {
                let shared = matches!(
                    view.borrow().stage,
                    Stage::Viewing { control: Control::Shared { .. }, .. }
                );
                if shared { Intent::StopControl } else { Intent::End }
            }
            _ = terminate.recv() => Intent::End,
        };
        if let Intent::End = intent
            && let Some(leave) = leave.take()
        {
            // Without a window nobody waits for it.
            let _ = leave.send(());
        }
        if intents.send(intent).await.is_err() {
            return;
        }
    }
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
