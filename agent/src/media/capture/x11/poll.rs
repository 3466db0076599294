//! Finding out what changed where the server cannot tell: look at everything, a few times a
//! second, and compare.

use std::time::{Duration, Instant};

use crate::media::{
    convert::Pixels,
    rect::{Rect, Size},
};

/// How often to look. Each look costs a full picture over the connection.
const INTERVAL: Duration = Duration::from_millis(200);

/// Side of the tiles that are compared.
const TILE: u32 = 64;

/// The last picture and what differs from the one before.
#[derive(Debug)]
pub struct Compare {
    size: Size,
    /// One row more than the picture, so that any rectangle ends with a whole row.
    bgra: Vec<u8>,
    changed: Vec<Rect>,
    next: Instant,
}

impl Compare {
    /// Nothing seen yet.
    pub fn new(size: Size, now: Instant) -> Self {
        Self {
            size,
            bgra: vec![0; (size.rect().area() + size.width) as usize * 4],
            changed: Vec::new(),
            next: now,
        }
    }

    /// When to look next.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// This is the whole picture now; true if it differs.
    pub fn look(&mut self, pixels: Pixels<'_>, now: Instant) -> bool {
        self.next = now + INTERVAL;
        let before = self.changed.len();
        for y in (0..self.size.height).step_by(TILE as usize) {
            for x in (0..self.size.width).step_by(TILE as usize) {
                let tile = Rect {
                    x,
                    y,
                    width: TILE.min(self.size.width - x),
                    height: TILE.min(self.size.height - y),
                };
                if self.take(tile, pixels) {
                    self.changed.push(tile);
                }
            }
        }
        self.changed.len() > before
    }

    /// Copies one tile; true if it differed.
    fn take(&mut self, tile: Rect, pixels: Pixels<'_>) -> bool {
        let mut differs = false;
        let len = tile.width as usize * 4;
        for y in tile.y..tile.bottom() {
            let old = (y * self.size.width + tile.x) as usize * 4;
            let new = (y * pixels.stride + tile.x * 4) as usize;
            let old = &mut self.bgra[old..old + len];
            // Too short a picture leaves the rest as it was.
            let Some(new) = pixels.bgra.get(new..new + len) else {
                return differs;
            };
            if old != new {
                old.copy_from_slice(new);
                differs = true;
            }
        }
        differs
    }

    /// What changed since this was last asked.
    pub fn changed(&mut self) -> Vec<Rect> {
        std::mem::take(&mut self.changed)
    }

    /// The pixels from the top left corner of `rect`, as last seen.
    pub fn pixels(&self, rect: &Rect) -> Pixels<'_> {
        let start = (rect.y * self.size.width + rect.x) as usize * 4;
        Pixels {
            bgra: &self.bgra[start..],
            stride: self.size.width * 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_pixel_is_found_once() {
        let size = Size {
            width: 100,
            height: 70,
        };
        let now = Instant::now();
        let mut compare = Compare::new(size, now);
        let mut screen = vec![0; 100 * 70 * 4];
        let look = |compare: &mut Compare, screen: &[u8]| {
            let differs = compare.look(
                Pixels {
                    bgra: screen,
                    stride: 400,
                },
                now,
            );
            assert_eq!(compare.due(), now + INTERVAL);
            differs
        };
        assert!(!look(&mut compare, &screen));
        screen[(69 * 100 + 99) * 4] = 1;
        assert!(look(&mut compare, &screen));
        let corner = Rect {
            x: 64,
            y: 64,
            width: 36,
            height: 6,
        };
        assert_eq!(compare.changed(), [corner]);
        assert!(!look(&mut compare, &screen));
        assert!(compare.changed().is_empty());
        assert_eq!(compare.pixels(&corner).bgra[(5 * 100 + 35) * 4], 1);
    }
}
