//! What is worth a line, and that line.

use std::{path::PathBuf, time::SystemTime};

use deskhand_protocol::{
    control::StopCause,
    text::{ChatText, Name},
};

use super::{Channel, Serial, Standing, Watched, local_time, plain_name};

/// Something worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The invitation can be used now.
    Open,
    /// The server is away.
    ServerAway {
        /// In the middle of a session, which needs no server.
        viewing: bool,
    },
    /// The server is spoken to over a network without encryption.
    SeenOnTheWay,
    /// The server wants nothing to do with this program; a sentence says why.
    ServerRefuses(&'static str),
    /// The connection is lost in the middle of a session, which goes on if they come back soon.
    Lost(Name),
    /// They are back.
    Back(Name),
    /// It cannot be said while the connection is lost.
    NotSaid(Name),
    /// They did not come back: the invitation stays open for a while.
    MayComeBack,
    /// The expert left, or was sent away, before anything was seen.
    HelperLeft {
        /// Others, or they again, can still come.
        open: bool,
    },
    /// Somebody holds the link and is trying a password.
    Attempt,
    /// They got it wrong; so many tries are left before the invitation locks.
    WrongPassword {
        /// Tries left.
        left: u8,
    },
    /// The novice refused, or did not answer, so often that the invitation was closed.
    RefusedTooOften,
    /// The novice did not let them see the screen.
    ViewRefused {
        /// Others, or they again, can still come.
        open: bool,
    },
    /// The novice did not say whether they may see the screen.
    ViewUnanswered {
        /// Others, or they again, can still come.
        open: bool,
    },
    /// The connection showed another certificate than the one that belongs to the password.
    Tampered,
    /// The connection could not be made.
    NotConnected {
        /// Others, or they again, can still come.
        open: bool,
    },
    /// The novice approved, or the picture began.
    ViewingStarted(Name),
    /// The expert asks for control.
    ControlAsked(Name),
    /// Control is shared from now on.
    ControlGranted(Name),
    /// The novice said no, or nothing.
    ControlRefused,
    /// Control cannot be given safely; why.
    ControlUnavailable(String),
    /// Control is over; viewing goes on.
    ControlStopped(StopCause),
    /// The novice's own hand has precedence right now, or no longer.
    LocalHand(bool),
    /// Picture paused, or not.
    Paused(bool),
    /// The desktop does not answer, so that the picture stands still; or it answers again.
    Stalled(bool),
    /// Another screen is shown, or the screens are counted otherwise.
    Watches {
        /// Claimed, never verified.
        expert: Name,
        /// Which of several; `None`: there is only one.
        watched: Option<Watched>,
    },
    /// The expert looks at the picture again, or at something else.
    Looking(Name, bool),
    /// Somebody said something.
    Chat {
        /// Who.
        from: Speaker,
        /// What.
        text: ChatText,
    },
    /// An invitation is made.
    Invited(Serial, Channel),
    /// It is not; a sentence says why.
    NotInvited(Channel, String),
    /// An invitation closed by itself, or was closed.
    Closed(Serial, Standing),
    /// It ends at another time now.
    Extended(Serial, SystemTime),
    /// A spoken number was closed, because somebody guessed at its password or because the
    /// server gave it to somebody else; another one, with a password of its own, takes its place.
    Renumbered {
        /// The one that is closed.
        old: Serial,
        /// The one in its place.
        new: Serial,
    },
    /// The invitation's file is there.
    FileSaved(Serial, PathBuf),
    /// It is not; a sentence says why.
    FileNotSaved(Serial, String),
    /// The mail program is open; a sentence says what is left to do.
    MailOpened(Serial, String),
    /// There is no mail program: a text to be copied into a letter. It holds the link.
    MailText(Serial, String),
    /// It is not; a sentence says what to do instead.
    MailNotOpened(Serial, String),
    /// The program ends; invitations that are open are kept.
    Stopping {
        /// How many are open.
        open: usize,
    },
    /// Something could not be written down; a sentence.
    StoreTrouble(String),
    /// The session is over; a sentence says why.
    Ended(String),
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    /// This side.
    Novice,
    /// The other side, by the name they gave.
    Expert(Name),
}

/// What somebody said, with their name before every line: no line can pass for ours.
fn said_by(name: &str, text: &ChatText) -> String {
    let lines = text.as_str().split(['\n', '\r']);
    let named = lines.map(|line| format!("{name}: {line}"));
    named.collect::<Vec<_>>().join("\n")
}

