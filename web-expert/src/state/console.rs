//! The session itself: picture, control, chat.

use std::time::Duration;

use deskhand_protocol::{
    control::{Display, EndReason, FromExpert, FromNovice},
    id::GrantId,
    monitor::{Monitors, Shown},
    text::ChatText,
};

use super::{Effect, Event};
use crate::{
    handshake::{Key, Met, News, Over},
    sentences::{self, Verdict},
};

/// The page remembers so many lines of chat.
const MAX_LINES: usize = 500;

/// Why a picture stands still although the line is up. Each ends by itself.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Still {
    /// The novice paused it.
    pub paused: bool,
    /// The novice's desktop does not answer.
    pub stalled: bool,
}

/// A session that the novice has approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Console {
    pub(super) key: Key,
    /// The other end.
    pub met: Met,
    /// The direct connection.
    pub line: Line,
    /// The novice's computer is not on the server any more; harmless while the line is up.
    parted: bool,
    /// Whether a frame has arrived.
    pub has_picture: bool,
    /// Why the picture stands still, if it does.
    pub still: Still,
    /// What is shared, once it is known.
    pub display: Option<Display>,
    /// The novice's screens, once they are known.
    pub monitors: Option<Monitors>,
    /// Mouse and keyboard.
    pub control: Control,
    /// The latest lines, oldest first.
    pub chat: Vec<Spoken>,
    /// How large the picture is.
    pub view: View,
    /// Something the expert should not miss.
    pub alert: Option<String>,
    /// What this side's network lets through.
    pub reach: Reach,
}

/// The direct connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// On its way.
    Connecting,
    /// Good.
    Up,
    /// Interrupted; the browser tries to get it back.
    Interrupted,
}

/// Mouse and keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// View only.
    None,
    /// The novice is being asked.
    Asking,
    /// Shared.
    Granted {
        /// Under which number.
        grant: GrantId,
        /// The novice uses them right now, and the expert's input is dropped.
        local_hand: bool,
    },
    /// Refused; asking again is possible later.
    Denied {
        /// When.
        until: Duration,
    },
}

/// How large the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As large as the window allows, all of it.
    Fit,
    /// One pixel is one pixel.
    Actual,
}

/// A line of chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Counts the lines of a session.
    pub number: u32,
    /// Who.
    pub by: Speaker,
    /// What.
    pub text: ChatText,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// This side.
    Expert,
    /// The other side.
    Novice,
}

/// What comes after an event.
pub(super) enum Next {
    /// The session goes on.
    Stay(Vec<Effect>),
    /// It is over.
    End(Verdict, Vec<Effect>),
}

impl Console {
    pub(super) fn new(key: Key, met: Met) -> Self {
        Self {
            key,
            met,
            line: Line::Connecting,
            parted: false,
            has_picture: false,
            still: Still::default(),
            display: None,
            monitors: None,
            control: Control::None,
            chat: vec![],
            view: View::Fit,
            alert: None,
            reach: Reach::default(),
        }
    }

    /// Whether the expert may ask for control.
    pub fn may_ask(&self) -> bool {
        self.line == Line::Up && self.control == Control::None
    }

    /// The grant, while control is held.
    pub fn grant(&self) -> Option<GrantId> {
        match self.control {
            Control::Granted { grant, .. } => Some(grant),
            Control::None | Control::Asking | Control::Denied { .. } => None,
        }
    }

    pub(super) fn is_counting(&self) -> bool {
        matches!(self.control, Control::Denied { .. })
    }

    pub(super) fn handle(&mut self, event: Event, now: Duration) -> Next {
        let effects = match event {
            Event::TakeControl if self.may_ask() => {
                self.control = Control::Asking;
                self.alert = None;
                vec![Effect::Send(FromExpert::RequestControl)]
            }
            Event::ReleaseControl => self.release(),
            Event::Say(text) => self.say(&text),
            Event::View(view) => {
                self.view = view;
                vec![]
            }
            Event::Show(shown) => vec![Effect::Send(FromExpert::Show(shown))],
            Event::Dismiss => {
                self.alert = None;
                vec![]
            }
            Event::End => {
                let effects = vec![Effect::Revoke, Effect::Send(FromExpert::End), Effect::Part];
                return Next::End(sentences::ended(EndReason::Expert), effects);
            }
            Event::News(news) => return self.news(news),
            Event::Line(line) => {
                self.line = line;
                if line == Line::Interrupted && self.parted {
                    return self.lost();
                }
                vec![]
            }
            Event::Reach(reach) => {
                self.reach = reach;
                vec![]
            }
            Event::Lost => return self.lost(),
            Event::Novice(FromNovice::Ended(reason)) => {
                let effects = vec![Effect::Revoke, Effect::HangUp];
                return Next::End(sentences::ended(reason), effects);
            }
            Event::Novice(said) => self.novice(said, now),
            Event::Frame => {
                self.has_picture = true;
                vec![]
            }
            Event::Tick => {
                if matches!(self.control, Control::Denied { until } if until <= now) {
                    self.control = Control::None;
                }
                vec![]
            }
            // Of other screens; and once the line is up, the socket has done its work.
            Event::TakeControl
            | Event::Paste(_)
            | Event::Connect { .. }
            | Event::Cancel
            | Event::Again
            | Event::Number(_)
            | Event::ConnectTo { .. }
            | Event::Prefer(_)
            | Event::Looking(_)
            | Event::NoCertificate => vec![],
            Event::SocketClosed => return self.server_is_gone(Over::Left),
        };
        Next::Stay(effects)
    }

