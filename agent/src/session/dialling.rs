//! A direct connection is being made: an offer out, an answer and candidates in. The first of a
//! session, and each that follows when the page comes back.

use std::time::Instant;

use deskhand_protocol::{
    dial::{CONNECTION, HELP, TRIES},
    envelope::{Candidate, SealedToAgent, SealedToPage},
    ice::{IceServer, MAX_SERVERS},
};

use crate::{
    clock::Now,
    door::Partner,
    io::{Output, PeerCommand, PeerEvent},
};

/// See the module.
pub(super) struct Dialling {
    deadline: Instant,
    servers: Servers,
    tries: u32,
    answered: bool,
    /// Those that came before the answer.
    candidates: Vec<Candidate>,
}

/// What helps to reach the page.
enum Servers {
    /// The server has not said yet, and has so long.
    Due(Instant),
    /// It has, or has had its time.
    Known(Vec<IceServer>),
}

/// What came of it.
pub(super) enum Dialled {
    /// It is still on its way.
    Still,
    /// It is there, with the certificate of the handshake.
    Connected,
    /// It showed another certificate: somebody sits in the middle.
    Tampered,
    /// It could not be made.
    Failed,
}

impl Dialling {
    /// Begins as soon as the server has said what helps to reach the page, or has had its time.
    /// Telling it that the page was approved is what asks it.
    pub fn new(now: Now) -> Self {
        Self {
            deadline: now.at + CONNECTION,
            servers: Servers::Due(now.at + HELP),
            tries: 1,
            answered: false,
            candidates: Vec::new(),
        }
    }

    /// When to come back at the latest.
    pub fn wake(&self) -> Instant {
        match self.servers {
            Servers::Due(at) => self.deadline.min(at),
            Servers::Known(_) => self.deadline,
        }
    }

    /// Whether the time for a connection has passed.
    pub fn is_late(&self, now: Now) -> bool {
        self.deadline <= now.at
    }

    /// Goes without the server's word when that takes too long.
    pub fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) {
        if let Servers::Due(at) = self.servers
            && at <= now.at
        {
            self.start(Vec::new(), out);
        }
    }

    /// From the server: what helps to reach the page. It is asked once and counts once.
    pub fn helped(&mut self, mut servers: Vec<IceServer>, out: &mut Vec<Output>) {
        if matches!(self.servers, Servers::Due(_)) {
            servers.truncate(MAX_SERVERS);
            self.start(servers, out);
        }
    }

    fn start(&mut self, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        self.servers = Servers::Known(servers.clone());
        out.push(Output::Peer(PeerCommand::Start(servers)));
    }

    /// Whether the way through the server is of no further use.
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// From the page through the server. False if it is nothing that belongs here.
    pub fn heard(
        &mut self,
        message: SealedToAgent,
        partner: &mut Partner,
        out: &mut Vec<Output>,
    ) -> bool {
        match message {
            SealedToAgent::Answer(sdp)
                if !self.answered && partner.certificate.matches_sdp(sdp.as_str()) =>
            {
                self.answered = true;
                out.push(Output::Peer(PeerCommand::Answer(sdp)));
                let early = std::mem::take(&mut self.candidates).into_iter();
                out.extend(early.map(|one| Output::Peer(PeerCommand::Candidate(one))));
            }
            SealedToAgent::Candidate(candidate) => {
                if !partner.admits_candidate() {
                    tracing::debug!("one candidate too many is left out");
                } else if self.answered {
                    out.push(Output::Peer(PeerCommand::Candidate(candidate)));
                } else {
                    self.candidates.push(candidate);
                }
            }
            SealedToAgent::Answer(_) | SealedToAgent::Introduce { .. } | SealedToAgent::Leave => {
                return false;
            }
        }
        true
    }

    /// From the connection.
    pub fn event(
        &mut self,
        event: PeerEvent,
        partner: &mut Partner,
        out: &mut Vec<Output>,
    ) -> Dialled {
        match event {
            PeerEvent::Offer(sdp) => out.push(partner.seal(&SealedToPage::Offer(sdp))),
            PeerEvent::Candidate(candidate) => {
                out.push(partner.seal(&SealedToPage::Candidate(candidate)));
            }
            PeerEvent::Connected(certificate) => {
                return if certificate == partner.certificate {
                    Dialled::Connected
                } else {
                    Dialled::Tampered
                };
            }
            PeerEvent::Stuck if self.tries < TRIES => {
                self.tries += 1;
                self.answered = false;
                self.candidates.clear();
                if let Servers::Known(servers) = &self.servers {
                    out.push(Output::Peer(PeerCommand::Start(servers.clone())));
                }
            }
            PeerEvent::Stuck | PeerEvent::Closed | PeerEvent::Malformed => {
                return Dialled::Failed;
            }
            // Nothing counts before the certificate was compared.
            PeerEvent::Control(_)
            | PeerEvent::Input(_)
            | PeerEvent::Motion(_)
            | PeerEvent::Heard(_) => {}
        }
        Dialled::Still
    }
}
