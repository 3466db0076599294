//! What a video codec draws: one at a time, for a part of the screen.

use std::time::{Duration, Instant};

use bytes::Bytes;
use deskhand_protocol::picture::{Codec, Codecs};

use super::MOST_AREAS;
use crate::media::{
    blocks::ActiveMap,
    burst::Burst,
    convert::{ConvertError, I420, Pixels},
    encode::{self, EncodeError, Encoder, Job, Open},
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

/// The codecs, of which one draws.
pub struct Film {
    decodable: Codecs,
    /// Those that have not failed here.
    working: Codecs,
    pub(super) open: Open,
    video: Option<Video>,
}

/// A codec, for a part of the screen: small parts cost less.
pub struct Video {
    pub(super) encoder: Box<dyn Encoder>,
    /// Which part; it begins with a block.
    window: Rect,
    pub(super) picture: I420,
    burst: Burst,
    key: bool,
    last: Option<Instant>,
    /// When it last drew a good part of its window.
    filled: Instant,
}

impl Video {
    pub(super) fn new(encoder: Box<dyn Encoder>, window: Rect, now: Instant) -> Self {
        let size = window.size();
        Self {
            encoder,
            window,
            picture: I420::black(size),
            burst: Burst::default(),
            key: true,
            last: None,
            filled: now,
        }
    }

    /// Whether it can go on with this part of the screen, and is not far too large for it.
    fn fits(&self, bounds: Rect, now: Instant) -> bool {
        self.window.contains(&bounds) && now.saturating_duration_since(self.filled) < UNFILLED
    }

    fn draw(
        &mut self,
        screen: &Plane,
        (mut map, bounds): (ActiveMap, Rect),
        (kbit, link): (u32, &Link),
        now: Instant,
    ) -> Result<Option<Drawn>, DrawError> {
        let size = screen.size();
        let window = self.window;
        if map.areas(size).len() > MOST_AREAS {
            map = map.filled(bounds);
        }
        for rect in map.areas(size) {
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
        }
        let part = map.crop(window);
        let elapsed = self.last.map_or(FIRST_DURATION, |last| now - last);
        let floor = self.burst.floor(part.active, link, now);
        let encoded = self.encoder.encode(Job {
            picture: &self.picture,
            map: Some(&part),
            key: self.key,
            kbit,
            floor,
            elapsed,
        })?;
        self.last = Some(now);
        if bounds.area() * SHRINK >= window.area() {
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

/// A video codec cannot draw what it should.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum DrawError {
    /// It cannot be encoded.
    Encode(#[from] EncodeError),
    /// It cannot be converted.
    Convert(#[from] ConvertError),
}

/// No codec is left that the page decodes and that works here.
#[derive(Debug)]
pub struct NoCodec;

/// What a codec drew.
pub struct Drawn {
    /// Which codec.
    pub codec: Codec,
    /// Where.
    pub map: ActiveMap,
    /// What part of the screen its picture is.
    pub window: Rect,
    /// Whether it can be decoded alone.
    pub key: bool,
    /// The codec's bitstream.
    pub data: Bytes,
}

impl Film {
    /// For a page that decodes VP9 until more is said.
    pub fn new() -> Self {
        Self {
            decodable: Codecs::from_iter([Codec::Vp9]),
            working: Codecs::from_iter([Codec::Vp9, Codec::Av1]),
            open: encode::open,
            video: None,
        }
    }

    /// The page decodes these.
    pub fn set_decodable(&mut self, codecs: Codecs) {
        self.decodable = codecs;
        self.video
            .take_if(|video| !codecs.has(video.encoder.codec()));
    }

    /// Begins anew: with a key frame, and perhaps with the other codec.
    pub fn cut(&mut self) {
        self.video = None;
    }

    /// Has a codec draw these blocks, the best one that can.
    ///
    /// # Errors
    /// There is none left.
    pub fn draw(
        &mut self,
        screen: &Plane,
        map: &ActiveMap,
        (kbit, link): (u32, &Link),
        now: Instant,
    ) -> Result<Option<Drawn>, NoCodec> {
        let Some(bounds) = map.bounds(screen.size()) else {
            return Ok(None);
        };
        loop {
            let going_on = self.video.take().filter(|video| video.fits(bounds, now));
            let usable = self.decodable.and(self.working);
            let (codec, opened) = if let Some(video) = going_on {
                (video.encoder.codec(), Ok(video))
            } else {
                let codec = encode::best(usable, bounds.size(), kbit).ok_or(NoCodec)?;
                let opened = (self.open)(codec, bounds.size(), kbit);
                let begin = |encoder| Video::new(encoder, bounds, now);
                (codec, opened.map(begin))
            };
            let drawn = opened.map_err(DrawError::from).and_then(|video| {
                let video = self.video.insert(video);
                video.draw(screen, (map.clone(), bounds), (kbit, link), now)
            });
            match drawn {
                Ok(drawn) => return Ok(drawn),
                // Whatever is wrong would go wrong again.
                Err(error) => {
                    tracing::warn!(%error, "a video codec is done without from now on");
                    self.working = self.working.without(codec);
                    self.video = None;
                }
            }
        }
    }
}
