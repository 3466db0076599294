//! Opaque bytes from one end to the other.

use deskhand_protocol::{
    id::JoinId,
    signal::{Payload, Refusal, ToExpert, ToNovice},
};

use super::{Ends, Errand, Hub, Output, Peer, SocketId, Stage};
use crate::nodes::ToNode;

/// So often an expert speaks before the novice approves: hello, proof, name, farewell. Whoever
/// says more would fill the novice's queue and have *them* expelled as too slow.
const BEFORE_APPROVAL: u8 = 6;

/// More than [`BEFORE_APPROVAL`].
pub(super) struct TooOften;

impl Hub {
    /// A join that is gone, or another novice's, swallows what is said to it: the expert may
    /// have left while the message was under way.
    pub(super) fn relay_to_expert(
        &mut self,
        from: SocketId,
        join: JoinId,
        payload: Payload,
        out: &mut Vec<Output>,
    ) {
        let Some(join) = self.join_of_novice(from, join) else {
            return;
        };
        match join.ends {
            Ends::Here { expert, .. } => out.push(Output::ToExpert {
                socket: expert,
                message: ToExpert::Relay { payload },
            }),
            Ends::ExpertThere { node, theirs, .. } => out.push(Output::Others(Errand::Tell {
                node,
                message: ToNode::FromNovice {
                    join: theirs,
                    payload,
                },
            })),
            Ends::NoviceThere { .. } => {} // it would not be this novice's
        }
    }

    pub(super) fn relay_to_novice(
        &mut self,
        from: SocketId,
        payload: Payload,
        out: &mut Vec<Output>,
    ) {
        let Some(Peer::Expert {
            stage: Stage::In(join),
            ..
        }) = self.peers.get(&from)
        else {
            return self.expel(from, Refusal::Protocol, out); // before Joined
        };
        if let Err(TooOften) = self.speak(*join, payload, out) {
            self.expel(from, Refusal::Protocol, out);
        }
    }

    /// An expert says something to the novice of a join.
    pub(super) fn speak(
        &mut self,
        join: JoinId,
        payload: Payload,
        out: &mut Vec<Output>,
    ) -> Result<(), TooOften> {
        let Some(held) = self.joins.get_mut(&join) else {
            return Ok(());
        };
        if !held.approved && held.spoken >= BEFORE_APPROVAL {
            return Err(TooOften);
        }
        held.spoken = held.spoken.saturating_add(1);
        out.push(match held.ends {
            Ends::Here { novice, .. } | Ends::ExpertThere { novice, .. } => Output::ToNovice {
                socket: novice,
                message: ToNovice::Relay { join, payload },
            },
            Ends::NoviceThere { node, .. } => Output::Others(Errand::Tell {
                node,
                message: ToNode::FromExpert { join, payload },
            }),
        });
        Ok(())
    }
}
