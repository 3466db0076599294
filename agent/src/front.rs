//! What the two front ends (window and terminal) see of a session, and what they may ask of it.
//!
//! The session publishes a [`View`] whenever it changed, and a [`Notice`] for everything worth
//! a line. A front end draws the one, tells the other, and answers with [`Intent`]s. It holds
//! no state of the session's own.

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use deskhand_protocol::{
    control::StopCause,
    handshake::Words,
    text::{ChatText, Name},
};
use zeroize::Zeroizing;

/// Allow answers only after a prompt has been shown for so long, so that a click or key meant
/// for something else grants nothing.
pub const PROMPT_DELAY: Duration = Duration::from_millis(700);

/// What an expert is called who gave no name.
const NAMELESS: &str = "Somebody without a name";

/// A front end's end of the wires.
#[derive(Debug)]
pub struct FrontEnd {
    /// The latest [`View`].
    pub view: tokio::sync::watch::Receiver<View>,
    /// Everything worth a line, in order.
    pub notices: tokio::sync::mpsc::Receiver<Notice>,
    /// What the novice does.
    pub intents: tokio::sync::mpsc::Sender<Intent>,
    /// The front end's own windows (X11 ids): injected input never reaches them.
    pub own_windows: tokio::sync::watch::Sender<Vec<u32>>,
}

/// Everything there is to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// How far it has come.
    pub stage: Stage,
    /// The one question that is open, if any. It comes before everything else.
    pub prompt: Option<Prompt>,
    /// Whether the server can be reached.
    pub server: Server,
    /// Every invitation that is kept, newest first.
    pub invitations: Vec<Invitation>,
    /// What the administrator of this computer decided.
    pub rules: Rules,
    /// Nobody was ever invited from here: the novice is asked whether this was their own idea.
    pub first_use: bool,
}

impl View {
    /// The invitation of that serial, if it is kept.
    pub fn invitation(&self, serial: Serial) -> Option<&Invitation> {
        self.invitations.iter().find(|one| one.serial == serial)
    }
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nobody is here, whether or not somebody is invited.
    Home,
    /// Somebody is proving that they know the password of this invitation.
    Verifying(Serial),
    /// The novice has been asked whether `expert` may see the screen, or the picture is on its
    /// way.
    Connecting {
        /// Claimed, never verified.
        expert: Name,
        /// What both should see.
        words: Words,
    },
    /// The expert sees the screen.
    Viewing {
        /// Claimed, never verified.
        expert: Name,
        /// What both should see.
        words: Words,
        /// The novice paused the picture.
        paused: bool,
        /// Mouse and keyboard.
        control: Control,
    },
    /// A session is over; [`Intent::Dismiss`] leads back to [`Stage::Home`].
    Ended {
        /// A sentence.
        why: String,
        /// Not as anybody wanted.
        trouble: bool,
    },
}

/// What the policy of this computer says; see [`crate::policy`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Why nobody can be invited here at all: a sentence.
    pub forbidden: Option<String>,
    /// The longest that an invitation may stay open.
    pub longest: Option<Duration>,
    /// Mouse and keyboard are never shared here.
    pub view_only: bool,
    /// To be shown before anybody is invited, in the administrator's words.
    pub warning: Option<String>,
}

/// Who has mouse and keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Only the novice.
    None,
    /// Both.
    Shared {
        /// Right now the novice uses them, and the expert's input is dropped.
        local_hand: bool,
    },
}

/// Numbers the invitations of this computer, from 1 on; never reused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Serial(pub u32);

impl std::fmt::Display for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How an invitation reaches the helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The novice sends a link in a message.
    Link,
    /// The novice passes on a file that holds the whole console.
    File,
    /// The novice's own mail program sends link and file.
    Mail,
    /// The novice reads a number and a password out on the telephone.
    Spoken,
}

/// What has become of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The helper can come.
    Open,
    /// The helper is here.
    InUse,
    /// It served its purpose.
    Used,
    /// Its time is over.
    Expired,
    /// The novice ended it, or refused too often.
    Revoked,
    /// The password was wrong too often.
    Locked,
}

impl Standing {
    /// Whether anybody can still come through it.
    pub fn is_closed(self) -> bool {
        !matches!(self, Self::Open | Self::InUse)
    }
}

