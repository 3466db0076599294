//! The expert's half: knows the link, or the spoken number, and the password; proves both.

use hmac::Mac as _;
use opaque_ke::{ClientLogin, ClientLoginFinishParameters, CredentialResponse, Identifiers};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::{
    Bytes, Challenge, Context, Established, HandshakeError, Hello, Ke2, Ke3, LinkKey, NO_SECRET,
    Nonce, Stretch, Suite, pake_password, seal::Role,
};
use crate::{
    id::{Fingerprint, InvitationId},
    invitation::{Link, Number},
    spoken::normal_spoken,
};

/// An invitation and its password, waiting for the novice's challenge.
pub struct Joining {
    id: InvitationId,
    link_key: LinkKey,
    password: Zeroizing<[u8; 32]>,
    pub(super) stretch: Stretch,
}

impl Joining {
    /// Takes what the expert has; `password` is empty if none was set.
    pub fn new(link: Link, password: &str) -> Self {
        let Link { id, secret, .. } = link;
        Self {
            id,
            link_key: LinkKey::derive(&id, secret.expose()),
            password: pake_password(&id, secret.expose(), password),
            stretch: Stretch::of_link(link.password),
        }
    }

    /// Takes what the expert was told over the phone. The password may be typed in any case and
    /// with anything between its words. [`Waiting::finish`] takes noticeable time.
    pub fn spoken(number: Number, password: &str) -> Self {
        let id = number.id();
        Self {
            id,
            link_key: LinkKey::derive(&id, NO_SECRET),
            password: pake_password(&id, NO_SECRET, &normal_spoken(password)),
            stretch: Stretch::Spoken,
        }
    }

    /// Answers the challenge. `fingerprint` is the page's own, of a certificate made for this
    /// handshake.
    ///
    /// # Errors
    /// Only if the arithmetic of OPAQUE fails, which no input makes it do.
    pub fn hello(
        self,
        challenge: &Challenge,
        fingerprint: Fingerprint,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Waiting, Hello), HandshakeError> {
        let context = Context {
            id: self.id,
            nonce_n: challenge.nonce,
            nonce_e: Nonce::random(rng),
            fp_e: fingerprint,
            fp_n: challenge.fingerprint,
        };
        let start = ClientLogin::<Suite>::start(rng, &*self.password)
            .map_err(|_| HandshakeError::Malformed)?;
        let ke1 = Bytes::from_slice(&start.message.serialize())?;
        let tag = Bytes(
            context
                .tag(&self.link_key, &ke1.0)
                .finalize()
                .into_bytes()
                .into(),
        );
        let hello = Hello {
            nonce: context.nonce_e,
            fingerprint,
            ke1,
            tag,
        };
        Ok((
            Waiting {
                context,
                password: self.password,
                stretch: self.stretch,
                login: start.state,
            },
            hello,
        ))
    }
}

impl std::fmt::Debug for Joining {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Joining(..)")
    }
}

/// KE1 is out.
pub struct Waiting {
    context: Context,
    password: Zeroizing<[u8; 32]>,
    stretch: Stretch,
    login: ClientLogin<Suite>,
}

impl Waiting {
    /// Checks the novice's proof and makes one's own.
    ///
    /// # Errors
    /// [`HandshakeError::Mismatch`] if the password was wrong or something was altered: one
    /// message for both.
    pub fn finish(
        self,
        ke2: &Ke2,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Established, Ke3), HandshakeError> {
        let ke2 =
            CredentialResponse::deserialize(&ke2.0.0).map_err(|_| HandshakeError::Mismatch)?;
        let bound = self.context.to_bytes();
        let done = self
            .login
            .finish(
                rng,
                &*self.password,
                ke2,
                ClientLoginFinishParameters::new(
                    Some(&bound),
                    Identifiers::default(),
                    Some(&self.stretch),
                ),
            )
            .map_err(|_| HandshakeError::Mismatch)?;
        let ke3 = Ke3(Bytes::from_slice(&done.message.serialize())?);
        Ok((
            self.context
                .establish(&done.session_key, Role::Expert, self.context.fp_n),
            ke3,
        ))
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting(..)")
    }
}
