//! What the agent and its hand say to each other over the hand's standard input and output:
//! a four-byte little-endian length, then postcard.

use deskhand_protocol::{
    control::StopCause,
    id::GrantId,
    input::{InputEvent, Motion},
};
use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// Agent to hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// What is shown; events of another epoch are dropped.
    Display(Scope),
    /// Opens the gate for this grant. Numbers rise strictly; one that the hand has closed, or a
    /// lower one, is never opened again.
    Open(GrantId),
    /// Closes the gate and releases everything that is held.
    Close,
    /// A prompt is open (true): drop everything whatever the gate says.
    Prompt(bool),
    /// Windows of the agent's own (X11 ids), frames included: events aimed at them are dropped.
    OwnWindows(Vec<u32>),
    /// From channel `input`.
    Input(InputEvent),
    /// From channel `pointer`.
    Motion(Motion),
}

/// Hand to agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Connected to the display; watching.
    Ready,
    /// The gate is open for this grant.
    Opened(GrantId),
    /// The gate closed, everything is released, and nothing more will be injected under this
    /// grant.
    Closed {
        /// Which grant.
        grant: GrantId,
        /// How.
        cause: StopCause,
    },
    /// The novice's own hand took precedence, or no longer.
    LocalHand(bool),
    /// It cannot work, or no longer; a sentence says why.
    Fault(String),
}

/// The longest message, in bytes; the longest of ours is a list of windows.
pub const MAX_MESSAGE: usize = 16 * 1024;

/// One message with its length in front.
pub fn frame<T: Serialize>(message: &T) -> Vec<u8> {
    let framed = postcard::to_extend(message, vec![0; LENGTH]);
    // Plain types into a growing buffer: cannot fail, and if it did, an empty message is
    // refused at the other end.
    let mut bytes = framed.unwrap_or_else(|_| vec![0; LENGTH]);
    let length = u32::try_from(bytes.len() - LENGTH).unwrap_or(u32::MAX);
    bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
    bytes
}

const LENGTH: usize = 4;

/// The other end is not who it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message between agent and hand is malformed")]
pub struct Malformed;

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
pub struct Unframer(Vec<u8>);

impl Unframer {
    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// What came is no message; nothing after it can be understood either.
    pub fn message<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, Malformed> {
        let Some((length, rest)) = self.0.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Malformed)?;
        if length > MAX_MESSAGE {
            return Err(Malformed);
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let Ok((message, [])) = postcard::take_from_bytes(body) else {
            return Err(Malformed);
        };
        self.0.drain(..LENGTH + length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_however_they_are_cut() {
        let sent = [
            Command::Open(GrantId(7)),
            Command::OwnWindows((0..500).collect()),
            Command::Close,
        ];
        let bytes: Vec<u8> = sent.iter().flat_map(frame).collect();
        for size in [1, 3, 1000, bytes.len()] {
            let mut unframer = Unframer::default();
            let mut got = Vec::new();
            for chunk in bytes.chunks(size) {
                unframer.feed(chunk);
                while let Some(command) = unframer.message::<Command>().unwrap() {
                    got.push(command);
                }
            }
            assert_eq!(got, sent);
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let too_long = u32::try_from(MAX_MESSAGE).unwrap() + 1;
        let mut trailing = frame(&Command::Close);
        trailing[0] += 1;
        trailing.push(0);
        for bad in [
            too_long.to_le_bytes().to_vec(),
            vec![1, 0, 0, 0, 250],
            vec![0; 4],
            trailing,
        ] {
            let mut unframer = Unframer::default();
            unframer.feed(&bad);
            assert_eq!(unframer.message::<Command>(), Err(Malformed), "{bad:?}");
        }
    }
}
