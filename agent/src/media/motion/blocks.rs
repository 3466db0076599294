//! Where exactly a vector is right.

use super::{super::plane::same, Plane, Rect, Vector, clip};

/// Side of a block in pixels.
const SIDE: u32 = 16;

/// What is known of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// It is not what was there before, moved.
    Other,
    /// It is, but moving nothing would be as right.
    Still,
    /// It is, and nothing else.
    Moved,
    /// A rectangle has it already.
    Taken,
}

/// The parts of `area` that are the old picture moved by `vector` and differ from what was there.
///
/// Few rectangles rather than small ones: they may contain what did not change if that is right
/// when moved, too, and may overlap. Both sides of the copy lie inside the picture.
pub fn matching(old: &Plane, new: &Plane, area: Rect, vector: Vector) -> Vec<Rect> {
    let Some(area) = clip(area, new.size()).filter(|_| old.size() == new.size()) else {
        return Vec::new();
    };
    let moved = Moved { old, new, vector };
    let mut rects = Vec::from_iter(moved.together(area));
    let mut blocks = Blocks::new(area);
    for row in 0..blocks.rows {
        for column in 0..blocks.columns {
            let rect = blocks.rect(column, row);
            let taken = rects.iter().any(|whole| whole.contains(&rect));
            *blocks.at(column, row) = if taken {
                Block::Taken
            } else {
                moved.block(rect)
            };
        }
    }
    for row in 0..blocks.rows {
        for column in 0..blocks.columns {
            if *blocks.at(column, row) == Block::Moved {
                rects.push(moved.grow(blocks.take(column, row), area));
            }
        }
    }
    rects
}

/// The two pictures and what is thought of them.
struct Moved<'a> {
    old: &'a Plane,
    new: &'a Plane,
    vector: Vector,
}

impl Moved<'_> {
    fn is_right(&self, rect: Rect) -> bool {
        let origin = self.vector.origin(rect, self.old.size());
        origin.is_some_and(|origin| {
            let mut rows = self.new.rows(rect).zip(self.old.rows(origin));
            rows.all(|(new, old)| same(new, old))
        })
    }

    /// All of the area that can have moved within it, if nothing else happened there: a window that
    /// was dragged, lines that were scrolled. Blocks would miss a little along the edges.
    fn together(&self, area: Rect) -> Option<Rect> {
        let within = self.vector.within(area);
        let mut candidates = [Some(area), within].into_iter().flatten();
        candidates.find(|rect| self.block(*rect) == Block::Moved)
    }

    fn block(&self, rect: Rect) -> Block {
        let still = Moved {
            vector: Vector::ZERO,
            ..*self
        };
        if !self.is_right(rect) {
            Block::Other
        } else if still.is_right(rect) {
            Block::Still
        } else {
            Block::Moved
        }
    }

    /// Moves the edges of `rect` outwards over rows and columns that are right, too, by a block at
    /// most.
    fn grow(&self, mut rect: Rect, area: Rect) -> Rect {
        for edge in 0..4 {
            for _ in 0..SIDE {
                let strip = outside(rect)[edge];
                let Some(strip) = strip.filter(|s| area.contains(s) && self.is_right(*s)) else {
                    break;
                };
                rect = rect.around(&strip);
            }
        }
        rect
    }
}

/// The row or column just beyond each edge: above, below, left and right.
fn outside(rect: Rect) -> [Option<Rect>; 4] {
    let row = Rect { height: 1, ..rect };
    let column = Rect { width: 1, ..rect };
    [
        rect.y.checked_sub(1).map(|y| Rect { y, ..row }),
        Some(Rect {
            y: rect.bottom(),
            ..row
        }),
        rect.x.checked_sub(1).map(|x| Rect { x, ..column }),
        Some(Rect {
            x: rect.right(),
            ..column
        }),
    ]
}

/// The blocks of an area; those at its edges are smaller.
struct Blocks {
    area: Rect,
    columns: u32,
    rows: u32,
    all: Vec<Block>,
}

impl Blocks {
    fn new(area: Rect) -> Self {
        let columns = area.right().div_ceil(SIDE) - area.x / SIDE;
        let rows = area.bottom().div_ceil(SIDE) - area.y / SIDE;
        let all = vec![Block::Other; columns as usize * rows as usize];
        Self {
            area,
            columns,
            rows,
            all,
        }
    }

    fn at(&mut self, column: u32, row: u32) -> &mut Block {
        &mut self.all[(row * self.columns + column) as usize]
    }

    fn is_right(&self, column: u32, row: u32) -> bool {
        let block = self.all[(row * self.columns + column) as usize];
        matches!(block, Block::Still | Block::Moved)
    }

    /// Block edges lie on multiples of the side in the picture, not in the area.
    fn rect(&self, column: u32, row: u32) -> Rect {
        let left = (self.area.x / SIDE + column) * SIDE;
        let top = (self.area.y / SIDE + row) * SIDE;
        let (x, y) = (left.max(self.area.x), top.max(self.area.y));
        Rect {
            x,
            y,
            width: (left + SIDE).min(self.area.right()) - x,
            height: (top + SIDE).min(self.area.bottom()) - y,
        }
    }

    /// A large rectangle of right blocks around the given one, the first of its row that is not
    /// taken and moved.
    fn take(&mut self, column: u32, row: u32) -> Rect {
        let wide = self.extend(column, row, true);
        let tall = self.extend(column, row, false);
        let area = |(right, bottom): (u32, u32)| (right - column) * (bottom - row);
        let (right, bottom) = if area(tall) > area(wide) { tall } else { wide };
        // What lies before it did not change, but from there the edges may be within reach.
        let (mut left, mut top) = (column, row);
        while left > 0 && (top..bottom).all(|row| self.is_right(left - 1, row)) {
            left -= 1;
        }
        while top > 0 && (left..right).all(|column| self.is_right(column, top - 1)) {
            top -= 1;
        }
        for row in top..bottom {
            for column in left..right {
                *self.at(column, row) = Block::Taken;
            }
        }
        self.rect(left, top)
            .around(&self.rect(right - 1, bottom - 1))
    }

    /// The first column and row after the rectangle that is as wide, or as tall, as can be.
    fn extend(&self, column: u32, row: u32, wide: bool) -> (u32, u32) {
        let (mut right, mut bottom) = (column + 1, row + 1);
        for across in [wide, !wide] {
            if across {
                let fits = |right| (row..bottom).all(|row| self.is_right(right, row));
                while right < self.columns && fits(right) {
                    right += 1;
                }
            } else {
                let fits = |bottom| (column..right).all(|column| self.is_right(column, bottom));
                while bottom < self.rows && fits(bottom) {
                    bottom += 1;
                }
            }
        }
        (right, bottom)
    }
}
