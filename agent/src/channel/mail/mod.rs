//! By e-mail: the novice's own mail program opens with the letter written and the invitation
//! attached. Nothing is ever sent from here.
//!
//! There are several ways to a mail program; [`Way::Auto`] tries the platform's in turn. Two of
//! them, the desktop's portal and `xdg-email`, end in the mail program's command line, which
//! everybody on the computer can read: there the letter names the attached file and not the link.

mod asker;
mod draft;
mod letter;
#[cfg(any(windows, test))]
mod mapi;
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "elsewhere.rs")]
mod platform;
mod portal;
mod program;
/// Compiled in every test, so that it stays right.
#[cfg(all(test, not(windows)))]
mod windows;
mod xdg_email;

use std::{ffi::OsString, fmt, path::PathBuf, str::FromStr};

pub use asker::ask_for_another;
pub use letter::Letter;

/// By which way the mail program is opened. A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// The first that works.
    #[default]
    Auto,
    /// The desktop's portal.
    Portal,
    /// The program `xdg-email`.
    XdgEmail,
    /// What programs on Windows call.
    Mapi,
    /// A draft in a file, opened with whatever opens mail.
    Draft,
    /// No program at all: a text to copy.
    Text,
}

/// Not a [`Way`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say how mail is opened: auto, portal, xdg-email, draft or text, or on Windows mapi")]
pub struct BadWay;

impl Way {
    const ALL: [(Self, &str); 6] = [
        (Self::Auto, "auto"),
        (Self::Portal, "portal"),
        (Self::XdgEmail, "xdg-email"),
        (Self::Mapi, "mapi"),
        (Self::Draft, "draft"),
        (Self::Text, "text"),
    ];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = Self::ALL.iter().find(|(way, _)| way == self);
        f.write_str(own.map_or("", |(_, name)| name))
    }
}

impl FromStr for Way {
    type Err = BadWay;

    fn from_str(text: &str) -> Result<Self, BadWay> {
        let own = Self::ALL.iter().find(|(_, name)| *name == text.trim());
        own.map(|(way, _)| *way).ok_or(BadWay)
    }
}

/// What lies before the novice now.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The mail program, with the letter and this file attached.
    Program {
        /// The invitation's file.
        attachment: PathBuf,
    },
    /// This draft, in whatever opens mail.
    Draft(PathBuf),
    /// Only this text, to be copied. It holds the link.
    Text(String),
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Program { .. } => "Program",
            Self::Draft(_) => "Draft",
            Self::Text(_) => "Text(..)",
        })
    }
}

impl Opened {
    /// What the novice has to do next.
    pub fn sentence(&self) -> String {
        match self {
            Self::Program { attachment } => format!(
                "Your mail program has a letter ready. See that the invitation is attached, and \
                 send it. If it is not attached, attach this file: {}",
                attachment.display()
            ),
            Self::Draft(path) => format!(
                "A draft of the letter is open. If your mail program shows it as one that you \
                 received, choose \"Edit as new message\" or \"Forward\" there. Then send it. If \
                 nothing opened, the draft is here: {}",
                path.display()
            ),
            Self::Text(_) => "Copy this text into a letter to your helper, wherever you write \
                              your mail."
                .into(),
        }
    }
}

/// Why no mail program is open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The recipient is none.
    #[error(
        "{0:?} does not look like a mail address, such as maria@example.org. Correct it, or leave it empty and fill it in in your mail program"
    )]
    Recipient(String),
    /// There is nothing to attach.
    #[error("the invitation's file {} cannot be read: {error}. Make the invitation anew", path.display())]
    Attachment {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The novice closed the question which program to use.
    #[error(
        "you closed your desktop's question, so no letter was written. Try again, or use another way to invite"
    )]
    Cancelled,
    /// The desktop was asked, and still is.
    #[error(
        "your desktop was asked to open your mail program and has not done so yet. If nothing opens, use another way to invite"
    )]
    Unanswered,
    /// The desktop has no portal for mail, or it failed.
    #[error("your desktop cannot open a mail program for Deskhand: {0}. Use another way to invite")]
    Portal(String),
    /// The desktop knows no program for mail.
    #[error("no mail program was found on this computer. Use another way to invite")]
    NoProgram,
    /// A program failed that should have found or opened another one.
    #[error(
        "your mail program could not be opened: {program} failed {why}. Use another way to invite"
    )]
    Program {
        /// Its name.
        program: &'static str,
        /// What it said.
        why: String,
    },
    /// The draft cannot be written.
    #[error("the draft {} cannot be written: {error}. Make that folder writable, or use another way to invite", path.display())]
    Draft {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl MailError {
    /// Whether another way may be tried: not after the novice said no, nor while a question is
    /// still open, nor where every way fails alike.
    fn leaves_hope(&self) -> bool {
        match self {
            Self::Recipient(_) | Self::Attachment { .. } | Self::Cancelled | Self::Unanswered => {
                false
            }
            Self::Portal(_) | Self::NoProgram | Self::Program { .. } | Self::Draft { .. } => true,
        }
    }
}

/// The desktop in which programs are opened.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// The address of its bus; `None`: the session's.
    pub bus: Option<String>,
    /// Variables that differ from this program's own.
    pub variables: Vec<(OsString, OsString)>,
    /// This program, to be started again to ask the portal; `None`: this process asks by itself.
    pub asker: Option<PathBuf>,
}

/// Opens the novice's mail program with the letter.
///
/// # Errors
/// [`MailError`] if that way does not work; [`Way::Auto`] fails only if the novice said no, has
/// not answered yet, or the letter itself is wrong.
pub async fn open(letter: &Letter, way: Way) -> Result<Opened, MailError> {
    let desk = Desk {
        asker: std::env::current_exe().ok(),
        ..Desk::default()
    };
    open_at(&desk, letter, way).await
}

/// As [`open`], in that desktop.
///
/// # Errors
/// As [`open`].
pub async fn open_at(desk: &Desk, letter: &Letter, way: Way) -> Result<Opened, MailError> {
    letter.check()?;
    match way {
        Way::Auto => first_that_works(desk, letter).await,
        Way::Portal => portal::open(desk, letter).await,
        Way::XdgEmail => xdg_email::open(desk, letter).await,
        Way::Mapi => platform::open_mapi(letter).await,
        Way::Draft => draft::open(desk, letter).await,
        Way::Text => Ok(Opened::Text(letter.bare.clone())),
    }
}

async fn first_that_works(desk: &Desk, letter: &Letter) -> Result<Opened, MailError> {
    for &way in platform::WAYS {
        match Box::pin(open_at(desk, letter, way)).await {
            Err(error) if error.leaves_hope() => tracing::info!(%way, %error, "no mail"),
            done => return done,
        }
    }
    Ok(Opened::Text(letter.bare.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_read_as_it_is_written() {
        for (way, name) in Way::ALL {
            assert_eq!(way.to_string(), name);
            assert_eq!(name.parse(), Ok(way));
        }
        assert_eq!("telegraph".parse::<Way>(), Err(BadWay));
    }
}
