//! How the next update comes about: what only moved, what is sent as it is, and what a video
//! codec draws.
//!
//! Text and widgets are cheap to send exactly, photographs and films are not. So a block of many
//! colours that is not small or rare goes to the video codec, and becomes exact when it has been
//! still for a while and the link has room. A codec that fails is done without: then another one
//! draws, or everything is sent as it is.

mod film;
mod made;

use std::time::{Duration, Instant};

use deskhand_protocol::picture::{Codecs, MAX_MOVED, tile};

use super::{
    Packet,
    blocks::{ActiveMap, SIDE},
    convert::Pixels,
    motion::{self, Vector},
    pace::Link,
    rect::{Rect, Size},
    shadow::Shadow,
    taste::Taste,
    texture::Texture,
};
use crate::clock::micros;
use film::{Film, NoCodec, Wanted};
use made::{Made, Moved};

/// So few natural blocks are sent as they are if they change but rarely.
const FEW: usize = 24;

/// So many that a moving window uncovers are, where the link carries them,
const FEW_BARED: usize = 128;

/// if each takes so many bytes,
const BARED_BYTES: f64 = 384.0;

/// in so much time.
const BARED_TIME: Duration = Duration::from_millis(33);

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
    /// Which display it is.
    epoch: u16,
    seq: u32,
    fresh: bool,
    kbit: u32,
    taste: Taste,
    /// When the screen was looked at last.
    seen: Instant,
    /// All that still differs waits for a video codec until then.
    film_at: Option<Instant>,
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
    /// For a page that shows nothing yet of the display of number `epoch`. It tells times from
    /// `begun` on.
    pub fn new(epoch: u16, size: Size, kbit: u32, begun: Instant, now: Instant) -> Self {
        Self {
            shadow: Shadow::new(size, now),
            begun,
            epoch,
            seq: 0,
            fresh: true,
            kbit,
            taste: Taste::default(),
            seen: now,
            film_at: None,
            hint: None,
            film: Film::new(),
        }
    }

    /// Another display is shown, or the same one in another size.
    pub fn show(&mut self, size: Size, now: Instant) {
        self.epoch = self.epoch.wrapping_add(1);
        self.shadow = Shadow::new(size, now);
        self.film_at = None;
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

    /// Makes pictures like this from now on.
    pub fn set_taste(&mut self, taste: Taste) {
        self.taste = taste;
        // What was drawn for another taste may be of another codec.
        self.film.cut();
        self.film_at = None;
    }

    /// The page decodes these videos; until this is said, VP9.
    pub fn set_decodable(&mut self, codecs: Codecs) {
        self.film.set_decodable(codecs);
    }

    /// Everything is needed anew.
    pub fn refresh(&mut self) {
        self.shadow.forget();
        self.film_at = None;
        self.fresh = true;
        self.film.cut();
    }

    /// A part of the screen, as it is now.
    pub fn see(&mut self, rect: Rect, pixels: Pixels<'_>, now: Instant) {
        self.shadow.see(rect, pixels, now);
        self.seen = now;
        self.film_at = None;
    }

    /// When the next update is due, as far as the picture is concerned.
    pub fn due(&self, now: Instant) -> Due {
        if self.shadow.differs() {
            return match self.film_at {
                Some(at) if at > now => Due::At(at),
                Some(_) | None => Due::Now,
            };
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
        // What has been still for a while is sent as it is now, all else as it was seen.
        let mut taken = now;
        if self.shadow.differs() {
            taken = self.seen;
            made.copy = self.copy();
            let differing = self.shadow.differing();
            let natural = self.natural(&differing, link);
            let rest = differing.except(&natural);
            self.tiles(&rest, budget, &mut made);
            self.film(natural, budget, link, now, &mut made);
        } else {
            let still = self.shadow.still(STILL, now);
            self.tiles(&still, budget, &mut made);
        }
        (!made.is_empty()).then(|| self.packet(&made, taken))
    }

    /// Has a codec draw these blocks, unless it is too soon, and what found no room where that is
    /// to be. Where there is no codec, they are sent as they are.
    fn film(
        &mut self,
        natural: ActiveMap,
        budget: usize,
        link: &Link,
        now: Instant,
        made: &mut Made,
    ) {
        let map = if self.taste.draws_rest {
            natural.or(&self.shadow.differing())
        } else {
            natural
        };
        if map.active == 0 {
            return;
        }
        let earliest = self.film.last().map(|last| last + self.taste.film_every);
        if let Some(earliest) = earliest.filter(|earliest| *earliest > now) {
            let all = self.shadow.differing().except(&map).active == 0;
            self.film_at = all.then_some(earliest);
            return;
        }
        let wanted = Wanted {
            map,
            kbit: self.kbit,
            finest: self.taste.finest,
            always_lean: self.taste.always_lean,
        };
        match self.film.draw(self.shadow.screen(), &wanted, link, now) {
            Ok(None) => {}
            Ok(Some(drawn)) => {
                self.shadow.sent_nearly(&drawn.map);
                made.video = Some(drawn);
            }
            Err(NoCodec) => self.tiles(&wanted.map, budget, made),
        }
    }

    /// An update that says nothing, but counts.
    pub fn empty(&mut self, now: Instant) -> Packet {
        self.packet(&Made::default(), now)
    }

    /// Which of these blocks a video codec should draw.
    fn natural(&self, differing: &ActiveMap, link: &Link) -> ActiveMap {
        let natural = self.shadow.among(differing, |screen, rect| {
            let is_natural = |rect| Texture::of(screen.rows(rect)).is_natural();
            // What is drawn onto a photograph need not be one.
            is_natural(rect) && self.shadow.tighten(rect).is_none_or(is_natural)
        });
        if self.taste.only_film {
            return natural.except(&self.shadow.rare(&natural, OFTEN));
        }
        let natural = natural.except(&self.bared(&natural, link));
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

    /// Which of these natural blocks a window uncovers as it moves, if that is not too much for
    /// the link: an edge or two, of what looked otherwise before. A film fills its place, and was
    /// one before, too.
    fn bared(&self, natural: &ActiveMap, link: &Link) -> ActiveMap {
        let bared = self.shadow.among(natural, |_, rect| {
            let shown = self.shadow.shown();
            let part = self.shadow.tighten(rect).unwrap_or(rect);
            !Texture::of(shown.rows(part)).is_natural()
        });
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of blocks; saturates"
        )]
        let most = FEW_BARED.min((link.bytes_in(BARED_TIME) / BARED_BYTES) as usize);
        let is_edge = bared.bounds(self.size()).is_some_and(|bounds| {
            let thin = bounds.width.min(bounds.height) <= 3 * SIDE;
            thin || bared.active * 4 < bared.filled(bounds).active
        });
        if is_edge && bared.active <= most {
            bared
        } else {
            bared.except(&bared)
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
        let mut left = u64::from(self.size().rect().area()) * MAX_MOVED;
        areas.retain(|area| {
            let fits = left.checked_sub(area.area().into());
            left = fits.unwrap_or(left);
            fits.is_some()
        });
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

    fn packet(&mut self, made: &Made, taken: Instant) -> Packet {
        let taken = micros(taken.saturating_duration_since(self.begun));
        let fresh = std::mem::take(&mut self.fresh);
        let update = made.update((self.epoch, self.size()), self.seq, taken, fresh);
        self.seq = self.seq.wrapping_add(1);
        Packet {
            data: update.encode().into(),
        }
    }
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

/// No screen is larger.
fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
