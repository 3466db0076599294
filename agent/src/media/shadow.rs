//! What the page shows, and where the screen differs from it. Pure.
//!
//! Whatever is sent is written down here as shown; whatever is not sent, for want of room on the
//! link, simply still differs and is sent later, as it is then. Nothing has to be remembered but
//! two pictures.

use std::time::{Duration, Instant};

use super::{
    blocks::{ActiveMap, SIDE},
    convert::Pixels,
    plane::{Plane, UNKNOWN, same},
    rect::{Rect, Size},
};

/// The two pictures, and what is known of each block of 16 × 16 pixels.
#[derive(Debug)]
pub struct Shadow {
    screen: Plane,
    shown: Plane,
    columns: u32,
    blocks: Vec<Block>,
    differing: usize,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    /// The page shows something else.
    differs: bool,
    /// What the page shows was drawn by a video codec: it is only near to what is written down.
    near: bool,
    /// When the screen last changed here.
    changed: Instant,
    /// How long it had been still then.
    still: Duration,
}

impl Shadow {
    /// A page that shows nothing yet.
    pub fn new(size: Size, now: Instant) -> Self {
        let columns = size.width.div_ceil(SIDE);
        let count = (columns * size.height.div_ceil(SIDE)) as usize;
        Self {
            screen: Plane::new(size, 0),
            shown: Plane::new(size, UNKNOWN),
            columns,
            blocks: vec![
                Block {
                    differs: true,
                    near: false,
                    changed: now,
                    still: Duration::MAX,
                };
                count
            ],
            differing: count,
        }
    }

    /// The screen as it was last seen.
    pub fn screen(&self) -> &Plane {
        &self.screen
    }

    /// What the page shows, exactly or nearly.
    pub fn shown(&self) -> &Plane {
        &self.shown
    }

    /// Whether the page shows anything else than the screen.
    pub fn differs(&self) -> bool {
        self.differing > 0
    }

    /// The page shows nothing any more that could be relied on.
    pub fn forget(&mut self) {
        self.shown = Plane::new(self.screen.size(), UNKNOWN);
        for block in &mut self.blocks {
            (block.differs, block.near) = (true, false);
        }
        self.differing = self.blocks.len();
    }

    /// A part of the screen, as it is now.
    pub fn see(&mut self, rect: Rect, pixels: Pixels<'_>, now: Instant) {
        let mut touched = vec![false; self.blocks.len()];
        let columns = self.columns;
        self.screen.write(rect, pixels, |y, old, new| {
            // Pieces of the row, a block each.
            let mut x = rect.x;
            while x < rect.right() {
                let end = ((x / SIDE + 1) * SIDE).min(rect.right());
                let piece = (x - rect.x) as usize..(end - rect.x) as usize;
                if !same(&old[piece.clone()], &new[piece]) {
                    touched[(y / SIDE * columns + x / SIDE) as usize] = true;
                }
                x = end;
            }
        });
        for (index, _) in touched.iter().enumerate().filter(|(_, touched)| **touched) {
            let block = &mut self.blocks[index];
            block.still = now.saturating_duration_since(block.changed);
            block.changed = now;
            self.compare(index);
        }
    }

    fn rect(&self, index: usize) -> Rect {
        let size = self.screen.size();
        #[expect(clippy::cast_possible_truncation, reason = "blocks of a screen")]
        let index = index as u32;
        let (x, y) = (index % self.columns * SIDE, index / self.columns * SIDE);
        Rect {
            x,
            y,
            width: SIDE.min(size.width - x),
            height: SIDE.min(size.height - y),
        }
    }

    fn compare(&mut self, index: usize) {
        let differs = !self.screen.equals(&self.shown, self.rect(index));
        self.set(index, differs, self.blocks[index].near);
    }

    fn set(&mut self, index: usize, differs: bool, near: bool) {
        let block = &mut self.blocks[index];
        self.differing = self.differing - usize::from(block.differs) + usize::from(differs);
        (block.differs, block.near) = (differs, near);
    }

