//! Two words that both people should see.

use std::fmt;

/// Two short words from the handshake's key. Whoever sits in the middle without the key shows
/// other words with a chance of 65,535 in 65,536.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words([&'static str; 2]);

impl Words {
    /// The words of two bytes of key material.
    pub fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(bytes.map(|b| LIST[usize::from(b)]))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0[0], self.0[1])
    }
}

/// Easy to say, easy to tell apart, nothing that could hurt. Part of the wire: changing it
/// changes the version.
#[rustfmt::skip]
pub(crate) const LIST: [&str; 256] = [
    "acorn", "amber", "anchor", "angel", "apple", "apron", "arrow", "atlas", "autumn", "bacon",
    "badge", "baker", "bamboo", "banana", "banjo", "barn", "basket", "beach", "beacon", "bean",
    "bear", "beaver", "bell", "berry", "bicycle", "bird", "biscuit", "blanket", "blossom", "blue",
    "boat", "bonfire", "book", "bottle", "bread", "breeze", "brick", "bridge", "broom", "brush",
    "bubble", "bucket", "butter", "button", "cabin", "cactus", "cake", "camel", "camera",
    "candle", "canoe", "carpet", "carrot", "castle", "cedar", "cello", "chair", "cheese",
    "cherry", "chess", "chimney", "circle", "cliff", "clock", "cloud", "clover", "cobalt",
    "coconut", "coffee", "comet", "cookie", "copper", "coral", "cotton", "cradle", "crayon",
    "cricket", "crown", "crystal", "cup", "curtain", "daisy", "dance", "desert", "diamond",
    "dolphin", "donkey", "door", "dragon", "drum", "eagle", "echo", "elbow", "elephant", "elm",
    "ember", "emerald", "engine", "falcon", "feather", "fern", "ferry", "fiddle", "field", "fig",
    "flamingo", "flute", "forest", "fountain", "fox", "galaxy", "garden", "garlic", "gate",
    "ginger", "giraffe", "glacier", "glove", "goat", "gold", "goose", "grape", "green", "guitar",
    "hammer", "hammock", "harbor", "harp", "hazel", "hedge", "hill", "honey", "hoop", "horse",
    "hotel", "iceberg", "indigo", "island", "ivory", "jacket", "jaguar", "jasmine", "jewel",
    "jungle", "kayak", "kettle", "king", "kite", "kitten", "koala", "ladder", "lagoon", "lake",
    "lamp", "lantern", "lavender", "leaf", "lemon", "letter", "lilac", "lily", "lion", "lizard",
    "lobster", "magnet", "mango", "maple", "marble", "meadow", "melon", "mirror", "monkey",
    "moon", "mountain", "muffin", "museum", "nectar", "needle", "nest", "noodle", "nutmeg", "oak",
    "oasis", "ocean", "olive", "onion", "orange", "orchid", "otter", "owl", "paddle", "palace",
    "panda", "paper", "parrot", "peach", "pearl", "pebble", "pencil", "penguin", "pepper",
    "piano", "picnic", "pillow", "pilot", "pine", "pirate", "planet", "plum", "pocket", "polar",
    "poppy", "potato", "puzzle", "quilt", "rabbit", "radio", "rainbow", "raven", "ribbon",
    "river", "robin", "rocket", "rose", "sailor", "salmon", "sandal", "saturn", "shell", "silver",
    "sofa", "spoon", "squirrel", "star", "summer", "sunset", "swan", "tiger", "tomato", "tower",
    "train", "tulip", "turtle", "umbrella", "valley", "vanilla", "velvet", "violin", "walnut",
    "whale", "willow", "window", "winter", "wizard", "yellow", "zebra",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_there_twice() {
        assert!(LIST.is_sorted_by(|a, b| a < b));
    }
}
