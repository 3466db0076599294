//! The session proper: picture, chat, control.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::{Denial, EndReason, FromExpert, FromNovice, StopCause},
    envelope::{Sealed, SealedToAgent, SealedToPage},
    handshake::seal::SealError,
    id::{GrantId, JoinId},
    text::ChatText,
};

use super::screens::Screens;
use crate::{
    clock::Now,
    consent::{Consent, ControlGrant, Question, Verdict},
    door::Partner,
    front::{self, Answer, Ask, Notice, Prompt, PromptId, Speaker, Stage},
    hand::wire::{Command, Event},
    io::{MediaCommand, MediaEvent, Output, PeerCommand, PeerEvent},
    rate::Rate,
};

/// After so many refusals in a row, so long until the next request.
const RETRY: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// The hand has so long to say that the gate is open.
const OPENING: Duration = Duration::from_secs(3);

/// What an expert says and asks for: far above anybody who types, far below what would bury
/// the novice's window in text.
const MESSAGES_PER_SECOND: u32 = 5;
const MESSAGES_AT_ONCE: u32 = 30;

pub(super) struct Viewing {
    partner: Partner,
    messages: Rate,
    paused: bool,
    screens: Screens,
    /// The expert looks at the picture.
    looking: bool,
    hand_ready: bool,
    /// Why the last hand stopped, if it did.
    hand_fault: Option<String>,
    no_control: Option<String>,
    refused: usize,
    not_before: Instant,
    control: Control,
}

enum Control {
    None,
    Asked(Question<ControlGrant>),
    Opening {
        grant: ControlGrant,
        deadline: Instant,
    },
    Open {
        grant: ControlGrant,
        local_hand: bool,
    },
}

impl Viewing {
    pub fn new(partner: Partner, no_control: Option<String>, now: Now) -> Self {
        Self {
            partner,
            messages: Rate::new(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE),
            paused: false,
            screens: Screens::default(),
            looking: true,
            hand_ready: false,
            hand_fault: None,
            no_control,
            refused: 0,
            not_before: now.at,
            control: Control::None,
        }
    }

    pub fn stage(&self) -> Stage {
        let control = match self.control {
            Control::Open { local_hand, .. } => front::Control::Shared { local_hand },
            Control::Opening { .. } => front::Control::Shared { local_hand: false },
            Control::None | Control::Asked(_) => front::Control::None,
        };
        Stage::Viewing {
            expert: self.partner.name.clone(),
            words: self.partner.words,
            paused: self.paused,
            watched: self.screens.watched(),
            looking: self.looking,
            control,
        }
    }

