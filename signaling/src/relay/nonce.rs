//! Nonces that nobody has to remember: each carries its time, and proof that it is ours.

use std::{
    fmt,
    net::IpAddr,
    time::{Duration, Instant},
};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::Client;

/// Then a client is given another one.
const LIFE: Duration = Duration::from_hours(1);

/// Makes them and knows them again. Never prints its secret.
#[derive(Clone)]
pub struct Nonces {
    secret: [u8; 32],
    /// Their times count from here.
    epoch: Instant,
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(..)")
    }
}

impl Nonces {
    /// With a random secret of this start of the server.
    pub fn new(secret: [u8; 32], epoch: Instant) -> Self {
        Self { secret, epoch }
    }

    /// One for this client.
    pub fn make(&self, client: Client, now: Instant) -> String {
        self.at(client, self.seconds(now))
    }

    /// Whether it is one of this client's that is still good.
    pub fn is_good(&self, nonce: &str, client: Client, now: Instant) -> bool {
        let Some(made) = nonce
            .get(..16)
            .and_then(|n| u64::from_str_radix(n, 16).ok())
        else {
            return false;
        };
        let age = self.seconds(now).checked_sub(made);
        // A nonce is no secret, so how long the comparison takes tells nothing.
        age.is_some_and(|age| age < LIFE.as_secs()) && self.at(client, made) == nonce
    }

    fn seconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_secs()
    }

    fn at(&self, client: Client, made: u64) -> String {
        use fmt::Write as _;
        let mut nonce = format!("{made:016x}");
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(&made.to_be_bytes());
            match client.address.ip() {
                IpAddr::V4(ip) => mac.update(&ip.octets()),
                IpAddr::V6(ip) => mac.update(&ip.octets()),
            }
            for byte in &mac.finalize().into_bytes()[..12] {
                let _ = write!(nonce, "{byte:02x}"); // a string takes anything
            }
        }
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::Way;

    #[test]
    fn they_are_good_for_their_client_and_their_hour() {
        let start = Instant::now();
        let nonces = Nonces::new([7; 32], start);
        let client = |text: &str| Client {
            address: text.parse().unwrap(),
            way: Way::Udp,
        };
        let at = |secs| start + Duration::from_secs(secs);
        let (a, b) = (client("25.64.0.1:5"), client("25.64.0.2:5"));
        let nonce = nonces.make(a, at(10));
        assert!(nonces.is_good(&nonce, a, at(10)));
        assert!(nonces.is_good(&nonce, a, at(3_609)));
        assert!(!nonces.is_good(&nonce, a, at(3_610)), "too old");
        assert!(!nonces.is_good(&nonce, a, at(9)), "from the future");
        assert!(!nonces.is_good(&nonce, b, at(10)), "somebody else's");
        assert!(!Nonces::new([8; 32], start).is_good(&nonce, a, at(10)));
        for bad in ["", "0", "zzzzzzzzzzzzzzzz", "ééééééééé", &nonce[..39]] {
            assert!(!nonces.is_good(bad, a, at(10)), "{bad}");
        }
    }
}
