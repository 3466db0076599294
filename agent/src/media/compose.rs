//! How the next update comes about: what only moved, what is sent as it is, and what a video
//! codec draws.
//!
//! Text and widgets are cheap to send exactly, photographs and films are not. So a block of many
//! colours that is not small or rare goes to the video codec, and becomes exact when it has been
//! still for a while and the link has room. A codec that fails is done without: then another one
//! draws, or everything is sent as it is.

mod film;

use std::time::{Duration, Instant};

use deskhand_protocol::picture::{Area, Codecs, Part, Update, tile};

use super::{
    Packet,
    blocks::ActiveMap,
    convert::Pixels,
    motion::{self, Vector},
    pace::Link,
    plane::Plane,
    rect::{Rect, Size},
    shadow::Shadow,
    texture::Texture,
};
use film::{Drawn, Film, NoCodec};

/// So few natural blocks are sent as they are if they change but rarely.
const FEW: usize = 24;

/// So many are if they were none before.
const FEW_NEW: usize = 128;

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
    film: Film,
}

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
            film: Film::new(),
        }
    }

    /// Another display is shown, or the same one in another size.
    pub fn show(&mut self, size: Size, now: Instant) {
        self.epoch = self.epoch.wrapping_add(1);
        self.shadow = Shadow::new(size, now);
        self.film.cut();
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
        self.film.set_decodable(codecs);
    }

    /// Everything is needed anew.
    pub fn refresh(&mut self) {
        self.shadow.forget();
        self.fresh = true;
        self.film.cut();
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
                let screen = self.shadow.screen();
                match self.film.draw(screen, &natural, (self.kbit, link), now) {
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
        let is_natural = |plane: &Plane, rect| Texture::of(plane.rows(rect)).is_natural();
        let natural = self.shadow.among(differing, is_natural);
        // A film was one before, too. What a window uncovers was not.
        let appearing = self
            .shadow
            .among(&natural, |_, rect| !is_natural(self.shadow.shown(), rect));
        let natural = if appearing.active <= FEW_NEW {
            natural.except(&appearing)
        } else {
            natural
        };
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