    pub fn prompt(&self) -> Option<&Prompt> {
        match &self.control {
            Control::Asked(question) => Some(question.prompt()),
            Control::None | Control::Opening { .. } | Control::Open { .. } => None,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        match &self.control {
            Control::Asked(question) => Some(question.deadline()),
            Control::Opening { deadline, .. } => Some(*deadline),
            Control::None | Control::Open { .. } => None,
        }
    }

    /// From the page. Gives a reason if the session is over.
    pub fn peer_event(
        &mut self,
        event: PeerEvent,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<(EndReason, &'static str)> {
        match event {
            PeerEvent::Control(
                FromExpert::Chat(_)
                | FromExpert::RequestControl
                | FromExpert::Looking(_)
                | FromExpert::Quality(_),
            ) if !self.messages.admits(now.at) => {
                return Some((
                    EndReason::Malformed,
                    "The session was ended: the other side sent more messages than anybody can read.",
                ));
            }
            PeerEvent::Control(message) => match message {
                FromExpert::Chat(text) => {
                    let from = Speaker::Expert(self.partner.name.clone());
                    out.push(Output::Tell(Notice::Chat { from, text }));
                }
                FromExpert::RequestControl => self.control_requested(consent, now, out),
                FromExpert::ReleaseControl(grant) if self.granted() == Some(grant) => {
                    self.stop_control(StopCause::Released, now.at, out);
                }
                // Crossed with a stop: it has what it wants.
                FromExpert::ReleaseControl(_) => {}
                FromExpert::Refresh => out.push(Output::Media(MediaCommand::Refresh)),
                FromExpert::Decodes(codecs) => {
                    out.push(Output::Media(MediaCommand::Decodes(codecs)));
                }
                FromExpert::Show(shown) => out.push(Output::Media(MediaCommand::Show(shown))),
                FromExpert::Looking(looking) => self.look(looking, out),
                FromExpert::Quality(quality) => {
                    out.push(Output::Media(MediaCommand::Prefer(quality)));
                }
                FromExpert::End => {
                    return Some((EndReason::Expert, "Your helper ended the session."));
                }
            },
            PeerEvent::Input(event) => {
                if let Control::Open { grant, .. } = &self.control
                    && !(self.screens.stalled() && event.action.begins())
                {
                    out.extend(grant.input(event).map(Output::Hand));
                }
            }
            PeerEvent::Motion(motion) => {
                if let Control::Open { grant, .. } = &self.control
                    && !self.screens.stalled()
                {
                    out.extend(grant.motion(motion).map(Output::Hand));
                }
            }
            PeerEvent::Candidate(candidate) => {
                out.push(self.partner.seal(&SealedToPage::Candidate(candidate)));
            }
            PeerEvent::Malformed => {
                return Some((
                    EndReason::Malformed,
                    "The session was ended: the other side sent something that Deskhand does not understand.",
                ));
            }
            PeerEvent::Closed | PeerEvent::Stuck => {
                return Some((EndReason::Lost, "The connection to your helper is lost."));
            }
            PeerEvent::Offer(_) | PeerEvent::Connected(_) => {}
        }
        None
    }

    pub fn media_event(&mut self, event: MediaEvent, out: &mut Vec<Output>) {
        match event {
            MediaEvent::Display(scope) => self.screens.display(scope, self.hand_ready, out),
            MediaEvent::Monitors(monitors) => {
                self.screens.monitors(monitors, &self.partner.name, out);
            }
            MediaEvent::CursorShape(shape) => out.push(control(FromNovice::CursorShape(shape))),
            MediaEvent::CursorMoved(at) => out.push(Output::Peer(PeerCommand::Cursor(at))),
            MediaEvent::Stalled(stalled) => self.screens.stall(stalled, out),
            MediaEvent::Failed(_) => {}
        }
    }

    pub fn hand_event(&mut self, event: Event, now: Instant, out: &mut Vec<Output>) {
        match event {
            Event::Ready => {
                self.hand_ready = true;
                self.hand_fault = None;
                self.screens.tell_hand(out);
            }
            Event::Opened(number) => match std::mem::replace(&mut self.control, Control::None) {
                Control::Opening { grant, .. } if grant.id() == number => {
                    self.refused = 0;
                    out.push(control(FromNovice::Granted(number)));
                    out.push(Output::Tell(Notice::ControlGranted(
                        self.partner.name.clone(),
                    )));
                    self.control = Control::Open {
                        grant,
                        local_hand: false,
                    };
                }
                other => self.control = other,
            },
            Event::Closed { grant, cause } if self.granted() == Some(grant) => {
                self.stopped(cause, now, out);
            }
            Event::Closed { .. } => {}
            Event::LocalHand(active) => {
                if let Control::Open { local_hand, .. } = &mut self.control
                    && *local_hand != active
                {
                    *local_hand = active;
                    out.push(control(FromNovice::LocalHand(active)));
                    out.push(Output::Tell(Notice::LocalHand(active)));
                }
            }
            Event::Fault(why) => {
                // One that worked is worth another; one that never did would fail again.
                if std::mem::take(&mut self.hand_ready) {
                    out.push(Output::StartHand);
                }
                match self.control {
                    Control::Open { .. } | Control::Opening { .. } => {
                        self.stopped(StopCause::Broken, now, out);
                    }
                    Control::Asked(_) => {
                        out.push(Output::Hand(Command::Prompt(false)));
                        self.control = Control::None;
                        self.deny(Denial::Unavailable, now, out);
                        out.push(Output::Tell(Notice::ControlUnavailable(why.clone())));
                    }
                    Control::None => {}
                }
                self.hand_fault = Some(why);
            }
        }
    }

    fn control_requested(&mut self, consent: &mut Consent, now: Now, out: &mut Vec<Output>) {
        if !matches!(self.control, Control::None) {
            return;
        }
        if let Some(why) = &self.no_control {
            out.push(Output::Tell(Notice::ControlUnavailable(why.clone())));
            return self.deny(Denial::Unavailable, now.at, out);
        }
        if now.at < self.not_before {
            return self.deny(Denial::TooSoon, now.at, out);
        }
        if !self.hand_ready {
            out.push(Output::StartHand);
            let why = self.hand_fault.clone();
            let why = why.unwrap_or_else(|| "mouse and keyboard are not ready yet.".into());
            out.push(Output::Tell(Notice::ControlUnavailable(why)));
            return self.deny(Denial::Unavailable, now.at, out);
        }
        let ask = Ask::Control {
            expert: self.partner.name.clone(),
        };
        out.push(Output::Hand(Command::Prompt(true)));
        out.push(Output::Tell(Notice::ControlAsked(
            self.partner.name.clone(),
        )));
        out.push(control(FromNovice::Asking));
        self.control = Control::Asked(consent.ask_control(ask, now.at));
    }

    /// Takes an answer to the question for control; true if the novice blocked the expert.
    pub fn control_answered(
        &mut self,
        id: PromptId,
        answer: Answer,
        now: Now,
        out: &mut Vec<Output>,
    ) -> bool {
        let question = match std::mem::replace(&mut self.control, Control::None) {
            Control::Asked(question) => question,
            other => {
                self.control = other;
                return false;
            }
        };
        match question.answer(id, answer, now.at) {
            Err(question) => {
                self.control = Control::Asked(question);
                return false;
            }
            Ok(Verdict::Granted(grant)) => {
                out.push(Output::Hand(Command::Prompt(false)));
                out.push(Output::Hand(Command::Open(grant.id())));
                self.control = Control::Opening {
                    grant,
                    deadline: now.at + OPENING,
                };
            }
            Ok(Verdict::Refused) => self.refuse(Denial::Refused, now.at, out),
            Ok(Verdict::Blocked) => {
                out.push(Output::Hand(Command::Prompt(false)));
                return true;
            }
        }
        false
    }

    fn refuse(&mut self, reason: Denial, now: Instant, out: &mut Vec<Output>) {
        out.push(Output::Hand(Command::Prompt(false)));
        self.not_before = now + RETRY[self.refused.min(RETRY.len() - 1)];
        self.refused += 1;
        out.push(Output::Tell(Notice::ControlRefused));
        self.deny(reason, now, out);
    }

    fn deny(&self, reason: Denial, now: Instant, out: &mut Vec<Output>) {
        let wait = self
            .not_before
            .saturating_duration_since(now)
            .as_millis()
            .div_ceil(1000);
        let retry_secs = u16::try_from(wait).unwrap_or(u16::MAX);
        out.push(control(FromNovice::Denied { reason, retry_secs }));
    }

    fn granted(&self) -> Option<GrantId> {
        match &self.control {
            Control::Open { grant, .. } | Control::Opening { grant, .. } => Some(grant.id()),
            Control::None | Control::Asked(_) => None,
        }
    }

    /// From here on nobody has it, nor can ask for it.
    pub fn forbid_control(&mut self, why: &str, now: Instant, out: &mut Vec<Output>) {
        self.no_control = Some(why.into());
        if let Control::Asked(_) = self.control {
            self.control = Control::None;
            out.push(Output::Hand(Command::Prompt(false)));
            self.deny(Denial::Unavailable, now, out);
        }
        self.stop_control(StopCause::Button, now, out);
        out.push(Output::Tell(Notice::ControlUnavailable(why.into())));
    }

    /// Takes control back from here on: the hand closes its gate and releases everything.
    pub fn stop_control(&mut self, cause: StopCause, now: Instant, out: &mut Vec<Output>) {
        if self.granted().is_some() {
            out.push(Output::Hand(Command::Close));
            self.stopped(cause, now, out);
        }
    }

    fn stopped(&mut self, cause: StopCause, now: Instant, out: &mut Vec<Output>) {
        let Some(grant) = self.granted() else { return };
        self.control = Control::None;
        self.not_before = now;
        out.push(control(FromNovice::Stopped { grant, cause }));
        out.push(Output::Tell(Notice::ControlStopped(cause)));
    }

    pub fn say(text: ChatText, out: &mut Vec<Output>) {
        out.push(control(FromNovice::Chat(text.clone())));
        out.push(Output::Tell(Notice::Chat {
            from: Speaker::Novice,
            text,
        }));
    }

    pub fn pause(&mut self, paused: bool, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.paused, paused) != paused {
            out.push(Output::Media(MediaCommand::Pause(paused)));
            out.push(control(FromNovice::Paused(paused)));
            out.push(Output::Tell(Notice::Paused(paused)));
        }
    }

    /// The expert looks at the picture, or at something else: then none is made, whatever the
    /// novice's own pause says.
    fn look(&mut self, looking: bool, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.looking, looking) != looking {
            out.push(Output::Media(MediaCommand::Look(looking)));
            let name = self.partner.name.clone();
            out.push(Output::Tell(Notice::Looking(name, looking)));
        }
    }

