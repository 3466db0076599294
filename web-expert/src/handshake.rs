//! From Connect to a sealed line: what the page says and hears through the server. Sans-I/O.
//!
//! The server is trusted with nothing here: whatever does not fit the step that is due ends the
//! attempt, and an offer must carry the one certificate that the handshake has bound.

use deskhand_protocol::{
    VERSION,
    control::EndReason,
    envelope::{Candidate, Sealed, SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{
        Established, Words,
        expert::{Joining, Waiting},
        resume::ResumeKey,
    },
    id::Fingerprint,
    invitation::{Link, Number},
    signal::{FromExpert, Payload, Refusal, ToExpert},
    text::{Name, Sdp},
    wire,
};
use rand_core::{CryptoRng, RngCore};

/// What leads to the novice's computer, and how the expert came by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A link that was opened or pasted.
    Link(Link),
    /// The link inside an invitation file.
    File(Link),
    /// A number that was said on the phone.
    Number(Number),
}

impl From<&Link> for Key {
    fn from(link: &Link) -> Self {
        Self::Link(link.clone())
    }
}

impl Key {
    fn joining(&self, password: &str) -> Joining {
        match self {
            Self::Link(link) | Self::File(link) => Joining::new(link.clone(), password),
            Self::Number(number) => Joining::spoken(*number, password),
        }
    }

    fn join(&self) -> FromExpert {
        match self {
            Self::Link(link) | Self::File(link) => FromExpert::Join {
                route: link.id.route(),
            },
            Self::Number(number) => FromExpert::JoinNumber { number: *number },
        }
    }
}

/// What comes of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// To the server.
    Send(FromExpert),
    /// To the page's state.
    Tell(News),
}

/// What the page learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The novice's computer answers; it is checking the password.
    Checking,
    /// The password was right; now the novice is being asked. Where a session is resumed: it goes
    /// on.
    Accepted(Met),
    /// The novice approved, now or before.
    Offer(Sdp),
    /// One ICE candidate of the agent's.
    Candidate(Candidate),
    /// Nothing more will come.
    Over(Over),
}

/// The other end, once both have proved themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// What the novice wants to be called; empty if they did not say.
    pub novice: Name,
    /// What both should see.
    pub words: Words,
}

/// Why nothing more will come through the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Unknown, expired, locked, or a wrong password: one and the same.
    Refused,
    /// Somebody else is being helped.
    Busy,
    /// Too early; again after so many seconds.
    Wait(u16),
    /// The novice's computer parted.
    Left,
    /// The server closed the line.
    Closed(Refusal),
    /// Something did not fit: a certificate, a seal, an order. Somebody may be interfering.
    Tampered,
    /// The novice's computer said so, sealed.
    Ended(EndReason),
}

/// One attempt. Of no further use once it has told [`News::Over`].
#[derive(Debug)]
pub struct Handshake {
    join: FromExpert,
    name: Name,
    fingerprint: Fingerprint,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// The novice's challenge is due.
    Challenge(Joining),
    /// The same, where a session is resumed.
    Returning(Box<ResumeKey>),
    /// KE1 is out.
    Ke2(Box<Waiting>),
    /// The proof is out; the novice's computer has not answered under seal yet, so it may still
    /// refuse.
    Unconfirmed(Box<Established>),
    /// The novice's computer has proved itself under seal.
    Sealed(Box<Established>),
    /// Finished, one way or the other.
    Over,
}

impl Step {
    /// Whether nothing has come under seal yet. After that nobody between can refuse.
    fn may_be_refused(&self) -> bool {
        match self {
            Self::Challenge(_) | Self::Returning(_) | Self::Ke2(_) | Self::Unconfirmed(_) => true,
            Self::Sealed(_) | Self::Over => false,
        }
    }
}

impl Handshake {
    /// `fingerprint` is of a certificate made for this attempt; `password` is empty if the
    /// invitation has none.
    pub fn new(key: impl Into<Key>, password: &str, name: Name, fingerprint: Fingerprint) -> Self {
        let key = key.into();
        Self {
            join: key.join(),
            name,
            fingerprint,
            step: Step::Challenge(key.joining(password)),
        }
    }

    /// Comes back to a session that the novice has approved. `fingerprint` is of a certificate
    /// made for this attempt.
    pub fn resume(key: ResumeKey, fingerprint: Fingerprint) -> Self {
        Self {
            join: FromExpert::Join { route: key.route() },
            // The novice's computer knows it.
            name: Name::default(),
            fingerprint,
            step: Step::Returning(Box::new(key)),
        }
    }

    /// What this page can come back with, once the novice's computer is sure to have it too.
    pub fn resume_key(&self) -> Option<&ResumeKey> {
        match &self.step {
            Step::Sealed(line) => Some(&line.resume),
            _ => None,
        }
    }

