//! What a video codec draws.

use std::time::{Duration, Instant};

use deskhand_protocol::picture::Codec;

use super::{Drawn, size_of};
use crate::media::{
    blocks::ActiveMap,
    burst::Burst,
    convert::{ConvertError, I420, Pixels},
    encode::{self, EncodeError, Encoder, Job},
    pace::Link,
    plane::Plane,
    rect::Rect,
};

/// A window is too large if what changes would fit it so many times,
const SHRINK: u32 = 4;

/// for so long.
const UNFILLED: Duration = Duration::from_secs(2);

/// What the first picture of a video is taken to last.
const FIRST_DURATION: Duration = Duration::from_millis(33);

/// A video codec cannot draw what it should.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum DrawError {
    /// It cannot be encoded.
    Encode(#[from] EncodeError),
    /// It cannot be converted.
    Convert(#[from] ConvertError),
}

/// What is to be drawn.
pub(super) struct Wanted {
    /// These blocks of the screen, all inside the window.
    pub map: ActiveMap,
    /// At this bitrate.
    pub kbit: u32,
    /// With no finer quantizer.
    pub finest: u8,
}

/// A codec, for a part of the screen: small parts cost less.
pub(super) struct Video {
    encoder: Box<dyn Encoder>,
    /// Which part; it begins with a block.
    window: Rect,
    picture: I420,
    burst: Burst,
    key: bool,
    last: Option<Instant>,
    /// When it last drew a good part of its window.
    filled: Instant,
}

impl Video {
    pub fn open(codec: Codec, window: Rect, kbit: u32, now: Instant) -> Result<Self, EncodeError> {
        let size = size_of(window);
        Ok(Self {
            encoder: encode::open(codec, size, kbit)?,
            window,
            picture: I420::black(size),
            burst: Burst::default(),
            key: true,
            last: None,
            filled: now,
        })
    }

    /// Whether it can go on with this part of the screen, and is not far too large for it.
    pub fn fits(&self, bounds: Rect, now: Instant) -> bool {
        self.window.contains(&bounds) && now.saturating_duration_since(self.filled) < UNFILLED
    }

    pub fn codec(&self) -> Codec {
        self.encoder.codec()
    }

    /// When it drew last.
    pub fn last(&self) -> Option<Instant> {
        self.last
    }

    /// Draws a part of the screen; `None`: it leaves this picture out.
    pub fn draw(
        &mut self,
        Wanted { map, kbit, finest }: Wanted,
        screen: &Plane,
        link: &Link,
        now: Instant,
    ) -> Result<Option<Drawn>, DrawError> {
        let window = self.window;
        let mut drawn: Option<Rect> = None;
        for rect in map.areas(screen.size()) {
            let bgra = screen.bgra(rect);
            let pixels = Pixels {
                bgra: &bgra,
                stride: rect.width * 4,
            };
            let inside = Rect {
                x: rect.x - window.x,
                y: rect.y - window.y,
                ..rect
            };
            self.picture.update(inside, pixels)?;
            drawn = Some(drawn.map_or(rect, |drawn| drawn.around(&rect)));
        }
        let part = map.crop(window);
        let elapsed = self.last.map_or(FIRST_DURATION, |last| now - last);
        let floor = self.burst.floor(part.active, link, now);
        let encoded = self.encoder.encode(Job {
            picture: &self.picture,
            map: Some(&part),
            key: self.key,
            kbit,
            floor: floor.max(finest),
            elapsed,
        })?;
        self.last = Some(now);
        if drawn.is_some_and(|drawn| drawn.area() * SHRINK >= window.area()) {
            self.filled = now;
        }
        Ok(encoded.map(|encoded| {
            self.key = false;
            Drawn {
                codec: self.encoder.codec(),
                map,
                window,
                key: encoded.key,
                data: encoded.data,
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_codec_draws_the_smallest_and_the_oddest_windows() {
        let now = Instant::now();
        for codec in [Codec::Vp9, Codec::Av1] {
            for (width, height) in [(2, 2), (16, 2), (2, 144), (16, 16), (18, 34), (3840, 16)] {
                let window = Rect {
                    x: 0,
                    y: 0,
                    width,
                    height,
                };
                let mut video = Video::open(codec, window, 500, now).unwrap();
                let screen = Plane::new(size_of(window), 0x12_3456);
                let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
                for (key, after) in [(true, 0), (false, 33)] {
                    let wanted = Wanted {
                        map: ActiveMap {
                            columns,
                            rows,
                            active: (columns * rows) as usize,
                            cells: vec![1; (columns * rows) as usize],
                        },
                        kbit: 500,
                        finest: 0,
                    };
                    let (link, now) = (Link::new(500, now), now + Duration::from_millis(after));
                    let drawn = video.draw(wanted, &screen, &link, now).unwrap().unwrap();
                    assert_eq!(drawn.key, key, "{codec:?} {width} x {height}");
                }
            }
        }
    }
}
