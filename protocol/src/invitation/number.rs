//! The number of a spoken invitation.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::{InvitationId, Route};

/// Nine digits that are said over the phone. The first is never 0, so that nobody leaves it out.
///
/// Not a secret, but whoever knows it can use up attempts: it hides from `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Number(u32);

/// Not nine digits, or the first of them is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number has nine digits and does not begin with 0")]
pub struct BadNumber;

impl Number {
    const FIRST: u32 = 100_000_000;
    const LAST: u32 = 999_999_999;

    /// Takes a number that has nine digits.
    pub fn new(number: u32) -> Option<Self> {
        (Self::FIRST..=Self::LAST)
            .contains(&number)
            .then_some(Self(number))
    }

    /// Any of them, each as likely.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        const COUNT: u32 = Number::LAST - Number::FIRST + 1;
        // What lies beyond the last whole multiple would make the first numbers likelier.
        const FAIR: u32 = u32::MAX - u32::MAX % COUNT;
        loop {
            let drawn = rng.next_u32();
            if drawn < FAIR {
                return Self(Self::FIRST + drawn % COUNT);
            }
        }
    }

    /// Reads what somebody typed: nine digits, with spaces, dashes or dots between them.
    ///
    /// # Errors
    /// [`BadNumber`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let mut number = 0_u32;
        let mut digits = 0;
        for c in text.trim().chars() {
            match c.to_digit(10) {
                Some(digit) if digits < 9 => {
                    number = number * 10 + digit;
                    digits += 1;
                }
                None if digits > 0 && is_separator(c) => {}
                _ => return Err(BadNumber),
            }
        }
        Self::new(number).ok_or(BadNumber)
    }

    /// The plain number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The invitation it names: the first sixteen bytes of
    /// `SHA-256("ra/1 spoken" ‖ nine ASCII digits)`. Unlike a link's id it is no secret.
    pub fn id(self) -> InvitationId {
        let digest = Sha256::new()
            .chain_update(b"ra/1 spoken")
            .chain_update(self.0.to_string())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        InvitationId::from_bytes(bytes)
    }

    /// What the server knows it as.
    pub fn route(self) -> Route {
        self.id().route()
    }
}

/// Spaces of any width, and the dashes that word processors make of a hyphen.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '\u{2010}'..='\u{2014}')
}

/// In groups of three, as it is said.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, middle, low) = (self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000);
        write!(f, "{high:03} {middle:03} {low:03}")
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

impl TryFrom<u32> for Number {
    type Error = BadNumber;

    fn try_from(number: u32) -> Result<Self, BadNumber> {
        Self::new(number).ok_or(BadNumber)
    }
}

impl From<Number> for u32 {
    fn from(number: Number) -> Self {
        number.get()
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_grouped() {
        let number = Number::new(123_456_009).unwrap();
        assert_eq!(number.to_string(), "123 456 009");
        for typed in [
            "123456009",
            "123 456 009",
            " 123-456-009\n",
            "12.34.56.009",
            "123\u{a0}456\u{2011}009",
            "1 2 3 - 4 5 6 - 0 0 9",
        ] {
            assert_eq!(Number::parse(typed), Ok(number), "{typed}");
        }
    }

    #[test]
    fn anything_but_nine_digits_is_refused() {
        for typed in [
            "",
            "12345678",
            "1234567890",
            "000000000",
            "012345678",
            "0123456789",
            "12345678a",
            "+123456789",
            "-123456789",
            "123,456,789",
            "99999999999999999999",
            "١٢٣٤٥٦٧٨٩",
        ] {
            assert_eq!(Number::parse(typed), Err(BadNumber), "{typed}");
        }
    }

    #[test]
    fn the_wire_has_a_plain_number_within_its_range() {
        let number = Number::new(987_654_321).unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "987654321");
        assert_eq!(serde_json::from_str::<Number>("987654321").unwrap(), number);
        for bad in ["99999999", "1000000000", "-1", "1e8", "\"123456789\""] {
            assert!(serde_json::from_str::<Number>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn random_numbers_are_in_range_and_differ() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let drawn: std::collections::BTreeSet<_> =
            (0..1000).map(|_| Number::random(&mut rng)).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().all(|n| Number::new(n.get()).is_some()));
    }
}
