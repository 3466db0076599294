//! Running the agent: who is the first, with a window or in the terminal, and what it begins
//! with.

mod window;

use std::{io::IsTerminal as _, path::Path};

use anyhow::{Context as _, bail};
use tokio::runtime::Runtime;

use crate::{
    channel::qr::{Code, Ink},
    cli::{Agent, Invite},
    commands,
    driver::{self, Requests},
    front::{FrontEnd, Intent, Invitation, Notice, Order, caution},
    instance::{self, First, Local, Reply, Request, Taken},
    io::Outcome,
    policy::{self, Policy, User},
    server::ChooseError,
    settings, signals,
    start::{self, Ready, Start, StartError},
    store::{Keep as _, Store},
    terminal,
};

/// How invitations are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For people.
    Plain,
    /// And for their telephones.
    WithCode,
    /// For programs.
    Json,
}

impl Style {
    /// What the command line asks for.
    pub fn of(options: &Invite) -> Self {
        match (options.json, options.qr) {
            (true, _) => Self::Json,
            (false, true) => Self::WithCode,
            (false, false) => Self::Plain,
        }
    }

    /// The lines that it makes of an invitation.
    pub fn lines(self, invitation: &Invitation) -> Vec<String> {
        match self {
            Self::Plain => terminal::announcement(invitation),
            Self::Json => commands::json_line(invitation),
            Self::WithCode => {
                let code = invitation.link.as_deref().and_then(Code::of);
                let drawn = code.map(|code| code.to_terminal(Ink::BlackOnWhite));
                let mut lines = terminal::announcement(invitation);
                lines.extend(drawn);
                lines
            }
        }
    }

    fn announce(self) -> terminal::Announce {
        Box::new(move |invitation| self.lines(invitation))
    }
}

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
    let folder = start::folder()?;
    let agent = &options.agent;
    match instance::first(&folder) {
        Ok(first) => {
            if agent.terminal {
                warn(options.json);
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
                style: Style::of(options),
            };
            run(runtime, first, &folder, job)
        }
        Err(Taken::Running) => {
            warn(options.json);
            commands::invite_elsewhere(runtime, &folder, options, order)?;
            Ok(Outcome::Finished)
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows the administrator's own words first. A window does that by itself.
fn warn(json: bool) {
    match policy::rules(&Policy::read(), &User::current()).warning {
        Some(warning) if json => terminal::complain(&warning),
        Some(warning) => terminal::say(&warning),
        None => {}
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
    let ready = match start::prepare(&job.start, folder) {
        // The first time in a terminal: ask there.
        Err(StartError::Server(ChooseError::Unnamed)) if std::io::stdin().is_terminal() => {
            ask_for_server(runtime, folder)?;
            start::prepare(&job.start, folder)?
        }
        other => other?,
    };
    if job.order.is_none() && job.start.until_idle && !ready.awaits_somebody() {
        bail!("No invitation is open, so there is nobody to wait for. Make one: deskhand invite");
    }
    let local = {
        let _inside = runtime.enter();
        Local::serve(first).context("the program cannot start")?
    };
    if job.start.agent.terminal {
        in_the_terminal(runtime, ready, local, job)
    } else {
        window::run(runtime, ready, local, job)
    }
}

/// Asks once, and tries it out.
fn ask_for_server(runtime: &Runtime, folder: &Path) -> anyhow::Result<()> {
    loop {
        let typed =
            terminal::ask("Which server introduces you? (for example https://help.example.org) ")?;
        if typed.is_empty() {
            return Err(StartError::Server(ChooseError::Unnamed).into());
        }
        let policy = Policy::read();
        let allows = |address: &crate::server::Address| {
            policy.as_ref().is_ok_and(|policy| policy.allows(address))
        };
        match runtime.block_on(driver::try_out(&typed, &allows)) {
            Ok(address) => {
                let (mut store, _) = Store::open(folder, crate::clock::Now::read())?;
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
    let first_use = job.order.is_some() && front.view.borrow().first_use;
    if first_use && !caution(&front)? {
        return Ok(Outcome::Failed);
    }
    let agent = runtime.spawn(agent);
    obey_signals(runtime, &front);
    let announce = job.style.announce();
    runtime.block_on(terminal::run(front, job.order, announce));
    runtime.block_on(agent).context("the session broke off")
}

/// Whose idea was this? Asked once where somebody can answer, and said otherwise. False if the
/// novice does not go on.
fn caution(front: &FrontEnd) -> anyhow::Result<bool> {
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
    front
        .intents
        .try_send(Intent::Warned)
        .context("the program cannot start")?;
    Ok(true)
}

fn obey_signals(runtime: &Runtime, front: &FrontEnd) {
    runtime.spawn(signals::obey(front.view.clone(), front.intents.clone()));
}
