//! Running the agent: who is the first, with a window or in the terminal, and what it begins
//! with.

use std::{
    io::{IsTerminal as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot, watch},
};

use crate::{
    cli::{Agent, Invite},
    commands,
    driver::{self, Requests, SERVER_SETTING},
    front::{Channel, FrontEnd, Intent, Notice, Order, View},
    instance::{self, First, Local, Reply, Request, Taken},
    io::Outcome,
    policy::Policy,
    server::ChooseError,
    signals,
    start::{self, Ready, Start, StartError},
    store::{Keep as _, Store},
    terminal,
    ui::{
        person::DisplayDevices,
        window::{self, Surroundings},
    },
};

/// How many wishes for the window may wait.
const SHOW_QUEUE: usize = 4;

/// What to run.
struct Job<'a> {
    start: Start<'a>,
    /// Begins with this invitation.
    order: Option<Order>,
    /// Prints every invitation, although there is a window.
    print: bool,
    /// Prints invitations for programs.
    json: bool,
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
            let job = Job {
                start: Start {
                    agent,
                    until_idle: agent.terminal,
                    folder: options.folder.clone(),
                    to: options.to.clone(),
                },
                order: Some(order),
                print: options.print || options.json,
                json: options.json,
            };
            run(runtime, first, &folder, job)
        }
        Err(Taken::Running) => {
            commands::invite_elsewhere(runtime, &folder, options, order)?;
            Ok(Outcome::Finished)
        }
        Err(error) => Err(error.into()),
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
            json: false,
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
    let local = {
        let _inside = runtime.enter();
        Local::serve(first).context("the program cannot start")?
    };
    if job.start.agent.terminal {
        in_the_terminal(runtime, ready, local, job)
    } else {
        with_a_window(runtime, ready, local, job)
    }
}

/// Asks once, and tries it out.
fn ask_for_server(runtime: &Runtime, folder: &Path) -> anyhow::Result<()> {
    loop {
        let mut out = std::io::stdout().lock();
        write!(
            out,
            "Which server introduces you? (for example https://help.example.org) "
        )?;
        out.flush()?;
        drop(out);
        let mut typed = String::new();
        if std::io::stdin().read_line(&mut typed)? == 0 || typed.trim().is_empty() {
            return Err(StartError::Server(ChooseError::Unnamed).into());
        }
        let policy = Policy::read();
        let allows = |address: &crate::server::Address| {
            policy.as_ref().is_ok_and(|policy| policy.allows(address))
        };
        match runtime.block_on(driver::try_out(&typed, &allows)) {
            Ok(address) => {
                let (mut store, _) = Store::open(folder, crate::clock::Now::read())?;
                store.set(SERVER_SETTING, &address.public())?;
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
    let (leave, _) = oneshot::channel();
    obey_signals(runtime, &front, leave);
    let announce = announcement(job.json);
    runtime.block_on(terminal::run(front, job.order, announce));
    runtime.block_on(agent).context("the session broke off")
}

fn announcement(json: bool) -> terminal::Announce {
    if json {
        Box::new(commands::json_line)
    } else {
        Box::new(terminal::announcement)
    }
}

fn with_a_window(
    runtime: &Runtime,
    ready: Ready,
    local: Local,
    job: Job<'_>,
) -> anyhow::Result<Outcome> {
    let devices = DisplayDevices::new(&ready.display);
    let person = devices.context(
        "Deskhand cannot tell the mouse and keyboard of this desktop from what programs do, \
         so no control could be given. Start it with --terminal to be helped by viewing only",
    )?;
    let (show, shown) = mpsc::channel(SHOW_QUEUE);
    let (front, agent) = ready.split(Requests::new(local, Some(show)));
    let agent = runtime.spawn(agent);
    let (leave, left) = oneshot::channel();
    obey_signals(runtime, &front, leave);
    if job.print {
        runtime.spawn(terminal::print_new(
            front.view.clone(),
            announcement(job.json),
        ));
    }
    if let Some(order) = job.order {
        let channel = order.channel;
        let intents = front.intents.clone();
        runtime
            .block_on(intents.send(Intent::Invite(order)))
            .context("the session broke off")?;
        runtime.spawn(pass_on(front.view.clone(), intents, channel));
    }
    // Windows belong to the main thread; the agent runs on its own.
    let _inside = runtime.enter();
    let around = Surroundings {
        person: Box::new(person),
        leave: left,
        show: Some(shown),
        has_tray: false,
    };
    window::run(front, around).context("start Deskhand with --terminal instead")?;
    runtime.block_on(agent).context("the session broke off")
}

/// What the command asked for goes its way, as if it had been asked for in the window.
async fn pass_on(mut view: watch::Receiver<View>, intents: mpsc::Sender<Intent>, channel: Channel) {
    let newest = |view: &View| view.invitations.first().map(|one| one.serial);
    let known = newest(&view.borrow_and_update());
    let made = view.wait_for(|view| newest(view) > known).await;
    let Some(serial) = made.ok().and_then(|view| newest(&view)) else {
        return;
    };
    let further = match channel {
        Channel::Link | Channel::Spoken => return,
        Channel::File => Intent::SaveFile(serial),
        Channel::Mail => Intent::OpenMail(serial),
    };
    let _ = intents.send(further).await;
}

fn obey_signals(runtime: &Runtime, front: &FrontEnd, leave: oneshot::Sender<()>) {
    runtime.spawn(signals::obey(
        front.view.clone(),
        front.intents.clone(),
        leave,
    ));
}
