//! Owner tokens: how an agent proves, after a restart of either side, that a route is its own.
//!
//! A token is a JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) signed by
//! this server for itself. Its subject is the route, so it opens nothing but what its bearer
//! registered, and it outlives the invitation by five minutes at most.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_protocol::{id::Route, invitation::Number, signal::OwnerToken};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "deskhand-server";
const AUDIENCE: &str = "deskhand-owner";
/// How much longer than its invitation a token lives.
pub(crate) const GRACE: Duration = Duration::from_mins(5);
/// Clocks of several servers may differ by so much.
pub(crate) const LEEWAY: Duration = Duration::from_secs(5);
/// The length of a signing key in bytes: as long as the hash
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
pub(crate) const KEY_LEN: usize = 32;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    aud: String,
    nbf: u64,
    exp: u64,
    /// The spoken number that was reserved before the route was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<Number>,
}

/// Proof that somebody holds a good owner token. Made in this module only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerProof {
    route: Route,
    number: Option<Number>,
}

impl OwnerProof {
    /// Whether it is for this route.
    pub fn covers(&self, route: &Route) -> bool {
        self.route == *route
    }

    /// Whether it is for the route of this number, and was given to somebody for whom the number
    /// had been reserved. Anybody can compute that route and register it as any other; this is
    /// what makes sure that nobody chooses their number.
    pub fn covers_number(&self, number: Number) -> bool {
        self.number == Some(number) && self.route == number.route()
    }

    #[cfg(test)]
    pub(crate) fn for_test(route: Route) -> Self {
        let number = None;
        Self { route, number }
    }

    #[cfg(test)]
    pub(crate) fn for_number(number: Number) -> Self {
        Self {
            route: number.route(),
            number: Some(number),
        }
    }
}

/// One secret and its name. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    /// It signs from then on, in seconds since 1970, until another one does.
    pub(crate) from: u64,
    pub(crate) secret: [u8; KEY_LEN],
}

impl SigningKey {
    /// A fresh random one.
    pub(crate) fn random(from: u64) -> Result<Self, getrandom::Error> {
        let (mut secret, mut name) = ([0; KEY_LEN], [0; 6]);
        getrandom::getrandom(&mut secret)?;
        getrandom::getrandom(&mut name)?;
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(name),
            from,
            secret,
        })
    }
}

/// The keys of this server: one that signs, and all that are still good for checking. Copies
/// share them, also when they are [replaced](Self::replace).
#[derive(Clone)]
pub struct KeyRing(Arc<RwLock<Vec<Key>>>);

/// A key as the library takes it.
struct Key {
    kid: String,
    from: u64,
    signing: EncodingKey,
    checking: DecodingKey,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "KeyRing({} keys)", keys.len())
    }
}

impl KeyRing {
    /// A ring with a fresh key that is kept nowhere: its tokens die with the process.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn ephemeral() -> Result<Self, getrandom::Error> {
        SigningKey::random(0).map(|key| Self::new(&[key]))
    }

    pub(crate) fn new(keys: &[SigningKey]) -> Self {
        Self(Arc::new(RwLock::new(keys.iter().map(Key::new).collect())))
    }

    /// Takes other keys from now on. Whether they are others.
    pub(crate) fn replace(&self, keys: &[SigningKey]) -> bool {
        let mut own = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let same = own
            .iter()
            .map(|key| &key.kid)
            .eq(keys.iter().map(|key| &key.kid));
        if !same {
            *own = keys.iter().map(Key::new).collect();
        }
        !same
    }

    /// A token for the owner of `route`, which stands for `ttl` from now on, and of the spoken
    /// number that it comes from.
    ///
    /// # Errors
    /// Only if the library cannot sign at all.
    pub fn mint(
        &self,
        route: Route,
        number: Option<Number>,
        ttl: Duration,
        now: SystemTime,
    ) -> Result<OwnerToken, jsonwebtoken::errors::Error> {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // The last one whose time has come; before the time of all of them, the first.
        let signing = keys.iter().filter(|key| key.from <= now.as_secs());
        let key = signing
            .max_by_key(|key| key.from)
            .or_else(|| keys.iter().min_by_key(|key| key.from))
            .ok_or(ErrorKind::InvalidKeyFormat)?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        let claims = Claims {
            sub: route.to_text(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            nbf: now.as_secs(),
            exp: (now + ttl + GRACE).as_secs(),
            number,
        };
        jsonwebtoken::encode(&header, &claims, &key.signing).map(OwnerToken)
    }

    /// What a token proves right now; nothing, if anything about it is off.
    pub fn check(&self, token: &OwnerToken) -> Option<OwnerProof> {
        let kid = jsonwebtoken::decode_header(&token.0).ok()?.kid?;
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.iter().find(|key| key.kid == kid)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        rules.validate_nbf = true;
        rules.leeway = LEEWAY.as_secs();
        let claims = jsonwebtoken::decode::<Claims>(&token.0, &key.checking, &rules)
            .ok()?
            .claims;
        Some(OwnerProof {
            route: Route::parse(&claims.sub).ok()?,
            number: claims.number,
        })
    }
}

impl Key {
    fn new(key: &SigningKey) -> Self {
        Self {
            kid: key.kid.clone(),
            from: key.from,
            signing: EncodingKey::from_secret(&key.secret),
            checking: DecodingKey::from_secret(&key.secret),
        }
    }
}

#[cfg(test)]
mod tests;
