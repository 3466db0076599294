//! What a session is lent: by the relay inside, or by another one that knows our secret.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use deskhand_protocol::{
    ice::{Credential, IceServer, IceUrl, Scheme},
    id::JoinId,
};
use hmac::{Hmac, Mac as _};
use rand_core::RngCore;
use sha1::Sha1;

use super::{Login, edge::Inside};

/// What another relay is told to believe in; it cannot be told that a session is over.
const LOAN: Duration = Duration::from_hours(1);
/// So long a session that lost its way through the server keeps its way through the relay: it may
/// be back in a moment.
const LINGER: Duration = Duration::from_mins(2);

/// Who lends.
#[derive(Debug)]
pub(crate) enum Lender {
    /// Nobody: sessions reach each other directly, or not at all.
    Nobody,
    /// The relay inside.
    Inside(Arc<Inside>),
    /// Another one.
    Outside(Outside),
}

impl Lender {
    /// What a session may use.
    pub(crate) fn lend(&self, join: JoinId, rng: &mut impl RngCore) -> Vec<IceServer> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Inside(inside) => inside.lend(join, Login::random(rng), Instant::now()),
            Self::Outside(outside) => {
                let name = Login::random(rng).username;
                outside.lend(&name, SystemTime::now())
            }
        }
    }

    /// What somebody may try their network out with, and whether there is a relay besides that they
    /// may not: another one cannot be told how little a trial is good for.
    pub(crate) fn lend_trial(&self, rng: &mut impl RngCore) -> (Vec<IceServer>, bool) {
        match self {
            Self::Nobody => (Vec::new(), false),
            Self::Inside(inside) => match inside.lend_trial(Login::random(rng), Instant::now()) {
                Some(servers) => (servers, false),
                None => (inside.stun(), true),
            },
            Self::Outside(outside) => {
                let open = open(&outside.urls);
                let relays = open.len() < outside.urls.len();
                (open, relays)
            }
        }
    }

    /// The session is gone; if it is not known to be `over`, it keeps what it has for a moment.
    pub(crate) fn reclaim(&self, join: JoinId, over: bool) {
        if let Self::Inside(inside) = self {
            let now = Instant::now();
            inside.reclaim(join, if over { now } else { now + LINGER }, now);
        }
    }
}

impl Login {
    /// A fresh one; the password has 128 random bits.
    fn random(rng: &mut impl RngCore) -> Self {
        let (mut username, mut password) = ([0; 9], [0; 16]);
        rng.fill_bytes(&mut username);
        rng.fill_bytes(&mut password);
        Self {
            username: URL_SAFE_NO_PAD.encode(username),
            password: Credential(URL_SAFE_NO_PAD.encode(password)),
        }
    }
}

/// Puts a session's login beside each address that needs one.
pub(crate) fn servers(urls: &[IceUrl], login: &Login) -> Vec<IceServer> {
    let server = |url: &IceUrl| match url.scheme {
        Scheme::Stun => bare(url),
        Scheme::Turn | Scheme::Turns => IceServer {
            username: login.username.clone(),
            credential: login.password.clone(),
            ..bare(url)
        },
    };
    urls.iter().map(server).collect()
}

/// Those of the addresses that nothing needs to be opened for.
pub(crate) fn open(urls: &[IceUrl]) -> Vec<IceServer> {
    let open = urls.iter().filter(|url| url.scheme == Scheme::Stun);
    open.map(bare).collect()
}

/// Without a login.
fn bare(url: &IceUrl) -> IceServer {
    IceServer {
        url: url.clone(),
        username: String::new(),
        credential: Credential::default(),
    }
}

/// Another relay that takes credentials signed with a secret that we share with it, as coturn does
/// with `use-auth-secret`
/// ([draft](https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00)).
#[derive(Clone)]
pub struct Outside {
    urls: Vec<IceUrl>,
    secret: Vec<u8>,
}

/// Never prints the secret.
impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

impl Outside {
    /// Relays at these addresses, which all know this secret.
    pub fn new(urls: Vec<IceUrl>, secret: Vec<u8>) -> Self {
        Self { urls, secret }
    }

    /// Credentials for somebody who is called `name` there: good for an hour.
    pub fn lend(&self, name: &str, now: SystemTime) -> Vec<IceServer> {
        let expires = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_add(LOAN);
        let username = format!("{}:{name}", expires.as_secs());
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.secret) else {
            return Vec::new(); // a key may have any length
        };
        mac.update(username.as_bytes());
        let password = Credential(STANDARD.encode(mac.finalize().into_bytes()));
        servers(&self.urls, &Login { username, password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_relay_gets_what_it_can_check() {
        let urls = [
            "stun:turn.example.org",
            "turn:turn.example.org?transport=tcp",
        ];
        let urls = urls.map(|url| url.parse().unwrap()).to_vec();
        let outside = Outside::new(urls, b"north".to_vec());
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let servers = outside.lend("ada", now);
        assert_eq!(servers[0].username, "");
        assert_eq!(servers[0].credential, Credential::default());
        assert_eq!(servers[1].username, "1003600:ada");
        // printf 1003600:ada | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(servers[1].credential.0, "uBp9zd3SgA3XBDMtCRVC7T4C7vg=");
        assert!(!format!("{outside:?}").contains("north"));
    }

    #[test]
    fn another_relay_is_not_lent_for_a_trial() {
        let tried = |urls: &[&str]| {
            let urls = urls.iter().map(|url| url.parse().unwrap()).collect();
            let lender = Lender::Outside(Outside::new(urls, b"north".to_vec()));
            let (servers, withheld) = lender.lend_trial(&mut rand_core::OsRng);
            let urls: Vec<String> = servers.iter().map(|one| one.url.to_string()).collect();
            (urls.join(" "), withheld)
        };
        let stun = "stun:turn.example.org:3478";
        assert_eq!(tried(&[stun, "turn:turn.example.org"]), (stun.into(), true));
        assert_eq!(tried(&[stun]), (stun.into(), false));
        assert_eq!(
            Lender::Nobody.lend_trial(&mut rand_core::OsRng),
            (vec![], false)
        );
    }

    #[test]
    fn logins_are_never_the_same() {
        let mut rng = rand_core::OsRng;
        let (a, b) = (Login::random(&mut rng), Login::random(&mut rng));
        assert_ne!(a.username, b.username);
        assert_ne!(a.password, b.password);
        assert_eq!(a.password.0.len(), 22);
    }
}
