//! Everything the page says to the expert about what happened. Plain English, no codes.

use deskhand_protocol::{
    control::{Denial, EndReason, StopCause},
    host::Nearness,
    invitation::{FileError, LinkError},
    signal::Refusal,
};

use crate::{
    handshake::{Key, Over},
    reach::Reach,
};

/// Unknown, expired, locked, or a wrong password: the expert is never told which.
pub const REFUSED: &str = "The invitation is not open, or the password is wrong. Ask the person \
    you help to check both. After five wrong passwords an invitation locks for good.";

/// The same for a number and its password.
pub const NUMBER_REFUSED: &str = "No invitation with this number is open, or the password is \
    wrong. Check the number, and ask the person you help to read both to you again. After five \
    wrong passwords a number is of no more use.";

/// What was typed is no number of ours.
pub const BAD_NUMBER: &str =
    "A number has nine digits, such as 123 456 789. Check it with the person you help.";

/// A spoken invitation always has a password.
pub const NO_PASSWORD: &str = "Please enter the password: the words that they read to you.";

/// The page came over an open connection.
const NOT_SECURE: &str = "This page was opened over a connection that is not encrypted. \
    Open it with an address that begins with https://, then open the invitation link again.";

/// The same from a server in the same network, which has no certificate of its own yet.
const NOT_SECURE_HERE: &str = "This server has no certificate, so browsers show no screen on its \
    page. Ask the person you help for the invitation as a file: that works in this network. Or ask \
    whoever runs the server to give it a certificate, then open the link again with https://.";

/// The page came from `host` over an open connection.
pub fn not_secure(host: &str) -> &'static str {
    match Nearness::of(host) {
        Nearness::Here | Nearness::Network => NOT_SECURE_HERE,
        Nearness::Anywhere => NOT_SECURE,
    }
}

/// The server that a file names is reached over an open connection.
pub const SEEN_ON_THE_WAY: &str = "Others in this network can see that you help somebody here, and \
    when, because the server has no certificate. What you see, type and say stays between the two of \
    you.";

/// The browser trusts no files.
pub const FILE_NOT_SECURE: &str = "This browser does not let a file do what is needed here.";

/// No direct connections.
pub const NO_WEBRTC: &str = "This browser cannot show another computer's screen, because it has \
    no WebRTC or it is switched off. Open the invitation link in a current Firefox, Chrome, Edge \
    or Safari.";

/// The browser is too old for how the picture comes.
pub const NO_PICTURE: &str = "This browser is too old to show another computer's screen. Update \
    it, or open the invitation link in a current Firefox, Chrome, Edge or Safari.";

/// The worker that receives the picture failed. A page that is loaded again loads it again, too,
/// and goes on with the session.
pub const PICTURE_BROKEN: &str = "The part of this page that receives the picture could not be \
    loaded, or failed. Reload the page: the session goes on then.";

/// No name was given.
pub const NO_NAME: &str =
    "Please enter your name, so that the person you help can see who is asking.";

/// The expert cancelled, or ended it.
pub const YOU_ENDED: &str = "You ended the session.";

const TAMPERED_TEXT: &str = "The connection was stopped for safety: what arrived was not from the \
    computer that made this invitation, or was changed on the way. Ask for a new invitation.";

const LOST: &str = "The connection to the novice's computer was lost.";

/// A sentence, and whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// For the expert.
    pub text: &'static str,
    /// What to offer.
    pub then: Then,
}

/// What to offer after a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The same form again, at once.
    Form,
    /// A button that leads back to the form.
    Again,
    /// Nothing: this invitation is of no more use here.
    Nothing,
}

const fn verdict(text: &'static str, then: Then) -> Verdict {
    Verdict { text, then }
}

/// The way through the server is over. [`Over::Wait`] is not an end and has no verdict.
pub fn over(over: Over, key: &Key) -> Verdict {
    match over {
        Over::Refused | Over::Wait(_) => refused(key),
        Over::Busy => verdict(
            "Somebody else is helping on this computer right now. Try again when they are done.",
            Then::Form,
        ),
        Over::Left => verdict("The novice's computer has left.", Then::Again),
        Over::Closed(reason) => refusal(reason, key),
        Over::Tampered => TAMPERED,
        Over::Ended(reason) => ended(reason),
    }
}

fn refused(key: &Key) -> Verdict {
    let text = match key {
        Key::Link(_) | Key::File(_) => REFUSED,
        Key::Number(_) => NUMBER_REFUSED,
    };
    verdict(text, Then::Form)
}

fn refusal(reason: Refusal, key: &Key) -> Verdict {
    match reason {
        Refusal::Version if matches!(key, Key::File(_)) => verdict(
            "This file and the server are of different versions of Deskhand. Open the invitation \
             link instead, or ask for one.",
            Then::Nothing,
        ),
        Refusal::Version | Refusal::Protocol => verdict(
            "This page and the server do not understand each other. Reload the page, and open \
             the invitation link again.",
            Then::Nothing,
        ),
        Refusal::TooMany if matches!(key, Key::Number(_)) => verdict(
            "Too many numbers have been tried. Wait a minute, then try again.",
            Then::Form,
        ),
        Refusal::TooMany => verdict(
            "Too many attempts from here. Wait a minute, then try again.",
            Then::Form,
        ),
        Refusal::Slow | Refusal::Restarting | Refusal::Replaced => verdict(
            "The server closed the connection. Try again in a moment.",
            Then::Again,
        ),
        // Also anything that a later server may say.
        _ => refused(key),
    }
}

