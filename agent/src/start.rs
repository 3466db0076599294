//! From the command line to a running agent: everything that can be refused before anybody is
//! invited, each with a sentence.

use std::{
    io::{BufRead as _, Read as _},
    path::{Path, PathBuf},
};

use deskhand_protocol::text::Name;
use rand_core::OsRng;
use zeroize::Zeroizing;

use crate::{
    channel::mail::Way,
    cli::{Agent, ChannelName, Invite},
    clock::Now,
    desk::{Desk, Setup},
    driver::{self, Errands, Papers, Place, Requests},
    front::{FrontEnd, Invitation, Notice, Order, Reach, Rules, Serial},
    hand::{self, TerminalWindow},
    invitation::generate_password,
    io::Outcome,
    media,
    peer::{Certificate, PeerError},
    policy::{self, Policy, PolicyError, User},
    server::{self, Address, ChooseError, Sources, Trust, TrustError, beside},
    settings,
    store::{Keep as _, Store, StoreError},
};

/// Why the agent does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server was named, or one that will not do.
    #[error(transparent)]
    Server(#[from] ChooseError),
    /// An authority of one's own that cannot be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// `deskhand.toml` beside the program.
    #[error(transparent)]
    Beside(#[from] beside::BesideError),
    /// The administrator forbids it, or nobody can tell; a sentence.
    #[error("{0}")]
    Forbidden(String),
    /// A Wayland session.
    #[error(
        "this desktop runs on Wayland, which Deskhand cannot share yet. Log out, choose the Xorg (X11) session on the login screen, and try again"
    )]
    Wayland,
    /// No display at all.
    #[error(
        "there is no desktop to share here: DISPLAY is not set. Start Deskhand from your desktop"
    )]
    NoDisplay,
    /// The display does not answer.
    #[error(
        "the desktop {0} does not answer. Start Deskhand from the desktop that you want to share"
    )]
    DisplayGone(String),
    /// `--password-stdin` without a password.
    #[error(
        "no password came on standard input: its first line must be the password (8 to 128 characters)"
    )]
    NoPassword,
    /// `--password-stdin` where passwords are always made.
    #[error(
        "a spoken invitation gets a password that is easy to say; leave out --password-stdin and --no-password"
    )]
    SpokenPassword,
    /// No place for the invitations.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No home.
    #[error(
        "neither HOME nor XDG_STATE_HOME names a folder, so there is no place to keep invitations. Set HOME to your own folder, beginning with /"
    )]
    NoHome,
    /// No certificate.
    #[error(transparent)]
    Certificate(#[from] PeerError),
    /// Anything of the system's.
    #[error("Deskhand cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// What to start.
pub struct Start<'a> {
    /// The command line.
    pub agent: &'a Agent,
    /// Ends by itself as soon as nobody can come any more.
    pub until_idle: bool,
    /// Where an invitation's file goes, if the novice said so.
    pub folder: Option<PathBuf>,
    /// Whom the mail is for, if the novice said so.
    pub to: Option<String>,
}

/// An agent about to run.
pub struct Ready {
    /// For a front end.
    pub front: FrontEnd,
    /// The X display that is shared.
    pub display: String,
    /// Why control cannot be given, if so.
    pub no_control: Option<String>,
    desk: Desk<OsRng>,
    place: Place,
    rules: Rules,
    errands: Errands,
    wires: driver::Wires,
}

impl Ready {
    /// Whether anybody can come with an invitation that was made before.
    pub fn awaits_somebody(&self) -> bool {
        let view = self.front.view.borrow();
        let can_come = |one: &Invitation| one.reach != Reach::Elsewhere;
        view.open().any(can_come)
    }

    /// The open invitations with which nobody can come, since another server is used now.
    pub fn elsewhere(&self) -> Vec<Serial> {
        let view = self.front.view.borrow();
        let elsewhere = view.open().filter(|one| one.reach == Reach::Elsewhere);
        elsewhere.map(|one| one.serial).collect()
    }

    /// Whether nobody was ever invited from here.
    pub fn is_first_use(&self) -> bool {
        self.front.view.borrow().first_use
    }

    /// Splits off what runs the agent from what shows it.
    pub fn split(self, requests: Requests) -> (FrontEnd, impl Future<Output = Outcome> + Send) {
        let Self {
            front,
            desk,
            place,
            rules,
            errands,
            wires,
            ..
        } = self;
        let running = driver::run(desk, place, rules, errands, requests, wires);
        (front, running)
    }
}

