//! How the next update comes about: what only moved, what is sent as it is, and what a video
//! codec draws.
//!
//! Text and widgets are cheap to send exactly, photographs and films are not. So a block of many
//! colours that is not small or rare goes to the video codec, and becomes exact when it has been
//! still for a while and the link has room. A codec that fails is done without: then another one
//! draws, or everything is sent as it is.

use std::time::{Duration, Instant};

use bytes::Bytes;
use deskhand_protocol::picture::{Area, Codec, Codecs, Part, Update, tile};

use super::{
    Packet,
    blocks::ActiveMap,
    burst::Burst,
    convert::{ConvertError, I420, Pixels},
    encode::{self, EncodeError, Encoder, Job, Open},
    motion::{self, Vector},
    pace::Link,
    rect::{Rect, Size},
    shadow::Shadow,
    texture::Texture,
};

/// So few natural blocks are sent as they are if they change but rarely.
const FEW: usize = 24;

/// What changes again within this time changes often.
const OFTEN: Duration = Duration::from_millis(500);

/// What a video codec drew is sent as it is after so much stillness.
const STILL: Duration = Duration::from_millis(250);

/// Where fewer blocks differ, looking for what moved is dearer than sending it.
const WORTH_SEARCH: usize = 64;

/// Smaller rectangles, in pixels, are not worth copying.
const WORTH_COPY: u32 = 256;

/// An update names at most so many rectangles to be painted by either codec.
const MOST_AREAS: usize = 1024;

/// At most so many rectangles are copied at once, the largest.
const MOST_COPIES: usize = 64;

/// Larger tiles are cut, so that what fits the link is sent first.
const MAX_TILE: u32 = 32_768;

/// A window is too large if what changes would fit it so many times,
const SHRINK: u32 = 4;

/// for so long.
const UNFILLED: Duration = Duration::from_secs(2);

/// What the first picture of a video is taken to last.
const FIRST_DURATION: Duration = Duration::from_millis(33);

/// Makes updates.
pub struct Composer {
    shadow: Shadow,
    begun: Instant,
    seq: u32,
    /// Which display it is.
    epoch: u16,
    fresh: bool,
    kbit: u32,
    /// How what moved last moved: it often goes on.
    hint: Option<Vector>,
    decodable: Codecs,
    /// Those that have not failed here.
    working: Codecs,
    open: Open,
    video: Option<Video>,
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
struct NoCodec;

/// When there is something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// As soon as the link lets it.
    Now,
    /// When something will have been still for long enough.
    At(Instant),
    /// When something changes.
    Never,
}

impl Composer {
    /// For a page that shows nothing yet.
    pub fn new(size: Size, kbit: u32, now: Instant) -> Self {
        Self {
            shadow: Shadow::new(size, now),
            begun: now,
            seq: 0,
            epoch: 1,
            fresh: true,
            kbit,
            hint: None,
            decodable: Codecs::from_iter([Codec::Vp9]),
            working: Codecs::from_iter([Codec::Vp9, Codec::Av1]),
            open: encode::open,
            video: None,
        }
    }

    /// Another display is shown, or the same one in another size.
    pub fn show(&mut self, size: Size, now: Instant) {
        self.epoch = self.epoch.wrapping_add(1);
        self.shadow = Shadow::new(size, now);
        self.video = None;
        self.fresh = true;
    }

    /// Which display it is; updates name it.
    pub fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Of the screen.
    pub fn size(&self) -> Size {
        self.shadow.screen().size()
    }

    /// Follows this bitrate from now on.
    pub fn set_bitrate(&mut self, kbit: u32) {
        self.kbit = kbit;
    }

    /// The page decodes these videos; until this is said, VP9.
    pub fn set_decodable(&mut self, codecs: Codecs) {
        self.decodable = codecs;
        self.video
            .take_if(|video| !codecs.has(video.encoder.codec()));
    }

    /// Everything is needed anew.
    pub fn refresh(&mut self) {
        self.shadow.forget();
        self.fresh = true;
        // A fresh one begins with a key frame, and may be of the other codec.
        self.video = None;
    }

    /// A part of the screen, as it is now.
    pub fn see(&mut self, rect: Rect, pixels: Pixels<'_>, now: Instant) {
        self.shadow.see(rect, pixels, now);
    }

    /// When the next update is due, as far as the picture is concerned.
    pub fn due(&self, now: Instant) -> Due {
        if self.shadow.differs() {
            return Due::Now;
        }
        match self.shadow.still_at(STILL) {
            Some(at) if at <= now => Due::Now,
            Some(at) => Due::At(at),
            None => Due::Never,
        }
    }

