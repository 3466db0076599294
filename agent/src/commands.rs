//! What the program does besides helping: it lists invitations, closes them, shows the policy
//! and the settings. If an agent runs, it is asked; otherwise the store is looked at directly.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use deskhand_protocol::{id::Fingerprint, text::Name};
use rand_core::OsRng;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    channel::mail::Way,
    cli::{self, Extend, Forget, Invite, Named},
    clock::Now,
    desk::{Desk, Setup},
    driver::{self, Papers},
    front::{Channel, Invitation, Notice, Order, Serial, local_time},
    instance::{self, AskError, First, InviteRequest, Reply, Request, Taken, table},
    io::{Input, Output},
    policy::{self, Policy, Report, User},
    sentence::sentence,
    server::Trust,
    settings,
    start::{self, StartError},
    store::{Keep, Store, StoreError},
    terminal::{self, Style, put_json},
};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Nobody can tell which agent is the first.
    #[error(transparent)]
    Taken(#[from] Taken),
    /// The one that runs did not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no place for anything.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It was refused; a sentence.
    #[error("{0}")]
    Refused(String),
}

/// `deskhand status`.
///
/// # Errors
/// [`CommandError`].
pub fn status(runtime: &Runtime, output: cli::Output) -> Result<(), CommandError> {
    match ask(runtime, Request::Status)? {
        Reply::Status(lines) if output.json => put_json(&lines),
        Reply::Status(lines) => terminal::say(&table(&lines)),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

/// `deskhand expire`.
///
/// # Errors
/// [`CommandError`]; those before the first that was refused are closed.
pub fn expire(runtime: &Runtime, named: &Named) -> Result<(), CommandError> {
    let (ids, output) = (&named.ids, named.output);
    each(runtime, ids, output, Request::Expire, "closed")
}

/// `deskhand forget`.
///
/// # Errors
/// [`CommandError`]; those before the first that was refused are deleted.
pub fn forget(runtime: &Runtime, options: &Forget) -> Result<(), CommandError> {
    let mut ids = options.ids.clone();
    if options.closed {
        let Reply::Status(lines) = ask(runtime, Request::Status)? else {
            return Ok(());
        };
        let closed = lines.iter().filter(|line| line.standing.is_closed());
        ids.extend(closed.map(|line| line.serial));
        if ids.is_empty() && !options.output.json {
            terminal::say("No invitation is closed.");
        }
    }
    each(runtime, &ids, options.output, Request::Forget, "deleted")
}

/// `deskhand extend`.
///
/// # Errors
/// [`CommandError`].
pub fn extend(runtime: &Runtime, options: &Extend) -> Result<(), CommandError> {
    let secs = u32::try_from(options.by.0.as_secs()).unwrap_or(u32::MAX);
    let serial = options.id;
    expect_done(ask(runtime, Request::Extend { serial, secs })?)?;
    let Reply::Status(lines) = ask(runtime, Request::Status)? else {
        return Ok(());
    };
    let Some(line) = lines.iter().find(|line| line.serial == serial) else {
        return Ok(());
    };
    if options.output.json {
        put_json(line);
    } else {
        let ends = local_time(line.ends_at());
        terminal::say(&format!("Invitation {serial} stays open until {ends}."));
    }
    Ok(())
}

/// `deskhand policy check`. True if somebody may be invited here.
pub fn check_policy(output: cli::Output) -> bool {
    let (read, user) = (Policy::read(), User::current());
    if output.json {
        put_json(&Report::new(&read, &user));
    } else {
        for line in policy::explain(&read, &user) {
            terminal::say(&line);
        }
    }
    policy::rules(&read, &user).forbidden.is_none()
}

/// `deskhand settings`.
///
/// # Errors
/// [`CommandError`].
pub fn settings(runtime: &Runtime, options: &cli::Settings) -> Result<(), CommandError> {
    let mut changes = Vec::new();
    if let Some(path) = &options.ca {
        changes.push((settings::CA, own_authority(path)?));
    }
    if let Some(typed) = &options.server {
        let policy = Policy::read();
        let kept = match &options.ca {
            Some(path) => Some(path.clone()),
            None => kept(runtime)?.get(settings::CA).map(PathBuf::from),
        };
        let trust = start::trust(&policy, kept.as_deref())?;
        let allows = |address: &crate::server::Address| {
            policy.as_ref().is_ok_and(|policy| policy.allows(address))
        };
        let found = runtime.block_on(driver::try_out(typed, &trust, &allows));
        let address = found.map_err(CommandError::Refused)?;
        changes.push((settings::SERVER, address.public()));
    }
    if let Some(name) = &options.name {
        changes.push((settings::NAME, Name::new(name).to_string()));
    }
    if let Some(way) = &options.mail {
        let way: Way = way
            .parse()
            .map_err(|error| CommandError::Refused(sentence(&error)))?;
        changes.push((settings::MAIL, way.to_string()));
    }
    let any = !changes.is_empty();
    for (name, value) in changes {
        let name = name.to_owned();
        expect_done(ask(runtime, Request::Set { name, value })?)?;
    }
    match ask(runtime, Request::Settings)? {
        Reply::Settings(settings) if options.output.json => put_json(&settings),
        Reply::Settings(settings) => {
            for name in settings::ALL {
                let value = settings.get(name).filter(|value| !value.is_empty());
                terminal::say(&format!(
                    "{name}: {}",
                    value.map_or("not set", String::as_str)
                ));
            }
            if any {
                terminal::say("This counts from the next start of Deskhand.");
            }
        }
        other => return Err(unexpected(other)),
    }
    Ok(())
}

/// The file of an authority of one's own as it is remembered: from the top, since the program may be
/// started elsewhere next time. Empty: none.
fn own_authority(path: &Path) -> Result<String, CommandError> {
    if path.as_os_str().is_empty() {
        return Ok(String::new());
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    Trust::new([whole.as_path()]).map_err(StartError::from)?;
    match whole.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(CommandError::Refused(
            "The name of that file is no text. Give it another one.".into(),
        )),
    }
}

fn kept(runtime: &Runtime) -> Result<BTreeMap<String, String>, CommandError> {
    match ask(runtime, Request::Settings)? {
        Reply::Settings(settings) => Ok(settings),
        other => Err(unexpected(other)),
    }
}

/// `deskhand invite` while another Deskhand runs: that one invites.
///
/// # Errors
/// [`CommandError`].
pub fn invite_elsewhere(
    runtime: &Runtime,
    folder: &Path,
    options: &Invite,
    order: Order,
    style: Style,
) -> Result<(), CommandError> {
    let request = Request::Invite(InviteRequest::from(order));
    let made = match runtime.block_on(instance::ask(folder, request))? {
        Reply::Invited(made) => made,
        other => return Err(unexpected(other)),
    };
    let shown = Invitation::from(&*made);
    terminal::say("The Deskhand that is running has made this invitation.");
    style.announce(&shown);
    let settings = match runtime.block_on(instance::ask(folder, Request::Settings))? {
        Reply::Settings(settings) => settings,
        _ => BTreeMap::new(),
    };
    let name = options.agent.name.clone();
    let name = name.or_else(|| settings.get(settings::NAME).cloned());
    let way = settings
        .get(settings::MAIL)
        .and_then(|way| way.parse().ok());
    let papers = Papers {
        folder: options.folder.clone().unwrap_or_else(start::downloads),
        name: Name::new(&name.unwrap_or_default()),
        way: way.unwrap_or_default(),
        to: options.to.clone(),
    };
    let notice = match shown.channel {
        Channel::Link | Channel::Spoken => return Ok(()),
        Channel::File => papers.save(&shown),
        Channel::Mail => runtime.block_on(papers.mail(&shown)),
    };
    match &notice {
        Notice::FileNotSaved(_, why) | Notice::MailNotOpened(_, why) => {
            return Err(CommandError::Refused(why.clone()));
        }
        Notice::FileSaved(serial, path) => style.saved(*serial, path),
        _ => {}
    }
    terminal::say(&notice.sentence());
    Ok(())
}

/// `deskhand show`.
///
/// # Errors
/// [`CommandError`].
pub fn show(runtime: &Runtime, options: &cli::Show) -> Result<(), CommandError> {
    let style = Style::choose(options.output.json, options.qr);
    match ask(runtime, Request::Read(options.id))? {
        Reply::Invited(line) => style.announce(&Invitation::from(&*line)),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

/// Asks the agent that runs, or does it here if none does.
fn ask(runtime: &Runtime, request: Request) -> Result<Reply, CommandError> {
    let folder = start::folder()?;
    match instance::first(&folder) {
        Ok(first) => here(&first, &folder, request),
        Err(Taken::Running) => Ok(runtime.block_on(instance::ask(&folder, request))?),
        Err(error) => Err(error.into()),
    }
}

/// Does what is asked with nobody else there. Whoever holds `first` is the only one.
fn here(_: &First, folder: &Path, request: Request) -> Result<Reply, CommandError> {
    let (mut store, loaded) = Store::open(folder, Now::read())?;
    if let Some(damaged) = &loaded.damaged {
        terminal::complain(&damaged.to_string());
    }
    match request {
        Request::Settings => {
            let mut settings = BTreeMap::new();
            for name in settings::ALL {
                if let Some(value) = store.setting(name)? {
                    settings.insert(name.to_owned(), value);
                }
            }
            return Ok(Reply::Settings(settings));
        }
        Request::Set { name, value } => {
            store.set(&name, &value)?;
            return Ok(Reply::Done);
        }
        _ => {}
    }
    // The same rules as in an agent that runs, without a server.
    let setup = Setup {
        server: None,
        name: Name::default(),
        fingerprint: Fingerprint([0; 32]),
        no_control: None,
        rules: policy::rules(&Policy::read(), &User::current()),
        first_use: false,
        until_idle: false,
    };
    let mut desk = Desk::new(setup, loaded.invitations, loaded.next, Now::read(), OsRng);
    let intent = match driver::intent(request, &desk.view()) {
        Ok(intent) => intent,
        Err(answer) => return Ok(answer),
    };
    for output in desk.handle(Input::Novice(intent), Now::read()) {
        match output {
            Output::Keep(kept) => store.put(&kept)?,
            Output::Clear(serial) => store.clear(serial)?,
            Output::Forget(serial) => store.forget(serial)?,
            _ => {}
        }
    }
    Ok(Reply::Done)
}

fn each(
    runtime: &Runtime,
    ids: &[Serial],
    output: cli::Output,
    request: impl Fn(Serial) -> Request,
    done: &str,
) -> Result<(), CommandError> {
    for serial in ids {
        expect_done(ask(runtime, request(*serial))?)?;
        if !output.json {
            terminal::say(&format!("Invitation {serial} is {done}."));
        }
    }
    if output.json {
        put_json(&json!({ done: ids }));
    }
    Ok(())
}

fn expect_done(reply: Reply) -> Result<(), CommandError> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(other)),
    }
}

/// An answer to something else, or a refusal.
fn unexpected(reply: Reply) -> CommandError {
    CommandError::Refused(match reply {
        Reply::Refused(why) => why,
        Reply::Done | Reply::Status(_) | Reply::Invited(_) | Reply::Settings(_) => {
            "The Deskhand that is running did not understand that.".into()
        }
    })
}