/// The folder for everything that Deskhand keeps.
///
/// # Errors
/// [`StartError::NoHome`].
pub fn folder() -> Result<PathBuf, StartError> {
    crate::store::default_folder().ok_or(StartError::NoHome)
}

/// Checks everything and opens the store.
///
/// # Errors
/// See [`StartError`]; nobody can come then.
pub fn prepare(start: &Start<'_>, folder: &Path) -> Result<Ready, StartError> {
    let (store, loaded) = Store::open(folder, Now::read())?;
    let policy = Policy::read();
    let user = User::current();
    let rules = policy::rules(&policy, &user);
    if let Some(why) = rules.forbidden.clone().filter(|_| start.agent.terminal) {
        return Err(StartError::Forbidden(why));
    }
    let trust = believed(start.agent, &policy, &store)?;
    let server = choose_server(start, &policy, &store)?;
    let display = display()?;
    let guard = if start.agent.terminal {
        terminal_guard()
    } else {
        Guard::default()
    };
    let name = match &start.agent.name {
        Some(name) => Some(name.clone()),
        None => store.setting(settings::NAME)?,
    };
    let name = Name::new(&name.unwrap_or_default());
    let certificate = Certificate::generate()?;
    let setup = Setup {
        server: server.as_ref().map(Address::public),
        name: name.clone(),
        fingerprint: certificate.fingerprint(),
        no_control: guard.refusal.clone(),
        rules: rules.clone(),
        first_use: store.setting(settings::WARNED)?.is_none(),
        until_idle: start.until_idle,
    };
    let desk = Desk::new(setup, loaded.invitations, loaded.next, Now::read(), OsRng);
    let (wires, front) = driver::wires(desk.view());
    front.own_windows.send_replace(guard.windows);
    if let Some(damaged) = loaded.damaged {
        wires.tell(Notice::StoreTrouble(damaged.to_string()));
    }
    if server.as_ref().is_some_and(Address::shows_who_meets) {
        wires.tell(Notice::SeenOnTheWay);
    }
    let papers = Papers {
        folder: start.folder.clone().unwrap_or_else(downloads),
        name: name.clone(),
        way: mail_way(&store)?,
        to: start.to.clone(),
    };
    let named = server.clone();
    let errands = Errands::new(papers, trust.clone(), |address| {
        Policy::read().is_ok_and(|policy| policy.allows(address))
    });
    let place = Place {
        server,
        trust,
        display: display.clone(),
        program: program()?,
        settings: media::Settings {
            max_bitrate_kbit: start.agent.max_bitrate,
            max_fps: start.agent.max_fps,
        },
        certificate,
        store: Box::new(store),
        rules: Box::new(move || rules_now(named.as_ref())),
    };
    Ok(Ready {
        front,
        display,
        no_control: guard.refusal,
        desk,
        place,
        rules,
        errands,
        wires,
    })
}

/// What the administrator says right now, for somebody whose invitations go through `server`.
fn rules_now(server: Option<&Address>) -> Rules {
    let policy = Policy::read();
    let mut rules = policy::rules(&policy, &User::current());
    if let (Ok(policy), Some(server)) = (&policy, server)
        && !policy.allows(server)
    {
        rules.forbidden.get_or_insert_with(|| {
            format!(
                "Your administrator does not allow the server {} any more.",
                server.public()
            )
        });
    }
    rules
}

/// By which way the mail program is opened. One that an older or newer version knew is no
/// reason not to start.
///
/// # Errors
/// [`StoreError`].
pub fn mail_way(store: &Store) -> Result<Way, StoreError> {
    let kept = store.setting(settings::MAIL)?;
    Ok(kept.and_then(|way| way.parse().ok()).unwrap_or_default())
}

/// Who is believed about servers: the public authorities, that of the administrator, and that of the
/// novice, who may name one on the command line or have named one earlier.
///
/// # Errors
/// [`StartError::Trust`]: nothing is left out in silence.
pub fn believed(
    agent: &Agent,
    policy: &Result<Policy, PolicyError>,
    store: &Store,
) -> Result<Trust, StartError> {
    let own = match &agent.ca {
        Some(path) => Some(path.clone()),
        None => store.setting(settings::CA)?.map(PathBuf::from),
    };
    trust(policy, own.as_deref())
}

