//! The door: from a join to an expert who has proved that they know the password.
//!
//! One attempt at a time, over all invitations. Whatever somebody outside does here, nobody on
//! this side is asked anything.
//!
//! ```text
//! joined → challenged → (the link is right: the attempt is charged) → verifying → arrived
//! ```

mod partner;

use std::{collections::VecDeque, time::Instant};

use deskhand_protocol::{
    envelope::ToPage,
    handshake::{
        self, Hello, Ke3,
        novice::{Answered, Challenged, Charged, Tagged},
    },
    id::{Fingerprint, JoinId, Route},
};
use rand_core::{CryptoRng, RngCore};

pub use partner::{Partner, dismiss, relay};

use crate::{
    book::Book,
    clock::Now,
    front::{Notice, Serial},
    io::Output,
};

/// Experts that have a challenge and no slot yet: the oldest goes when there are more.
const MAX_CHALLENGED: usize = 8;

/// See the module.
#[derive(Debug)]
pub struct Door {
    fingerprint: Fingerprint,
    challenged: VecDeque<Waiting>,
    verifying: Option<Verifying>,
}

/// Somebody who has a challenge. It cost nothing and takes no slot.
#[derive(Debug)]
struct Waiting {
    join: JoinId,
    serial: Serial,
    challenged: Challenged,
}

/// Somebody holds the slot and is proving that they know the password.
#[derive(Debug)]
struct Verifying {
    join: JoinId,
    serial: Serial,
    deadline: Instant,
    step: Box<Step>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it is boxed")]
enum Step {
    /// The attempt is being written down.
    Charging(Tagged),
    /// KE2 is out.
    Answered(Answered),
}

/// Somebody knew the password.
#[derive(Debug)]
pub struct Arrival {
    /// Through which invitation.
    pub serial: Serial,
    /// Who.
    pub partner: Partner,
}

impl Door {
    /// `fingerprint` is of the certificate that the agent's connections use.
    pub fn new(fingerprint: Fingerprint) -> Self {
        Self {
            fingerprint,
            challenged: VecDeque::new(),
            verifying: None,
        }
    }

    /// At which invitation somebody is being checked right now.
    pub fn verifying(&self) -> Option<Serial> {
        Some(self.verifying.as_ref()?.serial)
    }

    /// Whose charged attempt is running: it is counted, and has not failed.
    pub fn charged_at(&self) -> Option<Serial> {
        let verifying = self.verifying.as_ref()?;
        matches!(*verifying.step, Step::Answered(_)).then_some(verifying.serial)
    }

    /// When the running attempt has failed.
    pub fn deadline(&self) -> Option<Instant> {
        Some(self.verifying.as_ref()?.deadline)
    }

    /// An expert pressed Connect while somebody is being helped.
    pub fn turn_away(join: JoinId, route: Route, book: &mut Book, out: &mut Vec<Output>) {
        let known = book.at(route).is_some();
        let answer = if known { ToPage::Busy } else { ToPage::Refused };
        out.push(relay(join, &answer));
        dismiss(join, out);
    }

    /// An expert pressed Connect.
    pub fn joined(
        &mut self,
        join: JoinId,
        route: Route,
        book: &mut Book,
        now: Now,
        rng: &mut (impl RngCore + CryptoRng),
        out: &mut Vec<Output>,
    ) {
        if self.verifying.is_some() {
            return Self::turn_away(join, route, book, out);
        }
        let Some(entry) = book.at(route) else {
            out.push(relay(join, &ToPage::Refused));
            return dismiss(join, out);
        };
        let (serial, wait) = (entry.serial(), entry.wait(now));
        if must_wait(join, wait, out) {
            return;
        }
        let Some(record) = book.record(serial) else {
            return dismiss(join, out);
        };
        let (challenged, challenge) = Challenged::new(record.id(), self.fingerprint, rng);
        self.challenged.push_back(Waiting {
            join,
            serial,
            challenged,
        });
        if self.challenged.len() > MAX_CHALLENGED
            && let Some(oldest) = self.challenged.pop_front()
        {
            dismiss(oldest.join, out);
        }
        out.push(relay(join, &ToPage::Challenge(challenge)));
    }

    /// Somebody answers their challenge.
    pub fn hello(
        &mut self,
        join: JoinId,
        hello: &Hello,
        busy: bool,
        book: &mut Book,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let place = self.challenged.iter().position(|one| one.join == join);
        let Some(waiting) = place.and_then(|place| self.challenged.remove(place)) else {
            return self.offended(join, book, now, out);
        };
        // Challenges that were collected earlier are no way around the wait.
        let wait = book.get(waiting.serial).map(|entry| entry.wait(now));
        let (Some(wait), Some(record)) = (wait, book.record(waiting.serial)) else {
            out.push(relay(join, &ToPage::Refused));
            return dismiss(join, out);
        };
        if must_wait(join, wait, out) {
            return;
        }
        let Ok(tagged) = waiting.challenged.verify_link(record, hello) else {
            // Without the link nobody uses up an attempt.
            out.push(relay(join, &ToPage::Refused));
            return dismiss(join, out);
        };
        if busy || self.verifying.is_some() {
            out.push(relay(join, &ToPage::Busy));
            return dismiss(join, out);
        }
        self.verifying = Some(Verifying {
            join,
            serial: waiting.serial,
            deadline: now.at + handshake::TIMEOUT,
            step: Box::new(Step::Charging(tagged)),
        });
        out.push(Output::Charge(waiting.serial));
    }