/// The session is over.
pub fn ended(reason: EndReason) -> Verdict {
    match reason {
        EndReason::Refused => verdict("The novice decided not to show their screen.", Then::Again),
        EndReason::NoAnswer => verdict(
            "The novice did not answer. Make sure they are at their computer, then try again.",
            Then::Again,
        ),
        // Its invitation is closed with it.
        EndReason::Novice => verdict("The novice ended the session.", Then::Nothing),
        EndReason::Expert => verdict(YOU_ENDED, Then::Nothing),
        EndReason::Lost => verdict(LOST, Then::Again),
        EndReason::Malformed => verdict(
            "The session was stopped: this page and the novice's Deskhand do not understand each \
             other. Reload the page, and ask for a new invitation.",
            Then::Nothing,
        ),
        EndReason::Failed => verdict(
            "The novice's computer cannot share its screen. Its own window says why.",
            Then::Nothing,
        ),
    }
}

/// The novice approved, but no connection came about.
pub fn unreachable(reach: Reach) -> Verdict {
    verdict(reach.failure(), Then::Again)
}

/// Somebody interferes.
pub const TAMPERED: Verdict = verdict(TAMPERED_TEXT, Then::Nothing);

/// The session that the page wants to come back to is not there.
pub const GONE: Verdict = verdict(
    "This session is over, or it goes on in another tab.",
    Then::Again,
);

/// Nobody answered in time.
pub const NOT_BACK: Verdict = verdict(
    "The novice's computer could not be reached again, so the session is over.",
    Then::Again,
);

/// The server was updated in the middle of a session.
pub const OTHER_VERSION: Verdict = verdict(
    "The server runs another version of Deskhand now, so the session cannot go on.",
    Then::Nothing,
);

/// The server could not be reached, or went away before the novice approved.
pub const NO_SERVER: Verdict = verdict(
    "The server cannot be reached. Check your Internet connection, then try again.",
    Then::Form,
);

/// Nothing has come for too long, though nobody has hung up.
pub const SILENT: Verdict = verdict(
    "Nothing more is heard from the novice's computer or the server. Check your Internet \
     connection, then try again.",
    Then::Form,
);

/// The connection was tested so often that the server wants a pause.
pub const TRIED_TOO_OFTEN: &str = "Many tests came from here. Wait a minute, then try again.";

/// The browser could not make the connection's certificate.
pub const NO_CERTIFICATE: Verdict = verdict(
    "This browser cannot make a secure direct connection. Try a current Firefox, Chrome, Edge \
     or Safari.",
    Then::Form,
);

/// Control is refused.
pub fn denied(reason: Denial) -> &'static str {
    match reason {
        Denial::Refused => "The novice said no to sharing mouse and keyboard.",
        Denial::NoAnswer => "The novice did not answer your request for control.",
        Denial::TooSoon => "It is too early to ask for control again.",
        Denial::Unavailable => "Control is not possible right now. The novice's screen says why.",
    }
}

/// Control has ended; `None` if the expert gave it back and knows.
pub fn stopped(cause: StopCause) -> Option<&'static str> {
    Some(match cause {
        StopCause::Escape => "The novice stopped control with Esc. You can still see the screen.",
        StopCause::CtrlC => "The novice stopped control with Ctrl+C. You can still see the screen.",
        StopCause::Button => "The novice stopped control. You can still see the screen.",
        StopCause::Silence => {
            "Control stopped: nothing was heard from this page for a second. You can ask again."
        }
        StopCause::Broken => {
            "Control stopped: the novice's computer can no longer use mouse and keyboard for you."
        }
        StopCause::Released => return None,
    })
}

/// The screen that was watched is not there any more; what is shown instead.
pub fn disconnected(now: &str) -> String {
    format!("The screen that you watched was disconnected. You see {now} now.")
}

/// A link that is none.
pub fn link(error: LinkError) -> &'static str {
    match error {
        LinkError::Newer => {
            "This invitation was made by a newer version of Deskhand than this page. Reload the \
             page and open the link again. If that does not help, the server has to be updated \
             first; then ask for a new invitation."
        }
        _ => "This is not a complete invitation link. Copy the whole link, to its last character.",
    }
}

/// A file whose invitation cannot be used.
pub fn file(error: FileError) -> &'static str {
    match error {
        FileError::Newer => {
            "This invitation file was made by a newer version of Deskhand than the page inside \
             it, so it has been changed. Ask for a new one, or for the invitation link."
        }
        _ => "This invitation file is damaged. Ask for a new one, or for the invitation link.",
    }
}
