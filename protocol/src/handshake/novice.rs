//! The novice's half: holds the record, checks the password.

use opaque_ke::{
    ClientRegistration, ClientRegistrationFinishParameters, CredentialFinalization,
    CredentialRequest, Identifiers, ServerLogin, ServerLoginParameters, ServerRegistration,
    ServerSetup,
};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::{
    Bytes, Challenge, Context, Established, HandshakeError, Hello, Ke2, Ke3, LinkKey, NO_SECRET,
    Nonce, Stretch, Suite, pake_password, seal::Role,
};
use crate::{
    id::{Fingerprint, InvitationId, LinkSecret},
    invitation::Number,
    spoken::normal_spoken,
};

/// What the novice's computer keeps of an invitation: enough to check a password, too little to
/// know it.
pub struct Record {
    id: InvitationId,
    link_key: LinkKey,
    setup: ServerSetup<Suite>,
    registration: ServerRegistration<Suite>,
}

impl Record {
    /// Registers `password` (empty: none) with oneself. The caller wipes it afterwards.
    ///
    /// # Errors
    /// Only if the arithmetic of OPAQUE fails, which no input makes it do.
    pub fn new(
        id: InvitationId,
        secret: &LinkSecret,
        password: &str,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, HandshakeError> {
        let stretch = Stretch::of_link(!password.is_empty());
        Self::register(id, secret.expose(), password, stretch, rng)
    }

    /// The same for a number and a password that are passed on by voice; the password in any
    /// form that [`normal_spoken`] makes one of. Takes noticeable time, see [`Stretch`].
    ///
    /// # Errors
    /// Only if the arithmetic of OPAQUE fails or memory runs out.
    pub fn spoken(
        number: Number,
        password: &str,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, HandshakeError> {
        let password = normal_spoken(password);
        Self::register(number.id(), NO_SECRET, &password, Stretch::Spoken, rng)
    }

    fn register(
        id: InvitationId,
        secret: &[u8],
        password: &str,
        stretch: Stretch,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, HandshakeError> {
        let pw = pake_password(&id, secret, password);
        let setup = ServerSetup::<Suite>::new(rng);
        let start = ClientRegistration::<Suite>::start(rng, &*pw).map_err(malformed)?;
        let response = ServerRegistration::<Suite>::start(&setup, start.message, id.as_bytes())
            .map_err(malformed)?;
        let upload = start
            .state
            .finish(
                rng,
                &*pw,
                response.message,
                ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&stretch)),
            )
            .map_err(malformed)?;
        Ok(Self {
            id,
            link_key: LinkKey::derive(&id, secret),
            setup,
            registration: ServerRegistration::finish(upload.message),
        })
    }

    /// Which invitation it is of.
    pub fn id(&self) -> InvitationId {
        self.id
    }

    /// For the store. Secret: with it and the link a password can be searched for.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&*self.link_key.0);
        bytes.extend_from_slice(&self.registration.serialize());
        bytes.extend_from_slice(&self.setup.serialize());
        bytes
    }

    /// From the store.
    ///
    /// # Errors
    /// [`HandshakeError::Malformed`] if these are not the bytes of a record.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HandshakeError> {
        const REGISTRATION: usize = 192;
        let (id, rest) = bytes
            .split_first_chunk::<16>()
            .ok_or(HandshakeError::Malformed)?;
        let (link_key, rest) = rest
            .split_first_chunk::<32>()
            .ok_or(HandshakeError::Malformed)?;
        let (registration, setup) = rest
            .split_first_chunk::<REGISTRATION>()
            .ok_or(HandshakeError::Malformed)?;
        Ok(Self {
            id: InvitationId::from_bytes(*id),
            link_key: LinkKey(Zeroizing::new(*link_key)),
            setup: ServerSetup::deserialize(setup).map_err(malformed)?,
            registration: ServerRegistration::deserialize(registration).map_err(malformed)?,
        })
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(..)")
    }
}

