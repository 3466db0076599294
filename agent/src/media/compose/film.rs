//! What a video codec draws: one at a time, for a part of the screen.

use std::time::{Duration, Instant};

use deskhand_protocol::picture::{Codec, Codecs};

use super::{MOST_AREAS, made::Drawn};
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
pub(super) struct NoCodec;

/// What is to be drawn.
pub(super) struct Wanted {
    /// These blocks of the screen, all inside the window.
    pub map: ActiveMap,
    /// At this bitrate.
    pub kbit: u32,
    /// With no finer quantizer.
    pub finest: u8,
    /// By the codec for lean links, whatever the bitrate.
    pub always_lean: bool,
}

/// The codecs, of which one draws.
pub(super) struct Film {
    decodable: Codecs,
    /// Those that have not failed here.
    working: Codecs,
    pub(super) open: Open,
    video: Option<Video>,
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

    /// When anything was drawn last, if it goes on.
    pub fn last(&self) -> Option<Instant> {
        self.video.as_ref()?.last
    }

    /// Has the best codec that can draw a part of the screen; `None`: it leaves this picture out.
    ///
    /// # Errors
    /// There is no codec left.
    pub fn draw(
        &mut self,
        screen: &Plane,
        wanted: &Wanted,
        link: &Link,
        now: Instant,
    ) -> Result<Option<Drawn>, NoCodec> {
        let Some(bounds) = wanted.map.bounds(screen.size()) else {
            return Ok(None);
        };
        loop {
            let going_on = self.video.take().filter(|video| video.fits(bounds, now));
            let (codec, opened) = if let Some(video) = going_on {
                (video.encoder.codec(), Ok(video))
            } else {
                let codec = self.choose(wanted, bounds).ok_or(NoCodec)?;
                let opened = (self.open)(codec, bounds.size(), wanted.kbit);
                (
                    codec,
                    opened.map(|encoder| Video::new(encoder, bounds, now)),
                )
            };
            let drawn = opened.map_err(DrawError::from).and_then(|video| {
                let video = self.video.insert(video);
                video.draw(screen, (wanted, bounds), link, now)
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

    fn choose(&self, wanted: &Wanted, bounds: Rect) -> Option<Codec> {
        let usable = self.decodable.and(self.working);
        if wanted.always_lean {
            encode::choose(usable, true)
        } else {
            encode::best(usable, bounds.size(), wanted.kbit)
        }
    }
}

/// A codec, for a part of the screen: small parts cost less.
struct Video {
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
    fn new(encoder: Box<dyn Encoder>, window: Rect, now: Instant) -> Self {
        Self {
            encoder,
            window,
            picture: I420::black(window.size()),
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
        (wanted, bounds): (&Wanted, Rect),
        link: &Link,
        now: Instant,
    ) -> Result<Option<Drawn>, DrawError> {
        let size = screen.size();
        let window = self.window;
        let mut map = wanted.map.clone();
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
            kbit: wanted.kbit,
            floor: floor.max(wanted.finest),
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
                let encoder = encode::open(codec, window.size(), 500).unwrap();
                let mut video = Video::new(encoder, window, now);
                let screen = Plane::new(window.size(), 0x12_3456);
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
                        always_lean: false,
                    };
                    let (link, now) = (Link::new(500, now), now + Duration::from_millis(after));
                    let drawn = video
                        .draw(&screen, (&wanted, window), &link, now)
                        .unwrap()
                        .unwrap();
                    assert_eq!(drawn.key, key, "{codec:?} {width} x {height}");
                }
            }
        }
    }
}