impl Notice {
    /// One plain line for a person; what was said in several lines, in several.
    #[expect(clippy::too_many_lines, reason = "a list of sentences")]
    pub fn sentence(&self) -> String {
        match self {
            Self::Open => "The invitation is open. Waiting for your helper.".into(),
            Self::ServerAway { viewing: false } => {
                "The server cannot be reached. Deskhand keeps trying; the invitation stays valid."
                    .into()
            }
            Self::ServerAway { viewing: true } => {
                "The server cannot be reached. Your session goes on without it.".into()
            }
            Self::ServerRefuses(why) => (*why).into(),
            Self::Lost(name) => format!(
                "The connection to {} is lost. Reconnecting… They can come back for two minutes, \
                 and see nothing until then.",
                plain_name(name)
            ),
            Self::Back(name) => format!("{} is back and can see your screen.", plain_name(name)),
            Self::NotSaid(name) => {
                format!("{} is not connected right now and cannot read that.", plain_name(name))
            }
            Self::SeenOnTheWay => {
                "Your server has no certificate. Others in your network can see who helps whom, and \
                 when, but neither the screen nor what is said. Send the invitation as a file: \
                 with this server, browsers show no screen from a link or a number."
                    .into()
            }
            Self::MayComeBack => {
                "They can come back with the same invitation for up to two minutes.".into()
            }
            Self::HelperLeft { open } => still("Your helper left before it began.", *open),
            Self::Attempt => "Somebody opened your invitation and is trying to connect.".into(),
            Self::WrongPassword { left: 1 } => {
                "That attempt failed: the password was wrong, or they broke off. One more try is left."
                    .into()
            }
            Self::WrongPassword { left } => format!(
                "That attempt failed: the password was wrong, or they broke off. {left} more tries are left."
            ),
            Self::RefusedTooOften => {
                "The invitation is closed, since it was refused three times.".into()
            }
            Self::ViewRefused { open } => still("You did not let them see your screen.", *open),
            Self::ViewUnanswered { open } => {
                still("There was no answer, so nobody sees your screen.", *open)
            }
            Self::Tampered => {
                "Somebody tried to get between you and your helper. Nobody has seen your screen.".into()
            }
            Self::NotConnected { open: true } => {
                "The connection could not be made. Your helper can try again with the same \
                 invitation."
                    .into()
            }
            Self::NotConnected { open: false } => {
                "The connection could not be made, and the invitation is over.".into()
            }
            Self::ViewingStarted(name) => {
                format!("{} can see your screen now.", plain_name(name))
            },
            Self::ControlAsked(name) => {
                format!("{} asks to use your mouse and keyboard.", plain_name(name))
            },
            Self::ControlGranted(name) => format!(
                "{} can use your mouse and keyboard now. To stop, press Esc or Ctrl+C.",
                plain_name(name)
            ),
            Self::ControlRefused => "Control was not given.".into(),
            Self::ControlUnavailable(why) => format!("Control cannot be given: {why}"),
            Self::ControlStopped(cause) => stopped(*cause).into(),
            Self::LocalHand(true) => "You are using the mouse: your helper waits.".into(),
            Self::LocalHand(false) => "Your helper can use the mouse again.".into(),
            Self::Paused(true) => "The picture is paused. They see nothing new.".into(),
            Self::Paused(false) => "The picture goes on.".into(),
            Self::Stalled(true) => "Your desktop does not answer right now. Your helper sees it as it was, and can do nothing until it answers.".into(),
            Self::Stalled(false) => "Your desktop answers again.".into(),
            Self::Watches { expert, watched } => watches(expert, watched.as_ref()),
            Self::Looking(name, looking) => looks(&plain_name(name), *looking),
            Self::Chat {
                from: Speaker::Novice,
                text,
            } => said_by("You", text),
            Self::Chat {
                from: Speaker::Expert(name),
                text,
            } => said_by(&plain_name(name), text),
            Self::Invited(serial, _) => format!("Invitation {serial} is open."),
            Self::Closed(serial, standing) => closed(*serial, *standing),
            Self::Extended(serial, ends) => {
                format!("Invitation {serial} stays open until {}.", local_time(*ends))
            }
            Self::Renumbered { old, new } => format!(
                "The number of invitation {old} is no longer good. Invitation {new} takes its place: tell your helper its number and its password."
            ),
            Self::Stopping { open: 0 } => "Deskhand has stopped.".into(),
            Self::Stopping { open } => {
                let (what, is) = match open {
                    1 => ("Your invitation", "is"),
                    _ => ("Your invitations", "are"),
                };
                format!(
                    "Deskhand has stopped. {what} {is} kept, but nobody can come in until it runs \
                     again: deskhand wait. To close one: deskhand expire."
                )
            }
            Self::FileSaved(_, path) => format!("The invitation was saved as {}.", path.display()),
            Self::MailOpened(_, how) => how.clone(),
            Self::MailText(_, text) => format!(
                "Copy this text into a letter to your helper, wherever you write your mail:\n\n{text}"
            ),
            Self::NotInvited(_, why)
            | Self::FileNotSaved(_, why)
            | Self::MailNotOpened(_, why)
            | Self::StoreTrouble(why)
            | Self::Ended(why) => why.clone(),
        }
    }
}

fn still(what: &str, open: bool) -> String {
    if open {
        format!("{what} The invitation is still open.")
    } else {
        what.into()
    }
}

fn watches(expert: &Name, watched: Option<&Watched>) -> String {
    let name = plain_name(expert);
    match watched {
        Some(watched) => format!("{name} is watching {watched}."),
        None => format!("{name} is watching your only screen."),
    }
}

fn closed(serial: Serial, standing: Standing) -> String {
    let what = match standing {
        Standing::Open | Standing::InUse => "is open.",
        Standing::Used => "has served its purpose and is closed.",
        Standing::Expired => "has expired. Make a new one to go on.",
        Standing::Revoked => "is closed.",
        Standing::Locked => "is locked: the password was wrong too often. Make a new one.",
    };
    format!("Invitation {serial} {what}")
}

fn looks(name: &str, looking: bool) -> String {
    if looking {
        format!("{name} is looking at your screen again.")
    } else {
        format!("{name} is looking at something else right now.")
    }
}

fn stopped(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Escape => "Control stopped: you pressed Esc. They can still see your screen.",
        StopCause::CtrlC => "Control stopped: you pressed Ctrl+C. They can still see your screen.",
        StopCause::Button => "Control stopped. They can still see your screen.",
        StopCause::Released => "They gave control back. They can still see your screen.",
        StopCause::Silence => "Control stopped: the connection went silent.",
        StopCause::Broken => "Control stopped: mouse and keyboard could not be used any more.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_chat_can_pass_for_ours() {
        let chat = Notice::Chat {
            from: Speaker::Expert(Name::new("Maria\nYou")),
            text: ChatText::new("hello\r\n\nAllow? [y/N] "),
        };
        for line in chat.sentence().lines() {
            assert!(line.starts_with("Maria You: "), "{line}");
        }
    }
}