    fn news(&mut self, news: News) -> Next {
        match news {
            News::Candidate(candidate) => Next::Stay(vec![Effect::Candidate(candidate)]),
            News::Over(Over::Ended(EndReason::Lost)) => self.lost(),
            News::Over(Over::Ended(reason)) => Next::End(
                sentences::ended(reason),
                vec![Effect::Revoke, Effect::HangUp],
            ),
            News::Over(Over::Tampered) => Next::End(
                sentences::over(Over::Tampered, &self.key),
                vec![Effect::Revoke, Effect::HangUp],
            ),
            News::Over(over) => self.server_is_gone(over),
            // The novice's computer tries anew to be reached.
            News::Offer(sdp) if self.line == Line::Connecting => {
                Next::Stay(vec![Effect::Answer(sdp)])
            }
            News::Checking | News::Accepted(_) | News::Offer(_) => Next::Stay(vec![]),
        }
    }

    /// Without the server nothing can begin, but what has begun goes on.
    fn server_is_gone(&mut self, over: Over) -> Next {
        self.parted = true;
        match self.line {
            Line::Up => Next::Stay(vec![]),
            Line::Interrupted => self.lost(),
            Line::Connecting => Next::End(
                sentences::over(over, &self.key),
                vec![Effect::Revoke, Effect::HangUp],
            ),
        }
    }

    /// The connection is gone, or never came about.
    fn lost(&self) -> Next {
        let verdict = match self.line {
            Line::Connecting => sentences::unreachable(self.reach),
            Line::Up | Line::Interrupted => sentences::ended(EndReason::Lost),
        };
        Next::End(verdict, vec![Effect::Revoke, Effect::HangUp])
    }

    fn novice(&mut self, said: FromNovice, now: Duration) -> Vec<Effect> {
        match said {
            FromNovice::Display(display) => {
                self.display = Some(display);
                // The agent listens from its first word on, and hears nothing before.
                return vec![Effect::SayCodecs];
            }
            FromNovice::Chat(text) => self.spoken(Speaker::Novice, text),
            FromNovice::Asking => self.control = Control::Asking,
            FromNovice::Granted(grant) => {
                self.control = Control::Granted {
                    grant,
                    local_hand: false,
                };
                self.alert = None;
                return vec![Effect::Grant(grant)];
            }
            FromNovice::Denied { reason, retry_secs } => {
                self.control = Control::Denied {
                    until: now + Duration::from_secs(retry_secs.into()),
                };
                let why = sentences::denied(reason);
                self.alert = Some(match retry_secs {
                    0 => why.into(),
                    1 => format!("{why} You can ask again in a second."),
                    secs => format!("{why} You can ask again in {secs} seconds."),
                });
                return vec![Effect::Revoke];
            }
            FromNovice::Stopped { grant, cause } => {
                // A late word about an earlier grant says nothing about this one.
                if self.grant().is_none_or(|held| held == grant) {
                    self.control = Control::None;
                    self.alert = sentences::stopped(cause).map(Into::into);
                    return vec![Effect::Revoke];
                }
            }
            FromNovice::LocalHand(now_local) => {
                if let Control::Granted { local_hand, .. } = &mut self.control {
                    *local_hand = now_local;
                }
            }
            FromNovice::Paused(paused) => self.still.paused = paused,
            FromNovice::Stalled(stalled) => self.still.stalled = stalled,
            FromNovice::CursorShape(shape) => return vec![Effect::Cursor(shape)],
            FromNovice::Monitors(monitors) => self.monitors(monitors),
            FromNovice::Ended(_) => {} // told apart by the caller
        }
        vec![]
    }

    /// A screen that goes while it is watched must not be taken for the one that follows.
    fn monitors(&mut self, monitors: Monitors) {
        let watched = self.monitors.as_ref().map(Monitors::shown);
        if let Some(Shown::One(id)) = watched
            && monitors.find(id).is_none()
        {
            let now = match monitors.shown() {
                Shown::One(id) => monitors.find(id),
                Shown::All => None,
            };
            let now = now.map_or("all screens", |(_, monitor)| monitor.name.as_str());
            self.alert = Some(sentences::disconnected(now));
        }
        self.monitors = Some(monitors);
    }

    fn release(&mut self) -> Vec<Effect> {
        let Some(grant) = self.grant() else {
            return vec![];
        };
        self.control = Control::None;
        self.alert = None;
        vec![
            Effect::Revoke,
            Effect::Send(FromExpert::ReleaseControl(grant)),
        ]
    }

    fn say(&mut self, text: &str) -> Vec<Effect> {
        let text = ChatText::new(text);
        if text.is_empty() || self.line == Line::Connecting {
            return vec![];
        }
        self.spoken(Speaker::Expert, text.clone());
        vec![Effect::Send(FromExpert::Chat(text))]
    }

    fn spoken(&mut self, by: Speaker, text: ChatText) {
        let number = self.chat.last().map_or(0, |line| line.number + 1);
        if self.chat.len() == MAX_LINES {
            self.chat.remove(0);
        }
        self.chat.push(Spoken { number, by, text });
    }
}
