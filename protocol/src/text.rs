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
        // Chat and network addresses are nobody's business in a log.
        write!(f, "Bounded({} bytes)", self.0.len())
    }
}

/// The name somebody gives themselves; claimed, never verified. It is one line without white
/// space at its ends, so that it cannot pass for two names, or for a sentence beside it.
///
/// INVARIANT: holds after [`Name::new`], [`Name::checked`] and deserialising alike. Runs of white
/// space in what arrives become one space; what [`Bounded`] refuses is refused.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(transparent)]
pub struct Name(Bounded<{ Name::MAX }>);

impl Name {
    /// The most characters that fit.
    pub const MAX: usize = 64;

    /// Takes what is allowed of `text`, up to the limit.
    pub fn new(text: &str) -> Self {
        let kept: String = text
            .chars()
            .filter(|c| c.is_whitespace() || allowed(*c))
            .collect();
        let line = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().take(Self::MAX).collect();
        Self(Bounded::new(&short))
    }

    /// Takes `text` in one line, or refuses it if it is too long or has characters that deceive.
    pub fn checked(text: String) -> Option<Self> {
        Bounded::exact(text).map(Self::from)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Bounded<{ Name::MAX }>> for Name {
    fn from(text: Bounded<{ Name::MAX }>) -> Self {
        Self::new(text.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name is nobody's business in a log.
        write!(f, "Name({} bytes)", self.as_str().len())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bounded::deserialize(deserializer).map(Self::from)
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

    type Short = Bounded<4>;

    #[test]
    fn text_too_long_is_cut_or_refused() {
        assert_eq!(Short::new(" abcdef").as_str(), "abcd");
        assert_eq!(Short::exact("abcd".into()).unwrap().as_str(), "abcd");
        assert_eq!(Short::exact("abcde".into()), None);
        assert_eq!(Name::new(&"x".repeat(100)).as_str().len(), Name::MAX);
        assert_eq!(Name::checked("x".repeat(65)), None);
    }

    #[test]
    fn deceptive_characters_are_dropped_or_refused() {
        assert_eq!(Short::new("a\u{202e}b\u{7}").as_str(), "ab");
        assert_eq!(Short::exact("a\u{202e}b".into()), None);
        assert_eq!(Name::new("  Ma\u{202e}ria\u{7} ").as_str(), "Maria");
        assert_eq!(Name::checked("Ma\u{202e}ria".into()), None);
    }

    #[test]
    fn a_name_is_one_line() {
        let one = "Maria of the help desk";
        for many in [
            "Maria\nof\r\n\tthe   help desk",
            " Maria of\u{a0}the\u{2028}help\u{2003}desk\n",
        ] {
            assert_eq!(Name::new(many).as_str(), one);
            assert_eq!(Name::checked(many.into()).unwrap().as_str(), one);
            let read: Name = serde_json::from_value(many.into()).unwrap();
            assert_eq!(read.as_str(), one);
        }
        // Also where characters went, and where it was cut.
        assert_eq!(Name::new("Maria \u{202e} Ruiz").as_str(), "Maria Ruiz");
        assert_eq!(Name::new("Maria\u{85}\u{b}Ruiz").as_str(), "Maria Ruiz");
        let cut = Name::new(&format!("{} Ruiz", "x".repeat(63)));
        assert_eq!(cut.as_str(), "x".repeat(63));
        assert_eq!(ChatText::new("two\nlines").as_str(), "two\nlines");
    }
}
