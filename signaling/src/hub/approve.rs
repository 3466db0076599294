//! A novice approved an expert, and both are lent what helps them to reach each other.
//!
//! Each node lends to the end that is there, and takes that back itself. So what is lent is never
//! told to another node; an end behind one relay reaches the other end's relay like any host.

use deskhand_protocol::{
    ice::IceServer,
    id::JoinId,
    signal::{ToExpert, ToNovice},
};

use super::{Ends, Errand, Hub, Output, SocketId};
use crate::nodes::{NodeId, ToNode};

impl Hub {
    /// An approved expert waits no longer, which makes room for another one at the route.
    pub(super) fn approved(&mut self, from: SocketId, join: JoinId, out: &mut Vec<Output>) {
        // Unless that expert left meanwhile.
        let Some(held) = self.join_of_novice(from, join) else {
            return;
        };
        held.approved = true;
        // First: the page there has to be ready for what the novice then offers.
        if let Ends::ExpertThere { node, theirs, .. } = held.ends {
            let message = ToNode::Approved { join: theirs };
            out.push(Output::Others(Errand::Tell { node, message }));
        }
        out.push(Output::Lend { join });
    }

    /// The novice at another node approved an expert here.
    pub(super) fn approved_there(&mut self, node: NodeId, join: JoinId, out: &mut Vec<Output>) {
        if self.expert_of(node, join).is_some()
            && let Some(held) = self.joins.get_mut(&join)
        {
            held.approved = true;
            out.push(Output::Lend { join });
        }
    }

    /// Tells those who are here; first the expert, for the same reason.
    pub(super) fn lent(&self, join: JoinId, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        let Some(held) = self.joins.get(&join) else {
            return; // what was lent has been taken back already
        };
        if let Some(socket) = held.ends.expert() {
            let servers = servers.clone();
            let message = ToExpert::IceServers { servers };
            out.push(Output::ToExpert { socket, message });
        }
        if let Some(socket) = held.ends.novice() {
            let message = ToNovice::IceServers { join, servers };
            out.push(Output::ToNovice { socket, message });
        }
    }
}
