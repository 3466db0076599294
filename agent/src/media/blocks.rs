//! Sets of blocks of a picture. Pure.

use super::rect::{Rect, Size};

/// Side of a block in pixels: what the encoders' active maps count in.
pub const SIDE: u32 = 16;

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

impl ActiveMap {
    /// Those that are in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.join(other, |a, b| a | b)
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.join(other, |a, b| a & b)
    }

    /// Without those of the other.
    #[must_use]
    pub fn except(&self, other: &Self) -> Self {
        self.join(other, |a, b| a & !b)
    }

    /// The smallest rectangle of a picture around all active blocks.
    pub fn bounds(&self, picture: Size) -> Option<Rect> {
        let areas = self.areas(picture);
        areas.into_iter().reduce(|a, b| a.around(&b))
    }

    /// All blocks that a rectangle touches.
    #[must_use]
    pub fn filled(&self, rect: Rect) -> Self {
        let columns = rect.x / SIDE..rect.right().div_ceil(SIDE);
        let rows = rect.y / SIDE..rect.bottom().div_ceil(SIDE);
        let cells = (0..self.rows)
            .flat_map(|row| (0..self.columns).map(move |column| (row, column)))
            .map(|(row, column)| u8::from(rows.contains(&row) && columns.contains(&column)));
        let cells: Vec<u8> = cells.collect();
        Self {
            active: count(&cells),
            cells,
            ..*self
        }
    }

    /// Of a part of the picture, which begins with a block.
    #[must_use]
    pub fn crop(&self, part: Rect) -> Self {
        let columns = part.width.div_ceil(SIDE);
        let rows = part.height.div_ceil(SIDE);
        let cells: Vec<u8> = (part.y / SIDE..part.y / SIDE + rows)
            .flat_map(|row| {
                let start = (row * self.columns + part.x / SIDE) as usize;
                self.cells[start..start + columns as usize].iter().copied()
            })
            .collect();
        Self {
            columns,
            rows,
            active: count(&cells),
            cells,
        }
    }

    fn join(&self, other: &Self, each: impl Fn(u8, u8) -> u8) -> Self {
        let cells = self.cells.iter().zip(&other.cells);
        let cells: Vec<u8> = cells.map(|(&a, &b)| each(a, b)).collect();
        Self {
            active: count(&cells),
            cells,
            ..*self
        }
    }

    /// The active blocks as rectangles of a picture: runs of a row, joined downwards.
    pub fn areas(&self, picture: Size) -> Vec<Rect> {
        let mut done: Vec<Rect> = Vec::new();
        // Those that end in the row above.
        let mut open: Vec<Rect> = Vec::new();
        for (row, cells) in (0..).zip(self.cells.chunks_exact(self.columns as usize)) {
            let mut next = Vec::new();
            let mut column = 0;
            for run in cells.chunk_by(|a, b| a == b) {
                #[expect(clippy::cast_possible_truncation, reason = "a row of a picture")]
                let length = run.len() as u32;
                if run[0] == 1 {
                    let x = column * SIDE;
                    let rect = Rect {
                        x,
                        y: row * SIDE,
                        width: (length * SIDE).min(picture.width - x),
                        height: SIDE.min(picture.height - row * SIDE),
                    };
                    let same = |above: &Rect| (above.x, above.width) == (rect.x, rect.width);
                    next.push(match open.iter().position(same) {
                        Some(above) => open.swap_remove(above).around(&rect),
                        None => rect,
                    });
                }
                column += length;
            }
            done.append(&mut open);
            open = next;
        }
        done.append(&mut open);
        done
    }
}

/// How many are 1.
fn count(cells: &[u8]) -> usize {
    cells.iter().map(|&cell| usize::from(cell)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size {
        width: 50,
        height: 40,
    };

    fn map(cells: [u8; 12]) -> ActiveMap {
        ActiveMap {
            columns: 4,
            rows: 3,
            active: count(&cells),
            cells: cells.into(),
        }
    }

    #[test]
    fn runs_of_blocks_are_joined_downwards_and_end_with_the_picture() {
        let areas = map([0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1]).areas(PICTURE);
        let rect = |x, y, width, height| Rect {
            x,
            y,
            width,
            height,
        };
        assert_eq!(
            areas,
            [rect(16, 0, 32, 32), rect(0, 32, 16, 8), rect(48, 32, 2, 8)]
        );
    }

    #[test]
    fn a_part_is_cut_out() {
        let map = map([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
        let part = Rect {
            x: 16,
            y: 16,
            width: 32,
            height: 24,
        };
        assert_eq!(map.bounds(PICTURE), Some(part));
        let cut = map.crop(part);
        assert_eq!((cut.columns, cut.rows, cut.active), (2, 2, 2));
        assert_eq!(cut.cells, [1, 0, 0, 1]);
    }

    #[test]
    fn sets_are_joined_and_taken_away() {
        let a = map([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let b = map([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(a.or(&b).active, 3);
        assert_eq!(a.except(&b).cells[..3], [1, 0, 0]);
    }
}
