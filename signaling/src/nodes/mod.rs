//! Several servers that act as one, behind any load balancer.
//!
//! Each is a *node* with a hub of its own. They meet in Redis, which holds the directory of
//! routes ([`crate::hub`] says what that is for) and carries their messages. It holds hashes and
//! names of nodes only: no token, no password, nothing that was said. When it is lost, each node
//! goes on with what it knows by itself; when it is back, all that is still held is claimed again.
//!
//! [`message`] is what they say to one another; `link` is the edge.

#[cfg(test)]
pub(crate) mod directory;
pub(crate) mod link;
pub mod message;

use std::fmt;

use redis::Client;

pub use message::{ClaimId, NodeId, ToNode};

/// How to reach the Redis in which the servers meet.
#[derive(Clone)]
pub struct Settings {
    pub(crate) redis: Client,
}

/// Never prints the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({})", self.redis.get_connection_info().addr())
    }
}

/// Whether this server is in touch with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// There are no others.
    Alone,
    /// It is.
    Together,
    /// It is not: whoever is connected to another server cannot be reached for the moment.
    Apart,
}
