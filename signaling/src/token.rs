//! Owner tokens: how an agent proves, after a restart of either side, that a route is its own.
//!
//! A token is a JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) signed by
//! this server for itself. Its subject is the route, so it opens nothing but what its bearer
//! registered, and it outlives the invitation by five minutes at most.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_protocol::{id::Route, invitation::Number, signal::OwnerToken};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "deskhand-server";
const AUDIENCE: &str = "deskhand-owner";
/// How much longer than its invitation a token lives.
const GRACE: Duration = Duration::from_mins(5);
/// Clocks of several servers may differ by so many seconds.
const LEEWAY_SECS: u64 = 5;
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
    pub(crate) secret: [u8; KEY_LEN],
}

impl SigningKey {
    /// A fresh random one.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let (mut secret, mut name) = ([0; KEY_LEN], [0; 6]);
        getrandom::getrandom(&mut secret)?;
        getrandom::getrandom(&mut name)?;
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(name),
            secret,
        })
    }
}

/// The keys of this server: one that signs, and all that are still good for checking.
#[derive(Clone)]
pub struct KeyRing {
    current: String,
    signing: EncodingKey,
    checking: HashMap<String, DecodingKey>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.checking.len())
    }
}

impl KeyRing {
    /// A ring with a fresh key that is kept nowhere: its tokens die with the process.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn ephemeral() -> Result<Self, getrandom::Error> {
        SigningKey::random().map(|key| Self::new(&key, &[]))
    }

    /// `current` signs; it and `older` check.
    pub(crate) fn new(current: &SigningKey, older: &[SigningKey]) -> Self {
        let checking = older
            .iter()
            .chain([current])
            .map(|key| (key.kid.clone(), DecodingKey::from_secret(&key.secret)))
            .collect();
        Self {
            current: current.kid.clone(),
            signing: EncodingKey::from_secret(&current.secret),
            checking,
        }
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
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.current.clone());
        let claims = Claims {
            sub: route.to_text(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            nbf: now.as_secs(),
            exp: (now + ttl + GRACE).as_secs(),
            number,
        };
        jsonwebtoken::encode(&header, &claims, &self.signing).map(OwnerToken)
    }

    /// What a token proves right now; nothing, if anything about it is off.
    pub fn check(&self, token: &OwnerToken) -> Option<OwnerProof> {
        let kid = jsonwebtoken::decode_header(&token.0).ok()?.kid?;
        let key = self.checking.get(&kid)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        rules.validate_nbf = true;
        rules.leeway = LEEWAY_SECS;
        let claims = jsonwebtoken::decode::<Claims>(&token.0, key, &rules)
            .ok()?
            .claims;
        Some(OwnerProof {
            route: Route::parse(&claims.sub).ok()?,
            number: claims.number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: Route = Route::from_bytes([7; 32]);

    fn key(kid: &str, byte: u8) -> SigningKey {
        SigningKey {
            kid: kid.to_owned(),
            secret: [byte; KEY_LEN],
        }
    }

    fn now() -> SystemTime {
        SystemTime::now()
    }

    fn hour() -> Duration {
        Duration::from_hours(1)
    }

    type Change = fn(&mut Header, &mut serde_json::Value);

    fn without(claims: &mut serde_json::Value, name: &str) {
        claims.as_object_mut().unwrap().remove(name);
    }

    /// Signs with the right key what `change` made of a good token.
    fn forged(change: impl FnOnce(&mut Header, &mut serde_json::Value)) -> OwnerToken {
        let secs = now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("a".to_owned());
        let mut claims = serde_json::json!({
            "sub": ROUTE.to_text(), "iss": ISSUER, "aud": AUDIENCE, "nbf": secs, "exp": secs + 60,
        });
        change(&mut header, &mut claims);
        let secret = EncodingKey::from_secret(&[1; KEY_LEN]);
        OwnerToken(jsonwebtoken::encode(&header, &claims, &secret).unwrap())
    }

    #[test]
    fn a_token_proves_its_route_and_no_other() {
        let ring = KeyRing::new(&key("a", 1), &[]);
        let token = ring.mint(ROUTE, None, hour(), now()).unwrap();
        let proof = ring.check(&token).unwrap();
        assert!(proof.covers(&ROUTE));
        assert!(!proof.covers(&Route::from_bytes([8; 32])));
    }

    #[test]
    fn a_token_proves_its_number_and_no_other() {
        let ring = KeyRing::new(&key("a", 1), &[]);
        let (one, other) = (123_456_789, 123_456_780);
        let [one, other] = [one, other].map(|n| Number::new(n).unwrap());
        let proven = |route, number| {
            let token = ring.mint(route, number, hour(), now()).unwrap();
            ring.check(&token).unwrap()
        };
        let spoken = proven(one.route(), Some(one));
        assert!(spoken.covers(&one.route()) && spoken.covers_number(one));
        assert!(!spoken.covers_number(other));
        assert!(!proven(one.route(), None).covers_number(one), "not spoken");
        assert!(!proven(ROUTE, Some(one)).covers_number(one));
    }

    #[test]
    fn it_lives_five_minutes_longer_than_its_invitation() {
        let ring = KeyRing::new(&key("a", 1), &[]);
        let made = |ago: u64| {
            let past = now() - Duration::from_secs(ago);
            ring.mint(ROUTE, None, hour(), past).unwrap()
        };
        assert!(ring.check(&made(3600 + 290)).is_some());
        assert!(ring.check(&made(3600 + 300 + LEEWAY_SECS + 2)).is_none());
    }

    #[test]
    fn an_older_key_checks_but_does_not_sign() {
        let before = KeyRing::new(&key("a", 1), &[]);
        let after = KeyRing::new(&key("b", 2), &[key("a", 1)]);
        let old = before.mint(ROUTE, None, hour(), now()).unwrap();
        let new = after.mint(ROUTE, None, hour(), now()).unwrap();
        assert!(after.check(&old).is_some());
        assert!(before.check(&new).is_none(), "a key it does not know");
    }

    #[test]
    fn anything_off_proves_nothing() {
        let ring = KeyRing::new(&key("a", 1), &[key("b", 2)]);
        assert!(
            ring.check(&forged(|_, _| {})).is_some(),
            "the unchanged one is good"
        );
        let table: &[(&str, Change)] = &[
            ("another algorithm", |h, _| h.alg = Algorithm::HS512),
            ("no key named", |h, _| h.kid = None),
            ("an unknown key named", |h, _| h.kid = Some("z".to_owned())),
            ("another key named", |h, _| h.kid = Some("b".to_owned())),
            ("another audience", |_, c| c["aud"] = "deskhand-join".into()),
            ("another issuer", |_, c| c["iss"] = "somebody".into()),
            ("ended", |_, c| c["exp"] = 1_000_000_000.into()),
            ("not yet", |_, c| c["nbf"] = 99_000_000_000_u64.into()),
            ("no route", |_, c| c["sub"] = "route".into()),
            ("no end", |_, c| without(c, "exp")),
            ("no start", |_, c| without(c, "nbf")),
            ("no audience", |_, c| without(c, "aud")),
            ("no issuer", |_, c| without(c, "iss")),
            ("no subject", |_, c| without(c, "sub")),
        ];
        for (what, change) in table {
            assert_eq!(ring.check(&forged(change)), None, "{what}");
        }
    }

    #[test]
    fn unsigned_and_garbled_tokens_prove_nothing() {
        let ring = KeyRing::new(&key("a", 1), &[]);
        let good = forged(|_, _| {}).0;
        let (_, rest) = good.split_once('.').unwrap();
        let unsigned = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","kid":"a"}"#);
        let claims = rest.split_once('.').unwrap().0;
        for text in [
            String::new(),
            "..".to_owned(),
            format!("{unsigned}.{claims}."),
            format!("{good}A"),
            good[..good.len() - 2].to_owned(),
        ] {
            assert_eq!(ring.check(&OwnerToken(text)), None);
        }
    }

    #[test]
    fn keys_hide_from_debug() {
        assert_eq!(
            format!("{:?}", KeyRing::ephemeral().unwrap()),
            "KeyRing(1 keys)"
        );
    }
}
