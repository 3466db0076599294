//! One invitation and the session that grows from it: a pure state machine.
//!
//! INVARIANTS
//! - No socket, no await, no clock, no disk in here: everything comes in as an [`Input`] with
//!   the present beside it, everything goes out as [`Output`]s, in order.
//! - The picture starts only with a `ViewGrant`, an event reaches the hand only through a
//!   `ControlGrant`; both exist only after the novice said yes.
//! - Nobody is asked anything before the password was right.
//!
//! ```text
//! waiting → verifying → introducing → asking → connecting → viewing ⇄ controlling → ended
//!    ↑__________|____________|___________|_________|
//! ```

mod io;
mod joining;
mod viewing;

pub use io::{
    Input, MediaCommand, MediaEvent, Outcome, Output, PeerCommand, PeerEvent, ServerEvent,
};

use std::{collections::VecDeque, time::Duration, time::Instant};

use deskhand_protocol::{
    VERSION,
    control::{EndReason, StopCause},
    envelope::{SealedToPage, ToPage},
    handshake::{novice::Challenged, seal::Channel},
    id::{Fingerprint, JoinId, Route},
    signal::{FromNovice as ToServer, OwnerToken, Payload, Refusal, ToNovice},
    text::Name,
    wire,
};
use rand_core::{CryptoRng, RngCore};

use crate::{
    clock::Now,
    consent::Consent,
    front::{Intent, Notice, Server, Stage, View},
    hand,
    invitation::Invitation,
};
use joining::{Asking, Connecting, Introducing, Verifying};
use viewing::Viewing;

/// What does not change during a session.
#[derive(Debug)]
pub struct Terms {
    /// The invitation, its record and its end.
    pub invitation: Invitation,
    /// What the novice wants to be called; may be empty.
    pub name: Name,
    /// Of the certificate the agent's connections use.
    pub fingerprint: Fingerprint,
    /// Why control cannot be given on this computer at all, if so.
    pub no_control: Option<String>,
}

/// Experts that have a challenge and no slot yet: the oldest goes when there are more.
const MAX_CHALLENGED: usize = 8;
/// How often the clocks are looked at.
const LOOK: Duration = Duration::from_secs(30);
/// So many refusals or silences close the invitation.
const MAX_REFUSALS: u8 = 3;

/// See the module's own words.
pub struct Session<R> {
    terms: Terms,
    route: Route,
    rng: R,
    token: Option<OwnerToken>,
    server: Server,
    announced: bool,
    challenged: VecDeque<(JoinId, Challenged)>,
    failed: u8,
    not_before: Option<Instant>,
    refusals: u8,
    consent: Consent,
    state: State,
}

enum State {
    Waiting,
    Verifying(Box<Verifying>),
    Introducing(Box<Introducing>),
    Asking(Box<Asking>),
    Connecting(Box<Connecting>),
    Viewing(Box<Viewing>),
    Ended { why: String, outcome: Outcome },
}

/// The other end of a finished handshake.
struct Partner {
    join: JoinId,
    channel: Channel,
    words: deskhand_protocol::handshake::Words,
    certificate: Fingerprint,
    name: Name,
    /// How many candidates came so far.
    candidates: u8,
}

/// The most candidates that count: a computer has a handful of addresses, and each candidate is
/// somebody whom our connectivity checks go to.
const MAX_CANDIDATES: u8 = 32;

impl Partner {
    /// Whether one more candidate counts.
    fn admits_candidate(&mut self) -> bool {
        let admitted = self.candidates < MAX_CANDIDATES;
        self.candidates += u8::from(admitted);
        admitted
    }

    fn seal(&mut self, message: &SealedToPage) -> Output {
        relay(self.join, &ToPage::Sealed(self.channel.seal(message)))
    }
}

impl<R: RngCore + CryptoRng> Session<R> {
    /// A session that waits for the server to come up.
    pub fn new(terms: Terms, rng: R) -> Self {
        Self {
            route: terms.invitation.record.id().route(),
            terms,
            rng,
            token: None,
            server: Server::Connecting,
            announced: false,
            challenged: VecDeque::new(),
            failed: 0,
            not_before: None,
            refusals: 0,
            consent: Consent::default(),
            state: State::Waiting,
        }
    }

