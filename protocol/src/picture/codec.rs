//! Video codecs, and which of them a page decodes.

use serde::{Deserialize, Serialize};

/// A video codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Codec {
    /// VP9, profile 0: eight bits, chroma at half the resolution.
    Vp9,
    /// AV1, profile 0: likewise.
    Av1,
}

/// Which codecs a page decodes; those that this version does not know are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codecs(u8);

impl Codecs {
    /// Whether this one is among them.
    pub fn has(self, codec: Codec) -> bool {
        self.0 & bit(codec) != 0
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All but this one.
    #[must_use]
    pub fn without(self, codec: Codec) -> Self {
        Self(self.0 & !bit(codec))
    }
}

impl FromIterator<Codec> for Codecs {
    fn from_iter<I: IntoIterator<Item = Codec>>(codecs: I) -> Self {
        Self(codecs.into_iter().fold(0, |set, codec| set | bit(codec)))
    }
}

fn bit(codec: Codec) -> u8 {
    match codec {
        Codec::Vp9 => 1,
        Codec::Av1 => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{control::FromExpert, wire};

    #[test]
    fn codecs_on_the_wire() {
        let both = Codecs::from_iter([Codec::Vp9, Codec::Av1]);
        let bytes = wire::encode(&FromExpert::Decodes(both));
        assert_eq!(bytes, [crate::VERSION, 5, 3]);
    }

    #[test]
    fn codecs_of_a_later_version_are_passed_over() {
        let read: FromExpert = wire::decode(&[crate::VERSION, 5, 0xfe]).unwrap();
        let FromExpert::Decodes(codecs) = read else {
            panic!("{read:?}")
        };
        assert!(codecs.has(Codec::Av1) && !codecs.has(Codec::Vp9));
        assert!(!codecs.without(Codec::Av1).has(Codec::Av1));
    }
}
