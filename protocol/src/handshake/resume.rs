//! Coming back: an approved session goes on after a lost connection or a reloaded page, with no
//! password and no further question.
//!
//! ```text
//! expert                          novice
//!        --- joins ResumeKey::route
//!                                 Resumable::challenge
//!        <-- Challenge ---------
//! ResumeKey::prove
//!        --- Resume ----------->  Resumable::accept     (a bad proof changes nothing)
//!        <-- first Sealed ------                        (proves that the novice has the key)
//!        --- first Sealed ----->  Resumable::confirmed  (the key is used up)
//! ```
//!
//! From the key, two fresh nonces and both certificates each end derives the proof, new sealing
//! keys and the next resume key. Nothing of one connection seals anything of another.
//!
//! A key works once. It is used up when the page has shown, under the new seal, that it has the
//! next one. Until then both are good: an answer that gets lost must not lock the page out.

use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    Bytes, Challenge, Established, HandshakeError, LABEL, Nonce, Words, expand,
    novice::Challenged,
    seal::{Channel, Role},
};
use crate::id::{BadId, Fingerprint, InvitationId, Route, from_text, to_text};

/// An approved session is waited for so long after its page was last heard.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Id, route, words, key.
const LENGTH: usize = 16 + 32 + 2 + 32;

/// Expert to novice: I was approved before, and this is my certificate now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Fresh for this attempt.
    pub nonce: Nonce,
    /// The certificate the page's next peer connection will use.
    pub fingerprint: Fingerprint,
    /// What only the holder of the resume key can derive from all of it.
    pub proof: Bytes<32>,
}

/// What an approved page comes back with. Whoever has it sees the novice's screen, as long as the
/// session lasts: it hides from `Debug` and is wiped when dropped.
#[derive(Clone)]
pub struct ResumeKey {
    id: InvitationId,
    route: Route,
    /// Both people go on seeing the words of the handshake.
    words: [u8; 2],
    key: Zeroizing<[u8; 32]>,
}

impl ResumeKey {
    /// Of a handshake that came to its end.
    pub(super) fn first(hk: &Hkdf<Sha256>, id: InvitationId, words: [u8; 2]) -> Self {
        let mut route = [0; 32];
        expand(hk, b"ra/1 resume route", &mut route);
        Self::next(hk, id, Route::from_bytes(route), words)
    }

    fn next(hk: &Hkdf<Sha256>, id: InvitationId, route: Route, words: [u8; 2]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        expand(hk, b"ra/1 resume key", &mut *key);
        Self {
            id,
            route,
            words,
            key,
        }
    }

    /// What the server knows the session as. It says nothing about the invitation, which may end
    /// before the session does.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Of the invitation through which the session came about.
    pub fn id(&self) -> InvitationId {
        self.id
    }

    /// For a store that only this page can read. Secret.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let parts = [
            self.id.as_bytes().as_slice(),
            self.route.as_bytes(),
            &self.words,
            &*self.key,
        ];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        Zeroizing::new(to_text(&*bytes))
    }

    /// From that store.
    ///
    /// # Errors
    /// [`BadId`] if this is not the text of a key.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let bytes: Zeroizing<[u8; LENGTH]> = Zeroizing::new(from_text(text)?);
        let (id, rest) = bytes.split_first_chunk().ok_or(BadId)?;
        let (route, rest) = rest.split_first_chunk().ok_or(BadId)?;
        let (words, rest) = rest.split_first_chunk().ok_or(BadId)?;
        let (key, _) = rest.split_first_chunk().ok_or(BadId)?;
        Ok(Self {
            id: InvitationId::from_bytes(*id),
            route: Route::from_bytes(*route),
            words: *words,
            key: Zeroizing::new(*key),
        })
    }

    /// Answers the challenge. `fingerprint` is the page's own, of a certificate made for this
    /// attempt. What is established counts once the novice's first sealed message was opened.
    pub fn prove(
        &self,
        challenge: &Challenge,
        fingerprint: Fingerprint,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> (Established, Resume) {
        let nonce = Nonce::random(rng);
        let return_ = Return {
            key: self,
            nonces: [challenge.nonce, nonce],
            fp_e: fingerprint,
            fp_n: challenge.fingerprint,
        };
        let hk = return_.keys();
        let resume = Resume {
            nonce,
            fingerprint,
            proof: proof(&hk),
        };
        (return_.establish(&hk, Role::Expert), resume)
    }
}

