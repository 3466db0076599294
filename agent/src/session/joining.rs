//! From a join to an approved connection: everything before the first picture.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::EndReason,
    envelope::{Candidate, Sealed, SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{
        self, Established, HandshakeError, Hello, Ke3,
        novice::{Answered, Challenged, Charged, Tagged},
    },
    id::JoinId,
    signal::{FromNovice as ToServer, Payload},
    text::Name,
    wire,
};
use rand_core::{CryptoRng, RngCore};

use super::{
    MAX_CHALLENGED, MAX_REFUSALS, MediaCommand, Output, Partner, PeerCommand, PeerEvent, Session,
    State, dismiss, relay, viewing::Viewing, wait_after,
};
use crate::{
    clock::Now,
    consent::{Question, Verdict, ViewGrant},
    front::{Answer, Ask, Notice, PromptId},
};

/// The page has so long to introduce its expert.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// A connection has so long to come about, over all its tries.
const CONNECTION: Duration = Duration::from_secs(30);
/// After an expert who asked and left, so long until the next may try.
const AFTER_WITHDRAWAL: Duration = Duration::from_secs(10);
/// So many fresh connections are tried when one gets stuck.
const MAX_TRIES: u8 = 3;

/// Somebody holds the slot and is proving that they know the password.
pub(super) struct Verifying {
    pub join: JoinId,
    pub deadline: Instant,
    step: Step,
}

