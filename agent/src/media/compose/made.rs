//! What an update is made of.

use bytes::Bytes;
use deskhand_protocol::picture::{Area, Codec, Part, Update};

use super::side;
use crate::media::{
    blocks::ActiveMap,
    rect::{Rect, Size},
};

/// What an update is made of.
#[derive(Default)]
pub(super) struct Made {
    pub copy: Option<Moved>,
    pub tiles: Vec<(Rect, Vec<u8>)>,
    pub video: Option<Drawn>,
}

/// What only moved.
pub(super) struct Moved {
    pub dx: i16,
    pub dy: i16,
    pub areas: Vec<Rect>,
}

/// What a codec drew.
pub(super) struct Drawn {
    pub codec: Codec,
    pub map: ActiveMap,
    pub window: Rect,
    pub key: bool,
    pub data: Bytes,
}

impl Made {
    pub fn is_empty(&self) -> bool {
        self.copy.is_none() && self.tiles.is_empty() && self.video.is_none()
    }

    /// The update of this display, of this size, taken at this time.
    pub fn update(
        &self,
        (epoch, size): (u16, Size),
        seq: u32,
        taken: u32,
        fresh: bool,
    ) -> Update<&[u8]> {
        let copy = self.copy.iter().map(|moved| Part::Copy {
            dx: moved.dx,
            dy: moved.dy,
            areas: moved.areas.iter().copied().map(area).collect(),
        });
        let tiles = self.tiles.iter().map(|(rect, data)| Part::Tile {
            area: area(*rect),
            data: &data[..],
        });
        let video = self.video.iter().map(|drawn| Part::Video {
            at: (side(drawn.window.x), side(drawn.window.y)),
            codec: drawn.codec,
            key: drawn.key,
            areas: drawn.map.areas(size).into_iter().map(area).collect(),
            data: &drawn.data[..],
        });
        Update {
            seq,
            taken,
            epoch,
            size: (side(size.width), side(size.height)),
            fresh,
            parts: copy.chain(video).chain(tiles).collect(),
        }
    }
}

fn area(rect: Rect) -> Area {
    Area {
        x: side(rect.x),
        y: side(rect.y),
        width: side(rect.width),
        height: side(rect.height),
    }
}
