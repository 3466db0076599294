//! Running the agent: who is the first, with a window or in the terminal, and what it begins
//! with.

mod window;

use std::{io::IsTerminal as _, path::Path};

use anyhow::{Context as _, bail};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::{
    cli::{Agent, Invite},
    commands,
    driver::{self, Requests},
    front::{FrontEnd, Intent, Notice, Order, caution},
    instance::{self, First, Local, Reply, Request, Taken},
    io::Outcome,
    policy::{self, Policy, User},
    server::ChooseError,
    settings, signals,
    start::{self, Ready, Start, StartError},
    store::{Keep as _, Store},
    terminal::{self, Style},
};

/// What a later start is told while this one still asks.
const STARTING: &str =
    "Deskhand is just being started, and asks something in another terminal. Answer it there.";

/// What to run.
struct Job<'a> {
    start: Start<'a>,
    /// Begins with this invitation.
    order: Option<Order>,
    /// Prints every invitation, although there is a window.
    print: bool,
    /// How invitations are printed.
    style: Style,
}

/// `deskhand`: opens the window, or brings the one that is open to the front.
///
/// # Errors
/// A sentence.
pub fn open(runtime: &Runtime, agent: &Agent) -> anyhow::Result<Outcome> {
    let folder = start::folder()?;
    match instance::first(&folder) {
        Ok(first) => run(runtime, first, &folder, Job::waiting(agent, false)),
        Err(Taken::Running) => show(runtime, &folder),
        Err(error) => Err(error.into()),
    }
}

/// `deskhand wait`: as [`open`], and ends once nobody can come any more.
///
/// # Errors
/// A sentence.
pub fn wait(runtime: &Runtime, agent: &Agent) -> anyhow::Result<Outcome> {
    let folder = start::folder()?;
    match instance::first(&folder) {
        Ok(first) => run(runtime, first, &folder, Job::waiting(agent, agent.terminal)),
        Err(Taken::Running) if agent.terminal => bail!("Deskhand is running already, and waits"),
        Err(Taken::Running) => show(runtime, &folder),
        Err(error) => Err(error.into()),
    }
}

