//! An update that waits to be painted. Pure.

use std::ops::Range;

use super::{Update, UpdateError};

/// An update together with its bytes: read once, as soon as it is whole, and copied never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    bytes: Vec<u8>,
    update: Update<Range<usize>>,
}

impl Whole {
    /// Reads what [`Update::encode`] made.
    ///
    /// # Errors
    /// As [`Update::decode`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, UpdateError> {
        let update = Update::find(&bytes)?;
        Ok(Self { bytes, update })
    }

    /// What it says. Its parts name places for [`Self::data`].
    pub fn update(&self) -> &Update<Range<usize>> {
        &self.update
    }

    /// The bytes at a place that one of its own parts names.
    pub fn data(&self, place: &Range<usize>) -> &[u8] {
        self.bytes.get(place.clone()).unwrap_or_default()
    }

    /// How many bytes it has, head and all.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Area, Codec, Part};

    const AREA: Area = Area {
        x: 3,
        y: 4,
        width: 20,
        height: 10,
    };

    #[test]
    fn what_is_kept_says_the_same_as_what_was_sent() {
        let sent = Update {
            seq: 7,
            taken: 9,
            epoch: 1,
            size: (64, 48),
            fresh: true,
            parts: vec![
                Part::Copy {
                    dx: 1,
                    dy: -2,
                    areas: vec![AREA],
                },
                Part::Tile {
                    area: AREA,
                    data: &b"tile"[..],
                },
                Part::Video {
                    at: (2, 2),
                    codec: Codec::Av1,
                    key: true,
                    areas: vec![AREA],
                    data: b"",
                },
                Part::Tile {
                    area: AREA,
                    data: b"another",
                },
            ],
        };
        let bytes = sent.encode();
        let kept = Whole::read(bytes.clone()).unwrap();
        assert_eq!(kept.length(), bytes.len());
        let said = kept.update().clone();
        assert_eq!(said.map(|place| kept.data(&place)), sent);
    }

    #[test]
    fn what_is_no_update_is_not_kept() {
        assert_eq!(Whole::read(vec![]), Err(UpdateError::Malformed));
        let sent = Update {
            seq: 0,
            taken: 0,
            epoch: 1,
            size: (1, 1),
            fresh: true,
            parts: vec![Part::Tile {
                area: AREA,
                data: &b"tile"[..],
            }],
        };
        assert_eq!(Whole::read(sent.encode()), Err(UpdateError::Outside));
    }
}
