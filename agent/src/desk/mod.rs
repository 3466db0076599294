//! The agent's core: everything that is decided on the novice's computer, in one pure state
//! machine.
//!
//! INVARIANTS
//! - No socket, no await, no clock, no disk in here: everything comes in as an [`Input`] with
//!   the present beside it, everything goes out as [`Output`]s, in order.
//! - One session at a time; nobody is asked anything before the password was right.
//!
//! It joins three parts: the [`book`](crate::book) of invitations, the [`door`](crate::door) at
//! which passwords are checked, and the [`session`](crate::session) that follows.

mod novice;
mod server;
mod spoken;

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::EndReason, envelope::ToAgent, id::Fingerprint, signal::FromNovice as ToServer, wire,
};
use rand_core::{CryptoRng, RngCore};

use crate::{
    book::{Book, Entry, kept::Kept},
    clock::Now,
    consent::Consent,
    door::{Arrival, Door},
    front::{Notice, Rules, Serial, Server, Stage, Standing, View},
    io::{Input, Outcome, Output},
    session::{News, Over, Parting, Session, Terms},
};
use server::Line;
use spoken::Wish;

/// How often the clocks are looked at, and what could not be written down is tried again.
const LOOK: Duration = Duration::from_secs(30);
/// Why control is not shared where the administrator allows viewing only.
const VIEW_ONLY: &str =
    "mouse and keyboard are not shared on this computer: its administrator decided so.";

/// The session that waited for its helper is over.
const REPLACED: &str = "Somebody came through an invitation of yours, so your former helper's \
                        session is over. Nobody sees your screen before you allow it.";

/// What the core knows of its computer.
#[derive(Debug)]
pub struct Setup {
    /// Of the server that introduces helpers, if one is named: `https://HOST`.
    pub server: Option<String>,
    /// What the novice wants to be called; may be empty.
    pub name: deskhand_protocol::text::Name,
    /// Of the certificate that the agent's connections use.
    pub fingerprint: Fingerprint,
    /// Why control cannot be given on this computer at all, if so.
    pub no_control: Option<String>,
    /// What the administrator decided.
    pub rules: Rules,
    /// Nobody was ever invited from here.
    pub first_use: bool,
    /// Ends by itself as soon as nobody can come any more.
    pub until_idle: bool,
}

/// See the module.
pub struct Desk<R> {
    setup: Setup,
    rng: R,
    line: Line,
    book: Book,
    door: Door,
    consent: Consent,
    session: Option<Session>,
    ended: Option<Ended>,
    /// A spoken invitation that the server has to give a number for.
    wish: Option<Wish>,
    looked: Option<Instant>,
    /// How the last thing ended, for a program that ends by itself.
    outcome: Outcome,
    /// There was something to wait for.
    waited: bool,
    done: bool,
}

/// A session is over and the novice has not said that they know.
struct Ended {
    why: String,
    trouble: bool,
}

impl<R: RngCore + CryptoRng> Desk<R> {
    /// Begins with what was kept; `next` is the serial of the next invitation.
    pub fn new(setup: Setup, kept: Vec<Kept>, next: Serial, now: Now, rng: R) -> Self {
        let server = match &setup.server {
            Some(_) => Server::Connecting,
            None => Server::Unnamed { problem: None },
        };
        Self {
            door: Door::new(setup.fingerprint),
            book: Book::new(kept, next, now),
            setup,
            rng,
            line: Line::new(server),
            consent: Consent::default(),
            session: None,
            ended: None,
            wish: None,
            looked: None,
            outcome: Outcome::Failed,
            waited: false,
            done: false,
        }
    }

