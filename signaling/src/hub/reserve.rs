//! Spoken numbers that somebody is about to register.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    invitation::Number,
    signal::{RESERVED_SECS, Refusal, ToNovice},
};

use super::{Hub, Output, Peer, SocketId, Standing, claim::Pending};
use crate::nodes::ClaimId;

/// How long a number waits for its registration.
const HELD: Duration = Duration::from_secs(RESERVED_SECS as u64);

/// A number that is kept for a socket.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) socket: SocketId,
    pub(super) ends_at: Instant,
    /// By which the other nodes know of it.
    pub(super) claim: Option<ClaimId>,
}

impl Hub {
    /// Asks for a number to be drawn; [`Hub::drawn`] hears of it.
    pub(super) fn reserve(&mut self, from: SocketId, now: Instant, out: &mut Vec<Output>) {
        self.forget_lapsed(from, now);
        let Some(Peer::Novice { reserved, .. }) = self.peers.get(&from) else {
            return;
        };
        let under_way = self.others.reserving(from);
        if reserved.len() + under_way < self.bounds.reserved_per_socket {
            out.push(Output::Draw { socket: from });
        } else {
            self.expel(from, Refusal::TooMany, out);
        }
    }

    /// Keeps the number for the socket that asked, or asks for another if somebody has it. Where
    /// there are other nodes, the directory is asked as well; then [`Hub::keep`] comes later.
    pub(super) fn drawn(
        &mut self,
        socket: SocketId,
        number: Number,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if !self.others.linked() {
            return self.keep(socket, number, None, now, out);
        }
        if self.is_taken(number, now) {
            out.push(Output::Draw { socket });
            return;
        }
        let pending = Pending::Reservation { socket, number };
        let (route, standing) = (number.route(), Standing::Reserved);
        out.push(
            self.others
                .claim(pending, route, standing, false, Duration::ZERO, HELD),
        );
    }

    /// No other node has the number.
    pub(super) fn keep(
        &mut self,
        socket: SocketId,
        number: Number,
        claim: Option<ClaimId>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let taken = self.is_taken(number, now);
        let most = self.bounds.reserved_per_socket;
        let Some(Peer::Novice { reserved, .. }) = self.peers.get_mut(&socket) else {
            return self.hand_back(number.route(), claim, now, out); // gone meanwhile
        };
        if reserved.len() >= most {
            return self.hand_back(number.route(), claim, now, out); // it asked for so many only
        }
        if taken {
            out.push(Output::Draw { socket });
            return self.hand_back(number.route(), claim, now, out);
        }
        reserved.insert(number);
        let reservation = Reservation {
            socket,
            ends_at: now + HELD,
            claim,
        };
        let lapsed = self.reserved.insert(number, reservation);
        if let Some(Peer::Novice { reserved, .. }) = lapsed
            .filter(|lapsed| lapsed.socket != socket)
            .and_then(|lapsed| self.peers.get_mut(&lapsed.socket))
        {
            reserved.remove(&number);
        }
        out.push(Output::ToNovice {
            socket,
            message: ToNovice::Reserved { number },
        });
    }

    fn is_taken(&self, number: Number, now: Instant) -> bool {
        self.routes.contains_key(&number.route())
            || (self.reserved.get(&number)).is_some_and(|held| held.ends_at > now)
    }

    /// Whether `socket` may register `number` because it was reserved for it.
    pub(super) fn has_reserved(&self, socket: SocketId, number: Number, now: Instant) -> bool {
        self.reserved
            .get(&number)
            .is_some_and(|held| held.socket == socket && held.ends_at > now)
    }

    /// Lets go of a number that its socket has registered.
    pub(super) fn redeem(&mut self, socket: SocketId, number: Number) {
        if let Some(Peer::Novice { reserved, .. }) = self.peers.get_mut(&socket)
            && reserved.remove(&number)
        {
            self.reserved.remove(&number);
        }
    }

    fn forget_lapsed(&mut self, socket: SocketId, now: Instant) {
        let Some(Peer::Novice { reserved, .. }) = self.peers.get_mut(&socket) else {
            return;
        };
        reserved.retain(|number| {
            let live = (self.reserved.get(number)).is_some_and(|held| held.ends_at > now);
            if !live {
                self.reserved.remove(number);
            }
            live
        });
    }
}