    /// The next update, of hardly more than `budget` bytes; `None` if there is nothing to say.
    pub fn compose(&mut self, budget: usize, link: &Link, now: Instant) -> Option<Packet> {
        let mut made = Made::default();
        if self.shadow.differs() {
            made.copy = self.copy();
            let differing = self.shadow.differing();
            let natural = self.natural(&differing);
            let rest = differing.except(&natural);
            self.tiles(&rest, budget, &mut made);
            if natural.active > 0 {
                match self.draw(&natural, link, now) {
                    Ok(video) => made.video = video,
                    Err(NoCodec) => self.tiles(&natural, budget, &mut made),
                }
            }
        } else {
            let still = self.shadow.still(STILL, now);
            self.tiles(&still, budget, &mut made);
        }
        if let Some(drawn) = &made.video {
            self.shadow.sent_nearly(&drawn.map);
        }
        if made.is_empty() {
            return None;
        }
        Some(self.packet(&made, now))
    }

    /// An update that says nothing, but counts.
    pub fn empty(&mut self, now: Instant) -> Packet {
        self.packet(&Made::default(), now)
    }

    /// Which of these blocks a video codec should draw.
    fn natural(&self, differing: &ActiveMap) -> ActiveMap {
        let natural = self.shadow.among(differing, |screen, rect| {
            Texture::of(screen.rows(rect)).is_natural()
        });
        // What a video shows may be plain for a moment.
        let going_on = self.shadow.nearly(differing);
        let going_on = going_on.except(&self.shadow.rare(&going_on, OFTEN));
        let natural = natural.or(&going_on);
        let natural = match natural.bounds(self.size()) {
            // What little lies between is drawn with it.
            Some(bounds) if natural.active * 2 > natural.filled(bounds).active => {
                natural.filled(bounds).and(differing)
            }
            _ => natural,
        };
        let rare = self.shadow.rare(&natural, OFTEN);
        if rare.active <= FEW {
            natural.except(&rare)
        } else {
            natural
        }
    }

    /// Finds what only moved, and moves it.
    fn copy(&mut self) -> Option<Moved> {
        let bounds = Some(self.shadow.differing())
            .filter(|differing| !self.fresh && differing.active >= WORTH_SEARCH)?
            .bounds(self.size())?;
        let (shown, screen) = (self.shadow.shown(), self.shadow.screen());
        let vector = motion::find(shown, screen, &[bounds], self.hint)?.vector;
        let (dx, dy) = (vector.dx.try_into().ok()?, vector.dy.try_into().ok()?);
        let mut areas = motion::matching(shown, screen, bounds, vector);
        areas.retain(|area| area.area() >= WORTH_COPY);
        areas.sort_by_key(|area| std::cmp::Reverse(area.area()));
        areas.truncate(MOST_COPIES);
        if areas.is_empty() {
            return None;
        }
        self.hint = Some(vector);
        self.shadow.moved(&areas, vector.dx, vector.dy);
        Some(Moved { dx, dy, areas })
    }

    /// Sends these blocks as they are, as far as the budget goes.
    fn tiles(&mut self, map: &ActiveMap, budget: usize, made: &mut Made) {
        let mut rects: Vec<Rect> = map
            .areas(self.size())
            .into_iter()
            .map(|rect| self.shadow.tighten(rect).unwrap_or(rect))
            .collect();
        // A letter does not wait for a page.
        rects.sort_by_key(Rect::area);
        let mut bytes: usize = made.tiles.iter().map(|(_, data)| data.len()).sum();
        for rect in rects.into_iter().flat_map(bands) {
            if bytes >= budget || made.tiles.len() == MOST_AREAS {
                return;
            }
            let mut data = Vec::new();
            let bgra = self.shadow.screen().bgra(rect);
            let (width, height) = (side(rect.width), side(rect.height));
            let Some(pixels) = tile::Pixels::new(&bgra, rect.width as usize * 4, width, height)
            else {
                continue;
            };
            tile::encode(pixels, &mut data);
            bytes += data.len();
            self.shadow.sent(rect);
            made.tiles.push((rect, data));
        }
    }