    /// Takes one input; gives what follows from it, in order.
    pub fn handle(&mut self, input: Input, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        if self.done {
            return out;
        }
        match input {
            Input::Server(event) => self.server_event(event, now, &mut out),
            Input::Charged(serial, result) => {
                let trouble =
                    self.door
                        .charged(serial, result, &mut self.book, now, &mut self.rng, &mut out);
                if let Some(why) = trouble {
                    Self::cannot_charge(&why, &mut out);
                }
            }
            Input::Kept(serial, result) => self.book.written(serial, result, now, &mut out),
            Input::Rules(rules) => self.ruled(rules, now, &mut out),
            Input::Peer(event) => {
                let news = self
                    .session
                    .as_mut()
                    .and_then(|one| one.peer_event(event, &mut self.consent, now, &mut out));
                self.hear(news, now, &mut out);
            }
            Input::Media(event) => {
                let news = self
                    .session
                    .as_mut()
                    .and_then(|one| one.media_event(event, &mut out));
                self.hear(news, now, &mut out);
            }
            Input::Hand(event) => {
                if let Some(session) = &mut self.session {
                    session.hand_event(event, now, &mut out);
                }
            }
            Input::Novice(intent) => self.novice(intent, now, &mut out),
            Input::Tick => {}
        }
        self.pass_time(now, &mut out);
        if !self.line.connected {
            // Whatever waited for a socket would be in it before our greeting.
            out.retain(|output| !matches!(output, Output::Server(_)));
        }
        out
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn wake(&self, now: Now) -> Instant {
        // Ends are looked at every half minute, since the wall clock may be set meanwhile.
        let look = now.at + self.book.left(now).unwrap_or(LOOK).min(LOOK);
        let session = self.session.as_ref().and_then(|one| one.deadline(now));
        let wish = self.wish.as_ref().and_then(Wish::deadline);
        [self.door.deadline(), session, wish]
            .into_iter()
            .flatten()
            .fold(look, Instant::min)
    }

    /// What a front end shows.
    pub fn view(&self) -> View {
        let (stage, prompt) = match (&self.session, self.door.verifying(), &self.ended) {
            (Some(session), ..) => session.view(),
            (None, Some(serial), _) => (Stage::Verifying(serial), None),
            (None, None, Some(Ended { why, trouble })) => {
                let (why, trouble) = (why.clone(), *trouble);
                (Stage::Ended { why, trouble }, None)
            }
            (None, None, None) => (Stage::Home, None),
        };
        let in_use = self.session.as_ref().map(Session::serial);
        View {
            stage,
            prompt,
            server: self.line.server.clone(),
            invitations: {
                let here = self.setup.server.as_deref();
                self.book.shown(here, in_use, self.door.charged_at())
            },
            rules: self.setup.rules.clone(),
            first_use: self.setup.first_use,
            over: self.done,
        }
    }

    /// Whether somebody is being helped, or about to be.
    fn busy(&self) -> bool {
        self.session.is_some()
    }

    /// Whether nobody else can come. A helper who lost all that their page kept has nothing but
    /// the invitation to come back with, and the novice is asked again then.
    fn turns_away(&self) -> bool {
        self.session.as_ref().is_some_and(|one| !one.is_lost())
    }

    fn arrived(&mut self, arrival: Arrival, now: Now, out: &mut Vec<Output>) {
        // One that waits for its helper: this is them, or they have lost their place.
        if let Some(mut former) = self.session.take() {
            former.end(EndReason::Lost, REPLACED, out);
            out.push(Output::Tell(Notice::Ended(REPLACED.into())));
            self.book.session_over(former.serial(), true, now, out);
        }
        let mut no_control = self.setup.no_control.clone();
        if self.setup.rules.view_only {
            no_control = Some(VIEW_ONLY.into());
        }
        let Arrival { serial, partner } = arrival;
        let terms = Terms {
            name: self.setup.name.clone(),
            no_control,
            fingerprint: self.setup.fingerprint,
            file: self.book.get(serial).is_some_and(|one| one.is_for_files()),
        };
        self.ended = None;
        self.session = Some(Session::new(serial, partner, terms, now));
    }

    /// What a session says concerns its invitation, too.
    fn hear(&mut self, news: Option<News>, now: Now, out: &mut Vec<Output>) {
        match news {
            None => {}
            Some(News::Began(name)) => {
                if let Some(session) = &self.session {
                    self.book.used_by(session.serial(), name, out);
                }
            }
            Some(News::Over(over)) => {
                if let Some(session) = self.session.take() {
                    self.session_over(session.serial(), over, now, out);
                }
            }
        }
    }

    fn session_over(&mut self, serial: Serial, over: Over, now: Now, out: &mut Vec<Output>) {
        self.outcome = over.outcome();
        let open = self.book.get(serial).is_some();
        match over {
            Over::Left(why) => {
                let notice = match why {
                    Parting::Unheard => return self.book.withdrawn(serial, now),
                    Parting::Helper => Notice::HelperLeft { open },
                    Parting::NotConnected => Notice::NotConnected { open },
                    Parting::Tampered => Notice::Tampered,
                };
                out.push(Output::Tell(notice));
            }
            Over::Withdrawn => {
                self.book.withdrawn(serial, now);
                out.push(Output::Tell(Notice::HelperLeft { open }));
            }
            Over::Refused(reason) => {
                let closed = self.book.refused(serial, out);
                out.push(Output::Tell(match reason {
                    _ if closed => Notice::RefusedTooOften,
                    EndReason::NoAnswer => Notice::ViewUnanswered { open },
                    _ => Notice::ViewRefused { open },
                }));
            }
            Over::Blocked(why) => {
                self.book.close(serial, Standing::Revoked, out);
                self.tell_end(why, false, out);
            }
            Over::Finished { reason, why } => {
                let trouble = self.outcome == Outcome::Failed;
                self.tell_end(why, trouble, out);
                let lost = reason == EndReason::Lost;
                self.book.session_over(serial, lost, now, out);
                if lost && self.book.get(serial).is_some() {
                    out.push(Output::Tell(Notice::MayComeBack));
                }
            }
        }
    }

    fn tell_end(&mut self, why: String, trouble: bool, out: &mut Vec<Output>) {
        out.push(Output::Tell(Notice::Ended(why.clone())));
        self.ended = Some(Ended { why, trouble });
    }

    /// Attempts cannot be written down: nobody may try, until they can.
    fn cannot_charge(why: &str, out: &mut Vec<Output>) {
        let why = format!("Attempts cannot be recorded, so nobody may try: {why}.");
        out.push(Output::Tell(Notice::StoreTrouble(why)));
    }

    /// What the administrator decided counts at once.
    fn ruled(&mut self, rules: Rules, now: Now, out: &mut Vec<Output>) {
        self.setup.rules = rules;
        if let Some(longest) = self.setup.rules.longest {
            self.book.cap(longest, now, out);
        }
        if let Some(session) = self.session.as_mut().filter(|_| self.setup.rules.view_only) {
            session.forbid_control(VIEW_ONLY, now, out);
        }
        let Some(why) = self.setup.rules.forbidden.clone() else {
            if self.line.connected {
                self.register_all(now, out);
            }
            return;
        };
        self.give_up_wish(&why, out);
        self.door.all_left(&mut self.book, now, out);
        let routes = self.book.open().filter_map(Entry::route);
        out.extend(routes.map(|route| Output::Server(ToServer::Unregister { route })));
        if let Some(mut session) = self.session.take() {
            let viewing = session.is_viewing();
            session.end(EndReason::Novice, &why, out);
            if viewing {
                self.book.session_over(session.serial(), false, now, out);
            }
            self.tell_end(why, true, out);
        }
    }

    /// What follows from time alone.
    fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) {
        self.door.pass_time(&mut self.book, now, out);
        let session = self.session.as_mut();
        let news = session.and_then(|one| one.pass_time(now, out));
        self.hear(news, now, out);
        let in_use = self.session.as_ref().map(Session::serial);
        for (serial, standing) in self.book.over(in_use, now) {
            self.over(serial, standing, out);
        }
        if self.looked.is_none_or(|last| last + LOOK <= now.at) {
            self.look(now, out);
        }
        self.replace_locked(out);
        self.wish_in_vain(now, out);
        self.end_if_idle(out);
    }

