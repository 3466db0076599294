//! What the two front ends (window and terminal) see of the agent, and what they may ask of it.
//!
//! The agent's core publishes a [`View`] whenever it changed, and a [`Notice`] for everything worth
//! a line. A front end draws the one, tells the other, and answers with [`Intent`]s. It holds
//! no state of the core's own.

pub mod caution;
mod invitation;
mod notice;
mod watched;

use std::time::{Duration, Instant, SystemTime};

use deskhand_protocol::{
    handshake::Words,
    text::{ChatText, Name},
};

pub use invitation::{Channel, Invitation, Newest, Order, Password, Reach, Serial, Standing};
pub use notice::{Notice, Speaker};
pub use watched::Watched;

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
    /// The program is about to end: a window closes by itself.
    pub over: bool,
}

impl View {
    /// Those that are open.
    pub fn open(&self) -> impl Iterator<Item = &Invitation> {
        self.invitations
            .iter()
            .filter(|one| !one.standing.is_closed())
    }

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
        /// Which of several screens it is; `None`: there is only one.
        watched: Option<Watched>,
        /// The expert looks at it; if not, they have another window in front of it.
        looking: bool,
        /// Mouse and keyboard.
        control: Control,
        /// Since when the connection is lost, if it is: then nothing is seen, and their page may
        /// come back for two minutes.
        lost: Option<Instant>,
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
    /// Forgets all closed invitations.
    ForgetClosed,
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

/// The name an expert gave, or words for somebody who gave none.
pub fn plain_name(name: &Name) -> String {
    if name.is_empty() {
        NAMELESS.into()
    } else {
        name.to_string()
    }
}

/// Words without the breaks between them.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
}
