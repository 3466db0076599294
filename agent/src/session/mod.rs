//! One session: from an expert who knew the password to the end of what they see. A pure state
//! machine.
//!
//! INVARIANTS
//! - The picture starts only with a `ViewGrant`, an event reaches the hand only through a
//!   `ControlGrant`; both exist only after the novice said yes.
//! - Whatever way it ends, the hand, the picture and the connection end with it.
//!
//! ```text
//! introducing → asking → connecting → viewing ⇄ controlling
//! ```
//!
//! A session that is viewed outlives its connection for two minutes. Meanwhile the page may come
//! back, on a way of the session's own ([`returning`]); control is over in any case.

mod arriving;
mod connecting;
mod dialling;
mod hearing;
mod returning;
mod screens;
mod viewing;

use std::time::Instant;

use deskhand_protocol::{
    control::{EndReason, StopCause},
    envelope::{Sealed, SealedToPage},
    handshake::resume::Resume,
    ice::IceServer,
    id::{Fingerprint, JoinId, Route},
    text::{ChatText, Name},
};
use rand_core::{CryptoRng, RngCore};

use crate::{
    clock::Now,
    consent::Consent,
    door::{Partner, dismiss},
    front::{Answer, Prompt, PromptId, Serial, Stage},
    hand,
    io::{MediaEvent, Outcome, Output, PeerCommand, PeerEvent},
};
use arriving::{Asking, Introducing};
use connecting::Connecting;
use returning::Returning;
use viewing::Viewing;

/// What does not change from session to session.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the novice wants to be called; may be empty.
    pub name: Name,
    /// Why control cannot be given on this computer at all, if so.
    pub no_control: Option<String>,
    /// Of the certificate that the agent's connections use.
    pub fingerprint: Fingerprint,
    /// The page may have come out of a file.
    pub file: bool,
}

/// Something that concerns the invitation, too.
#[derive(Debug)]
pub enum News {
    /// The expert sees the screen.
    Began(Name),
    /// The session is over.
    Over(Over),
}

/// Why nothing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// They never said who they are.
    Unheard,
    /// They left, or broke off.
    Helper,
    /// No connection came about.
    NotConnected,
    /// The connection was not the one of the handshake: somebody sat in the middle.
    Tampered,
}

/// How a session ended.
#[derive(Debug)]
pub enum Over {
    /// Nothing was seen.
    Left(Parting),
    /// The expert left with the question open.
    Withdrawn,
    /// The novice said no, or nothing.
    Refused(EndReason),
    /// The novice wants nobody to come through this invitation any more; a sentence.
    Blocked(String),
    /// It was had; a sentence says how it ended.
    Finished {
        /// Why.
        reason: EndReason,
        /// For the novice.
        why: String,
    },
}

impl Over {
    /// What it means for a program that was started for this session.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Left(_)
            | Self::Withdrawn
            | Self::Refused(_)
            | Self::Finished {
                reason: EndReason::Failed | EndReason::Lost | EndReason::Malformed,
                ..
            } => Outcome::Failed,
            Self::Blocked(_) | Self::Finished { .. } => Outcome::Finished,
        }
    }
}

/// See the module.
pub struct Session {
    serial: Serial,
    terms: Terms,
    state: State,
    /// Once there is something to come back to.
    returning: Option<Returning>,
}

enum State {
    Introducing(Box<Introducing>),
    Asking(Box<Asking>),
    Connecting(Box<Connecting>),
    Viewing(Box<Viewing>),
    /// Said so already; nothing more comes.
    Over,
}

impl Session {
    /// Begins with somebody who knew the password.
    pub fn new(serial: Serial, partner: Partner, terms: Terms, now: Now) -> Self {
        Self {
            serial,
            terms,
            state: State::Introducing(Box::new(Introducing::new(partner, now))),
            returning: None,
        }
    }

    /// Through which invitation they came.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// When to come back with [`Session::pass_time`] at the latest.
    pub fn deadline(&self, now: Now) -> Option<Instant> {
        match &self.state {
            State::Introducing(state) => Some(state.deadline),
            State::Asking(state) => Some(state.question.deadline()),
            State::Connecting(state) => Some(state.dialling.wake()),
            State::Viewing(state) => state.deadline(now),
            State::Over => None,
        }
    }