/// As [`believed`], with what the novice named; empty is none.
///
/// # Errors
/// [`StartError::Trust`].
pub fn trust(
    policy: &Result<Policy, PolicyError>,
    own: Option<&Path>,
) -> Result<Trust, StartError> {
    let theirs = policy.as_ref().ok().and_then(Policy::ca);
    let own = own.filter(|path| !path.as_os_str().is_empty());
    Ok(Trust::new(theirs.into_iter().chain(own))?)
}

/// The server, if somebody named one. In the terminal there has to be one.
fn choose_server(
    start: &Start<'_>,
    policy: &Result<Policy, PolicyError>,
    store: &Store,
) -> Result<Option<Address>, StartError> {
    let settings = store.setting(settings::SERVER)?;
    let environment = std::env::var("DESKHAND_SERVER").ok();
    let beside = beside::read()?;
    // Nobody is invited then, whatever the server.
    let Ok(policy) = policy else { return Ok(None) };
    let choice = server::choose(Sources {
        flag: start.agent.server.as_deref(),
        environment: environment.as_deref(),
        policy,
        settings: settings.as_deref(),
        beside: beside.as_deref(),
    });
    match choice {
        Ok(choice) => Ok(Some(choice.address)),
        Err(ChooseError::Unnamed) if !start.agent.terminal => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The invitation that the command line asks for.
///
/// # Errors
/// [`StartError::NoPassword`] and [`StartError::SpokenPassword`].
pub fn order(options: &Invite) -> Result<Order, StartError> {
    let spoken = options.channel == ChannelName::Spoken;
    if spoken && (options.password_stdin || options.no_password) {
        return Err(StartError::SpokenPassword);
    }
    Ok(Order {
        channel: options.channel.into(),
        password: if spoken { None } else { password(options)? },
        life: options.expires.0,
        keep_open: options.keep_open,
        replaced: 0,
    })
}

/// Where people look for what a program has saved.
pub fn downloads() -> PathBuf {
    let home = crate::store::home().unwrap_or_else(std::env::temp_dir);
    let folder = home.join("Downloads");
    if folder.is_dir() { folder } else { home }
}

/// The display to share; never a Wayland session through its X server.
fn display() -> Result<String, StartError> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wayland = set("WAYLAND_DISPLAY").is_some()
        || set("XDG_SESSION_TYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("wayland"));
    if wayland {
        return Err(StartError::Wayland);
    }
    let display = set("DISPLAY").ok_or(StartError::NoDisplay)?;
    if !is_plausible(&display) || x11rb::connect(Some(&display)).is_err() {
        return Err(StartError::DisplayGone(display));
    }
    Ok(display)
}

/// Whether a display's number can be one: its port, 6000 and more, must be a port. The X11
/// library does not look before it adds.
fn is_plausible(display: &str) -> bool {
    let number = display
        .rsplit_once(':')
        .map(|(_, rest)| rest.split('.').next().unwrap_or(rest));
    number
        .and_then(|number| number.parse::<u16>().ok())
        .is_some_and(|n| n <= u16::MAX - 6000)
}

#[derive(Default)]
struct Guard {
    windows: Vec<u32>,
    refusal: Option<String>,
}

/// The window that holds this terminal counts as the agent's own, so that injected keys can
/// answer nothing in it.
fn terminal_guard() -> Guard {
    match hand::terminal_window() {
        TerminalWindow::None => Guard::default(),
        TerminalWindow::Windows(windows) => Guard {
            windows,
            refusal: None,
        },
        TerminalWindow::Unknown(why) => Guard {
            windows: vec![],
            refusal: Some(why),
        },
    }
}

fn password(options: &Invite) -> Result<Option<Zeroizing<String>>, StartError> {
    if options.no_password {
        return Ok(None);
    }
    if !options.password_stdin {
        return Ok(Some(generate_password(&mut OsRng)));
    }
    let mut line = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(1024)
        .read_line(&mut line)
        .map_err(|_| StartError::NoPassword)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if !(8..=128).contains(&password.chars().count()) {
        return Err(StartError::NoPassword);
    }
    Ok(Some(Zeroizing::new(password.to_owned())))
}

/// This very program, also if its file was replaced meanwhile.
fn program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() {
        Ok(own)
    } else {
        std::env::current_exe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_can_be_a_display_are_tried() {
        for good in [":0", ":99.1", "localhost:10.0", "unix:59535"] {
            assert!(is_plausible(good), "{good}");
        }
        for bad in ["", ":", "0", ":65432", ":-1", ":x"] {
            assert!(!is_plausible(bad), "{bad}");
        }
    }
}