/// An invitation as its maker sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub serial: Serial,
    /// How it is passed on.
    pub channel: Channel,
    /// What has become of it.
    pub standing: Standing,
    /// When it was made.
    pub made: SystemTime,
    /// When it closes, or would have closed.
    pub ends: SystemTime,
    /// Failed attempts in a row.
    pub failed: u8,
    /// The name that the last helper gave, if the novice let one in.
    pub used_by: Option<Name>,
    /// It stays open after a session, until it ends.
    pub keep_open: bool,
    /// For any browser; `None` if it is spoken, or closed.
    pub link: Option<String>,
    /// To be read out, in three groups of three digits; `None` if it is not spoken, or closed.
    pub number: Option<String>,
    /// The server's address, where a spoken number is typed in: `https://HOST`.
    pub server: String,
    /// To be told separately.
    pub password: Password,
}

/// What is known of an invitation's password.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// The novice chose to have none.
    None,
    /// To be passed on. Only this program knows it, as long as it runs.
    Known(String),
    /// Made before this program was started, and never kept.
    Forgotten,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation({}, {:?})", self.serial, self.standing)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A wish for an invitation.
#[derive(Clone)]
pub struct Order {
    /// How it is to be passed on.
    pub channel: Channel,
    /// `None`: anybody who has it may ask. A spoken one always gets one of its own.
    pub password: Option<Zeroizing<String>>,
    /// How long it stays open.
    pub life: Duration,
    /// Stays open after a session.
    pub keep_open: bool,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Order({:?}, {:?})", self.channel, self.life)
    }
}

/// Whether the server can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// Nobody has said which one; the novice is asked.
    Unnamed {
        /// What was wrong with the last answer: a sentence.
        problem: Option<String>,
    },
    /// The one that was just named is being tried out.
    Checking,
    /// On the way.
    Connecting,
    /// Reachable: the invitation can be used.
    Up,
    /// Away; the agent tries again by itself.
    Down,
}

/// A question to the novice. No answer means no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Which question an answer is for.
    pub id: PromptId,
    /// What is asked.
    pub ask: Ask,
    /// Allow counts from here on.
    pub live_at: Instant,
    /// No answer until here means no.
    pub deadline: Instant,
}

/// Numbers the questions of a session; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(pub u32);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// May they see the screen?
    View {
        /// Claimed, never verified.
        expert: Name,
        /// What both should see.
        words: Words,
    },
    /// May they use mouse and keyboard?
    Control {
        /// Claimed, never verified.
        expert: Name,
    },
}

