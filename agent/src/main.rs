//! `deskhand`: the novice's program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_agent::{
    cli::{Agent, Cli, Command, Invite},
    driver::Requests,
    front::{Intent, Notice, Order},
    hand,
    io::Outcome,
    signals,
    start::{self, Ready, Start},
    terminal,
    ui::{
        person::DisplayDevices,
        window::{self, Surroundings},
    },
};
use tokio::{runtime::Runtime, sync::oneshot};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let result = match cli.command {
        Some(Command::Hand) => return hand::process::run(),
        Some(Command::Invite(options)) => invite(&options),
        Some(Command::Wait(agent)) => run(&agent, None, true, false),
        None => run(&cli.agent, None, false, false),
        Some(_) => Ok(Outcome::Failed),
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
    let order = start::order(options)?;
    run(&options.agent, Some(order), true, options.print)
}

/// Runs the agent, with a window or in the terminal.
fn run(
    agent: &Agent,
    order: Option<Order>,
    until_idle: bool,
    print: bool,
) -> anyhow::Result<Outcome> {
    let folder = start::folder()?;
    let start = Start {
        agent,
        terminal: agent.terminal,
        until_idle: until_idle && agent.terminal,
        folder: None,
    };
    let ready = start::prepare(&start, &folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program cannot start")?;
    if let Some(damaged) = &ready.damaged {
        terminal::say(&damaged.to_string());
    }
    if agent.terminal {
        in_the_terminal(&runtime, ready, order)
    } else {
        with_a_window(&runtime, ready, order, print)
    }
}

fn in_the_terminal(
    runtime: &Runtime,
    ready: Ready,
    order: Option<Order>,
) -> anyhow::Result<Outcome> {
    if let Some(why) = &ready.no_control {
        terminal::say(&Notice::ControlUnavailable(why.clone()).sentence());
    }
    let (front, agent) = ready.split(Requests::default());
    let agent = runtime.spawn(agent);
    let (leave, _) = oneshot::channel();
    runtime.spawn(signals::obey(
        front.view.clone(),
        front.intents.clone(),
        leave,
    ));
    let announce = Box::new(terminal::announcement);
    runtime.block_on(terminal::run(front, order, announce));
    runtime.block_on(agent).context("the session broke off")
}

fn with_a_window(
    runtime: &Runtime,
    ready: Ready,
    order: Option<Order>,
    print: bool,
) -> anyhow::Result<Outcome> {
    let devices = DisplayDevices::new(&ready.display);
    let person = devices.context(
        "Deskhand cannot tell the mouse and keyboard of this desktop from what programs do, \
         so no control could be given. Start it with --terminal to be helped by viewing only",
    )?;
    let (front, agent) = ready.split(Requests::default());
    let agent = runtime.spawn(agent);
    let (leave, left) = oneshot::channel();
    runtime.spawn(signals::obey(
        front.view.clone(),
        front.intents.clone(),
        leave,
    ));
    if print {
        runtime.spawn(terminal::print_new(front.view.clone()));
    }
    if let Some(order) = order {
        runtime
            .block_on(front.intents.send(Intent::Invite(order)))
            .context("the session broke off")?;
    }
    // Windows belong to the main thread; the agent runs on its own.
    let _inside = runtime.enter();
    let around = Surroundings {
        person: Box::new(person),
        leave: left,
        show: None,
        has_tray: false,
    };
    window::run(front, around).context("start Deskhand with --terminal instead")?;
    runtime.block_on(agent).context("the session broke off")
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
