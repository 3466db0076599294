//! Passwords that are said aloud.

use rand_core::{CryptoRng, RngCore};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::handshake::words::LIST;

/// How many words a spoken password has: eight bits each.
pub const SPOKEN_WORDS: usize = 4;

/// A fresh password: four words of a list of 256, so 32 bits. Five guesses find it with a chance
/// of one in 860 million.
pub fn spoken_password(rng: &mut (impl RngCore + CryptoRng)) -> Zeroizing<String> {
    let mut bytes = [0; SPOKEN_WORDS];
    rng.fill_bytes(&mut bytes);
    let words = bytes.map(|byte| LIST[usize::from(byte)]);
    bytes.zeroize();
    Zeroizing::new(words.join(" "))
}

/// What is compared of a spoken password: its letters and digits, in lower case. Whatever else
/// stands between them counts as one space, so that "Lamp, river - STONE  moon" is
/// "lamp river stone moon".
pub fn normal_spoken(password: &str) -> Zeroizing<String> {
    // Composed first: an accent that stands alone is no letter.
    let plain: Zeroizing<String> =
        Zeroizing::new(password.nfc().flat_map(char::to_lowercase).nfc().collect());
    let words: Vec<&str> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    Zeroizing::new(words.join(" "))
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    #[test]
    fn a_spoken_password_is_four_words_and_normal() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (one, other) = (spoken_password(&mut rng), spoken_password(&mut rng));
        assert_ne!(one, other);
        for password in [one, other] {
            assert!(password.split(' ').all(|word| LIST.contains(&word)));
            assert_eq!(password.split(' ').count(), SPOKEN_WORDS);
            assert_eq!(normal_spoken(&password), password);
        }
    }

    #[test]
    fn the_way_it_is_typed_does_not_matter() {
        for typed in [
            "lamp river stone moon",
            "Lamp, river - STONE  moon",
            "  lamp\u{a0}river\tstone.moon\n",
        ] {
            assert_eq!(&*normal_spoken(typed), "lamp river stone moon", "{typed}");
        }
        assert_eq!(normal_spoken("CAFE\u{301} 7"), normal_spoken("caf\u{e9}-7"));
        assert_ne!(normal_spoken("lamp river"), normal_spoken("lampriver"));
        assert_eq!(&*normal_spoken(" -- "), "");
    }
}