    /// An invitation's end ends no session that the novice was asked about.
    fn over(&mut self, serial: Serial, standing: Standing, out: &mut Vec<Output>) {
        self.door.closed(serial, out);
        let unasked = |one: &mut Session| one.serial() == serial && !one.was_asked();
        if let Some(mut session) = self.session.take_if(unasked) {
            session.end(EndReason::Refused, "", out);
        }
        self.book.close(serial, standing, out);
    }

    /// From time to time: what went wrong is tried again, and what was done to the clock shown.
    fn look(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.looked.replace(now.at).is_none()
            && let Some(longest) = self.setup.rules.longest
        {
            self.book.cap(longest, now, out);
        }
        self.book.write_again(out);
        self.book.set_right(now, out);
        if self.line.connected {
            self.register_missing(now, out);
        }
    }

    /// Where nobody can come any more there is nothing to wait for.
    fn end_if_idle(&mut self, out: &mut Vec<Output>) {
        let open = self.ours().next().is_some() || self.wish.is_some();
        self.waited |= open;
        let idle = self.waited && !open || self.line.shut_out;
        if self.setup.until_idle && idle && !self.busy() {
            self.finish(if open { Outcome::Failed } else { self.outcome }, out);
        }
    }

    fn finish(&mut self, outcome: Outcome, out: &mut Vec<Output>) {
        self.book.write_again(out);
        self.done = true;
        out.push(Output::Done(outcome));
    }
}

/// What a page says through the server.
fn read(payload: &deskhand_protocol::signal::Payload) -> Option<ToAgent> {
    wire::decode(payload.as_bytes()).ok()
}

#[cfg(test)]
mod tests;
