//! Making an invitation: id, secret, password, record. The agent does it by itself; the server
//! only learns the route.

use std::{fmt, str::FromStr, time::Duration};

use deskhand_protocol::{
    handshake::{HandshakeError, novice::Record},
    id::{InvitationId, LinkSecret},
    invitation::Number,
    spoken::spoken_password,
};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

/// What making an invitation gives.
#[derive(Debug)]
pub struct Made {
    /// What checks the password.
    pub record: Record,
    /// What the helper is given besides the password.
    pub key: Key,
    /// To be passed on, and then forgotten.
    pub password: Option<Zeroizing<String>>,
}

/// What finds an invitation.
#[derive(Debug)]
pub enum Key {
    /// A link, with a secret of its own.
    Link(LinkSecret),
    /// A number that is said aloud.
    Number(Number),
}

/// Characters that are easy to read out: no 0/o, no 1/l/i, no u/v.
const READABLE: &[u8; 29] = b"abcdefghjkmnpqrstwxyz23456789";

/// A password of two groups of four that is easy to read out on the telephone: over 38 bits.
pub fn generate_password(rng: &mut (impl RngCore + CryptoRng)) -> Zeroizing<String> {
    // 232 = 8 × 29: a byte above is drawn again, so that no letter is likelier than another.
    let mut letter = || loop {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        if byte[0] < 232 {
            return char::from(READABLE[usize::from(byte[0] % 29)]);
        }
    };
    let mut group = || -> String { (0..4).map(|_| letter()).collect() };
    Zeroizing::new(format!("{}-{}", group(), group()))
}

/// Makes one that is passed on as a link.
///
/// # Errors
/// Only if the handshake's arithmetic fails, which no input makes it do.
pub fn make(
    password: Option<&str>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Made, HandshakeError> {
    let id = InvitationId::random(rng);
    let secret = LinkSecret::random(rng);
    let record = Record::new(id, &secret, password.unwrap_or_default(), rng)?;
    Ok(Made {
        record,
        key: Key::Link(secret),
        password: password.map(|password| Zeroizing::new(password.to_owned())),
    })
}

/// Makes one that is said aloud, under a number that the server has reserved. Takes a moment:
/// the password is stretched.
///
/// # Errors
/// Only if the handshake's arithmetic fails, which no input makes it do.
pub fn make_spoken(
    number: Number,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Made, HandshakeError> {
    let password = spoken_password(rng);
    let record = Record::spoken(number, &password, rng)?;
    Ok(Made {
        record,
        key: Key::Number(number),
        password: Some(password),
    })
}

/// How long an invitation stays open, as people write it: `30m`, `1h`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(pub Duration);

impl Lifetime {
    /// A month.
    pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
}

/// Not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say how long as a number and a unit, up to 30 days: 30m, 1h or 2d")]
pub struct BadLifetime;

impl FromStr for Lifetime {
    type Err = BadLifetime;

    fn from_str(text: &str) -> Result<Self, BadLifetime> {
        let text = text.trim();
        let unit = text.chars().last().ok_or(BadLifetime)?;
        let number: u32 = text
            .strip_suffix(unit)
            .and_then(|n| n.parse().ok())
            .ok_or(BadLifetime)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 24 * 3600,
            _ => return Err(BadLifetime),
        };
        let life = Duration::from_secs(u64::from(number) * seconds);
        if life < Duration::from_secs(1) || life > Self::LONGEST {
            return Err(BadLifetime);
        }
        Ok(Self(life))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            s if s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    #[test]
    fn generated_passwords_can_be_read_out() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..1000 {
            let password = generate_password(&mut rng);
            assert_eq!(password.len(), 9);
            assert!(
                !password.contains(['0', 'o', '1', 'l', 'i', 'u', 'v']),
                "{}",
                *password
            );
        }
    }

    #[test]
    fn lifetimes_read_as_people_write_them() {
        assert_eq!("1h".parse(), Ok(Lifetime(Duration::from_secs(3600))));
        assert_eq!("90m".parse::<Lifetime>().unwrap().to_string(), "90m");
        for bad in ["", "h", "0h", "1", "1w", "-1h", "31d", "1 h", "é"] {
            assert_eq!(bad.parse::<Lifetime>(), Err(BadLifetime), "{bad}");
        }
    }
}