    /// Has a codec draw these blocks, the best one that can.
    fn draw(
        &mut self,
        map: &ActiveMap,
        link: &Link,
        now: Instant,
    ) -> Result<Option<Drawn>, NoCodec> {
        let Some(bounds) = map.bounds(self.size()) else {
            return Ok(None);
        };
        loop {
            let going_on = self.video.take().filter(|video| video.fits(bounds, now));
            let usable = self.decodable.and(self.working);
            let codec = match &going_on {
                Some(video) => video.encoder.codec(),
                None => encode::best(usable, bounds.size(), self.kbit).ok_or(NoCodec)?,
            };
            match self.draw_with(codec, going_on, (map.clone(), bounds), link, now) {
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

    fn draw_with(
        &mut self,
        codec: Codec,
        going_on: Option<Video>,
        (mut map, bounds): (ActiveMap, Rect),
        link: &Link,
        now: Instant,
    ) -> Result<Option<Drawn>, DrawError> {
        let size = self.size();
        let video = self.video.insert(if let Some(video) = going_on {
            video
        } else {
            let encoder = (self.open)(codec, bounds.size(), self.kbit)?;
            Video::new(encoder, bounds, now)
        });
        let window = video.window;
        if map.areas(size).len() > MOST_AREAS {
            map = map.filled(bounds);
        }
        for rect in map.areas(size) {
            let bgra = self.shadow.screen().bgra(rect);
            let pixels = Pixels {
                bgra: &bgra,
                stride: rect.width * 4,
            };
            let inside = Rect {
                x: rect.x - window.x,
                y: rect.y - window.y,
                ..rect
            };
            video.picture.update(inside, pixels)?;
        }
        let part = map.crop(window);
        let elapsed = video.last.map_or(FIRST_DURATION, |last| now - last);
        let floor = video.burst.floor(part.active, link, now);
        let encoded = video.encoder.encode(Job {
            picture: &video.picture,
            map: Some(&part),
            key: video.key,
            kbit: self.kbit,
            floor,
            elapsed,
        })?;
        video.last = Some(now);
        if bounds.area() * SHRINK >= window.area() {
            video.filled = now;
        }
        Ok(encoded.map(|encoded| {
            video.key = false;
            Drawn {
                codec: video.encoder.codec(),
                map,
                window,
                key: encoded.key,
                data: encoded.data,
            }
        }))
    }

    fn packet(&mut self, made: &Made, now: Instant) -> Packet {
        let size = self.size();
        let copy = made.copy.iter().map(|moved| Part::Copy {
            dx: moved.dx,
            dy: moved.dy,
            areas: moved.areas.iter().copied().map(area).collect(),
        });
        let tiles = made.tiles.iter().map(|(rect, data)| Part::Tile {
            area: area(*rect),
            data,
        });
        let video = made.video.iter().map(|drawn| Part::Video {
            at: (side(drawn.window.x), side(drawn.window.y)),
            codec: drawn.codec,
            key: drawn.key,
            areas: drawn.map.areas(size).into_iter().map(area).collect(),
            data: &drawn.data,
        });
        let update = Update {
            seq: self.seq,
            taken: micros(now.saturating_duration_since(self.begun)),
            size: (side(size.width), side(size.height)),
            epoch: self.epoch,
            fresh: std::mem::take(&mut self.fresh),
            parts: copy.chain(video).chain(tiles).collect(),
        };
        self.seq = self.seq.wrapping_add(1);
        Packet {
            data: update.encode().into(),
        }
    }
}

/// What an update is made of.
#[derive(Default)]
struct Made {
    copy: Option<Moved>,
    tiles: Vec<(Rect, Vec<u8>)>,
    video: Option<Drawn>,
}

impl Made {
    fn is_empty(&self) -> bool {
        self.copy.is_none() && self.tiles.is_empty() && self.video.is_none()
    }
}

/// What only moved.
struct Moved {
    dx: i16,
    dy: i16,
    areas: Vec<Rect>,
}

/// What a codec drew.
struct Drawn {
    codec: Codec,
    map: ActiveMap,
    window: Rect,
    key: bool,
    data: Bytes,
}

/// Pieces of a rectangle that are no larger than a tile may be, from the top.
fn bands(rect: Rect) -> impl Iterator<Item = Rect> {
    let height = (MAX_TILE / rect.width.max(1)).max(1);
    (0..rect.height.div_ceil(height)).map(move |n| Rect {
        y: rect.y + n * height,
        height: height.min(rect.height - n * height),
        ..rect
    })
}

fn area(rect: Rect) -> Area {
    Area {
        x: side(rect.x),
        y: side(rect.y),
        width: side(rect.width),
        height: side(rect.height),
    }
}

/// No screen is larger.
fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

fn micros(time: Duration) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
    let micros = time.as_micros() as u32;
    micros
}

#[cfg(test)]
mod tests;
