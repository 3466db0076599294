//! How long the server waits for things.

use std::time::Duration;

/// See each.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, for the next one on a connection, and for a TLS handshake.
    pub head: Duration,
    /// For a connection to be done with all its requests, unless it becomes a socket.
    pub connection: Duration,
    /// For the first message on a socket.
    pub hello: Duration,
    /// For an expert who has been greeted to say whom they want.
    pub join: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// For any sign of life.
    pub idle: Duration,
    /// For the other end to take anything of what is written to it.
    pub write: Duration,
    /// For a closed socket to close from its side too.
    pub close: Duration,
    /// For those who are being introduced, when the server is asked to end.
    pub drain: Duration,
    /// Between two looks at the files with certificate and keys.
    pub upkeep: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            connection: Duration::from_mins(30),
            hello: Duration::from_secs(5),
            join: Duration::from_secs(30),
            ping: Duration::from_secs(20),
            idle: Duration::from_mins(1),
            write: Duration::from_secs(10),
            close: Duration::from_secs(2),
            drain: Duration::from_secs(10),
            upkeep: Duration::from_secs(15),
        }
    }
}
