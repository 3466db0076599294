//! The way back: a page that was approved comes again, by the session's own route at the server,
//! and the novice is not asked. Lives and dies with the session.

use std::{collections::VecDeque, time::Instant};

use deskhand_protocol::{
    envelope::ToPage,
    handshake::{
        self,
        novice::Challenged,
        resume::{Resumable, Resume},
    },
    id::{Fingerprint, JoinId, Route},
    signal::FromNovice as ToServer,
};
use rand_core::{CryptoRng, RngCore};

use super::Terms;
use crate::{
    clock::Now,
    door::{Partner, dismiss, relay},
    io::Output,
};

/// The server keeps the route for so long, and is told again when that is over.
const ROUTE_SECS: u32 = 4 * 3600;
/// Pages that have a challenge: the oldest goes when there are more.
const MAX_CHALLENGED: usize = 4;

/// See the module.
#[derive(Debug)]
pub(super) struct Returning {
    resumable: Resumable,
    fingerprint: Fingerprint,
    /// The page came out of a file.
    file: bool,
    challenged: VecDeque<Waiting>,
}

/// A page that has a challenge. A server that holds its answer back must not spring it on us when
/// the page has long been reached in another way.
#[derive(Debug)]
struct Waiting {
    join: JoinId,
    challenged: Challenged,
    deadline: Instant,
}

impl Returning {
    pub fn of(partner: &Partner, terms: &Terms) -> Self {
        Self {
            resumable: Resumable::new(partner.resume.clone()),
            fingerprint: terms.fingerprint,
            file: terms.file,
            challenged: VecDeque::new(),
        }
    }

    pub fn route(&self) -> Route {
        self.resumable.route()
    }

    /// Tells the server where the page may come.
    pub fn register(&self, out: &mut Vec<Output>) {
        out.push(Output::Server(ToServer::Register {
            route: self.route(),
            ttl_secs: ROUTE_SECS,
            token: None,
            file: self.file,
            number: None,
        }));
    }

    /// Nobody comes back any more.
    pub fn close(self, out: &mut Vec<Output>) {
        for waiting in &self.challenged {
            dismiss(waiting.join, out);
        }
        let route = self.route();
        out.push(Output::Server(ToServer::Unregister { route }));
    }

    /// Somebody is at the route. Costs nothing: anybody may cause a challenge.
    pub fn joined(
        &mut self,
        join: JoinId,
        now: Now,
        rng: &mut (impl RngCore + CryptoRng),
        out: &mut Vec<Output>,
    ) {
        let (challenged, challenge) = self.resumable.challenge(self.fingerprint, rng);
        self.challenged.push_back(Waiting {
            join,
            challenged,
            deadline: now.at + handshake::TIMEOUT,
        });
        if self.challenged.len() > MAX_CHALLENGED
            && let Some(oldest) = self.challenged.pop_front()
        {
            dismiss(oldest.join, out);
        }
        out.push(relay(join, &ToPage::Challenge(challenge)));
    }

    /// Somebody answers the challenge; gives them if they are who was approved.
    pub fn resumed(
        &mut self,
        join: JoinId,
        resume: &Resume,
        name: &deskhand_protocol::text::Name,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<Partner> {
        let waiting = self.take(join).filter(|one| now.at < one.deadline);
        let accepted = waiting.and_then(|one| self.resumable.accept(&one.challenged, resume).ok());
        let Some(established) = accepted else {
            out.push(relay(join, &ToPage::Refused));
            dismiss(join, out);
            return None;
        };
        let mut partner = Partner::new(join, established);
        partner.name = name.clone();
        Some(partner)
    }

    /// The page that came back last has shown that it has all it needs.
    pub fn confirmed(&mut self) {
        self.resumable.confirmed();
    }

    /// That socket is gone, or all are.
    pub fn left(&mut self, join: Option<JoinId>) {
        self.challenged
            .retain(|one| join.is_some_and(|join| join != one.join));
    }

    fn take(&mut self, join: JoinId) -> Option<Waiting> {
        let place = self.challenged.iter().position(|one| one.join == join)?;
        self.challenged.remove(place)
    }
}
