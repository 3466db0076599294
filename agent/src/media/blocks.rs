//! How sharp the expert's picture is, block by block. Pure.

use super::rect::{Rect, Size};

/// Side of a block in pixels: what the encoders' active maps count in.
pub const SIDE: u32 = 16;

/// A level for each block of a picture: 0 while it moves or has just moved, `n` once it has
/// been refined `n` times.
#[derive(Debug, Clone)]
pub struct Blocks {
    columns: u32,
    rows: u32,
    levels: Vec<u8>,
}

/// Which blocks an encoder should look at; the others stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveMap {
    /// Blocks in a row.
    pub columns: u32,
    /// Rows of blocks.
    pub rows: u32,
    /// 1 for a block to look at, else 0, row by row.
    pub cells: Vec<u8>,
    /// How many are 1.
    pub active: usize,
}

impl Blocks {
    /// Nothing of the picture is sharp yet.
    pub fn new(picture: Size) -> Self {
        let (columns, rows) = (picture.width.div_ceil(SIDE), picture.height.div_ceil(SIDE));
        Self {
            columns,
            rows,
            levels: vec![0; columns as usize * rows as usize],
        }
    }

    /// These parts have changed.
    pub fn damage(&mut self, rects: &[Rect]) {
        for rect in rects {
            let right = rect.right().div_ceil(SIDE).min(self.columns);
            let bottom = rect.bottom().div_ceil(SIDE).min(self.rows);
            for row in rect.y / SIDE..bottom {
                let start = (row * self.columns) as usize;
                self.levels[start + (rect.x / SIDE) as usize..start + right as usize].fill(0);
            }
        }
    }

    /// Everything has changed, or was sent anew.
    pub fn reset(&mut self) {
        self.levels.fill(0);
    }

    /// How many blocks are below `level`.
    pub fn count_below(&self, level: u8) -> usize {
        self.levels.iter().filter(|&&l| l < level).count()
    }

    /// The first `most` blocks below `level`, from the top.
    pub fn below(&self, level: u8, most: usize) -> ActiveMap {
        let mut active = 0;
        let cells = self
            .levels
            .iter()
            .map(|&l| {
                let take = l < level && active < most;
                active += usize::from(take);
                u8::from(take)
            })
            .collect();
        ActiveMap {
            columns: self.columns,
            rows: self.rows,
            cells,
            active,
        }
    }

    /// The blocks of `map` have been refined to `level`.
    pub fn raise(&mut self, map: &ActiveMap, level: u8) {
        for (l, &active) in self.levels.iter_mut().zip(&map.cells) {
            if active == 1 {
                *l = level;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size {
        width: 50,
        height: 40,
    };

    #[test]
    fn damage_touches_every_block_it_overlaps_and_no_other() {
        let mut blocks = Blocks::new(PICTURE);
        let all = blocks.below(1, usize::MAX);
        assert_eq!((all.columns, all.rows, all.active), (4, 3, 12));
        blocks.raise(&all, 2);
        assert_eq!(blocks.count_below(2), 0);
        blocks.damage(&[Rect {
            x: 14,
            y: 16,
            width: 4,
            height: 16,
        }]);
        assert_eq!(
            blocks.below(1, usize::MAX).cells,
            [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn slices_go_on_where_the_last_one_ended() {
        let mut blocks = Blocks::new(PICTURE);
        for _ in 0..3 {
            let slice = blocks.below(1, 5);
            assert!(slice.active > 0 && slice.active <= 5);
            blocks.raise(&slice, 1);
        }
        assert_eq!(blocks.count_below(1), 0);
    }
}
