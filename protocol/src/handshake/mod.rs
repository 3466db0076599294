//! The handshake `ra/1`: the novice's computer checks the password, and both ends learn a key
//! that nobody between them has.
//!
//! Sans-I/O and in both roles. The order of the steps is the order of the types, so that a
//! wrong order does not compile:
//!
//! ```text
//! expert                          novice
//!                                 Challenged::new
//!        <-- Challenge ---------
//! Joining::hello
//!        --- Hello ------------>  Challenged::verify_link -> Tagged   (a bad tag costs nothing)
//!                                 Tagged::answer(Charged)             (the attempt is on disk)
//!        <-- Ke2 ---------------
//! Waiting::finish
//!        --- Ke3 -------------->  Answered::finish
//! Established                     Established
//! ```
//!
//! The password runs through OPAQUE ([RFC 9807](https://www.rfc-editor.org/rfc/rfc9807)), whose
//! context binds the label, the version, the roles, the invitation, both nonces and both DTLS
//! certificates. Whoever alters one of them gets no key.
//!
//! What follows when the connection of a session is lost is [`resume`].

pub mod expert;
pub mod novice;
pub(crate) mod oracle;
pub mod resume;
pub mod seal;
mod stretch;
pub(crate) mod words;

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use opaque_ke::{CipherSuite, Ristretto255, TripleDh};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::id::{Fingerprint, InvitationId};
use resume::ResumeKey;
use stretch::Stretch;
pub use words::Words;

/// A novice answers a `Hello` for so long; then the attempt has failed.
pub const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// So many unfinished or failed attempts lock an invitation for good.
pub const MAX_ATTEMPTS: u8 = 5;

const LABEL: &[u8] = b"deskhand ra/1";

/// OPAQUE-3DH over ristretto255 and SHA-512. How hard a password is to search for depends on
/// the invitation; see [`Stretch`].
struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2::Sha512>;
    type Ksf = Stretch;
}

/// The handshake did not reach its end. Says nothing about why: a wrong password and a message
/// that somebody altered look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The other end does not know the link, or the message was altered. Costs no attempt.
    #[error("the link does not fit")]
    BadLink,
    /// The password is wrong, or a message was altered.
    #[error("wrong password, or somebody is interfering")]
    Mismatch,
    /// A message or a stored record is not what it should be.
    #[error("malformed handshake message")]
    Malformed,
}

/// Novice to expert: here is my certificate, and something fresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Fresh for this join.
    pub nonce: Nonce,
    /// The certificate the agent's peer connection will use.
    pub fingerprint: Fingerprint,
}

/// Expert to novice: here is mine, and the first message of the password check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Fresh for this handshake.
    pub nonce: Nonce,
    /// The certificate the page's peer connection will use.
    pub fingerprint: Fingerprint,
    /// OPAQUE's KE1.
    pub ke1: Bytes<96>,
    /// HMAC of everything so far under a key from the link's secret: without the link nobody,
    /// not even the server, can use up attempts. A spoken invitation has no such secret: its
    /// tag binds the messages, and everybody who knows the number can make it.
    pub tag: Bytes<32>,
}

/// Novice to expert: OPAQUE's KE2, which proves that the novice holds the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ke2(pub Bytes<320>);

/// Expert to novice: OPAQUE's KE3, which proves that the expert knew the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ke3(pub Bytes<64>);

/// Something used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce(pub [u8; 32]);

impl Nonce {
    fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// Exactly `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bytes<const N: usize>(pub [u8; N]);

impl<const N: usize> Bytes<N> {
    fn from_slice(bytes: &[u8]) -> Result<Self, HandshakeError> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| HandshakeError::Malformed)
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({N})")
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Exactly<const N: usize>;
        impl<const N: usize> serde::de::Visitor<'_> for Exactly<N> {
            type Value = Bytes<N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes<N>, E> {
                bytes
                    .try_into()
                    .map(Bytes)
                    .map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Exactly)
    }
}

/// What both ends have agreed on, when nobody has interfered.
#[derive(Debug)]
pub struct Established {
    /// Seals and opens everything that still goes through the server.
    pub channel: seal::Channel,
    /// What both people should see.
    pub words: Words,
    /// The only certificate the other end's peer connection may show.
    pub peer: Fingerprint,
    /// What the page may come back with, once the novice has approved.
    pub resume: ResumeKey,
}

/// Everything the handshake binds, in a fixed order and at fixed sizes.
struct Context {
    id: InvitationId,
    nonce_n: Nonce,
    nonce_e: Nonce,
    fp_e: Fingerprint,
    fp_n: Fingerprint,
}

impl Context {
    fn to_bytes(&self) -> Vec<u8> {
        [
            LABEL,
            &[crate::VERSION],
            b"novice=server expert=client",
            self.id.as_bytes(),
            &self.nonce_n.0,
            &self.nonce_e.0,
            &self.fp_e.0,
            &self.fp_n.0,
        ]
        .concat()
    }

    fn tag(&self, link_key: &LinkKey, ke1: &[u8; 96]) -> Hmac<Sha256> {
        let mut mac = mac_of(&link_key.0);
        mac.update(&self.to_bytes());
        mac.update(ke1);
        mac
    }

    fn establish(&self, session_key: &[u8], role: seal::Role, peer: Fingerprint) -> Established {
        let hk = Hkdf::<Sha256>::new(Some(&self.to_bytes()), session_key);
        let mut words = [0; 2];
        expand(&hk, b"ra/1 words", &mut words);
        Established {
            channel: seal::Channel::new(&hk, role, self.id),
            words: Words::from_bytes(words),
            peer,
            resume: ResumeKey::first(&hk, self.id, words),
        }
    }
}

/// The secret of a spoken invitation: it has none, only a number and a password.
const NO_SECRET: &[u8] = &[];

/// A key from the link's secret: proves the link without being able to open anything.
struct LinkKey(Zeroizing<[u8; 32]>);

impl LinkKey {
    fn derive(id: &InvitationId, secret: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        expand(
            &Hkdf::new(Some(id.as_bytes()), secret),
            b"ra/1 link",
            &mut *key,
        );
        Self(key)
    }
}

/// `HKDF-SHA256(salt = id, ikm = len ‖ S ‖ len ‖ NFC(P), info = "ra/1 pake password")`.
///
/// NFC, so that `é` is one password on every keyboard.
fn pake_password(id: &InvitationId, secret: &[u8], password: &str) -> Zeroizing<[u8; 32]> {
    let password: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
    let mut ikm = Zeroizing::new(Vec::with_capacity(8 + secret.len() + password.len()));
    for part in [secret, password.as_bytes()] {
        ikm.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        ikm.extend_from_slice(part);
    }
    let mut out = Zeroizing::new([0; 32]);
    expand(
        &Hkdf::new(Some(id.as_bytes()), &ikm),
        b"ra/1 pake password",
        &mut *out,
    );
    out
}

#[expect(
    clippy::expect_used,
    reason = "HKDF refuses only outputs over 8,160 bytes; ours are 32 at most"
)]
fn expand(hk: &Hkdf<Sha256>, info: &[u8], out: &mut [u8]) {
    hk.expand(info, out).expect("short output");
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac_of(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length")
}

#[cfg(test)]
mod tests;
