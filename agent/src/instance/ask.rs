//! A later one's end: asks the first.

use std::{io, path::Path, time::Duration};

use tokio::{
    net::UnixStream,
    time::{Instant, sleep, timeout},
};

use super::{
    Address, Reply, Request, is_same_person,
    serve::Patience,
    wire::{MOST_IN_REPLY, MOST_IN_REQUEST, WireError, decode, encode, read_line, write_line},
};

/// How long after it took the lock the first one may need until it listens.
const UNTIL_IT_LISTENS: Duration = Duration::from_secs(1);

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens.
    #[error("Deskhand is not running, or is just closing. Start it, then try again")]
    Nobody,
    /// Another version answered, or tried to.
    #[error("another version of Deskhand is running. Close it, then try again")]
    OtherVersion,
    /// It belongs to somebody else.
    #[error("the Deskhand that is running belongs to somebody else. Log in as that person")]
    NotYours,
    /// It runs, and says nothing.
    #[error("the Deskhand that is running does not answer. End that program, then start it again")]
    Silent,
    /// The request is longer than any sensible one.
    #[error("that is too long. Choose a shorter password")]
    TooLong,
    /// The connection broke before there was a reply; it may have been done.
    #[error(
        "the Deskhand that is running broke off: {0}. Look with deskhand status whether it was done"
    )]
    BrokeOff(String),
}

/// Asks the agent that runs with this `folder`. For whoever was told
/// [`Taken::Running`](super::Taken::Running): one that is just starting is given a moment.
///
/// # Errors
/// See [`AskError`]. A refusal is no error, but a [`Reply::Refused`].
pub async fn ask(folder: &Path, request: Request) -> Result<Reply, AskError> {
    let line = encode(&request, MOST_IN_REQUEST)?;
    drop(request);
    let mut stream = connect(folder).await?;
    if !is_same_person(&stream) {
        return Err(AskError::NotYours);
    }
    let patience = Patience::USUAL;
    timeout(patience.line, write_line(&mut stream, &line))
        .await
        .map_err(|_| AskError::Silent)??;
    // Longer than the other end takes to say that it took too long.
    let reply = timeout(
        patience.answer + 2 * patience.line,
        read_line(&mut stream, MOST_IN_REPLY),
    );
    let line = reply.await.map_err(|_| AskError::Silent)??;
    Ok(decode(&line)?)
}

async fn connect(folder: &Path) -> Result<UnixStream, AskError> {
    let give_up = Instant::now() + UNTIL_IT_LISTENS;
    loop {
        let address = Address::of(folder).map_err(|_| AskError::Nobody)?;
        match UnixStream::connect(&address.path).await {
            Ok(stream) => return Ok(stream),
            Err(error) => match error.kind() {
                io::ErrorKind::PermissionDenied => return Err(AskError::NotYours),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                    if Instant::now() < give_up =>
                {
                    // The lock is held, the socket comes right after it; nothing announces it.
                    sleep(Duration::from_millis(20)).await;
                }
                _ => return Err(AskError::Nobody),
            },
        }
    }
}

impl From<WireError> for AskError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::OtherVersion(_) => Self::OtherVersion,
            WireError::TooLong => Self::TooLong,
            WireError::Broken(_) | WireError::Closed | WireError::Malformed => {
                Self::BrokeOff(error.to_string())
            }
        }
    }
}