    /// Blocks that a rectangle touches.
    fn indices(&self, rect: Rect) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns;
        let (left, right) = (rect.x / SIDE, rect.right().div_ceil(SIDE));
        (rect.y / SIDE..rect.bottom().div_ceil(SIDE))
            .flat_map(move |row| (left..right).map(move |column| (row * columns + column) as usize))
    }

    /// The screen's pixels of this rectangle were sent as they are.
    pub fn sent(&mut self, rect: Rect) {
        self.shown.copy_from(&self.screen, rect);
        for index in self.indices(rect) {
            let whole = self.rect(index);
            let near = self.blocks[index].near && !rect.contains(&whole);
            self.set(index, false, near);
            if near || !rect.contains(&whole) {
                self.compare(index);
            }
        }
    }

    /// The blocks of this map were sent by a video codec.
    pub fn sent_nearly(&mut self, map: &ActiveMap) {
        for index in 0..self.blocks.len() {
            if map.cells.get(index) == Some(&1) {
                let rect = self.rect(index);
                self.shown.copy_from(&self.screen, rect);
                self.set(index, false, true);
            }
        }
    }

    /// The page moved what it shows: these rectangles show now what was `dx` to the left of and
    /// `dy` above them, and those are the screen's pixels.
    pub fn moved(&mut self, areas: &[Rect], dx: i32, dy: i32) {
        let near: Vec<Vec<bool>> = (areas.iter())
            .map(|area| self.moves_near(area, dx, dy))
            .collect();
        for (area, near) in areas.iter().zip(near) {
            self.shown.copy_from(&self.screen, *area);
            for (index, near) in self.indices(*area).zip(near) {
                let covered = area.contains(&self.rect(index));
                let near = near || (self.blocks[index].near && !covered);
                self.set(index, false, near);
                if !covered {
                    self.compare(index);
                }
            }
        }
    }

    /// Of each block that a rectangle touches, whether anything is only nearly right that is to
    /// be moved there.
    fn moves_near(&self, area: &Rect, dx: i32, dy: i32) -> Vec<bool> {
        let near = |index: usize| {
            let part = self.rect(index).overlap(area);
            part.is_some_and(|part| {
                let mut from = self.indices(part.shifted(-dx, -dy));
                from.any(|index| self.blocks[index].near)
            })
        };
        self.indices(*area).map(near).collect()
    }

    /// The blocks that differ.
    pub fn differing(&self) -> ActiveMap {
        self.map(|_, block| block.differs)
    }

    /// Of these blocks those whose pixels on the screen are of this kind.
    pub fn among(&self, map: &ActiveMap, kind: impl Fn(&Plane, Rect) -> bool) -> ActiveMap {
        self.map(|index, _| map.cells[index] == 1 && kind(&self.screen, self.rect(index)))
    }

    /// Of these blocks those that the page shows only nearly, as they were before.
    pub fn nearly(&self, map: &ActiveMap) -> ActiveMap {
        self.map(|index, block| map.cells[index] == 1 && block.near)
    }

    /// Of these blocks those that had been still for so long before they changed.
    pub fn rare(&self, map: &ActiveMap, still: Duration) -> ActiveMap {
        self.map(|index, block| map.cells[index] == 1 && block.still >= still)
    }

    /// The blocks that are only nearly right and have been still for so long.
    pub fn still(&self, quiet: Duration, now: Instant) -> ActiveMap {
        self.map(|_, block| {
            block.near && !block.differs && now.saturating_duration_since(block.changed) >= quiet
        })
    }

    /// When the first of those that are only nearly right will have been still for so long.
    pub fn still_at(&self, quiet: Duration) -> Option<Instant> {
        let near = self
            .blocks
            .iter()
            .filter(|block| block.near && !block.differs);
        near.map(|block| block.changed + quiet).min()
    }

    fn map(&self, takes: impl Fn(usize, &Block) -> bool) -> ActiveMap {
        let mut active = 0;
        let cells = (0..self.blocks.len()).map(|index| {
            let takes = takes(index, &self.blocks[index]);
            active += usize::from(takes);
            u8::from(takes)
        });
        let cells: Vec<u8> = cells.collect();
        ActiveMap {
            columns: self.columns,
            rows: self.screen.size().height.div_ceil(SIDE),
            cells,
            active,
        }
    }

    /// The smallest rectangle around all pixels of this one in which the page differs.
    pub fn tighten(&self, rect: Rect) -> Option<Rect> {
        let mut found: Option<Rect> = None;
        for y in rect.y..rect.bottom() {
            let (screen, shown) = (self.screen.row(rect, y), self.shown.row(rect, y));
            let Some(first) = screen.iter().zip(shown).position(|(a, b)| a != b) else {
                continue;
            };
            let last = screen
                .iter()
                .zip(shown)
                .rposition(|(a, b)| a != b)
                .unwrap_or(first);
            #[expect(clippy::cast_possible_truncation, reason = "within a row of a screen")]
            let row = Rect {
                x: rect.x + first as u32,
                y,
                width: (last - first) as u32 + 1,
                height: 1,
            };
            found = Some(found.map_or(row, |found| found.around(&row)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{super::plane::Pixel, *};

    const SIZE: Size = Size {
        width: 40,
        height: 32,
    };
    const MS: Duration = Duration::from_millis(1);
    const STILL: Duration = Duration::from_millis(200);

    fn at(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    fn see(shadow: &mut Shadow, rect: Rect, colour: Pixel, now: Instant) {
        let bgra = colour.to_le_bytes().repeat(rect.area() as usize);
        let pixels = Pixels {
            bgra: &bgra,
            stride: rect.width * 4,
        };
        shadow.see(rect, pixels, now);
    }

    /// One whose page shows a plain screen.
    fn plain(now: Instant) -> Shadow {
        let mut shadow = Shadow::new(SIZE, now);
        see(&mut shadow, SIZE.rect(), 7, now);
        shadow.sent(SIZE.rect());
        assert!(!shadow.differs());
        shadow
    }

    #[test]
    fn only_blocks_that_look_different_differ() {
        let now = Instant::now();
        let mut shadow = plain(now);
        see(&mut shadow, SIZE.rect(), 7, now);
        assert!(!shadow.differs(), "drawn again, and the same");
        see(&mut shadow, at(15, 3, 2, 1), 8, now);
        assert_eq!(shadow.differing().areas(SIZE), [at(0, 0, 32, 16)]);
        assert_eq!(shadow.tighten(at(0, 0, 32, 16)), Some(at(15, 3, 2, 1)));
        see(&mut shadow, at(15, 3, 2, 1), 7, now);
        assert!(!shadow.differs(), "back again before anybody saw it");
    }

    #[test]
    fn what_is_sent_in_part_differs_in_part() {
        let now = Instant::now();
        let mut shadow = plain(now);
        see(&mut shadow, at(0, 0, 16, 16), 8, now);
        shadow.sent(at(0, 0, 16, 8));
        assert!(shadow.differs());
        shadow.sent(at(0, 8, 16, 8));
        assert!(!shadow.differs());
    }

    #[test]
    fn what_a_codec_drew_is_near_until_it_is_sent_as_it_is() {
        let now = Instant::now();
        let mut shadow = plain(now);
        see(&mut shadow, at(0, 0, 16, 16), 8, now);
        shadow.sent_nearly(&shadow.differing());
        assert!(!shadow.differs());
        assert_eq!(shadow.still_at(200 * MS), Some(now + 200 * MS));
        assert_eq!(shadow.still(200 * MS, now + 199 * MS).active, 0);
        shadow.sent(at(0, 0, 16, 8));
        assert!(shadow.still_at(STILL).is_some(), "the other half is");
        shadow.sent(at(0, 0, 16, 16));
        assert_eq!(shadow.still_at(STILL), None);
    }

    #[test]
    fn what_moves_takes_with_it_whether_it_is_near() {
        let now = Instant::now();
        let mut shadow = plain(now);
        see(&mut shadow, at(0, 0, 16, 16), 8, now);
        shadow.sent_nearly(&shadow.differing());
        see(&mut shadow, at(16, 0, 16, 16), 8, now);
        shadow.moved(&[at(16, 0, 16, 16)], 16, 0);
        assert!(!shadow.differs());
        let near = shadow.still(Duration::ZERO, now);
        assert_eq!(near.areas(SIZE), [at(0, 0, 32, 16)]);
    }

    #[test]
    fn a_page_that_lost_the_picture_is_shown_all_of_it() {
        let now = Instant::now();
        let mut shadow = plain(now);
        shadow.forget();
        assert_eq!(shadow.differing().areas(SIZE), [SIZE.rect()]);
    }
}
