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
    session::{News, Over, Session, Terms},
};
use spoken::Wish;

/// How often the clocks are looked at, and what could not be written down is tried again.
const LOOK: Duration = Duration::from_secs(30);
/// A helper whose connection broke can come back for so long.
const COMING_BACK: Duration = Duration::from_secs(120);

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
    server: Server,
    /// The server wants nothing to do with us: it is not asked again.
    shut_out: bool,
    book: Book,
    door: Door,
    consent: Consent,
    session: Option<Session>,
    ended: Option<Ended>,
    /// A spoken invitation that the server has to give a number for.
    wish: Option<Wish>,
    /// A helper whose connection broke, and until when they can come back.
    coming_back: Option<(Serial, Instant)>,
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
    pub fn new(setup: Setup, kept: Vec<Kept>, next: Serial, rng: R) -> Self {
        let server = match &setup.server {
            Some(_) => Server::Connecting,
            None => Server::Unnamed { problem: None },
        };
        Self {
            door: Door::new(setup.fingerprint),
            book: Book::new(kept, next),
            setup,
            rng,
            server,
            shut_out: false,
            consent: Consent::default(),
            session: None,
            ended: None,
            wish: None,
            coming_back: None,
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
                    self.cannot_charge(serial, &why, &mut out);
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
        out
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn wake(&self, now: Now) -> Instant {
        // Ends are looked at every half minute, since the wall clock may be set meanwhile.
        let end = self.book.left(now).filter(|left| !left.is_zero());
        let look = now.at + end.unwrap_or(LOOK).min(LOOK);
        let coming_back = self.coming_back.map(|(_, until)| until);
        let session = self.session.as_ref().and_then(Session::deadline);
        let wish = self.wish.as_ref().and_then(Wish::deadline);
        [self.door.deadline(), session, coming_back, wish]
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
            server: self.server.clone(),
            invitations: self.book.shown(in_use, self.door.charged_at()),
            rules: self.setup.rules.clone(),
            first_use: self.setup.first_use,
            over: self.done,
        }
    }

    /// Whether somebody is being helped, or about to be.
    fn busy(&self) -> bool {
        self.session.is_some()
    }

    fn arrived(&mut self, arrival: Arrival, now: Now) {
        let mut no_control = self.setup.no_control.clone();
        if self.setup.rules.view_only {
            no_control = Some(
                "mouse and keyboard are not shared on this computer: its administrator decided so."
                    .into(),
            );
        }
        let terms = Terms {
            name: self.setup.name.clone(),
            no_control,
        };
        let Arrival { serial, partner } = arrival;
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
                self.coming_back = None;
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
        match over {
            Over::Left => {}
            Over::Withdrawn => {
                self.book.withdrawn(serial, now);
                out.push(Output::Tell(Notice::HelperLeft));
            }
            Over::Refused(reason) => {
                let closed = self.book.refused(serial, out);
                out.push(Output::Tell(match reason {
                    _ if closed => Notice::RefusedTooOften,
                    EndReason::NoAnswer => Notice::ViewUnanswered,
                    _ => Notice::ViewRefused,
                }));
            }
            Over::Blocked(why) => {
                self.book.close(serial, Standing::Revoked, out);
                self.tell_end(why, false, out);
            }
            Over::Finished { reason, why } => {
                let trouble = self.outcome == Outcome::Failed;
                self.tell_end(why, trouble, out);
                if reason == EndReason::Lost && self.book.get(serial).is_some() {
                    self.coming_back = Some((serial, now.at + COMING_BACK));
                    out.push(Output::Tell(Notice::MayComeBack));
                } else {
                    self.book.session_over(serial, out);
                }
            }
        }
    }

    fn tell_end(&mut self, why: String, trouble: bool, out: &mut Vec<Output>) {
        out.push(Output::Tell(Notice::Ended(why.clone())));
        self.ended = Some(Ended { why, trouble });
    }

    /// Attempts cannot be written down: nobody may try.
    fn cannot_charge(&mut self, serial: Serial, why: &str, out: &mut Vec<Output>) {
        let why = format!("Attempts cannot be recorded, so nobody may try: {why}.");
        self.outcome = Outcome::Failed;
        self.book.close(serial, Standing::Revoked, out);
        out.push(Output::Tell(Notice::StoreTrouble(why)));
    }

    /// What the administrator decided counts at once.
    fn ruled(&mut self, rules: Rules, now: Now, out: &mut Vec<Output>) {
        self.setup.rules = rules;
        let Some(why) = self.setup.rules.forbidden.clone() else {
            if self.server == Server::Up {
                self.register_all(now, out);
            }
            return;
        };
        self.door.all_left(&mut self.book, now, out);
        let routes = self.book.open().filter_map(Entry::route);
        out.extend(routes.map(|route| Output::Server(ToServer::Unregister { route })));
        if let Some(mut session) = self.session.take() {
            session.end(EndReason::Novice, &why, out);
            self.book.session_over(session.serial(), out);
            self.tell_end(why, true, out);
        }
    }

    /// What follows from time alone.
    fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) {
        self.door.pass_time(&mut self.book, now, out);
        let session = self.session.as_mut();
        let news = session.and_then(|one| one.pass_time(now, out));
        self.hear(news, now, out);
        for serial in self.book.over(now) {
            self.expired(serial, out);
        }
        if let Some((serial, until)) = self.coming_back
            && until <= now.at
            && !self.busy()
        {
            self.coming_back = None;
            self.book.session_over(serial, out);
        }
        if self.looked.is_none_or(|last| last + LOOK <= now.at) {
            self.looked = Some(now.at);
            self.book.write_again(out);
        }
        self.replace_locked(out);
        self.wish_in_vain(now, out);
        self.end_if_idle(out);
    }

    /// An invitation's end ends no session that the novice was asked about.
    fn expired(&mut self, serial: Serial, out: &mut Vec<Output>) {
        self.outcome = Outcome::Failed;
        self.door.closed(serial, out);
        let unasked = |one: &mut Session| one.serial() == serial && !one.was_asked();
        if let Some(mut session) = self.session.take_if(unasked) {
            session.end(EndReason::Refused, "", out);
        }
        self.book.close(serial, Standing::Expired, out);
    }

    /// Where nobody can come any more there is nothing to wait for.
    fn end_if_idle(&mut self, out: &mut Vec<Output>) {
        let open = self.book.open().next().is_some() || self.wish.is_some();
        self.waited |= open;
        if self.setup.until_idle && self.waited && !open && !self.busy() {
            self.finish(self.outcome, out);
        }
    }

    fn finish(&mut self, outcome: Outcome, out: &mut Vec<Output>) {
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
