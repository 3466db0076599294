//! From the command line to a running session: everything that can be refused before anybody
//! is invited, each with a sentence.

use std::{
    io::{BufRead as _, Read as _},
    path::PathBuf,
};

use deskhand_protocol::{handshake::HandshakeError, text::Name};
use rand_core::OsRng;
use zeroize::Zeroizing;

use crate::{
    cli::Invite,
    clock::Now,
    driver::{self, Place},
    front::FrontEnd,
    hand::{self, TerminalWindow},
    invitation::{Invitation, generate_password},
    ledger::{self, FileLedger},
    media,
    peer::{Certificate, PeerError},
    server::{Address, AddressError},
    session::{Outcome, Session, Terms},
};

/// Why nobody can be invited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server was named.
    #[error(
        "say which server introduces you: deskhand invite --server https://HOST, or set DESKHAND_SERVER"
    )]
    NoServer,
    /// Not a server's address.
    #[error(transparent)]
    Address(#[from] AddressError),
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
    /// No place for the attempts.
    #[error(
        "Deskhand counts wrong passwords in {0} and cannot write there: {1}. Make that folder writable"
    )]
    State(String, std::io::Error),
    /// No home.
    #[error(
        "neither HOME nor XDG_STATE_HOME is set, so there is no place to count wrong passwords. Set HOME"
    )]
    NoHome,
    /// No certificate.
    #[error(transparent)]
    Certificate(#[from] PeerError),
    /// No record of the password could be made.
    #[error("Deskhand cannot make an invitation: {0}")]
    Invitation(#[from] HandshakeError),
    /// Anything of the system's.
    #[error("Deskhand cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// A session about to run.
pub struct Ready {
    /// What the novice passes on.
    pub invitation: crate::front::Invitation,
    /// For a front end.
    pub front: FrontEnd,
    /// The X display that is shared.
    pub display: String,
    /// Why control cannot be given, if so.
    pub no_control: Option<String>,
    session: Session<OsRng>,
    place: Place,
    wires: driver::Wires,
}

impl Ready {
    /// Splits off what runs the session from what shows it.
    pub fn split(
        self,
    ) -> (
        crate::front::Invitation,
        FrontEnd,
        impl Future<Output = Outcome> + Send,
    ) {
        (
            self.invitation,
            self.front,
            driver::run(self.session, self.place, self.wires),
        )
    }
}

/// Checks everything and makes the invitation.
///
/// # Errors
/// See [`StartError`]; nobody has been invited then.
pub fn prepare(options: &Invite) -> Result<Ready, StartError> {
    let server = Address::parse(options.server.as_deref().ok_or(StartError::NoServer)?)?;
    let display = display()?;
    let guard = if options.terminal {
        terminal_guard()
    } else {
        Guard::default()
    };

    let mut rng = OsRng;
    let password = password(options, &mut rng)?;
    let invitation = Invitation::make(
        &server.public(),
        password.as_ref().map(|password| password.as_str()),
        options.expires.0,
        Now::read(),
        &mut rng,
    )?;
    let folder = ledger::default_folder().ok_or(StartError::NoHome)?;
    let route = invitation.record.id().route();
    let ledger = FileLedger::open(folder.clone(), route)
        .map_err(|error| StartError::State(folder.display().to_string(), error))?;

    let certificate = Certificate::generate()?;
    let shown = invitation.shown.clone();
    let terms = Terms {
        invitation,
        name: Name::new(&options.name),
        fingerprint: certificate.fingerprint(),
        no_control: guard.refusal.clone(),
    };
    let session = Session::new(terms, rng);
    let (wires, front) = driver::wires(session.view());
    front.own_windows.send_replace(guard.windows);
    let place = Place {
        server,
        display: display.clone(),
        program: program()?,
        settings: media::Settings {
            max_bitrate_kbit: options.max_bitrate,
            max_fps: options.max_fps,
        },
        certificate,
        ledger: Box::new(ledger),
    };
    Ok(Ready {
        invitation: shown,
        front,
        display,
        no_control: guard.refusal,
        session,
        place,
        wires,
    })
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

fn password(options: &Invite, rng: &mut OsRng) -> Result<Option<Zeroizing<String>>, StartError> {
    if options.no_password {
        return Ok(None);
    }
    if !options.password_stdin {
        return Ok(Some(generate_password(rng)));
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