/// What the novice does.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Answers a question. The front end has made sure that a person did it.
    Answer {
        /// Which one.
        prompt: PromptId,
        /// What.
        answer: Answer,
    },
    /// Says something to the expert.
    Chat(ChatText),
    /// Takes mouse and keyboard back.
    StopControl,
    /// Pauses the picture, or goes on.
    Pause(bool),
    /// Ends the session, or what leads to one.
    End,
    /// Makes an invitation. [`Notice::Invited`] or [`Notice::NotInvited`] answers.
    Invite(Order),
    /// Closes an invitation at once, also while the server is away.
    Expire(Serial),
    /// Has an open invitation end so much later.
    Extend(Serial, Duration),
    /// Forgets a closed invitation.
    Forget(Serial),
    /// Writes the invitation's file. [`Notice::FileSaved`] or [`Notice::FileNotSaved`] answers.
    SaveFile(Serial),
    /// Opens the novice's mail program with it. [`Notice::MailOpened`] or
    /// [`Notice::MailNotOpened`] answers.
    OpenMail(Serial),
    /// Answers [`Server::Unnamed`]: as typed.
    UseServer(String),
    /// The novice has read that they should not do this because somebody telephoned.
    Warned,
    /// Has read how the session ended.
    Dismiss,
    /// Ends the program. Open invitations are kept, but nobody can come until it runs again.
    Quit,
}

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allow,
    /// No.
    Refuse,
    /// No, and close the invitation for good.
    Block,
}

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
    /// The server wants nothing to do with this program; a sentence says why.
    ServerRefuses(&'static str),
    /// The connection broke in the middle of a session: the invitation stays open for a while.
    MayComeBack,
    /// The expert left, or was sent away, before anything was seen.
    HelperLeft,
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
    ViewRefused,
    /// The novice did not say whether they may see the screen.
    ViewUnanswered,
    /// The connection showed another certificate than the one that belongs to the password.
    Tampered,
    /// The connection could not be made.
    NotConnected,
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
    /// Somebody said something.
    Chat {
        /// Who.
        from: Speaker,
        /// What.
        text: ChatText,
    },
    /// An invitation is made.
    Invited(Serial),
    /// It is not; a sentence says why.
    NotInvited(String),
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
    /// It is not; a sentence says what to do instead.
    MailNotOpened(Serial, String),
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

/// The name an expert gave, on one line, so that it cannot pass for words of ours.
pub fn plain_name(name: &Name) -> String {
    let name = one_line(name.as_str());
    if name.is_empty() {
        NAMELESS.into()
    } else {
        name
    }
}

/// Words without the breaks between them.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What somebody said, with their name before every line: no line can pass for ours.
fn said_by(name: &str, text: &ChatText) -> String {
    let lines = text.as_str().split(['\n', '\r']);
    let named = lines.map(|line| format!("{name}: {line}"));
    named.collect::<Vec<_>>().join("\n")
}

/// A point in time as the novice's own clock shows it.
pub fn local_time(time: SystemTime) -> String {
    let zoned =
        jiff::Timestamp::try_from(time).map(|stamp| stamp.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map_or_else(
        |_| "unknown".into(),
        |zoned| zoned.strftime("%A %-d %B, %H:%M").to_string(),
    )
}

impl Notice {
    /// One plain line for a person; what was said in several lines, in several.
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
            Self::MayComeBack => {
                "They can come back with the same invitation within two minutes.".into()
            }
            Self::HelperLeft => {
                "Your helper left before it began. The invitation is still open.".into()
            }
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
            Self::ViewRefused => {
                "You did not let them see your screen. The invitation is still open.".into()
            }
            Self::ViewUnanswered => {
                "There was no answer, so nobody sees your screen. The invitation is still open.".into()
            }
            Self::Tampered => {
                "Somebody tried to get between you and your helper. Nobody has seen your screen.".into()
            }
            Self::NotConnected => {
                "The connection could not be made. Your helper can try again with the same invitation.".into()
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
            Self::ControlStopped(cause) => match cause {
                StopCause::Escape => {
                    "Control stopped: you pressed Esc. They can still see your screen."
                }
                StopCause::CtrlC => {
                    "Control stopped: you pressed Ctrl+C. They can still see your screen."
                }
                StopCause::Button => "Control stopped. They can still see your screen.",
                StopCause::Released => "They gave control back. They can still see your screen.",
                StopCause::Silence => "Control stopped: the connection went silent.",
                StopCause::Broken => {
                    "Control stopped: mouse and keyboard could not be used any more."
                }
            }
            .into(),
            Self::LocalHand(true) => "You are using the mouse: your helper waits.".into(),
            Self::LocalHand(false) => "Your helper can use the mouse again.".into(),
            Self::Paused(true) => "The picture is paused. They see nothing new.".into(),
            Self::Paused(false) => "The picture goes on.".into(),
            Self::Chat {
                from: Speaker::Novice,
                text,
            } => said_by("You", text),
            Self::Chat {
                from: Speaker::Expert(name),
                text,
            } => said_by(&plain_name(name), text),
            Self::Invited(serial) => format!("Invitation {serial} is open."),
            Self::Closed(serial, standing) => match standing {
                Standing::Open | Standing::InUse => format!("Invitation {serial} is open."),
                Standing::Used => format!("Invitation {serial} has served its purpose and is closed."),
                Standing::Expired => format!("Invitation {serial} has expired. Make a new one to go on."),
                Standing::Revoked => format!("Invitation {serial} is closed."),
                Standing::Locked => format!(
                    "Invitation {serial} is locked: the password was wrong too often. Make a new one."
                ),
            },
            Self::Extended(serial, ends) => {
                format!("Invitation {serial} stays open until {}.", local_time(*ends))
            }
            Self::Renumbered { old, new } => format!(
                "The number of invitation {old} is no longer good. Invitation {new} takes its place: tell your helper its number and its password."
            ),
            Self::FileSaved(_, path) => format!("The invitation was saved as {}.", path.display()),
            Self::MailOpened(_, how) => how.clone(),
            Self::NotInvited(why)
            | Self::FileNotSaved(_, why)
            | Self::MailNotOpened(_, why)
            | Self::StoreTrouble(why)
            | Self::Ended(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_pass_for_a_sentence_of_ours() {
        assert_eq!(
            plain_name(&Name::new("Maria\n\n\tThis name is verified.")),
            "Maria This name is verified."
        );
        assert_eq!(plain_name(&Name::new(" \n ")), NAMELESS);
    }

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
