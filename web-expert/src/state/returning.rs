//! The page was loaded again in the middle of a session, and goes on with it by itself.

use std::time::Duration;

use deskhand_protocol::{id::InvitationId, signal::Refusal};

use super::{Back, Console, Due, Effect, Event, Screen, Start, State};
use crate::{
    handshake::{Key, Met, News, Over},
    sentences,
};

/// On the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returning {
    /// How far.
    pub back: Back,
    /// What led to the session, if the page still has it.
    key: Option<Key>,
    met: Option<Met>,
}

impl State {
    /// Whether a page that was opened so goes on with a session of invitation `id`: unless it was
    /// opened with something else.
    pub fn may_go_on_with(&self, id: InvitationId) -> bool {
        match &self.screen {
            Screen::Start(start) => *start == Start::default(),
            Screen::Join(join) => join.link.id == id,
            Screen::Unable(_)
            | Screen::Returning(_)
            | Screen::Joining(_)
            | Screen::Console(_)
            | Screen::Ended(_) => false,
        }
    }

    /// Goes on with it; so much is `left` of the two minutes.
    pub fn go_on(&mut self, left: Duration, now: Duration) -> Vec<Effect> {
        let key = match (&self.file, &self.screen) {
            (Some(file), _) => Some(Key::File(file.link.clone())),
            (None, Screen::Join(join)) => Some(Key::Link(join.link.clone())),
            (None, _) => None,
        };
        self.screen = Screen::Returning(Returning {
            back: Back::reloaded(now, left),
            key,
            met: None,
        });
        vec![Effect::Rejoin]
    }

    pub(super) fn returning(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        let Screen::Returning(Returning { back, key, met }) = &mut self.screen else {
            return vec![];
        };
        let verdict = match event {
            Event::News(News::Accepted(who)) => {
                *met = Some(who);
                return vec![];
            }
            Event::News(News::Offer(sdp)) => {
                let Some(met) = met.take() else {
                    back.failed(now);
                    return vec![Effect::StopRejoining];
                };
                back.answered(now);
                let console = Console::again(key.take(), met, back.clone());
                self.screen = Screen::Console(Box::new(console));
                return vec![Effect::Keep, Effect::Answer(sdp)];
            }
            Event::News(News::Over(over)) => {
                let Some(verdict) = final_word(over) else {
                    back.failed(now);
                    return vec![Effect::StopRejoining];
                };
                verdict
            }
            Event::SocketClosed | Event::NoCertificate => {
                back.failed(now);
                return vec![Effect::StopRejoining];
            }
            Event::Tick => match back.look(now) {
                Due::Nothing => return vec![],
                Due::Try => return vec![Effect::Rejoin],
                Due::GiveUp => sentences::NOT_BACK,
            },
            Event::Cancel => {
                let key = key.take();
                self.end(
                    sentences::ended(deskhand_protocol::control::EndReason::Expert),
                    key,
                );
                return vec![Effect::Leave, Effect::HangUp];
            }
            // Of other screens.
            _ => return vec![],
        };
        let key = key.take();
        self.end(verdict, key);
        vec![Effect::HangUp]
    }
}

/// What there is to say if coming back makes no sense any more. All else may pass.
pub(super) fn final_word(over: Over) -> Option<sentences::Verdict> {
    match over {
        Over::Refused => Some(sentences::GONE),
        Over::Ended(reason) => Some(sentences::ended(reason)),
        Over::Closed(Refusal::Version) => Some(sentences::OTHER_VERSION),
        Over::Busy | Over::Wait(_) | Over::Left | Over::Closed(_) | Over::Tampered => None,
    }
}