    /// What to say as soon as the socket is open.
    pub fn open(&self) -> [FromExpert; 2] {
        [FromExpert::Hello { version: VERSION }, self.join.clone()]
    }

    /// Takes a message from the server.
    pub fn handle(
        &mut self,
        message: &ToExpert,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Vec<Output> {
        match message {
            // What helps to reach the novice is for the connection, and proves nothing.
            ToExpert::Joined | ToExpert::IceServers { .. } | ToExpert::Trial { .. } => vec![],
            ToExpert::Relay { payload } => match wire::decode(payload.as_bytes()) {
                Ok(said) => self.novice_said(said, rng),
                Err(_) => self.over(Over::Tampered),
            },
            ToExpert::Left => self.over(Over::Left),
            ToExpert::Closing { reason } => self.over(Over::Closed(*reason)),
        }
    }

    /// Seals a message for the novice's computer; `None` before there is a seal.
    pub fn seal(&mut self, message: &SealedToAgent) -> Option<FromExpert> {
        match &mut self.step {
            Step::Unconfirmed(line) | Step::Sealed(line) => {
                relay(&ToAgent::Sealed(line.channel.seal(message)))
            }
            Step::Challenge(_) | Step::Returning(_) | Step::Ke2(_) | Step::Over => None,
        }
    }

    fn novice_said(&mut self, said: ToPage, rng: &mut (impl RngCore + CryptoRng)) -> Vec<Output> {
        match (std::mem::replace(&mut self.step, Step::Over), said) {
            (Step::Challenge(joining), ToPage::Challenge(challenge)) => {
                match joining.hello(&challenge, self.fingerprint, rng) {
                    Ok((waiting, hello)) => {
                        self.step = Step::Ke2(Box::new(waiting));
                        let mut out = send(&ToAgent::Hello(hello));
                        out.push(Output::Tell(News::Checking));
                        out
                    }
                    Err(_) => self.over(Over::Tampered),
                }
            }
            (Step::Returning(key), ToPage::Challenge(challenge)) => {
                let (established, resume) = key.prove(&challenge, self.fingerprint, rng);
                self.step = Step::Unconfirmed(Box::new(established));
                send(&ToAgent::Resume(resume))
            }
            (Step::Ke2(waiting), ToPage::Ke2(ke2)) => match waiting.finish(&ke2, rng) {
                Ok((established, ke3)) => {
                    self.step = Step::Unconfirmed(Box::new(established));
                    let name = self.name.clone();
                    let introduce = self.seal(&SealedToAgent::Introduce { name });
                    let mut out = send(&ToAgent::Ke3(ke3));
                    out.extend(introduce.map(Output::Send));
                    out
                }
                // A wrong password and a message that somebody altered look alike.
                Err(_) => self.over(Over::Refused),
            },
            (step, ToPage::Refused) if step.may_be_refused() => self.over(Over::Refused),
            (step, ToPage::Busy) if step.may_be_refused() => self.over(Over::Busy),
            (step, ToPage::Wait(secs)) if step.may_be_refused() => self.over(Over::Wait(secs)),
            (Step::Unconfirmed(line) | Step::Sealed(line), ToPage::Sealed(sealed)) => {
                self.unseal(line, &sealed)
            }
            (Step::Over, _) => vec![],
            (
                Step::Challenge(_)
                | Step::Returning(_)
                | Step::Ke2(_)
                | Step::Unconfirmed(_)
                | Step::Sealed(_),
                ToPage::Challenge(_)
                | ToPage::Ke2(_)
                | ToPage::Refused
                | ToPage::Busy
                | ToPage::Wait(_)
                | ToPage::Sealed(_),
            ) => self.over(Over::Tampered),
        }
    }

    fn unseal(&mut self, mut line: Box<Established>, sealed: &Sealed) -> Vec<Output> {
        let news = match line.channel.open(sealed) {
            Ok(SealedToPage::Accepted { novice }) => News::Accepted(Met {
                novice,
                words: line.words,
            }),
            Ok(SealedToPage::Offer(sdp)) if line.peer.matches_sdp(sdp.as_str()) => News::Offer(sdp),
            Ok(SealedToPage::Candidate(candidate)) => News::Candidate(candidate),
            Ok(SealedToPage::Ended(reason)) => return self.over(Over::Ended(reason)),
            Ok(SealedToPage::Offer(_)) | Err(_) => return self.over(Over::Tampered),
        };
        self.step = Step::Sealed(line);
        vec![Output::Tell(news)]
    }

    fn over(&mut self, over: Over) -> Vec<Output> {
        self.step = Step::Over;
        vec![Output::Tell(News::Over(over))]
    }
}

fn relay(message: &ToAgent) -> Option<FromExpert> {
    Payload::new(wire::encode(message)).map(|payload| FromExpert::Relay { payload })
}

fn send(message: &ToAgent) -> Vec<Output> {
    relay(message).map(Output::Send).into_iter().collect()
}

#[cfg(test)]
mod tests;
