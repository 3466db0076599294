//! The picture: a stream of updates, each of which says how the last picture becomes this one.
//!
//! On the wire an update is the version byte, a
//! [`postcard`](https://postcard.jamesmunns.com/wire-format) head, and the bytes of its parts one
//! after the other. It is cut into [pieces](Piece), each of which travels as one packet of a track,
//! encrypted like any other, but is no frame of a codec: the page takes it out of the receiver,
//! asks for [what is missing](Missing), and paints all of it itself.
//!
//! INVARIANT: updates are painted in the order of their numbers, and none is left out. What is
//! missing is waited for or, if it does not come, everything is asked for anew.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::VERSION;

mod arrivals;
mod bitmap;
mod codec;
mod feedback;
mod few;
pub(crate) mod oracle;
mod order;
mod piece;
mod pieces;
pub mod tile;
mod whole;

pub use arrivals::{Arrival, Arrivals, Ledger};
pub use bitmap::Bitmap;
pub use codec::{Codec, Codecs};
pub use feedback::{Answer, Feedback};
pub use order::{Order, Taken};
pub use piece::Piece;
pub use pieces::{Lost, Missing, Pieces};
pub use whole::Whole;

/// The longest update either end accepts, in bytes: more than a whole screen of noise.
pub const MAX_UPDATE: usize = 64 << 20;

/// An update has at most so many parts, and a part so many areas.
pub const MAX_PARTS: usize = 4096;
/// What one part moves is at most so many times the whole picture: its areas may overlap.
pub const MAX_MOVED: u64 = 4;

/// No picture is wider or taller, in pixels.
pub const MAX_SIDE: u16 = 16_384;

/// No tile has more pixels: a page allocates them before it knows what they are.
pub const MAX_TILE: u32 = 1 << 20;

/// A rectangle of the picture, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// In pixels.
    pub width: u16,
    /// In pixels.
    pub height: u16,
}

/// How the last picture becomes this one. `D` is what stands for bytes: themselves, or where they
/// are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update<D> {
    /// Which one; each is one more than the last, and may wrap around.
    pub seq: u32,
    /// When it was taken from the screen, in microseconds of the agent's own clock, which wraps
    /// around.
    pub taken: u32,
    /// Width and height of the whole picture in pixels. A picture of another size than the last
    /// one begins black.
    pub size: (u16, u16),
    /// Which [`Display`](crate::control::Display) it shows: the picture of another one than the
    /// last begins black.
    pub epoch: u16,
    /// It needs nothing of what came before: the picture begins black.
    pub fresh: bool,
    /// What to do, in this order.
    pub parts: Vec<Part<D>>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<D> {
    /// These areas, of which none overlaps another, show what was `dx` to the left of and `dy`
    /// above them in the picture before this update.
    Copy {
        /// To the right, in pixels.
        dx: i16,
        /// Downwards, in pixels.
        dy: i16,
        /// Where to.
        areas: Vec<Area>,
    },
    /// Exactly these pixels.
    Tile {
        /// Where.
        area: Area,
        /// What [`tile::encode`] made.
        data: D,
    },
    /// These areas come from the next picture of a video codec, whose upper left corner is at
    /// `at`. It contains all of them.
    Video {
        /// From the left and from the top, in pixels.
        at: (u16, u16),
        /// Which codec.
        codec: Codec,
        /// Whether it can be decoded without those before it.
        key: bool,
        /// Where it is newer than what is there.
        areas: Vec<Area>,
        /// The codec's bitstream of one whole picture.
        data: D,
    },
}

/// Why bytes are no update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Longer than [`MAX_UPDATE`].
    #[error("update is too long")]
    TooLong,
    /// The agent speaks another version of the protocol.
    #[error("update has protocol version {0}, not {VERSION}")]
    Version(u8),
    /// Truncated, malformed, or with more parts, areas or pixels than there may be.
    #[error("update is malformed")]
    Malformed,
    /// An area reaches out of the picture.
    #[error("update reaches out of the picture")]
    Outside,
}

#[derive(Serialize, Deserialize)]
struct Head {
    seq: u32,
    taken: u32,
    size: (u16, u16),
    epoch: u16,
    fresh: bool,
    #[serde(deserialize_with = "few::read")]
    parts: Vec<PartHead>,
}

#[derive(Serialize, Deserialize)]
enum PartHead {
    Copy {
        dx: i16,
        dy: i16,
        #[serde(deserialize_with = "few::read")]
        areas: Vec<Area>,
    },
    Tile {
        area: Area,
        length: u32,
    },
    Video {
        at: (u16, u16),
        codec: Codec,
        key: bool,
        #[serde(deserialize_with = "few::read")]
        areas: Vec<Area>,
        length: u32,
    },
}

