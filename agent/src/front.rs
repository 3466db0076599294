//! What the two front ends (window and terminal) see of a session, and what they may ask of it.
//!
//! The session publishes a [`View`] whenever it changed, and a [`Notice`] for everything worth
//! a line. A front end draws the one, tells the other, and answers with [`Intent`]s. It holds
//! no state of the session's own.

use std::time::{Duration, Instant, SystemTime};

use deskhand_protocol::{
    control::StopCause,
    handshake::Words,
    text::{ChatText, Name},
};

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
}

/// How far a session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// An invitation is open and nobody has come yet.
    Waiting(Invitation),
    /// Somebody is proving that they know the password.
    Verifying(Invitation),
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
    /// Over.
    Ended {
        /// A sentence.
        why: String,
        /// Not as anybody wanted.
        trouble: bool,
    },
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

/// What the novice passes on.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// For any browser.
    pub link: String,
    /// To be told separately; `None` if the novice chose to have none.
    pub password: Option<String>,
    /// When it closes.
    pub open_until: SystemTime,
    /// Failed attempts so far.
    pub failed: u8,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invitation(..)")
    }
}

/// Whether the server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
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
    /// Ends the session; while waiting: closes the invitation.
    End,
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
    /// The expert left, or was sent away, before anything was seen.
    HelperLeft,
    /// Somebody holds the link and is trying a password.
    Attempt,
    /// They got it wrong; so many tries are left before the invitation locks.
    WrongPassword {
        /// Tries left.
        left: u8,
    },
    /// Too many wrong passwords.
    Locked,
    /// The invitation reached its end.
    Expired,
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
            Self::Locked => {
                "The invitation is locked: the password was wrong too often. Make a new invitation."
                    .into()
            }
            Self::Expired => "The invitation has expired. Make a new one to go on.".into(),
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
            Self::Ended(why) => why.clone(),
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