    /// What a front end shows.
    pub fn view(&self) -> (Stage, Option<Prompt>) {
        let connecting = |partner: &Partner| Stage::Connecting {
            expert: partner.name.clone(),
            words: partner.words,
        };
        match &self.state {
            State::Introducing(_) | State::Over => (Stage::Verifying(self.serial), None),
            State::Asking(state) => (
                connecting(&state.partner),
                Some(state.question.prompt().clone()),
            ),
            State::Connecting(state) => (connecting(&state.partner), None),
            State::Viewing(state) => (state.stage(), state.prompt().cloned()),
        }
    }

    /// Whether the expert sees the screen: nothing that the server says ends that.
    pub fn is_viewing(&self) -> bool {
        matches!(self.state, State::Viewing(_))
    }

    /// Whether the expert saw the screen, and their page is being waited for.
    pub fn is_lost(&self) -> bool {
        matches!(&self.state, State::Viewing(viewing) if viewing.is_lost())
    }

    /// Whether it is this session that the server knows as `route`.
    pub fn is_at(&self, route: Route) -> bool {
        self.returning
            .as_ref()
            .is_some_and(|one| one.route() == route)
    }

    /// Tells the server where the page may come back.
    pub fn register(&self, out: &mut Vec<Output>) {
        if let Some(returning) = &self.returning {
            returning.register(out);
        }
    }

    /// A page is at the session's own route.
    pub fn rejoined(
        &mut self,
        join: JoinId,
        now: Now,
        rng: &mut (impl RngCore + CryptoRng),
        out: &mut Vec<Output>,
    ) {
        match &mut self.returning {
            Some(returning) => returning.joined(join, now, rng, out),
            None => dismiss(join, out),
        }
    }

    /// That page proves that it was approved, or not.
    pub fn resumed(&mut self, join: JoinId, resume: &Resume, now: Now, out: &mut Vec<Output>) {
        let (State::Viewing(viewing), Some(returning)) = (&mut self.state, &mut self.returning)
        else {
            return dismiss(join, out);
        };
        let name = viewing.name().clone();
        if let Some(partner) = returning.resumed(join, resume, &name, now, out) {
            viewing.resumed(partner, &self.terms.name, now, out);
        }
    }

    /// Whether the novice knows of it: was asked whether they may see the screen, at least.
    pub fn was_asked(&self) -> bool {
        !matches!(self.state, State::Introducing(_))
    }