impl Verifying {
    /// The attempt is written down and counted.
    pub fn is_charged(&self) -> bool {
        matches!(self.step, Step::Answered(_))
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one, and it is boxed")]
enum Step {
    /// The attempt is being written down.
    Charging(Tagged),
    /// KE2 is out.
    Answered(Answered),
}

/// The password was right; who is it?
pub(super) struct Introducing {
    pub partner: Partner,
    pub deadline: Instant,
}

/// The novice is being asked whether they may see the screen.
pub(super) struct Asking {
    pub partner: Partner,
    pub question: Question<ViewGrant>,
}

/// The novice said yes; the connection is being made.
pub(super) struct Connecting {
    pub partner: Partner,
    pub grant: ViewGrant,
    pub deadline: Instant,
    tries: u8,
    answered: bool,
    candidates: Vec<Candidate>,
}

impl<R: RngCore + CryptoRng> Session<R> {
    /// An expert pressed Connect. A challenge costs nothing and takes no slot.
    pub(super) fn joined(&mut self, join: JoinId, now: Now, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Waiting) {
            out.push(relay(join, &ToPage::Busy));
            return dismiss(join, out);
        }
        if self.must_wait(join, now, out) {
            return;
        }
        let id = self.terms.invitation.record.id();
        let (challenged, challenge) = Challenged::new(id, self.terms.fingerprint, &mut self.rng);
        self.challenged.push_back((join, challenged));
        if self.challenged.len() > MAX_CHALLENGED
            && let Some((oldest, _)) = self.challenged.pop_front()
        {
            dismiss(oldest, out);
        }
        out.push(relay(join, &ToPage::Challenge(challenge)));
    }

    /// Whether the last attempt is too short ago; if so, says until when.
    fn must_wait(&self, join: JoinId, now: Now, out: &mut Vec<Output>) -> bool {
        let wait = self
            .not_before
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now.at));
        if wait.is_zero() {
            return false;
        }
        let secs = u16::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u16::MAX);
        out.push(relay(join, &ToPage::Wait(secs)));
        dismiss(join, out);
        true
    }

    /// Something from a page through the server. Whatever does not belong here closes that
    /// page's socket and disturbs nobody else.
    pub(super) fn relayed(
        &mut self,
        join: JoinId,
        payload: &Payload,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        match wire::decode(payload.as_bytes()) {
            Ok(ToAgent::Hello(hello)) => self.hello(join, &hello, now, out),
            Ok(ToAgent::Ke3(ke3)) => self.ke3(join, &ke3, now, out),
            Ok(ToAgent::Sealed(sealed)) => self.sealed(join, &sealed, now, out),
            Err(_) => self.offended(join, now, out),
        }
    }

    fn hello(&mut self, join: JoinId, hello: &Hello, now: Now, out: &mut Vec<Output>) {
        let Some(place) = self
            .challenged
            .iter()
            .position(|(waiting, _)| *waiting == join)
        else {
            return self.offended(join, now, out);
        };
        let Some((_, challenged)) = self.challenged.remove(place) else {
            return;
        };
        // Challenges that were collected earlier are no way around the wait.
        if self.must_wait(join, now, out) {
            return;
        }
        let Ok(tagged) = challenged.verify_link(&self.terms.invitation.record, hello) else {
            // Without the link nobody uses up an attempt.
            out.push(relay(join, &ToPage::Refused));
            return dismiss(join, out);
        };
        if !matches!(self.state, State::Waiting) {
            out.push(relay(join, &ToPage::Busy));
            return dismiss(join, out);
        }
        self.state = State::Verifying(Box::new(Verifying {
            join,
            deadline: now.at + handshake::TIMEOUT,
            step: Step::Charging(tagged),
        }));
        out.push(Output::Charge);
    }

    /// The attempt is on disk: only now is it answered.
    pub(super) fn charged(
        &mut self,
        charged: Result<Charged, String>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let (join, tagged, deadline) = match std::mem::replace(&mut self.state, State::Waiting) {
            State::Verifying(v) => match *v {
                Verifying {
                    join,
                    deadline,
                    step: Step::Charging(tagged),
                } => (join, tagged, deadline),
                v @ Verifying {
                    step: Step::Answered(_),
                    ..
                } => {
                    self.state = State::Verifying(Box::new(v));
                    return;
                }
            },
            other => {
                self.state = other;
                return;
            }
        };
        let charged = match charged {
            Ok(charged) => charged,
            Err(why) => {
                out.push(relay(join, &ToPage::Refused));
                dismiss(join, out);
                return self.give_up(
                    &format!("Attempts cannot be recorded, so nobody may try: {why}."),
                    out,
                );
            }
        };
        self.failed = self.failed.saturating_add(1);
        out.push(Output::Tell(Notice::Attempt));
        match tagged.answer(&self.terms.invitation.record, charged, &mut self.rng) {
            Ok((answered, ke2)) => {
                self.state = State::Verifying(Box::new(Verifying {
                    join,
                    deadline,
                    step: Step::Answered(answered),
                }));
                out.push(relay(join, &ToPage::Ke2(ke2)));
            }
            Err(_) => self.attempt_failed(join, now, out),
        }
    }

    fn ke3(&mut self, join: JoinId, ke3: &Ke3, now: Now, out: &mut Vec<Output>) {
        let answered = match std::mem::replace(&mut self.state, State::Waiting) {
            State::Verifying(v) if v.join == join => match *v {
                Verifying {
                    step: Step::Answered(answered),
                    ..
                } => answered,
                // A proof before the answer is no proof.
                Verifying {
                    step: Step::Charging(_),
                    ..
                } => {
                    return self.attempt_failed(join, now, out);
                }
            },
            other => {
                self.state = other;
                return self.offended(join, now, out);
            }
        };
        if self.terms.invitation.expiry.is_over(now) {
            return self.expire(Some(join), out);
        }
        match answered.finish(ke3) {
            Ok(Established {
                channel,
                words,
                peer,
            }) => {
                self.failed = 0;
                self.not_before = None;
                out.push(Output::ClearAttempts);
                let partner = Partner {
                    join,
                    channel,
                    words,
                    certificate: peer,
                    name: Name::default(),
                    candidates: 0,
                };
                self.state = State::Introducing(Box::new(Introducing {
                    partner,
                    deadline: now.at + INTRODUCTION,
                }));
            }
            Err(
                HandshakeError::Mismatch | HandshakeError::BadLink | HandshakeError::Malformed | _,
            ) => {
                self.attempt_failed(join, now, out);
            }
        }
    }

    /// An attempt that was charged did not come to its end.
    pub(super) fn attempt_failed(&mut self, join: JoinId, now: Now, out: &mut Vec<Output>) {
        self.state = State::Waiting;
        out.push(relay(join, &ToPage::Refused));
        dismiss(join, out);
        if self.failed >= handshake::MAX_ATTEMPTS {
            out.push(Output::LockInvitation);
            out.push(Output::Tell(Notice::Locked));
            return self.give_up(
                "The invitation is locked: the password was wrong too often.",
                out,
            );
        }
        self.not_before = Some(now.at + wait_after(self.failed));
        out.push(Output::Tell(Notice::WrongPassword {
            left: handshake::MAX_ATTEMPTS - self.failed,
        }));
    }

    fn sealed(&mut self, join: JoinId, sealed: &Sealed, now: Now, out: &mut Vec<Output>) {
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Introducing(mut state) if state.partner.join == join => {
                match state.partner.channel.open(sealed) {
                    Ok(SealedToAgent::Introduce { name }) => {
                        state.partner.name = name;
                        self.ask_view(state.partner, now, out);
                    }
                    Ok(_) | Err(_) => dismiss(join, out),
                }
            }
            // Nothing is due before the offer but a farewell: either way the question is void.
            State::Asking(state) if state.partner.join == join => {
                dismiss(join, out);
                self.withdrawn(now, out);
            }
            State::Connecting(mut state) if state.partner.join == join => {
                match state.partner.channel.open(sealed) {
                    Ok(SealedToAgent::Answer(sdp))
                        if !state.answered
                            && state.partner.certificate.matches_sdp(sdp.as_str()) =>
                    {
                        state.answered = true;
                        out.push(Output::Peer(PeerCommand::Answer(sdp)));
                        let early = std::mem::take(&mut state.candidates);
                        out.extend(
                            early
                                .into_iter()
                                .map(|c| Output::Peer(PeerCommand::Candidate(c))),
                        );
                        self.state = State::Connecting(state);
                    }
                    Ok(SealedToAgent::Candidate(candidate)) => {
                        if !state.partner.admits_candidate() {
                            tracing::debug!("one candidate too many is left out");
                        } else if state.answered {
                            out.push(Output::Peer(PeerCommand::Candidate(candidate)));
                        } else {
                            state.candidates.push(candidate);
                        }
                        self.state = State::Connecting(state);
                    }
                    Ok(_) | Err(_) => {
                        out.push(Output::Peer(PeerCommand::Close));
                        dismiss(join, out);
                        out.push(Output::Tell(Notice::HelperLeft));
                    }
                }
            }
            State::Viewing(mut viewing) => {
                if viewing.sealed(join, sealed, out).is_err() {
                    // The connection stands by itself: a meddling server is cut off, no more.
                    dismiss(join, out);
                }
                self.state = State::Viewing(viewing);
            }
            other => {
                self.state = other;
                dismiss(join, out);
            }
        }
    }

    /// A page sent what it must not send now.
    fn offended(&mut self, join: JoinId, now: Now, out: &mut Vec<Output>) {
        self.challenged.retain(|(waiting, _)| *waiting != join);
        self.signalling_lost(Some(join), now, out);
        dismiss(join, out);
    }

    /// The way to a page through the server is gone: `join`'s, or everybody's.
    pub(super) fn signalling_lost(
        &mut self,
        join: Option<JoinId>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let hit = |theirs: JoinId| join.is_none_or(|join| join == theirs);
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Verifying(state) if hit(state.join) => match state.step {
                // Charged already: breaking off is no free guess.
                Step::Answered(_) => self.attempt_failed(state.join, now, out),
                Step::Charging(_) => {}
            },
            State::Introducing(state) if hit(state.partner.join) => {}
            State::Asking(state) if hit(state.partner.join) => self.withdrawn(now, out),
            State::Connecting(state) if hit(state.partner.join) => {
                out.push(Output::Peer(PeerCommand::Close));
                out.push(Output::Tell(Notice::HelperLeft));
            }
            // Media flows directly and must not notice.
            other => self.state = other,
        }
    }

    /// An expert left with the question open. Who asks and runs away, again and again, would
    /// have the window pop up before anybody could say no to it.
    fn withdrawn(&mut self, now: Now, out: &mut Vec<Output>) {
        self.not_before = Some(now.at + AFTER_WITHDRAWAL);
        out.push(Output::Tell(Notice::HelperLeft));
    }

    fn ask_view(&mut self, mut partner: Partner, now: Now, out: &mut Vec<Output>) {
        out.push(partner.seal(&SealedToPage::Accepted {
            novice: self.terms.name.clone(),
        }));
        let ask = Ask::View {
            expert: partner.name.clone(),
            words: partner.words,
        };
        let question = self.consent.ask_view(ask, now.at);
        self.state = State::Asking(Box::new(Asking { partner, question }));
    }

    pub(super) fn view_answered(
        &mut self,
        asking: Asking,
        id: PromptId,
        answer: Answer,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Asking {
            mut partner,
            question,
        } = asking;
        match question.answer(id, answer, now.at) {
            Err(question) => self.state = State::Asking(Box::new(Asking { partner, question })),
            Ok(Verdict::Granted(grant)) => {
                out.push(Output::Server(ToServer::Approved { join: partner.join }));
                out.push(Output::Peer(PeerCommand::Start));
                self.state = State::Connecting(Box::new(Connecting {
                    partner,
                    grant,
                    deadline: now.at + CONNECTION,
                    tries: 1,
                    answered: false,
                    candidates: Vec::new(),
                }));
            }
            Ok(Verdict::Refused) => self.view_refused(partner, EndReason::Refused, out),
            Ok(Verdict::Blocked) => {
                out.push(partner.seal(&SealedToPage::Ended(EndReason::Refused)));
                self.end(
                    EndReason::Refused,
                    "You refused and blocked the invitation.",
                    out,
                );
            }
        }
    }

    pub(super) fn view_refused(
        &mut self,
        mut partner: Partner,
        reason: EndReason,
        out: &mut Vec<Output>,
    ) {
        self.state = State::Waiting;
        out.push(partner.seal(&SealedToPage::Ended(reason)));
        dismiss(partner.join, out);
        self.refusals += 1;
        if self.refusals >= MAX_REFUSALS {
            return self.give_up(
                "The invitation is closed, since it was refused three times.",
                out,
            );
        }
        out.push(Output::Tell(match reason {
            EndReason::NoAnswer => Notice::ViewUnanswered,
            _ => Notice::ViewRefused,
        }));
    }

    pub(super) fn connecting(
        &mut self,
        mut state: Connecting,
        event: PeerEvent,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        match event {
            PeerEvent::Offer(sdp) => out.push(state.partner.seal(&SealedToPage::Offer(sdp))),
            PeerEvent::Candidate(candidate) => {
                out.push(state.partner.seal(&SealedToPage::Candidate(candidate)));
            }
            PeerEvent::Connected(certificate) if certificate == state.partner.certificate => {
                let Connecting { partner, grant, .. } = state;
                out.push(Output::Media(MediaCommand::Start(grant)));
                out.push(Output::StartHand);
                out.push(Output::Tell(Notice::ViewingStarted(partner.name.clone())));
                let no_control = self.terms.no_control.clone();
                self.state = State::Viewing(Box::new(Viewing::new(partner, no_control, now)));
                return;
            }
            PeerEvent::Connected(_) => {
                // Not the certificate of the handshake: somebody sits in the middle.
                return self.not_connected(state, Notice::Tampered, out);
            }
            PeerEvent::Stuck if state.tries < MAX_TRIES => {
                state.tries += 1;
                state.answered = false;
                state.candidates.clear();
                out.push(Output::Peer(PeerCommand::Start));
            }
            PeerEvent::Stuck | PeerEvent::Closed | PeerEvent::Malformed => {
                return self.not_connected(state, Notice::NotConnected, out);
            }
            // Nothing counts before the certificate was compared.
            PeerEvent::Control(_) | PeerEvent::Input(_) | PeerEvent::Motion(_) => {}
        }
        self.state = State::Connecting(Box::new(state));
    }

    pub(super) fn not_connected(
        &mut self,
        mut state: Connecting,
        why: Notice,
        out: &mut Vec<Output>,
    ) {
        self.state = State::Waiting;
        out.push(state.partner.seal(&SealedToPage::Ended(EndReason::Lost)));
        out.push(Output::Peer(PeerCommand::Close));
        dismiss(state.partner.join, out);
        out.push(Output::Tell(why));
    }
}
