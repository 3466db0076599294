//! The directory without Redis: for tests of the hub, and to hold the script against.

use std::{collections::HashMap, time::Instant};

use deskhand_protocol::id::Route;

use super::{ClaimId, NodeId};
use crate::hub::{Claim, Outcome, Standing};

#[derive(Debug, Default)]
pub(crate) struct Directory {
    held: HashMap<Route, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    node: NodeId,
    claim: ClaimId,
    standing: Standing,
    since: Instant,
    ends_at: Instant,
}

impl Directory {
    /// What becomes of the claim, and by which claim of which other node the route was held.
    pub(crate) fn claim(
        &mut self,
        node: NodeId,
        claim: &Claim,
        now: Instant,
    ) -> (Outcome, Option<(NodeId, ClaimId)>) {
        let since = now.checked_sub(claim.age).unwrap_or(now);
        let held = self.entry(claim.route, now);
        let granted = held.is_none_or(|held| {
            let no_older = since >= held.since;
            let own = held.node.process == node.process;
            claim.standing != Standing::Reserved
                && (own
                    || match held.standing {
                        Standing::Confirmed => claim.proven && no_older,
                        Standing::Registered => claim.proven || no_older,
                        Standing::Reserved => claim.proven,
                    })
        });
        if !granted {
            return (Outcome::Refused, None);
        }
        let entry = Entry {
            node,
            claim: claim.claim,
            standing: claim.standing,
            since,
            ends_at: now + claim.ttl,
        };
        self.held.insert(claim.route, entry);
        let displaced = held.filter(|held| held.node.process != node.process);
        let displaced = displaced.map(|held| (held.node, held.claim));
        (Outcome::Granted, displaced)
    }

    pub(crate) fn release(&mut self, node: NodeId, route: Route, claim: ClaimId) {
        if let Some(held) = self.held.get(&route)
            && held.node.process == node.process
            && held.claim == claim
        {
            self.held.remove(&route);
        }
    }

    pub(crate) fn find(&self, route: Route, now: Instant) -> Option<(NodeId, ClaimId)> {
        self.entry(route, now).map(|held| (held.node, held.claim))
    }

    /// As after a restart without what was kept.
    pub(crate) fn forget_all(&mut self) {
        self.held.clear();
    }

    fn entry(&self, route: Route, now: Instant) -> Option<Entry> {
        let held = self.held.get(&route).copied();
        held.filter(|held| held.ends_at > now)
    }
}