    /// Takes one input; gives what follows from it, in order.
    pub fn handle(&mut self, input: Input, now: Now) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            _ if matches!(self.state, State::Ended { .. }) => {}
            Input::Server(event) => self.server_event(event, now, &mut out),
            Input::Charged(result) => self.charged(result, now, &mut out),
            Input::Peer(event) => self.peer_event(event, now, &mut out),
            Input::Media(event) => self.media_event(event, &mut out),
            Input::Hand(event) => self.hand_event(event, now, &mut out),
            Input::Novice(intent) => self.novice(intent, now, &mut out),
            Input::Tick => {}
        }
        self.pass_time(now, &mut out);
        out
    }

    /// When to come back with [`Input::Tick`] at the latest.
    pub fn wake(&self, now: Now) -> Instant {
        // The expiry is looked at every half minute, since the wall clock may be set meanwhile;
        // once it is over it ends nothing that the novice was asked about or has approved.
        let left = self.terms.invitation.expiry.left(now);
        let expiry = if left.is_zero() { LOOK } else { left.min(LOOK) };
        let deadline = match &self.state {
            State::Verifying(state) => Some(state.deadline),
            State::Introducing(state) => Some(state.deadline),
            State::Asking(state) => Some(state.question.deadline()),
            State::Connecting(state) => Some(state.deadline),
            State::Viewing(state) => state.deadline(),
            State::Waiting | State::Ended { .. } => None,
        };
        deadline.map_or(now.at + expiry, |deadline| deadline.min(now.at + expiry))
    }

    /// What a front end shows.
    pub fn view(&self) -> View {
        let mut invitation = self.terms.invitation.shown.clone();
        // The running attempt is charged, but has not failed.
        let running = matches!(&self.state, State::Verifying(state) if state.is_charged());
        invitation.failed = self.failed - u8::from(running && self.failed > 0);
        let (stage, prompt) = match &self.state {
            State::Waiting => (Stage::Home, None),
            State::Verifying(_) | State::Introducing(_) => {
                (Stage::Verifying(invitation.serial), None)
            }
            State::Asking(state) => (
                connecting(&state.partner),
                Some(state.question.prompt().clone()),
            ),
            State::Connecting(state) => (connecting(&state.partner), None),
            State::Viewing(state) => (state.stage(), state.prompt().cloned()),
            State::Ended { why, outcome } => {
                let (why, trouble) = (why.clone(), *outcome == Outcome::Failed);
                (Stage::Ended { why, trouble }, None)
            }
        };
        View {
            stage,
            prompt,
            server: self.server.clone(),
            invitations: vec![invitation],
            rules: crate::front::Rules::default(),
            first_use: false,
        }
    }

    fn server_event(&mut self, event: ServerEvent, now: Now, out: &mut Vec<Output>) {
        match event {
            ServerEvent::Up => {
                self.server = Server::Connecting;
                out.push(Output::Server(ToServer::Hello { version: VERSION }));
                self.register(now, out);
            }
            ServerEvent::Down => {
                if self.server != Server::Down {
                    let viewing = matches!(self.state, State::Viewing(_));
                    out.push(Output::Tell(Notice::ServerAway { viewing }));
                }
                self.server = Server::Down;
                self.announced = false;
                self.challenged.clear();
                self.signalling_lost(None, now, out);
            }
            ServerEvent::Message(message) => self.server_message(message, now, out),
        }
    }

    fn server_message(&mut self, message: ToNovice, now: Now, out: &mut Vec<Output>) {
        match message {
            // Media flows directly: whatever the server says about the invitation, it ends no
            // session.
            ToNovice::Unregistered { .. } | ToNovice::Closing { .. }
                if matches!(self.state, State::Viewing(_)) =>
            {
                self.server = Server::Down;
            }
            ToNovice::Registered { route, token } if route == self.route => {
                let first = self.token.replace(token).is_none();
                self.server = Server::Up;
                if first {
                    // Shows the server that the token has arrived: from now on the route is
                    // reserved for us, also while we are away.
                    self.register(now, out);
                }
                if !std::mem::replace(&mut self.announced, true)
                    && matches!(self.state, State::Waiting)
                {
                    out.push(Output::Tell(Notice::Open));
                }
            }
            ToNovice::Unregistered { route, reason } if route == self.route => match reason {
                // The server's clock is not ours: only the agent decides when it is over.
                Refusal::Expired => self.register(now, out),
                Refusal::NotOwner => self.give_up(
                    "The server does not accept this invitation any more. Make a new one.",
                    out,
                ),
                _ => self.give_up("The server refused the invitation. Try again later.", out),
            },
            ToNovice::Joined { join, route } if route == self.route => self.joined(join, now, out),
            ToNovice::Relay { join, payload } => self.relayed(join, &payload, now, out),
            ToNovice::Left { join } => {
                self.challenged.retain(|(waiting, _)| *waiting != join);
                self.signalling_lost(Some(join), now, out);
            }
            ToNovice::Closing {
                reason: Refusal::Version,
            } => self.give_up(
                "The server runs another version of Deskhand. Ask its operator which one fits.",
                out,
            ),
            ToNovice::Closing {
                reason: Refusal::Replaced,
            } => self.give_up("Another Deskhand took over this invitation.", out),
            // Anything else of the server's: its socket closes next, and the edge tries again.
            ToNovice::Closing { .. }
            | ToNovice::Registered { .. }
            | ToNovice::Reserved { .. }
            | ToNovice::Unregistered { .. }
            | ToNovice::Joined { .. } => {}
        }
    }

    fn register(&self, now: Now, out: &mut Vec<Output>) {
        if self.terms.invitation.expiry.is_over(now) {
            return;
        }
        let left = self.terms.invitation.expiry.left(now).as_secs();
        out.push(Output::Server(ToServer::Register {
            route: self.route,
            ttl_secs: u32::try_from(left).unwrap_or(u32::MAX).max(1),
            token: self.token.clone(),
            file: false,
            number: None,
        }));
    }

    fn novice(&mut self, intent: Intent, now: Now, out: &mut Vec<Output>) {
        match intent {
            Intent::Answer { prompt, answer } => {
                match std::mem::replace(&mut self.state, State::Waiting) {
                    State::Asking(asking) => self.view_answered(*asking, prompt, answer, now, out),
                    State::Viewing(mut viewing) => {
                        let blocked = viewing.control_answered(prompt, answer, now, out);
                        self.state = State::Viewing(viewing);
                        if blocked {
                            self.end(
                                EndReason::Novice,
                                "You ended the session and blocked the invitation.",
                                out,
                            );
                        }
                    }
                    other => self.state = other,
                }
            }
            Intent::Chat(text) => {
                if matches!(self.state, State::Viewing(_)) && !text.is_empty() {
                    Viewing::say(text, out);
                }
            }
            Intent::StopControl => {
                if let State::Viewing(viewing) = &mut self.state {
                    viewing.stop_control(StopCause::Button, now.at, out);
                }
            }
            Intent::Pause(paused) => {
                if let State::Viewing(viewing) = &mut self.state {
                    viewing.pause(paused, out);
                }
            }
            Intent::End => match self.state {
                State::Viewing(_) => {
                    self.end(
                        EndReason::Novice,
                        "You ended the session. Nobody can see your screen.",
                        out,
                    );
                }
                _ => self.end(EndReason::Novice, "You closed the invitation.", out),
            },
            _ => {}
        }
    }

    fn peer_event(&mut self, event: PeerEvent, now: Now, out: &mut Vec<Output>) {
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Connecting(connecting) => self.connecting(*connecting, event, now, out),
            State::Viewing(mut viewing) => {
                let over = viewing.peer_event(event, &mut self.consent, now, out);
                self.state = State::Viewing(viewing);
                if let Some((reason, why)) = over {
                    self.end(reason, why, out);
                }
            }
            other => self.state = other,
        }
    }

    fn media_event(&mut self, event: MediaEvent, out: &mut Vec<Output>) {
        let State::Viewing(viewing) = &mut self.state else {
            return;
        };
        if let MediaEvent::Failed(why) = event {
            self.end(EndReason::Failed, &why, out);
        } else {
            viewing.media_event(event, out);
        }
    }

    fn hand_event(&mut self, event: hand::wire::Event, now: Now, out: &mut Vec<Output>) {
        if let State::Viewing(viewing) = &mut self.state {
            viewing.hand_event(event, now.at, out);
        }
    }

    /// What follows from time alone.
    fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) {
        let over = self.terms.invitation.expiry.is_over(now);
        match std::mem::replace(&mut self.state, State::Waiting) {
            // The invitation's end ends no session that the novice has approved.
            State::Waiting if over => self.expire(None, out),
            State::Verifying(state) if over => self.expire(Some(state.join), out),
            State::Introducing(state) if over => self.expire(Some(state.partner.join), out),
            State::Verifying(state) if state.deadline <= now.at => {
                self.attempt_failed(state.join, now, out);
            }
            State::Introducing(state) if state.deadline <= now.at => {
                dismiss(state.partner.join, out);
            }
            State::Asking(state) if state.question.deadline() <= now.at => {
                self.view_refused(state.partner, EndReason::NoAnswer, out);
            }
            State::Connecting(state) if state.deadline <= now.at => {
                self.not_connected(*state, Notice::NotConnected, out);
            }
            State::Viewing(mut viewing) => {
                viewing.pass_time(now, out);
                self.state = State::Viewing(viewing);
            }
            other => self.state = other,
        }
    }

    fn expire(&mut self, join: Option<JoinId>, out: &mut Vec<Output>) {
        if let Some(join) = join {
            out.push(relay(join, &ToPage::Refused));
            dismiss(join, out);
        }
        out.push(Output::Tell(Notice::Expired));
        self.give_up("The invitation has expired.", out);
    }

    /// Ends without anybody having been helped.
    fn give_up(&mut self, why: &str, out: &mut Vec<Output>) {
        self.finish(why, Outcome::Failed, out);
    }

    /// Ends whatever there is, tells both sides, closes the invitation.
    fn end(&mut self, reason: EndReason, why: &str, out: &mut Vec<Output>) {
        let outcome = match reason {
            EndReason::Failed | EndReason::Lost | EndReason::Malformed => Outcome::Failed,
            EndReason::Refused | EndReason::NoAnswer | EndReason::Novice | EndReason::Expert => {
                Outcome::Finished
            }
        };
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Asking(mut state) => {
                out.push(state.partner.seal(&SealedToPage::Ended(reason)));
            }
            State::Connecting(mut state) => {
                out.push(state.partner.seal(&SealedToPage::Ended(reason)));
                out.push(Output::Peer(PeerCommand::Close));
            }
            State::Viewing(viewing) => viewing.close(reason, out),
            State::Waiting | State::Verifying(_) | State::Introducing(_) | State::Ended { .. } => {}
        }
        self.finish(why, outcome, out);
    }

    fn finish(&mut self, why: &str, outcome: Outcome, out: &mut Vec<Output>) {
        out.push(Output::Server(ToServer::Unregister { route: self.route }));
        out.push(Output::Tell(Notice::Ended(why.into())));
        out.push(Output::Done(outcome));
        let why = why.into();
        self.state = State::Ended { why, outcome };
    }
}

/// Parts from a page: the server closes its socket.
fn dismiss(join: JoinId, out: &mut Vec<Output>) {
    out.push(Output::Server(ToServer::Dismiss { join }));
}

fn connecting(partner: &Partner) -> Stage {
    Stage::Connecting {
        expert: partner.name.clone(),
        words: partner.words,
    }
}

fn relay(join: JoinId, message: &ToPage) -> Output {
    // Every message of ours is far below the limit; the largest is an offer of 16 KiB.
    let payload = Payload::new(wire::encode(message)).unwrap_or_default();
    Output::Server(ToServer::Relay { join, payload })
}

/// How long after so many failures the next attempt may begin.
fn wait_after(failed: u8) -> Duration {
    match failed {
        0 | 1 => Duration::ZERO,
        n => Duration::from_secs(1 << (n - 1).min(4)),
    }
}

#[cfg(test)]
mod tests;