impl Update<&[u8]> {
    /// As it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut blobs = Vec::with_capacity(self.parts.len());
        let parts = self.parts.iter().map(|part| match part {
            Part::Copy { dx, dy, areas } => PartHead::Copy {
                dx: *dx,
                dy: *dy,
                areas: areas.clone(),
            },
            Part::Tile { area, data } => {
                blobs.push(*data);
                PartHead::Tile {
                    area: *area,
                    length: length(data),
                }
            }
            Part::Video {
                at,
                codec,
                key,
                areas,
                data,
            } => {
                blobs.push(*data);
                PartHead::Video {
                    at: *at,
                    codec: *codec,
                    key: *key,
                    areas: areas.clone(),
                    length: length(data),
                }
            }
        });
        let head = Head {
            seq: self.seq,
            taken: self.taken,
            size: self.size,
            epoch: self.epoch,
            fresh: self.fresh,
            parts: parts.collect(),
        };
        // As in `wire::encode`: it cannot fail, and a bare version byte would be refused.
        let mut bytes = postcard::to_extend(&head, vec![VERSION]).unwrap_or_else(|_| vec![VERSION]);
        for blob in blobs {
            bytes.extend_from_slice(blob);
        }
        bytes
    }
}

impl<'a> Update<&'a [u8]> {
    /// Reads what [`Self::encode`] made.
    ///
    /// # Errors
    /// Anything that is not exactly one update of this version that stays inside its picture.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, UpdateError> {
        let found = Update::find(bytes)?;
        Ok(found.map(|place| bytes.get(place).unwrap_or_default()))
    }
}

impl Update<Range<usize>> {
    /// Reads what [`Update::encode`] made, and tells where in it the bytes of its parts are.
    fn find(bytes: &[u8]) -> Result<Self, UpdateError> {
        if bytes.len() > MAX_UPDATE {
            return Err(UpdateError::TooLong);
        }
        let (head, rest) = match bytes.split_first() {
            Some((&VERSION, body)) => {
                postcard::take_from_bytes::<Head>(body).map_err(|_| UpdateError::Malformed)?
            }
            Some((&other, _)) => return Err(UpdateError::Version(other)),
            None => return Err(UpdateError::Malformed),
        };
        let sides = [head.size.0, head.size.1];
        if sides.into_iter().any(|side| side > MAX_SIDE) {
            return Err(UpdateError::Malformed);
        }
        let mut rest = bytes.len() - rest.len()..bytes.len();
        let mut parts = Vec::with_capacity(head.parts.len());
        for part in head.parts {
            parts.push(match part {
                PartHead::Copy { dx, dy, areas } => {
                    inside(&areas, head.size)?;
                    for area in &areas {
                        inside(&[area.shifted(dx, dy)?], head.size)?;
                    }
                    // They may overlap. A page keeps all of them while it moves them.
                    let moved: u64 = areas.iter().map(|area| area.pixels()).sum();
                    let screen = u64::from(head.size.0) * u64::from(head.size.1);
                    if moved > screen * MAX_MOVED {
                        return Err(UpdateError::Malformed);
                    }
                    Part::Copy { dx, dy, areas }
                }
                PartHead::Tile { area, length } => {
                    inside(&[area], head.size)?;
                    if u32::from(area.width) * u32::from(area.height) > MAX_TILE {
                        return Err(UpdateError::Malformed);
                    }
                    let data = take(&mut rest, length)?;
                    Part::Tile { area, data }
                }
                PartHead::Video {
                    at,
                    codec,
                    key,
                    areas,
                    length,
                } => {
                    inside(&areas, head.size)?;
                    if areas.iter().any(|area| area.x < at.0 || area.y < at.1) {
                        return Err(UpdateError::Outside);
                    }
                    Part::Video {
                        at,
                        codec,
                        key,
                        areas,
                        data: take(&mut rest, length)?,
                    }
                }
            });
        }
        if !rest.is_empty() {
            return Err(UpdateError::Malformed);
        }
        Ok(Self {
            seq: head.seq,
            taken: head.taken,
            size: head.size,
            epoch: head.epoch,
            fresh: head.fresh,
            parts,
        })
    }
}

impl<D> Update<D> {
    /// The same, with something else that stands for its bytes.
    fn map<E>(self, mut as_other: impl FnMut(D) -> E) -> Update<E> {
        let parts = self.parts.into_iter().map(|part| match part {
            Part::Copy { dx, dy, areas } => Part::Copy { dx, dy, areas },
            Part::Tile { area, data } => Part::Tile {
                area,
                data: as_other(data),
            },
            Part::Video {
                at,
                codec,
                key,
                areas,
                data,
            } => Part::Video {
                at,
                codec,
                key,
                areas,
                data: as_other(data),
            },
        });
        Update {
            seq: self.seq,
            taken: self.taken,
            epoch: self.epoch,
            size: self.size,
            fresh: self.fresh,
            parts: parts.collect(),
        }
    }
}