/// Proof that the attempt about to be answered was written down durably. Without it there is
/// no answer: an expert who breaks off after KE2 must not get a free guess.
#[derive(Debug)]
pub struct Charged(());

impl Charged {
    /// To be called by the ledger alone, once the attempt is on disk.
    pub fn written_down() -> Self {
        Self(())
    }
}

/// A challenge is out. Holds nothing worth a slot: anybody may cause one.
#[derive(Debug)]
pub struct Challenged {
    id: InvitationId,
    pub(super) nonce: Nonce,
    pub(super) fingerprint: Fingerprint,
}

impl Challenged {
    /// Makes the challenge for one join.
    pub fn new(
        id: InvitationId,
        fingerprint: Fingerprint,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> (Self, Challenge) {
        let nonce = Nonce::random(rng);
        (
            Self {
                id,
                nonce,
                fingerprint,
            },
            Challenge { nonce, fingerprint },
        )
    }

    /// Checks that the other end holds the link. A failure costs no attempt.
    ///
    /// # Errors
    /// [`HandshakeError::BadLink`] if the tag does not fit.
    pub fn verify_link(self, record: &Record, hello: &Hello) -> Result<Tagged, HandshakeError> {
        let context = Context {
            id: self.id,
            nonce_n: self.nonce,
            nonce_e: hello.nonce,
            fp_e: hello.fingerprint,
            fp_n: self.fingerprint,
        };
        use hmac::Mac as _;
        context
            .tag(&record.link_key, &hello.ke1.0)
            .verify_slice(&hello.tag.0)
            .map_err(|_| HandshakeError::BadLink)?;
        let ke1 = CredentialRequest::deserialize(&hello.ke1.0).map_err(malformed)?;
        Ok(Tagged { context, ke1 })
    }
}

/// The other end holds the link; whether it knows the password is open.
pub struct Tagged {
    context: Context,
    ke1: CredentialRequest<Suite>,
}

impl Tagged {
    /// Answers, now that the attempt is charged.
    ///
    /// # Errors
    /// Only if the arithmetic of OPAQUE fails on a hostile KE1.
    pub fn answer(
        self,
        record: &Record,
        _: Charged,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Answered, Ke2), HandshakeError> {
        let bound = self.context.to_bytes();
        let login = ServerLogin::start(
            rng,
            &record.setup,
            Some(record.registration.clone()),
            self.ke1,
            record.id.as_bytes(),
            ServerLoginParameters {
                context: Some(&bound),
                identifiers: Identifiers::default(),
            },
        )
        .map_err(malformed)?;
        let ke2 = Ke2(Bytes::from_slice(&login.message.serialize())?);
        Ok((
            Answered {
                context: self.context,
                login: login.state,
            },
            ke2,
        ))
    }
}

impl std::fmt::Debug for Tagged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tagged(..)")
    }
}

/// KE2 is out; KE3 will tell.
pub struct Answered {
    context: Context,
    login: ServerLogin<Suite>,
}

impl Answered {
    /// Checks the expert's proof. The caller rechecks that the invitation is still open.
    ///
    /// # Errors
    /// [`HandshakeError::Mismatch`] if the password was wrong or something was altered.
    pub fn finish(self, ke3: &Ke3) -> Result<Established, HandshakeError> {
        let ke3 = CredentialFinalization::deserialize(&ke3.0.0).map_err(malformed)?;
        let bound = self.context.to_bytes();
        let done = self
            .login
            .finish(
                ke3,
                ServerLoginParameters {
                    context: Some(&bound),
                    identifiers: Identifiers::default(),
                },
            )
            .map_err(|_| HandshakeError::Mismatch)?;
        Ok(self
            .context
            .establish(&done.session_key, Role::Novice, self.context.fp_e))
    }
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answered(..)")
    }
}

fn malformed<E>(_: E) -> HandshakeError {
    HandshakeError::Malformed
}
