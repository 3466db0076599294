//! The session itself: picture, control, chat.

use std::time::Duration;

use deskhand_protocol::{
    control::{Display, EndReason, FromExpert, FromNovice},
    id::GrantId,
    monitor::{Monitors, Shown},
    text::{ChatText, Sdp},
};

use super::{Back, Due, Effect, Event, returning::final_word};
use crate::{
    handshake::{Key, Met, News, Over},
    reach::Reach,
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
    /// What led here; a page that was loaded again may not have it any more.
    pub(super) key: Option<Key>,
    /// The other end.
    pub met: Met,
    /// The direct connection.
    pub line: Line,
    /// The novice's computer has said something over it, so it stands at both ends.
    heard: bool,
    /// While it is lost, unless it never was there.
    back: Option<Back>,
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
    /// Interrupted, or lost: it may come back by itself, or the page gets another one.
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
        Self::begin(Some(key), met, Line::Connecting, None)
    }

    /// After the page was loaded again.
    pub(super) fn again(key: Option<Key>, met: Met, back: Back) -> Self {
        Self::begin(key, met, Line::Interrupted, Some(back))
    }

    fn begin(key: Option<Key>, met: Met, line: Line, back: Option<Back>) -> Self {
        Self {
            key,
            met,
            line,
            heard: false,
            back,
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

    /// Since when the connection is lost, if it is.
    pub fn lost_since(&self) -> Option<Duration> {
        Some(self.back.as_ref()?.since)
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
        matches!(self.control, Control::Denied { .. }) || self.back.is_some()
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
                let mut effects = vec![Effect::Revoke, Effect::Send(FromExpert::End)];
                // Perhaps the server can say it.
                effects.extend(self.back.is_some().then_some(Effect::Leave));
                effects.push(Effect::Part);
                return Next::End(sentences::ended(EndReason::Expert), effects);
            }
            Event::News(news) => return self.news(news, now),
            Event::Line(line) => self.line(line, now),
            Event::Reach(reach) => {
                self.reach = reach;
                vec![]
            }
            Event::Lost => return self.lost(now),
            Event::Novice(FromNovice::Ended(reason)) => {
                let effects = vec![Effect::Revoke, Effect::HangUp];
                return Next::End(sentences::ended(reason), effects);
            }
            Event::Novice(said) => self.novice(said, now),
            Event::Frame => {
                self.has_picture = true;
                vec![]
            }
            Event::PictureBroken => {
                self.alert = Some(sentences::PICTURE_BROKEN.into());
                vec![]
            }
            Event::Tick => {
                if matches!(self.control, Control::Denied { until } if until <= now) {
                    self.control = Control::None;
                }
                return self.look(now);
            }
            Event::Beat if self.line == Line::Up => vec![Effect::Keep],
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
            | Event::Try
            | Event::Tried(_)
            | Event::Beat => vec![],
            Event::SocketClosed | Event::NoCertificate => return self.over(Over::Left, now),
        };
        Next::Stay(effects)
    }

    fn news(&mut self, news: News, now: Duration) -> Next {
        Next::Stay(match news {
            News::Candidate(candidate) => vec![Effect::Candidate(candidate)],
            News::Over(over) => return self.over(over, now),
            News::Offer(sdp) => self.offer(sdp, now),
            News::Accepted(met) => {
                self.met = met;
                vec![]
            }
            News::Checking => vec![],
        })
    }

    /// One that is not waited for is old news.
    fn offer(&mut self, sdp: Sdp, now: Duration) -> Vec<Effect> {
        match &mut self.back {
            // The way back.
            Some(back) if back.is_reaching() => {
                back.answered(now);
                // All that was said over the former connection is said anew, but for control.
                self.heard = false;
                self.has_picture = false;
                self.still = Still::default();
                self.display = None;
                self.monitors = None;
                self.control = Control::None;
                vec![Effect::Revoke, Effect::Keep, Effect::Answer(sdp)]
            }
            // A connection got stuck, and the novice's computer makes another,
            Some(back) if back.is_connecting() => {
                back.answered(now);
                vec![Effect::Answer(sdp)]
            }
            None if self.line == Line::Connecting => vec![Effect::Answer(sdp)],
            // even if this end has found nothing wrong with it.
            None if !self.heard => {
                self.awaits_another(now);
                vec![Effect::Answer(sdp)]
            }
            Some(_) | None => vec![],
        }
    }

    /// The connection stood at this end alone. The novice's computer notices and makes another.
    fn awaits_another(&mut self, now: Duration) {
        self.line = Line::Interrupted;
        self.control = Control::None;
        self.back = Some(Back::awaiting_another(now));
    }

    /// The way through the server is gone. Without it nothing can begin, but what has begun goes
    /// on.
    fn over(&mut self, over: Over, now: Duration) -> Next {
        let reaching = self.back.as_mut().filter(|back| back.is_reaching());
        let verdict = match (over, reaching) {
            (over, Some(back)) => {
                let Some(verdict) = final_word(over) else {
                    back.failed(now);
                    return Next::Stay(vec![Effect::StopRejoining]);
                };
                verdict
            }
            (Over::Ended(EndReason::Lost), None) if self.line == Line::Connecting => {
                sentences::unreachable(self.reach)
            }
            (Over::Ended(reason), None) => sentences::ended(reason),
            (Over::Tampered, None) => sentences::TAMPERED,
            (over, None) if self.line == Line::Connecting => match &self.key {
                Some(key) => sentences::over(over, key),
                None => sentences::NOT_BACK,
            },
            (_, None) => return Next::Stay(vec![]),
        };
        Next::End(verdict, vec![Effect::Revoke, Effect::HangUp])
    }

    fn line(&mut self, line: Line, now: Duration) -> Vec<Effect> {
        match line {
            Line::Up => {
                self.line = Line::Up;
                let Some(back) = self.back.take().filter(|back| !back.is_connecting()) else {
                    return vec![];
                };
                // The former connection is back. What was sent last may have been lost, and on a
                // screen that stands still nothing follows by which that would be noticed.
                let stop = back.is_reaching().then_some(Effect::StopRejoining);
                let refresh = Effect::Send(FromExpert::Refresh);
                stop.into_iter().chain([refresh]).collect()
            }
            // What has not been there yet is not interrupted.
            Line::Interrupted if self.line != Line::Connecting => {
                self.line = Line::Interrupted;
                self.back.get_or_insert_with(|| Back::lost(now));
                vec![]
            }
            Line::Interrupted | Line::Connecting => vec![],
        }
    }

    /// The connection does not come back by itself.
    fn lost(&mut self, now: Duration) -> Next {
        if self.line == Line::Connecting {
            return Next::End(
                sentences::unreachable(self.reach),
                vec![Effect::Revoke, Effect::HangUp],
            );
        }
        if self.back.is_none() && !self.heard {
            self.awaits_another(now);
            return Next::Stay(vec![Effect::Revoke]);
        }
        self.line = Line::Interrupted;
        self.control = Control::None;
        let back = self.back.get_or_insert_with(|| Back::lost(now));
        back.lost_for_good(now);
        match self.look(now) {
            Next::Stay(mut effects) => {
                effects.insert(0, Effect::Revoke);
                Next::Stay(effects)
            }
            over @ Next::End(..) => over,
        }
    }

    fn look(&mut self, now: Duration) -> Next {
        match self.back.as_mut().map(|back| back.look(now)) {
            None | Some(Due::Nothing) => Next::Stay(vec![]),
            Some(Due::Try) => Next::Stay(vec![Effect::Rejoin]),
            Some(Due::GiveUp) => Next::End(
                sentences::ended(EndReason::Lost),
                vec![Effect::Revoke, Effect::HangUp],
            ),
        }
    }

    fn novice(&mut self, said: FromNovice, now: Duration) -> Vec<Effect> {
        self.heard = true;
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
        if text.is_empty() || self.line != Line::Up {
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
