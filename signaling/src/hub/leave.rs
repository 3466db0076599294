//! Parting, in every way it happens.

use deskhand_protocol::{
    id::JoinId,
    signal::{Refusal, ToExpert, ToNovice},
};

use super::{Ends, Errand, Hub, Join, Output, Peer, SocketId, Stage};
use crate::nodes::{NodeId, ToNode};

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
                    if let Some(held) = self.reserved.remove(&number) {
                        self.release(number.route(), held.claim, out);
                    }
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
            Some(Peer::Expert { stage, .. }) => match stage {
                Stage::In(join) => self.expert_left(join, out),
                // Not to wait for the answer does not make it no guess.
                Stage::Seeking(sought) if sought.spoken => self.tell_of_guess(out),
                Stage::Seeking(_) | Stage::New => {}
            },
            None => {}
        }
    }

    /// Tells the novice of a join, if it still stands, that its expert is gone.
    pub(super) fn expert_left(&mut self, join: JoinId, out: &mut Vec<Output>) {
        let Some(gone) = self.unlink(join, false, out) else {
            return;
        };
        match gone.ends {
            Ends::Here { novice, .. } | Ends::ExpertThere { novice, .. } => {
                out.push(Output::ToNovice {
                    socket: novice,
                    message: ToNovice::Left { join },
                });
            }
            Ends::NoviceThere { node, guess, .. } => {
                if guess {
                    self.tell_of_guess(out);
                }
                let message = ToNode::Gone { join };
                out.push(Output::Others(Errand::Tell { node, message }));
            }
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
    pub(super) fn part(&mut self, join: JoinId, over: bool, out: &mut Vec<Output>) {
        let Some(gone) = self.unlink(join, over, out) else {
            return;
        };
        match gone.ends {
            Ends::Here { expert, .. } | Ends::NoviceThere { expert, .. } => {
                self.peers.remove(&expert);
                out.push(Output::ToExpert {
                    socket: expert,
                    message: ToExpert::Left,
                });
                out.push(Output::Close { socket: expert });
            }
            Ends::ExpertThere { node, theirs, .. } => {
                let message = ToNode::Left { join: theirs, over };
                out.push(Output::Others(Errand::Tell { node, message }));
            }
        }
    }

    /// Ends every join with a node that is gone; with all of them if `node` is `None`.
    pub(super) fn sever(&mut self, node: Option<NodeId>, out: &mut Vec<Output>) {
        let mut cut: Vec<JoinId> = (self.joins.iter())
            .filter(|(_, join)| match join.ends.node() {
                Some(other) => node.is_none_or(|gone| gone == other),
                None => false,
            })
            .map(|(join, _)| *join)
            .collect();
        cut.sort_unstable();
        for join in cut {
            match self.joins.get(&join).map(|join| join.ends) {
                Some(Ends::NoviceThere {
                    expert,
                    answered: false,
                    guess,
                    ..
                }) => {
                    self.unlink(join, false, out);
                    if guess {
                        self.tell_of_guess(out);
                    }
                    self.expel(expert, Refusal::Unavailable, out);
                }
                Some(Ends::NoviceThere { .. }) => self.part(join, false, out),
                Some(Ends::ExpertThere { .. }) => self.expert_left(join, out),
                Some(Ends::Here { .. }) | None => {}
            }
        }
    }

    /// Takes a join out of every map but the expert's, and takes back what was lent to it here.
    pub(super) fn unlink(
        &mut self,
        join: JoinId,
        over: bool,
        out: &mut Vec<Output>,
    ) -> Option<Join> {
        let gone = self.joins.remove(&join)?;
        if gone.approved {
            out.push(Output::Reclaim { join, over });
        }
        if let Some(novice) = gone.ends.novice()
            && let Some(Peer::Novice { joins, .. }) = self.peers.get_mut(&novice)
        {
            joins.remove(&join);
        }
        if let Ends::ExpertThere { node, theirs, .. } = gone.ends {
            self.others.visit_ends(node, theirs);
        }
        Some(gone)
    }

    /// Says goodbye to everybody, the other nodes included. What this one holds stays in the
    /// directory: the owners come back, perhaps to another node.
    pub(super) fn shut_down(&mut self, out: &mut Vec<Output>) {
        let mut joins: Vec<(JoinId, Join)> = self.joins.drain().collect();
        joins.sort_unstable_by_key(|(join, _)| *join);
        for (join, gone) in joins {
            let (node, message) = match gone.ends {
                Ends::Here { .. } => continue,
                Ends::ExpertThere { node, theirs, .. } => {
                    let (join, over) = (theirs, false);
                    (node, ToNode::Left { join, over })
                }
                Ends::NoviceThere { node, .. } => (node, ToNode::Gone { join }),
            };
            out.push(Output::Others(Errand::Tell { node, message }));
        }
        for (socket, peer) in std::mem::take(&mut self.peers) {
            Self::say_closing(socket, &peer, Refusal::Restarting, out);
        }
        self.routes.clear();
        self.ends.clear();
        self.reserved.clear();
        self.others.forget_all();
    }
}
