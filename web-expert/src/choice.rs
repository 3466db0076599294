//! The choices of quality, in words. Pure.

use deskhand_protocol::control::Quality;

/// In the order in which they are offered.
pub const ALL: [Quality; 4] = [
    Quality::Auto,
    Quality::SharpText,
    Quality::Balanced,
    Quality::LowBandwidth,
];

/// For a person.
pub fn name(quality: Quality) -> &'static str {
    match quality {
        Quality::Auto => "Auto",
        Quality::SharpText => "Sharp text",
        Quality::Balanced => "Balanced",
        Quality::LowBandwidth => "Low bandwidth",
    }
}

/// For the browser's memory, and as the value of an element.
pub fn word(quality: Quality) -> &'static str {
    match quality {
        Quality::Auto => "auto",
        Quality::SharpText => "sharp-text",
        Quality::Balanced => "balanced",
        Quality::LowBandwidth => "low-bandwidth",
    }
}

/// What [`word`] made.
pub fn read(text: &str) -> Option<Quality> {
    ALL.into_iter().find(|one| word(*one) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_read_and_nothing_else() {
        for quality in ALL {
            assert_eq!(read(word(quality)), Some(quality));
        }
        assert_eq!(read("Auto"), None);
        assert_eq!(read(""), None);
    }
}