    /// From the page through the server: only candidates are still of use.
    pub fn sealed(
        &mut self,
        join: JoinId,
        sealed: &Sealed,
        out: &mut Vec<Output>,
    ) -> Result<(), SealError> {
        if join != self.partner.join {
            return Err(SealError::Forged);
        }
        if let SealedToAgent::Candidate(candidate) = self.partner.open(sealed)?
            && self.partner.admits_candidate()
        {
            out.push(Output::Peer(PeerCommand::Candidate(candidate)));
        }
        Ok(())
    }

    pub fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) {
        match &self.control {
            Control::Asked(question) if question.deadline() <= now.at => {
                self.control = Control::None;
                self.refuse(Denial::NoAnswer, now.at, out);
            }
            Control::Opening { deadline, .. } if *deadline <= now.at => {
                self.stop_control(StopCause::Broken, now.at, out);
            }
            Control::None | Control::Asked(_) | Control::Opening { .. } | Control::Open { .. } => {}
        }
    }

    /// Ends everything: control first, then the picture, then the connection.
    pub fn close(mut self, reason: EndReason, out: &mut Vec<Output>) {
        out.push(Output::Hand(Command::Close));
        self.control = Control::None;
        out.push(Output::Media(MediaCommand::Stop));
        out.push(control(FromNovice::Ended(reason)));
        out.push(self.partner.seal(&SealedToPage::Ended(reason)));
        out.push(Output::Peer(PeerCommand::Close));
        out.push(Output::StopHand);
    }
}

pub(super) fn control(message: FromNovice) -> Output {
    Output::Peer(PeerCommand::Control(message))
}
