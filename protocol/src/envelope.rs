//! What the two ends say to each other through the server, as opaque payloads.
//!
//! Before the handshake is done: the handshake's own messages. After it: [`Sealed`] bodies,
//! which the server can neither read nor alter nor repeat.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    control::EndReason,
    handshake::{Challenge, Hello, Ke2, Ke3, resume::Resume},
    text::{CandidateText, Name, Sdp},
};

/// Expert's page to novice's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToAgent {
    /// Answers the challenge, starts the password check.
    Hello(Hello),
    /// Finishes the password check.
    Ke3(Ke3),
    /// A [`SealedToAgent`].
    Sealed(Sealed),
    /// Answers the challenge of a session that was approved before.
    Resume(Resume),
}

/// Novice's agent to expert's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "each lives for one message")]
pub enum ToPage {
    /// Opens the handshake.
    Challenge(Challenge),
    /// The password check's second message.
    Ke2(Ke2),
    /// No. One message for an invitation that is unknown, expired or locked and for a wrong
    /// password.
    Refused,
    /// Somebody else is being helped right now.
    Busy,
    /// A further attempt is possible after so many seconds.
    Wait(u16),
    /// A [`SealedToPage`].
    Sealed(Sealed),
}

/// A sealed body: its number and ciphertext. See [`crate::handshake::seal`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Rises strictly within a direction.
    pub counter: u64,
    /// ChaCha20-Poly1305 over the encoded body.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sealed(#{}, {} bytes)",
            self.counter,
            self.ciphertext.len()
        )
    }
}

/// What the page seals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealedToAgent {
    /// First: who asks.
    Introduce {
        /// As typed by the expert; unverified.
        name: Name,
    },
    /// The answer to the offer.
    Answer(Sdp),
    /// One ICE candidate of the page's, with its media line.
    Candidate(Candidate),
    /// The expert gave up.
    Leave,
}

/// What the agent seals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealedToPage {
    /// The password was right; now the novice is being asked. After a [`Resume`]: it goes on, and
    /// nobody is asked.
    Accepted {
        /// What the novice wants to be called; empty if they did not say.
        novice: Name,
    },
    /// The novice approved: the offer.
    Offer(Sdp),
    /// One ICE candidate of the agent's.
    Candidate(Candidate),
    /// It is over, or never began.
    Ended(EndReason),
}

/// A trickled ICE candidate, as in
/// [`RTCIceCandidateInit`](https://www.w3.org/TR/webrtc/#dom-rtcicecandidateinit).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The candidate line; empty at the end of candidates.
    pub candidate: CandidateText,
    /// Which media part, by its `a=mid`.
    pub mid: Option<CandidateText>,
    /// Which media part, by its place.
    pub line: Option<u16>,
}
