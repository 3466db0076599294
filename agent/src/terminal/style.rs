//! How invitations are printed: for people, for their telephones, or for programs.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::json;

use super::{announcement, put, say};
use crate::{
    channel::qr::{Code, Ink},
    cli::Invite,
    front::{Invitation, Serial},
    instance::InvitedLine,
};

/// Standard output belongs to a program: what people read goes to standard error.
static ASIDE: AtomicBool = AtomicBool::new(false);

pub(super) fn is_aside() -> bool {
    ASIDE.load(Ordering::Relaxed)
}

/// How invitations are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For people.
    Plain,
    /// And for the cameras of their telephones.
    WithCode,
    /// For programs: one JSON object a line, and nothing else on standard output.
    Json,
}

impl Style {
    /// What the command line asks for. With [`Style::Json`] everything that is said from now on
    /// goes to standard error.
    pub fn begin(options: &Invite) -> Self {
        Self::choose(options.json, options.qr)
    }

    /// The same for any command.
    pub fn choose(json: bool, qr: bool) -> Self {
        ASIDE.store(json, Ordering::Relaxed);
        match (json, qr) {
            (true, _) => Self::Json,
            (false, true) => Self::WithCode,
            (false, false) => Self::Plain,
        }
    }

    /// Prints an invitation.
    pub fn announce(self, invitation: &Invitation) {
        if self == Self::Json {
            return put_json(&InvitedLine::from(invitation));
        }
        for line in announcement(invitation) {
            say(&line);
        }
        let code = invitation
            .link
            .as_deref()
            .filter(|_| self == Self::WithCode);
        if let Some(code) = code.and_then(Code::of) {
            say(&code.to_terminal(Ink::BlackOnWhite));
        }
    }

    /// Prints where an invitation's file is; for people a sentence does that.
    pub fn saved(self, serial: Serial, path: &Path) {
        if self == Self::Json {
            put_json(&json!({ "serial": serial, "file": path }));
        }
    }
}

/// One line for programs.
pub fn put_json(value: &impl serde::Serialize) {
    // Plain types of ours always serialise.
    if let Ok(text) = serde_json::to_string(value) {
        put(&text);
    }
}