impl Area {
    /// How many it has.
    fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Where it comes from.
    fn shifted(self, dx: i16, dy: i16) -> Result<Self, UpdateError> {
        let x = self.x.checked_add_signed(dx.saturating_neg());
        let y = self.y.checked_add_signed(dy.saturating_neg());
        match (x, y) {
            (Some(x), Some(y)) => Ok(Self { x, y, ..self }),
            _ => Err(UpdateError::Outside),
        }
    }
}

fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

/// Takes so many bytes from the front of what is left.
fn take(rest: &mut Range<usize>, length: u32) -> Result<Range<usize>, UpdateError> {
    let length = usize::try_from(length).map_err(|_| UpdateError::Malformed)?;
    let end = rest.start.checked_add(length);
    let end = end.filter(|end| *end <= rest.end);
    let taken = rest.start..end.ok_or(UpdateError::Malformed)?;
    rest.start = taken.end;
    Ok(taken)
}

fn inside(areas: &[Area], (width, height): (u16, u16)) -> Result<(), UpdateError> {
    let fits = |area: &Area| {
        u32::from(area.x) + u32::from(area.width) <= u32::from(width)
            && u32::from(area.y) + u32::from(area.height) <= u32::from(height)
    };
    if areas.iter().all(fits) {
        Ok(())
    } else {
        Err(UpdateError::Outside)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn update(areas: Vec<Area>, data: &[u8]) -> Update<&[u8]> {
        Update {
            seq: 300,
            taken: 70_000,
            size: (1920, 1080),
            epoch: 9,
            fresh: false,
            parts: vec![Part::Video {
                at: (1800, 900),
                codec: Codec::Vp9,
                key: true,
                areas,
                data,
            }],
        }
    }

    const AREA: Area = Area {
        x: 1900,
        y: 1000,
        width: 20,
        height: 80,
    };

    /// The golden vector: whoever changes the wire changes this, and the version with it.
    #[test]
    fn an_update_on_the_wire() {
        let bytes = update(vec![AREA], b"VP9").encode();
        let expected = [
            &[VERSION, 172, 2, 240, 162, 4, 128, 15, 184, 8, 9, 0][..],
            &[1, 2, 136, 14, 132, 7, 0, 1],
            &[1, 236, 14, 232, 7, 20, 80, 3],
            b"VP9",
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn what_reaches_out_of_the_picture_is_refused() {
        for area in [
            Area { x: 1901, ..AREA },
            Area { height: 81, ..AREA },
            Area {
                width: u16::MAX,
                ..AREA
            },
        ] {
            let bytes = update(vec![AREA, area], b"").encode();
            assert_eq!(Update::decode(&bytes), Err(UpdateError::Outside));
        }
    }

    #[test]
    fn what_would_move_more_than_there_is_is_refused() {
        let half = Area {
            x: 0,
            y: 0,
            width: 1920,
            height: 540,
        };
        let moving = |areas| Update {
            parts: vec![Part::Copy {
                dx: 0,
                dy: -1,
                areas,
            }],
            ..update(vec![], b"")
        };
        let all = moving(vec![half; 8]).encode();
        assert!(Update::decode(&all).is_ok());
        let mut more = vec![half; 8];
        more.push(Area { height: 1, ..half });
        let more = moving(more).encode();
        assert_eq!(Update::decode(&more), Err(UpdateError::Malformed));
    }

    #[test]
    fn more_parts_or_areas_than_there_may_be_are_refused() {
        let part = |areas| Part::Video {
            at: (0, 0),
            codec: Codec::Vp9,
            key: true,
            areas,
            data: &b""[..],
        };
        for (parts, areas, read) in [
            (MAX_PARTS, 0, true),
            (MAX_PARTS + 1, 0, false),
            (1, MAX_PARTS, true),
            (1, MAX_PARTS + 1, false),
        ] {
            let many = Update {
                parts: vec![part(vec![AREA; areas]); parts],
                ..update(vec![], b"")
            };
            let decoded = Update::decode(&many.encode()).is_ok();
            assert_eq!(decoded, read, "{parts} parts, {areas} areas");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_and_nothing_shorter_or_longer(
            data in prop::collection::vec(any::<u8>(), 0..50),
            cut in any::<prop::sample::Index>(),
        ) {
            let update = update(vec![AREA; 3], &data);
            let mut bytes = update.encode();
            prop_assert_eq!(Update::decode(&bytes), Ok(update));
            let cut = cut.index(bytes.len());
            prop_assert!(Update::decode(&bytes[..cut]).is_err());
            bytes.push(0);
            prop_assert_eq!(Update::decode(&bytes), Err(UpdateError::Malformed));
        }

        #[test]
        fn no_bytes_make_it_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            let _ = Update::decode(&bytes);
        }
    }
}
