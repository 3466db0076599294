//! What passes over the socket: one line of JSON each way, bounded, with a version.

use std::{fmt, io, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::{InvitationLine, InvitedLine};
use crate::front::{Channel, Order, Serial};

/// Raised with every change of what is said here.
pub(super) const VERSION: u32 = 1;

/// The longest request. The longest reply is a list of invitations, see [`MOST_IN_REPLY`].
pub(super) const MOST_IN_REQUEST: usize = 64 * 1024;
/// The longest reply: room for thousands of invitations.
pub(super) const MOST_IN_REPLY: usize = 1024 * 1024;

/// What a later start may ask of the first. Nothing here consents to anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Brings the window to the front.
    Show,
    /// Lists every invitation that is kept. [`Reply::Status`] answers.
    Status,
    /// Makes an invitation. [`Reply::Invited`] answers.
    Invite(InviteRequest),
    /// What to pass on of an open invitation. [`Reply::Invited`] answers.
    Read(Serial),
    /// Closes an invitation at once.
    Expire(Serial),
    /// Deletes a closed invitation.
    Forget(Serial),
    /// Has an open invitation end later.
    Extend {
        /// Which one.
        serial: Serial,
        /// So many seconds.
        secs: u32,
    },
    /// Lists what is remembered. [`Reply::Settings`] answers.
    Settings,
    /// Remembers something, from the next start on.
    Set {
        /// What.
        name: String,
        /// Which.
        value: String,
    },
    /// Ends the program. Open invitations are kept, but nobody can come until it runs again.
    Quit,
}

/// What the first answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done,
    /// Every invitation, in the order to show them.
    Status(Vec<InvitationLine>),
    /// The invitation that was made, or is to be read.
    Invited(Box<InvitedLine>),
    /// What is remembered, by name.
    Settings(std::collections::BTreeMap<String, String>),
    /// It was not done; a sentence for a person says why.
    Refused(String),
}

/// An [`Order`] as it is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// How it is to be passed on.
    pub channel: Channel,
    /// `None`: anybody who has it may ask. A spoken one always gets one of its own.
    pub password: Option<Secret>,
    /// How many seconds it stays open.
    pub secs: u32,
    /// Stays open after a session.
    pub keep_open: bool,
}

impl From<Order> for InviteRequest {
    fn from(order: Order) -> Self {
        Self {
            channel: order.channel,
            password: order.password.map(Secret),
            secs: order.life.as_secs().try_into().unwrap_or(u32::MAX),
            keep_open: order.keep_open,
        }
    }
}

impl From<InviteRequest> for Order {
    fn from(request: InviteRequest) -> Self {
        Self {
            channel: request.channel,
            password: request.password.map(|Secret(password)| password),
            life: Duration::from_secs(request.secs.into()),
            keep_open: request.keep_open,
            replaced: 0,
        }
    }
}

/// Text that no log may show, wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Zeroizing<String>);

impl Secret {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// What goes wrong on the wire.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the connection was closed in the middle of a line")]
    Closed,
    #[error("a line is too long")]
    TooLong,
    #[error("the other end speaks version {0}")]
    OtherVersion(u32),
    #[error("a line is not understood")]
    Malformed,
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    version: u32,
    say: T,
}

/// A line with its line feed.
///
/// # Errors
/// [`WireError::TooLong`] if it has more than `most` bytes.
pub(super) fn encode(say: &impl Serialize, most: usize) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    let version = VERSION;
    serde_json::to_writer(&mut *line, &Line { version, say }).map_err(|_| WireError::Malformed)?;
    line.push(b'\n');
    if line.len() > most {
        return Err(WireError::TooLong);
    }
    Ok(line)
}

/// What a line says. The version comes first: nothing is known about the rest of another one.
///
/// # Errors
/// [`WireError::OtherVersion`], [`WireError::Malformed`].
pub(super) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, WireError> {
    #[derive(Deserialize)]
    struct AnyLine {
        version: u32,
    }
    let malformed = |_| WireError::Malformed;
    let AnyLine { version } = serde_json::from_slice(line).map_err(malformed)?;
    if version != VERSION {
        return Err(WireError::OtherVersion(version));
    }
    let Line { say, .. } = serde_json::from_slice(line).map_err(malformed)?;
    Ok(say)
}

/// Reads one line of at most `most` bytes, its line feed included.
///
/// # Errors
/// [`WireError::TooLong`], [`WireError::Closed`], [`WireError::Broken`].
pub(super) async fn read_line(
    stream: &mut (impl AsyncRead + Unpin),
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, WireError> {
    // Never grows beyond: growing would leave pieces of passwords behind.
    let mut line = Zeroizing::new(Vec::with_capacity(most));
    let mut limited = stream.take(most as u64);
    loop {
        let before = line.len();
        if limited.read_buf(&mut *line).await? == 0 {
            return Err(if line.len() < most {
                WireError::Closed
            } else {
                WireError::TooLong
            });
        }
        if let Some(end) = line[before..].iter().position(|byte| *byte == b'\n') {
            line.truncate(before + end);
            return Ok(line);
        }
    }
}

/// Writes a line as [`encode`] made it.
///
/// # Errors
/// Whatever the system says.
pub(super) async fn write_line(
    stream: &mut (impl AsyncWrite + Unpin),
    line: &[u8],
) -> Result<(), WireError> {
    stream.write_all(line).await?;
    stream.flush().await?;
    Ok(())
}
