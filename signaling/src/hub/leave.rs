//! Parting, in every way it happens.

use deskhand_protocol::{
    id::JoinId,
    signal::{Refusal, ToExpert, ToNovice},
};

use super::{Hub, Output, Peer, SocketId};

impl Hub {
    /// Closes a socket for `reason` and tells the others that it is gone.
    pub(super) fn expel(&mut self, socket: SocketId, reason: Refusal, out: &mut Vec<Output>) {
        if let Some(peer) = self.peers.get(&socket) {
            Self::say_closing(socket, peer, reason, out);
            self.forget(socket, out);
        }
    }

    /// Forgets a socket that is gone. A novice's routes stay reserved for the bearer of their
    /// tokens until they end, if the tokens are known to have arrived.
    pub(super) fn forget(&mut self, socket: SocketId, out: &mut Vec<Output>) {
        match self.peers.remove(&socket) {
            Some(Peer::Novice {
                routes,
                joins,
                reserved,
            }) => {
                for number in reserved {
                    self.reserved.remove(&number);
                }
                for route in routes {
                    if let Some(held) = self.routes.get_mut(&route) {
                        held.owner = None;
                    }
                }
                for join in joins {
                    self.part(join, false, out);
                }
            }
            Some(Peer::Expert {
                join: Some(join), ..
            }) => {
                if let Some(gone) = self.unlink(join, false, out) {
                    out.push(Output::ToNovice {
                        socket: gone,
                        message: ToNovice::Left { join },
                    });
                }
            }
            Some(Peer::Expert { join: None, .. }) | None => {}
        }
    }

    /// The novice parts from an expert.
    pub(super) fn dismiss(&mut self, from: SocketId, join: JoinId, out: &mut Vec<Output>) {
        if self.join_of_novice(from, join).is_some() {
            self.part(join, true, out);
        }
    }

    /// Tells the expert of a join that it is over, and closes their socket: it was for this
    /// join alone.
    fn part(&mut self, join: JoinId, over: bool, out: &mut Vec<Output>) {
        let Some(expert) = self.joins.get(&join).map(|j| j.expert) else {
            return;
        };
        self.unlink(join, over, out);
        self.peers.remove(&expert);
        out.push(Output::ToExpert {
            socket: expert,
            message: ToExpert::Left,
        });
        out.push(Output::Close { socket: expert });
    }

    /// Takes a join out of every map but the expert's, and takes back what it was lent; gives its
    /// novice.
    fn unlink(&mut self, join: JoinId, over: bool, out: &mut Vec<Output>) -> Option<SocketId> {
        let gone = self.joins.remove(&join)?;
        if gone.approved {
            out.push(Output::Reclaim { join, over });
        }
        if let Some(Peer::Novice { joins, .. }) = self.peers.get_mut(&gone.novice) {
            joins.remove(&join);
        }
        Some(gone.novice)
    }

    /// Says goodbye to everybody.
    pub(super) fn shut_down(&mut self, out: &mut Vec<Output>) {
        for (socket, peer) in std::mem::take(&mut self.peers) {
            Self::say_closing(socket, &peer, Refusal::Restarting, out);
        }
        self.joins.clear();
        self.routes.clear();
        self.ends.clear();
        self.reserved.clear();
    }
}
