//! Text from the other side: bounded, and without characters that could deceive.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text of at most `CHARS` characters, free of control characters (line feeds and tabs apart)
/// and of bidirectional overrides, which could make a name or message read as something else.
///
/// INVARIANT: holds after [`Bounded::new`] and after deserialising alike.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(transparent)]
pub struct Bounded<const CHARS: usize>(String);

/// The name an expert gives; claimed, never verified.
pub type Name = Bounded<64>;
/// One chat message.
pub type ChatText = Bounded<4096>;
/// A session description; ours are about 3,000 characters.
pub type Sdp = Bounded<16_384>;
/// An ICE candidate line.
pub type CandidateText = Bounded<1024>;

impl<const CHARS: usize> Bounded<CHARS> {
    /// The most characters that fit.
    pub const MAX: usize = CHARS;

    /// Takes what is allowed of `text`, up to the limit; surrounding white space goes.
    pub fn new(text: &str) -> Self {
        let kept: String = text
            .trim()
            .chars()
            .filter(|c| allowed(*c))
            .take(CHARS)
            .collect();
        Self(kept)
    }

    /// Takes `text` unchanged, or refuses it.
    pub fn exact(text: String) -> Option<Self> {
        (text.chars().count() <= CHARS && text.chars().all(allowed)).then_some(Self(text))
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const CHARS: usize> fmt::Display for Bounded<CHARS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const CHARS: usize> fmt::Debug for Bounded<CHARS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names, chat and network addresses are nobody's business in a log.
        write!(f, "Bounded({} bytes)", self.0.len())
    }
}

impl<'de, const CHARS: usize> Deserialize<'de> for Bounded<CHARS> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::exact(text).ok_or_else(|| serde::de::Error::custom("text is out of bounds"))
    }
}

fn allowed(c: char) -> bool {
    match c {
        '\n' | '\t' | '\r' => true,
        '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => false,
        c => !c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_dropped_or_refused() {
        assert_eq!(Name::new("  Ma\u{202e}ria\u{7} ").as_str(), "Maria");
        assert_eq!(Name::exact("Ma\u{202e}ria".into()), None);
        assert_eq!(Name::new(&"x".repeat(100)).as_str().len(), 64);
        assert_eq!(Name::exact("x".repeat(65)), None);
    }
}
