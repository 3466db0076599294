//! Sealing: what still goes through the server once both ends share a key.
//!
//! ChaCha20-Poly1305 ([RFC 8439](https://www.rfc-editor.org/rfc/rfc8439)) with one key per
//! direction and the message's number as nonce. The numbers must rise strictly, so a message
//! that is repeated, reordered, reflected or taken from another session is refused.

use std::fmt;

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::expand;
use crate::{envelope::Sealed, id::InvitationId, wire};

/// Whose end this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The page.
    Expert,
    /// The agent.
    Novice,
}

/// A sealed message is not acceptable. The channel is of no further use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Repeated or out of order.
    #[error("sealed message is repeated or out of order")]
    Replayed,
    /// Altered, or made with another key or for another direction.
    #[error("sealed message is not from the other end")]
    Forged,
    /// Properly sealed, but no message of this protocol.
    #[error("sealed message is malformed")]
    Malformed,
}

/// Both directions of one end.
pub struct Channel {
    outgoing: Direction,
    incoming: Direction,
}

struct Direction {
    cipher: ChaCha20Poly1305,
    aad: [u8; 17],
    last: u64,
}

impl Channel {
    pub(super) fn new(hk: &Hkdf<Sha256>, role: Role, id: InvitationId) -> Self {
        let to_novice = Direction::new(hk, b"ra/1 expert to novice", 0, id);
        let to_expert = Direction::new(hk, b"ra/1 novice to expert", 1, id);
        match role {
            Role::Expert => Self {
                outgoing: to_novice,
                incoming: to_expert,
            },
            Role::Novice => Self {
                outgoing: to_expert,
                incoming: to_novice,
            },
        }
    }

    /// Seals a message for the other end.
    pub fn seal<T: Serialize>(&mut self, message: &T) -> Sealed {
        let out = &mut self.outgoing;
        out.last += 1;
        let plain = Zeroizing::new(wire::encode(message));
        let payload = Payload {
            msg: plain.as_slice(),
            aad: &out.aad,
        };
        #[expect(
            clippy::expect_used,
            reason = "the cipher refuses only messages over 256 GiB"
        )]
        let ciphertext = out
            .cipher
            .encrypt(&nonce(out.last), payload)
            .expect("short message");
        Sealed {
            counter: out.last,
            ciphertext,
        }
    }

    /// Opens a message from the other end.
    ///
    /// # Errors
    /// See [`SealError`]; after any of them the connection is to be closed.
    pub fn open<T: DeserializeOwned>(&mut self, sealed: &Sealed) -> Result<T, SealError> {
        let incoming = &mut self.incoming;
        if sealed.counter <= incoming.last {
            return Err(SealError::Replayed);
        }
        let payload = Payload {
            msg: &sealed.ciphertext,
            aad: &incoming.aad,
        };
        let plain = incoming
            .cipher
            .decrypt(&nonce(sealed.counter), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Forged)?;
        incoming.last = sealed.counter;
        wire::decode(&plain).map_err(|_| SealError::Malformed)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Channel(out {}, in {})",
            self.outgoing.last, self.incoming.last
        )
    }
}

impl Direction {
    fn new(hk: &Hkdf<Sha256>, info: &[u8], number: u8, id: InvitationId) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        expand(hk, info, &mut *key);
        let mut aad = [number; 17];
        aad[1..].copy_from_slice(id.as_bytes());
        Self {
            cipher: ChaCha20Poly1305::new((&*key).into()),
            aad,
            last: 0,
        }
    }
}

fn nonce(counter: u64) -> chacha20poly1305::Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce.into()
}