    /// The attempt is on disk, or cannot be: only now is it answered. Gives a sentence if
    /// attempts cannot be written down: nobody may try then.
    pub fn charged(
        &mut self,
        serial: Serial,
        charged: Result<Charged, String>,
        book: &mut Book,
        now: Now,
        rng: &mut (impl RngCore + CryptoRng),
        out: &mut Vec<Output>,
    ) -> Option<String> {
        if charged.is_ok() {
            book.charged(serial);
            out.push(Output::Tell(Notice::Attempt));
        }
        let waits =
            |one: &mut Verifying| one.serial == serial && matches!(*one.step, Step::Charging(_));
        let Some(Verifying {
            join,
            deadline,
            step,
            ..
        }) = self.verifying.take_if(waits)
        else {
            // Left meanwhile.
            book.attempt_failed(serial, now, out);
            return None;
        };
        let charged = match charged {
            Ok(charged) => charged,
            Err(why) => {
                out.push(relay(join, &ToPage::Refused));
                dismiss(join, out);
                return Some(why);
            }
        };
        let answer = match (*step, book.record(serial)) {
            (Step::Charging(tagged), Some(record)) => tagged.answer(record, charged, rng).ok(),
            // Closed meanwhile.
            _ => None,
        };
        if let Some((answered, ke2)) = answer {
            self.verifying = Some(Verifying {
                join,
                serial,
                deadline,
                step: Box::new(Step::Answered(answered)),
            });
            out.push(relay(join, &ToPage::Ke2(ke2)));
        } else {
            failed(join, serial, book, now, out);
        }
        None
    }

    /// Somebody proves that they knew the password, or not.
    pub fn ke3(
        &mut self,
        join: JoinId,
        ke3: &Ke3,
        book: &mut Book,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<Arrival> {
        let Some(verifying) = self.verifying.take_if(|one| one.join == join) else {
            self.offended(join, book, now, out);
            return None;
        };
        let serial = verifying.serial;
        let established = match *verifying.step {
            Step::Answered(answered) => answered.finish(ke3).ok(),
            // A proof before the answer is no proof.
            Step::Charging(_) => None,
        };
        let open = book
            .get(serial)
            .is_some_and(|entry| !entry.expiry().is_over(now));
        if !open {
            out.push(relay(join, &ToPage::Refused));
            dismiss(join, out);
            return None;
        }
        let Some(established) = established else {
            failed(join, serial, book, now, out);
            return None;
        };
        book.cleared(serial, out);
        let partner = Partner::new(join, established);
        Some(Arrival { serial, partner })
    }

    /// A page sent what it must not send now: it is parted from, and disturbs nobody else.
    pub fn offended(&mut self, join: JoinId, book: &mut Book, now: Now, out: &mut Vec<Output>) {
        self.left(join, book, now, out);
        dismiss(join, out);
    }

    /// Somebody is gone.
    pub fn left(&mut self, join: JoinId, book: &mut Book, now: Now, out: &mut Vec<Output>) {
        self.challenged.retain(|waiting| waiting.join != join);
        if let Some(verifying) = self.verifying.take_if(|one| one.join == join) {
            broken_off(&verifying, book, now, out);
        }
    }

    /// The way through the server is gone, and everybody with it.
    pub fn all_left(&mut self, book: &mut Book, now: Now, out: &mut Vec<Output>) {
        self.challenged.clear();
        if let Some(verifying) = self.verifying.take() {
            broken_off(&verifying, book, now, out);
        }
    }

    /// An invitation is closed: whoever stands here with it goes.
    pub fn closed(&mut self, serial: Serial, out: &mut Vec<Output>) {
        let verifying = self.verifying.take_if(|one| one.serial == serial);
        if let Some(verifying) = verifying {
            out.push(relay(verifying.join, &ToPage::Refused));
            dismiss(verifying.join, out);
        }
    }

    /// What follows from time alone.
    pub fn pass_time(&mut self, book: &mut Book, now: Now, out: &mut Vec<Output>) {
        let late = self.verifying.take_if(|one| one.deadline <= now.at);
        if let Some(Verifying { join, serial, .. }) = late {
            failed(join, serial, book, now, out);
        }
    }
}

/// Whether the last attempt is too short ago; if so, says until when.
fn must_wait(join: JoinId, wait: std::time::Duration, out: &mut Vec<Output>) -> bool {
    if wait.is_zero() {
        return false;
    }
    let secs = u16::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u16::MAX);
    out.push(relay(join, &ToPage::Wait(secs)));
    dismiss(join, out);
    true
}

fn broken_off(verifying: &Verifying, book: &mut Book, now: Now, out: &mut Vec<Output>) {
    match *verifying.step {
        // Charged already: breaking off is no free guess.
        Step::Answered(_) => failed(verifying.join, verifying.serial, book, now, out),
        Step::Charging(_) => {}
    }
}

/// An attempt that was charged did not come to its end.
fn failed(join: JoinId, serial: Serial, book: &mut Book, now: Now, out: &mut Vec<Output>) {
    out.push(relay(join, &ToPage::Refused));
    dismiss(join, out);
    book.attempt_failed(serial, now, out);
}