    /// Something that a page sealed. Whatever does not belong here closes that page's socket
    /// and disturbs nobody else.
    pub fn sealed(
        &mut self,
        join: JoinId,
        sealed: &Sealed,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Introducing(state) if state.partner.join == join => {
                self.introduced(*state, sealed, consent, now, out)
            }
            // Nothing is due before the offer but a farewell: either way the question is void.
            State::Asking(state) if state.partner.join == join => {
                dismiss(join, out);
                Some(News::Over(Over::Withdrawn))
            }
            State::Connecting(state) if state.partner.join == join => {
                self.answered(*state, sealed, out)
            }
            State::Viewing(mut viewing) => {
                let heard = viewing.sealed(join, sealed, out);
                self.state = State::Viewing(viewing);
                let Ok(over) = heard else {
                    // The connection stands by itself: a meddling server is cut off, no more.
                    dismiss(join, out);
                    return None;
                };
                if let Some(returning) = &mut self.returning {
                    returning.confirmed();
                }
                let (reason, why) = over?;
                self.end(reason, why, out)
            }
            other => {
                self.state = other;
                dismiss(join, out);
                None
            }
        }
    }

    /// The way to a page through the server is gone: `join`'s, or everybody's.
    pub fn signalling_lost(
        &mut self,
        join: Option<JoinId>,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        if let Some(returning) = &mut self.returning {
            returning.left(join);
        }
        let hit = |partner: &Partner| join.is_none_or(|join| join == partner.join);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Introducing(state) if hit(&state.partner) => {
                Some(News::Over(Over::Left(Parting::Unheard)))
            }
            State::Asking(state) if hit(&state.partner) => Some(News::Over(Over::Withdrawn)),
            State::Connecting(state) if hit(&state.partner) => {
                out.push(Output::Peer(PeerCommand::Close));
                Some(News::Over(Over::Left(Parting::Helper)))
            }
            State::Viewing(mut viewing) => {
                // What flows directly must not notice.
                viewing.signalling_lost(join, now, out);
                self.state = State::Viewing(viewing);
                None
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// From the server: what helps to reach that page.
    pub fn ice_servers(&mut self, join: JoinId, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        match &mut self.state {
            State::Connecting(state) if state.partner.join == join => {
                state.dialling.helped(servers, out);
            }
            State::Viewing(viewing) => viewing.helped(join, servers, out),
            _ => {}
        }
    }

    /// The novice answers a question.
    pub fn answer(
        &mut self,
        prompt: PromptId,
        answer: Answer,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Asking(asking) => self.view_answered(*asking, prompt, answer, now, out),
            State::Viewing(mut viewing) => {
                if viewing.control_answered(prompt, answer, now, out) {
                    self.close(*viewing, EndReason::Novice, out);
                    return Some(News::Over(Over::Blocked(
                        "You ended the session and blocked the invitation.".into(),
                    )));
                }
                self.state = State::Viewing(viewing);
                None
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The novice says something.
    pub fn say(&mut self, text: ChatText, out: &mut Vec<Output>) {
        if let State::Viewing(viewing) = &self.state
            && !text.is_empty()
        {
            viewing.say(text, out);
        }
    }

    /// The novice takes control back.
    pub fn stop_control(&mut self, now: Now, out: &mut Vec<Output>) {
        if let State::Viewing(viewing) = &mut self.state {
            viewing.stop_control(StopCause::Button, now.at, out);
        }
    }

    /// The novice pauses the picture, or goes on.
    pub fn pause(&mut self, paused: bool, out: &mut Vec<Output>) {
        if let State::Viewing(viewing) = &mut self.state {
            viewing.pause(paused, out);
        }
    }

    /// Control is not allowed here any more; a sentence says why.
    pub fn forbid_control(&mut self, why: &str, now: Now, out: &mut Vec<Output>) {
        self.terms.no_control = Some(why.into());
        if let State::Viewing(viewing) = &mut self.state {
            viewing.forbid_control(why, now.at, out);
        }
    }

    /// From the connection to the page.
    pub fn peer_event(
        &mut self,
        event: PeerEvent,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Connecting(state) => self.connecting(*state, event, now, out),
            State::Viewing(mut viewing) => {
                let over = viewing.peer_event(event, consent, now, out);
                self.state = State::Viewing(viewing);
                let (reason, why) = over?;
                self.end(reason, why, out)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// From the picture.
    pub fn media_event(&mut self, event: MediaEvent, out: &mut Vec<Output>) -> Option<News> {
        let State::Viewing(viewing) = &mut self.state else {
            return None;
        };
        if let MediaEvent::Failed(why) = event {
            return self.end(EndReason::Failed, &why, out);
        }
        viewing.media_event(event, out);
        None
    }

    /// From the hand.
    pub fn hand_event(&mut self, event: hand::wire::Event, now: Now, out: &mut Vec<Output>) {
        if let State::Viewing(viewing) = &mut self.state {
            viewing.hand_event(event, now.at, out);
        }
    }

    /// What follows from time alone.
    pub fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) -> Option<News> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Introducing(state) if state.deadline <= now.at => {
                dismiss(state.partner.join, out);
                Some(News::Over(Over::Left(Parting::Unheard)))
            }
            State::Asking(state) if state.question.deadline() <= now.at => {
                Some(arriving::refuse(state.partner, EndReason::NoAnswer, out))
            }
            State::Connecting(state) if state.dialling.is_late(now) => {
                Some(connecting::give_up(*state, out))
            }
            State::Connecting(mut state) => {
                state.dialling.pass_time(now, out);
                self.state = State::Connecting(state);
                None
            }
            State::Viewing(mut viewing) => {
                let over = viewing.pass_time(now, out);
                self.state = State::Viewing(viewing);
                let (reason, why) = over?;
                self.end(reason, why, out)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Ends whatever there is, and tells the other side. `why` is for the novice.
    pub fn end(&mut self, reason: EndReason, why: &str, out: &mut Vec<Output>) -> Option<News> {
        let mut connected = false;
        let mut partner = match std::mem::replace(&mut self.state, State::Over) {
            State::Introducing(state) => state.partner,
            State::Asking(state) => state.partner,
            State::Connecting(state) => {
                connected = true;
                state.partner
            }
            State::Viewing(viewing) => {
                self.close(*viewing, reason, out);
                let why = why.to_owned();
                return Some(News::Over(Over::Finished { reason, why }));
            }
            State::Over => return None,
        };
        out.push(partner.seal(&SealedToPage::Ended(reason)));
        if connected {
            out.push(Output::Peer(PeerCommand::Close));
        }
        dismiss(partner.join, out);
        Some(News::Over(Over::Blocked(why.to_owned())))
    }

    /// Ends what was seen. Nobody can come back to it.
    fn close(&mut self, viewing: Viewing, reason: EndReason, out: &mut Vec<Output>) {
        viewing.close(reason, out);
        if let Some(returning) = self.returning.take() {
            returning.close(out);
        }
    }
}
