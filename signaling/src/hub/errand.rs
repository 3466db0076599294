//! What the hub wants of the directory and of the other nodes, and what it hears of them.

use std::time::Duration;

use deskhand_protocol::id::Route;

use super::SocketId;
use crate::nodes::{ClaimId, NodeId, ToNode};

/// What is new about the other nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// They can be reached from now on.
    Linked,
    /// They cannot be reached any more, and whatever was on its way is lost.
    Lost,
    /// The answer to [`Errand::Claim`].
    Claimed {
        /// To which.
        claim: ClaimId,
        /// What it is.
        outcome: Outcome,
    },
    /// The answer to [`Errand::Find`].
    Found {
        /// For whom it was asked.
        socket: SocketId,
        /// Which node holds the route, if one does.
        holder: Option<NodeId>,
    },
    /// A node has something to say.
    Told {
        /// Which.
        from: NodeId,
        /// What.
        message: ToNode,
    },
    /// A node is not there any more.
    Gone {
        /// Which.
        node: NodeId,
    },
    /// It is time to look whether the others are still there.
    Beat,
}

/// What the directory says to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The route is this node's.
    Granted,
    /// Somebody else has a better right to it.
    Refused,
}

/// What is to be done about the other nodes. All of it is done in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Enter a route into the directory.
    Claim(Claim),
    /// Take a route out of the directory, if it is still held by this claim.
    Release {
        /// Which.
        route: Route,
        /// By which claim it was held.
        claim: ClaimId,
    },
    /// Look a route up in the directory.
    Find {
        /// For whom.
        socket: SocketId,
        /// Which.
        route: Route,
    },
    /// Tell a node.
    Tell {
        /// Which.
        node: NodeId,
        /// What.
        message: ToNode,
    },
    /// Tell all of them.
    TellAll {
        /// What.
        message: ToNode,
    },
    /// Look whether a node is still there.
    Visit {
        /// Which.
        node: NodeId,
    },
}

/// How sure it is whose a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is the route of a number that was drawn for somebody.
    Reserved,
    /// Somebody has registered it.
    Registered,
    /// The owner has shown the token.
    Confirmed,
}

impl Standing {
    /// Of a route that is, or is to be, registered.
    pub(super) fn of(confirmed: bool) -> Self {
        if confirmed {
            Self::Confirmed
        } else {
            Self::Registered
        }
    }
}

/// What a node says for itself when it wants to hold a route. Whichever node held it before is
/// told in the same step ([`ToNode::Taken`]): nothing can be lost in between. It gets
/// - a route that nobody holds, and one of its own, always;
/// - none that somebody holds, if it is to be [`Standing::Reserved`];
/// - one that another node holds as `Confirmed`, if the claim is `proven` and not older;
/// - one that it holds as `Registered`, if the claim is `proven` or not older;
/// - one that it holds as `Reserved`, if the claim is `proven`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its number.
    pub claim: ClaimId,
    /// What is claimed.
    pub route: Route,
    /// As what.
    pub standing: Standing,
    /// The owner's token was shown for it.
    pub proven: bool,
    /// How long ago the owner registered it.
    pub age: Duration,
    /// How long it shall be held.
    pub ttl: Duration,
}