/// `deskhand invite`: invites, or has the Deskhand that runs invite.
///
/// # Errors
/// A sentence.
pub fn invite(runtime: &Runtime, options: &Invite) -> anyhow::Result<Outcome> {
    let order = start::order(options)?;
    let style = Style::begin(options);
    let folder = start::folder()?;
    let agent = &options.agent;
    match instance::first(&folder) {
        Ok(first) => {
            if agent.terminal {
                warn();
            }
            let job = Job {
                start: Start {
                    agent,
                    until_idle: agent.terminal,
                    folder: options.folder.clone(),
                    to: options.to.clone(),
                },
                order: Some(order),
                print: options.print || options.json || options.qr,
                style,
            };
            run(runtime, first, &folder, job)
        }
        Err(Taken::Running) => {
            warn();
            commands::invite_elsewhere(runtime, &folder, options, order, style)?;
            Ok(Outcome::Finished)
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows the administrator's own words first. A window does that by itself.
fn warn() {
    if let Some(warning) = policy::rules(&Policy::read(), &User::current()).warning {
        terminal::say(&warning);
    }
}

impl<'a> Job<'a> {
    /// Nothing new: only what was kept.
    fn waiting(agent: &'a Agent, until_idle: bool) -> Self {
        Self {
            start: Start {
                agent,
                until_idle,
                folder: None,
                to: None,
            },
            order: None,
            print: false,
            style: Style::Plain,
        }
    }
}

fn show(runtime: &Runtime, folder: &Path) -> anyhow::Result<Outcome> {
    match runtime.block_on(instance::ask(folder, Request::Show))? {
        Reply::Refused(why) => bail!(why),
        _ => Ok(Outcome::Finished),
    }
}

fn run(runtime: &Runtime, first: First, folder: &Path, job: Job<'_>) -> anyhow::Result<Outcome> {
    let local = {
        let _inside = runtime.enter();
        Local::serve(first).context("the program cannot start")?
    };
    let (local, ready) = starting(runtime, local, || begin(runtime, folder, &job))?;
    let Some(ready) = ready? else {
        return Ok(Outcome::Failed);
    };
    if job.start.agent.terminal {
        in_the_terminal(runtime, ready, local, job)
    } else {
        window::run(runtime, ready, local, job)
    }
}

/// Everything that can be refused or has to be asked before anybody can come. `None`: the novice
/// does not go on.
fn begin(runtime: &Runtime, folder: &Path, job: &Job<'_>) -> anyhow::Result<Option<Ready>> {
    let ready = match start::prepare(&job.start, folder) {
        // The first time in a terminal: ask there.
        Err(StartError::Server(ChooseError::Unnamed)) if std::io::stdin().is_terminal() => {
            ask_for_server(runtime, folder, job.start.agent)?;
            start::prepare(&job.start, folder)?
        }
        other => other?,
    };
    if !job.start.agent.terminal {
        return Ok(Some(ready));
    }
    for serial in ready.elsewhere() {
        terminal::say(&format!(
            "Invitation {serial} was made for another server, so nobody can come with it."
        ));
    }
    match &job.order {
        Some(_) if ready.is_first_use() => Ok(caution(&ready)?.then_some(ready)),
        Some(_) => Ok(Some(ready)),
        None if ready.awaits_somebody() => Ok(Some(ready)),
        None if job.start.until_idle => bail!(
            "No invitation is open, so there is nobody to wait for. Make one: deskhand invite"
        ),
        None => {
            terminal::say("Nobody is invited yet. In another terminal: deskhand invite");
            Ok(Some(ready))
        }
    }
}

/// Does what comes before the agent runs; whoever asks something of it meanwhile is told.
fn starting<T>(
    runtime: &Runtime,
    mut local: Local,
    does: impl FnOnce() -> T,
) -> anyhow::Result<(Local, T)> {
    let (done, mut is_done) = oneshot::channel::<()>();
    let answering = runtime.spawn(async move {
        loop {
            tokio::select! {
                // Sent or dropped: over either way.
                _ = &mut is_done => return local,
                (_, reply) = local.asked() => {
                    let _ = reply.send(Reply::Refused(STARTING.into()));
                }
            }
        }
    });
    let result = does();
    drop(done);
    let local = runtime
        .block_on(answering)
        .context("the program cannot start")?;
    Ok((local, result))
}

/// Asks once, and tries it out.
fn ask_for_server(runtime: &Runtime, folder: &Path, agent: &Agent) -> anyhow::Result<()> {
    loop {
        let typed =
            terminal::ask("Which server introduces you? (for example https://help.example.org) ")?;
        if typed.is_empty() {
            return Err(StartError::Server(ChooseError::Unnamed).into());
        }
        let policy = Policy::read();
        let (mut store, _) = Store::open(folder, crate::clock::Now::read())?;
        let trust = start::believed(agent, &policy, &store)?;
        let allows = |address: &crate::server::Address| {
            policy.as_ref().is_ok_and(|policy| policy.allows(address))
        };
        match runtime.block_on(driver::try_out(&typed, &trust, &allows)) {
            Ok(address) => {
                store.set(settings::SERVER, &address.public())?;
                return Ok(());
            }
            Err(why) => terminal::say(&why),
        }
    }
}

fn in_the_terminal(
    runtime: &Runtime,
    ready: Ready,
    local: Local,
    job: Job<'_>,
) -> anyhow::Result<Outcome> {
    if let Some(why) = &ready.no_control {
        terminal::say(&Notice::ControlUnavailable(why.clone()).sentence());
    }
    let (front, agent) = ready.split(Requests::new(local, None));
    let agent = runtime.spawn(agent);
    obey_signals(runtime, &front);
    runtime.block_on(terminal::run(front, job.order, job.style));
    runtime.block_on(agent).context("the session broke off")
}

/// Whose idea was this? Asked once where somebody can answer, and said otherwise. False if the
/// novice does not go on.
fn caution(ready: &Ready) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        terminal::say(caution::NOBODY_CALLS);
        return Ok(true);
    }
    terminal::say(caution::WHY);
    let called = terminal::ask(&format!("{} [y/N] ", caution::QUESTION))?;
    if matches!(called.to_ascii_lowercase().as_str(), "y" | "yes") {
        terminal::say(caution::NOBODY_CALLS);
        for advice in caution::ADVICE {
            terminal::say(advice);
        }
        let goes_on = terminal::ask("Do you know this person, and want to go on? [y/N] ")?;
        if !matches!(goes_on.to_ascii_lowercase().as_str(), "y" | "yes") {
            terminal::say("Nobody was invited.");
            return Ok(false);
        }
    }
    // The core runs in a moment, and its queue is empty.
    ready
        .front
        .intents
        .try_send(Intent::Warned)
        .context("the program cannot start")?;
    Ok(true)
}

fn obey_signals(runtime: &Runtime, front: &FrontEnd) {
    runtime.spawn(signals::obey(front.view.clone(), front.intents.clone()));
}
