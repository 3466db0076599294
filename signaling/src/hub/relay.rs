//! Opaque bytes from one end to the other.

use deskhand_protocol::{
    id::JoinId,
    signal::{Payload, Refusal, ToExpert, ToNovice},
};

use super::{Hub, Join, Output, Peer, SocketId};

/// So often an expert speaks before the novice approves: hello, proof, name, farewell. Whoever
/// says more would fill the novice's queue and have *them* expelled as too slow.
const BEFORE_APPROVAL: u8 = 6;

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
        if let Some(join) = self.join_of_novice(from, join) {
            out.push(Output::ToExpert {
                socket: join.expert,
                message: ToExpert::Relay { payload },
            });
        }
    }

    pub(super) fn relay_to_novice(
        &mut self,
        from: SocketId,
        payload: Payload,
        out: &mut Vec<Output>,
    ) {
        let Some(Peer::Expert {
            join: Some(join), ..
        }) = self.peers.get(&from)
        else {
            return self.expel(from, Refusal::Protocol, out); // before Join
        };
        let join = *join;
        if let Some(Join {
            novice,
            approved,
            spoken,
            ..
        }) = self.joins.get_mut(&join)
        {
            if !*approved && *spoken >= BEFORE_APPROVAL {
                return self.expel(from, Refusal::Protocol, out);
            }
            *spoken = spoken.saturating_add(1);
            out.push(Output::ToNovice {
                socket: *novice,
                message: ToNovice::Relay { join, payload },
            });
        }
    }
}