impl std::fmt::Debug for ResumeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResumeKey(..)")
    }
}

/// The novice's end: what the page of an approved session may come back with. Dropping it ends
/// that for good.
#[derive(Debug)]
pub struct Resumable {
    present: ResumeKey,
    /// Derived, and perhaps with the page already.
    next: Option<ResumeKey>,
}

impl Resumable {
    /// Of a session that the novice has approved.
    pub fn new(key: ResumeKey) -> Self {
        Self {
            present: key,
            next: None,
        }
    }

    /// What the server knows the session as.
    pub fn route(&self) -> Route {
        self.present.route
    }

    /// Makes the challenge for one join.
    pub fn challenge(
        &self,
        fingerprint: Fingerprint,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> (Challenged, Challenge) {
        Challenged::new(self.present.id, fingerprint, rng)
    }

    /// Checks the proof. From here on the next key is good as well.
    ///
    /// # Errors
    /// [`HandshakeError::Mismatch`] if the page does not have a key that is good; nothing has
    /// changed then.
    pub fn accept(
        &mut self,
        challenged: &Challenged,
        resume: &Resume,
    ) -> Result<Established, HandshakeError> {
        let present = verify(&self.present, challenged, resume);
        let next = self
            .next
            .as_ref()
            .and_then(|key| verify(key, challenged, resume));
        let established = match (present, next) {
            (Some(established), _) => established,
            (None, Some(established)) => {
                // The page has it, so the answer was not lost after all.
                self.confirmed();
                established
            }
            (None, None) => return Err(HandshakeError::Mismatch),
        };
        self.next = Some(established.resume.clone());
        Ok(established)
    }

    /// The page that was accepted last has sealed something: what it came with is used up.
    pub fn confirmed(&mut self) {
        if let Some(next) = self.next.take() {
            self.present = next;
        }
    }
}

fn verify(key: &ResumeKey, challenged: &Challenged, resume: &Resume) -> Option<Established> {
    let return_ = Return {
        key,
        nonces: [challenged.nonce, resume.nonce],
        fp_e: resume.fingerprint,
        fp_n: challenged.fingerprint,
    };
    let hk = return_.keys();
    let right: bool = proof(&hk).0.ct_eq(&resume.proof.0).into();
    right.then(|| return_.establish(&hk, Role::Novice))
}

/// One attempt to come back, and everything it binds.
struct Return<'a> {
    key: &'a ResumeKey,
    nonces: [Nonce; 2],
    fp_e: Fingerprint,
    fp_n: Fingerprint,
}

impl Return<'_> {
    fn keys(&self) -> Hkdf<Sha256> {
        let bound = [
            LABEL,
            &[crate::VERSION],
            b"resume novice=server expert=client",
            self.key.id.as_bytes(),
            self.key.route.as_bytes(),
            &self.key.words,
            &self.nonces[0].0,
            &self.nonces[1].0,
            &self.fp_e.0,
            &self.fp_n.0,
        ]
        .concat();
        Hkdf::new(Some(&bound), &*self.key.key)
    }

    fn establish(&self, hk: &Hkdf<Sha256>, role: Role) -> Established {
        let ResumeKey {
            id, route, words, ..
        } = *self.key;
        Established {
            channel: Channel::new(hk, role, id),
            words: Words::from_bytes(words),
            peer: match role {
                Role::Expert => self.fp_n,
                Role::Novice => self.fp_e,
            },
            resume: ResumeKey::next(hk, id, route, words),
        }
    }
}

fn proof(hk: &Hkdf<Sha256>) -> Bytes<32> {
    let mut proof = [0; 32];
    expand(hk, b"ra/1 resume proof", &mut proof);
    Bytes(proof)
}

#[cfg(test)]
mod tests;
