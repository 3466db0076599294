//! What an expert's choice of [`Quality`] means for the picture. Pure.

use std::time::Duration;

use deskhand_protocol::control::Quality;

/// What the picture is made by, within what the novice allows and the link carries.
///
/// | | Auto | Sharp text | Balanced | Low bandwidth |
/// |---|---|---|---|---|
/// | pictures a second, at most | 60 | 60 | 30 | 15 |
/// | kbit/s, at most | – | – | – | 760, which is 800 on the wire |
/// | a video codec draws | photographs and film | film | as Auto, and what does not fit | as Balanced |
/// | of it, pictures a second | 60 | 15, each with more bits | 30 | 15 |
/// | the finest that a codec draws (0 to 63) | 0 | 0 | 0 | 24 |
/// | AV1, if the page decodes it | on lean links | on lean links | on lean links | always |
///
/// What stands still becomes exact with every choice; with Low bandwidth it takes more steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taste {
    /// Pictures a second, at most; 60 stands for as many as a page shows.
    pub fps: u8,
    /// Kilobits a second of updates, at most.
    pub kbit: u32,
    /// A video codec draws only what has many colours and changes often, and nothing between it.
    /// All else is sent as it is, if need be in several updates.
    pub only_film: bool,
    /// Between two pictures of a video codec's passes so much at least.
    pub film_every: Duration,
    /// What does not fit an update is drawn by a video codec, and does not wait for the next.
    pub draws_rest: bool,
    /// A video codec uses no finer quantizer.
    pub finest: u8,
    /// AV1 is worth its cost on any link.
    pub always_lean: bool,
}

impl Taste {
    /// What this choice means.
    pub fn of(quality: Quality) -> Self {
        let auto = Self {
            fps: 60,
            kbit: u32::MAX,
            only_film: false,
            film_every: Duration::ZERO,
            draws_rest: false,
            finest: 0,
            always_lean: false,
        };
        match quality {
            Quality::Auto => auto,
            Quality::SharpText => Self {
                only_film: true,
                film_every: Duration::from_millis(66),
                ..auto
            },
            Quality::Balanced => Self {
                fps: 30,
                draws_rest: true,
                ..auto
            },
            Quality::LowBandwidth => Self {
                fps: 15,
                kbit: 760,
                draws_rest: true,
                finest: 24,
                always_lean: true,
                ..auto
            },
        }
    }
}

impl Default for Taste {
    fn default() -> Self {
        Self::of(Quality::default())
    }
}
