//! Mouse and keyboard: asked for, shared, and taken back.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::{Denial, FromNovice, StopCause},
    id::GrantId,
};

use super::{Viewing, control};
use crate::{
    clock::Now,
    consent::{Consent, ControlGrant, Question, Verdict},
    front::{Answer, Ask, Notice, PromptId},
    hand::wire::{Command, Event},
    io::Output,
};

/// After so many refusals in a row, so long until the next request.
const RETRY: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// The hand has so long to say that the gate is open.
const OPENING: Duration = Duration::from_secs(3);

pub(super) enum Control {
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

    pub(super) fn control_requested(
        &mut self,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) {
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

    pub(super) fn refuse(&mut self, reason: Denial, now: Instant, out: &mut Vec<Output>) {
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

    pub(super) fn granted(&self) -> Option<GrantId> {
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

    /// Control is over, and so is a question for it: they have to be asked for again.
    pub(super) fn let_go(&mut self, now: Now, out: &mut Vec<Output>) {
        if let Control::Asked(_) = self.control {
            self.control = Control::None;
            out.push(Output::Hand(Command::Prompt(false)));
            out.push(Output::Tell(Notice::ControlRefused));
            self.deny(Denial::NoAnswer, now.at, out);
        }
        self.stop_control(StopCause::Silence, now.at, out);
    }
}
