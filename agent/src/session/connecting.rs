//! The novice said yes: the direct connection is being made.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::EndReason,
    envelope::{Candidate, Sealed, SealedToAgent, SealedToPage},
    ice::{IceServer, MAX_SERVERS},
    id::JoinId,
};

use super::{News, Over, Parting, Session, State, Viewing};
use crate::{
    clock::Now,
    consent::ViewGrant,
    door::{Partner, dismiss},
    front::Notice,
    io::{MediaCommand, Output, PeerCommand, PeerEvent},
};

/// A connection has so long to come about, over all its tries.
const CONNECTION: Duration = Duration::from_secs(30);
/// The server has so long to say what helps to reach the page; then it has to go without.
const SERVERS: Duration = Duration::from_secs(3);
/// So many fresh connections are tried when one gets stuck.
const MAX_TRIES: u8 = 3;

pub(super) struct Connecting {
    pub partner: Partner,
    deadline: Instant,
    grant: ViewGrant,
    servers: Servers,
    tries: u8,
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

impl Connecting {
    pub fn new(partner: Partner, grant: ViewGrant, now: Now) -> Self {
        Self {
            partner,
            deadline: now.at + CONNECTION,
            grant,
            servers: Servers::Due(now.at + SERVERS),
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

    fn start(&mut self, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        self.servers = Servers::Known(servers.clone());
        out.push(Output::Peer(PeerCommand::Start(servers)));
    }
}

impl Session {
    /// From the server: what helps to reach the page. It is asked once and counts once.
    pub fn ice_servers(
        &mut self,
        join: JoinId,
        mut servers: Vec<IceServer>,
        out: &mut Vec<Output>,
    ) {
        if let State::Connecting(state) = &mut self.state
            && state.partner.join == join
            && matches!(state.servers, Servers::Due(_))
        {
            servers.truncate(MAX_SERVERS);
            state.start(servers, out);
        }
    }

    /// From the page through the server: its answer and its candidates.
    pub(super) fn answered(
        &mut self,
        mut state: Connecting,
        sealed: &Sealed,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match state.partner.open(sealed) {
            Ok(SealedToAgent::Answer(sdp))
                if !state.answered && state.partner.certificate.matches_sdp(sdp.as_str()) =>
            {
                state.answered = true;
                out.push(Output::Peer(PeerCommand::Answer(sdp)));
                let early = std::mem::take(&mut state.candidates).into_iter();
                out.extend(early.map(|one| Output::Peer(PeerCommand::Candidate(one))));
            }
            Ok(SealedToAgent::Candidate(candidate)) => {
                if !state.partner.admits_candidate() {
                    tracing::debug!("one candidate too many is left out");
                } else if state.answered {
                    out.push(Output::Peer(PeerCommand::Candidate(candidate)));
                } else {
                    state.candidates.push(candidate);
                }
            }
            Ok(_) | Err(_) => {
                out.push(Output::Peer(PeerCommand::Close));
                dismiss(state.partner.join, out);
                return Some(News::Over(Over::Left(Parting::Helper)));
            }
        }
        self.state = State::Connecting(Box::new(state));
        None
    }

    pub(super) fn connecting(
        &mut self,
        mut state: Connecting,
        event: PeerEvent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match event {
            PeerEvent::Offer(sdp) => out.push(state.partner.seal(&SealedToPage::Offer(sdp))),
            PeerEvent::Candidate(candidate) => {
                out.push(state.partner.seal(&SealedToPage::Candidate(candidate)));
            }
            PeerEvent::Connected(certificate) if certificate == state.partner.certificate => {
                let Connecting { partner, grant, .. } = state;
                let name = partner.name.clone();
                out.push(Output::Media(MediaCommand::Start(grant)));
                out.push(Output::StartHand);
                out.push(Output::Tell(Notice::ViewingStarted(name.clone())));
                let no_control = self.terms.no_control.clone();
                self.state = State::Viewing(Box::new(Viewing::new(partner, no_control, now)));
                return Some(News::Began(name));
            }
            // Not the certificate of the handshake: somebody sits in the middle.
            PeerEvent::Connected(_) => return Some(lost(state, Parting::Tampered, out)),
            PeerEvent::Stuck if state.tries < MAX_TRIES => {
                state.tries += 1;
                state.answered = false;
                state.candidates.clear();
                if let Servers::Known(servers) = &state.servers {
                    out.push(Output::Peer(PeerCommand::Start(servers.clone())));
                }
            }
            PeerEvent::Stuck | PeerEvent::Closed | PeerEvent::Malformed => {
                return Some(give_up(state, out));
            }
            // Nothing counts before the certificate was compared.
            PeerEvent::Control(_) | PeerEvent::Input(_) | PeerEvent::Motion(_) => {}
        }
        self.state = State::Connecting(Box::new(state));
        None
    }
}

/// The connection could not be made.
pub(super) fn give_up(state: Connecting, out: &mut Vec<Output>) -> News {
    lost(state, Parting::NotConnected, out)
}

fn lost(mut state: Connecting, why: Parting, out: &mut Vec<Output>) -> News {
    out.push(state.partner.seal(&SealedToPage::Ended(EndReason::Lost)));
    out.push(Output::Peer(PeerCommand::Close));
    dismiss(state.partner.join, out);
    News::Over(Over::Left(why))
}
