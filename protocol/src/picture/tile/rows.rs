//! The model: what a pixel probably is, from those before it.

use super::{
    Colour, TileError,
    range::{Chance, Coder},
};

/// Pixels beside each row, so that all neighbours exist.
const MARGIN: usize = 2;

/// Colours that come before a pixel, by where they are from it.
pub(super) struct Around {
    pub(super) w: Colour,
    pub(super) n: Colour,
    pub(super) nw: Colour,
    pub(super) ne: Colour,
}

/// Spells out a colour that nothing foresaw.
pub(super) trait Spell {
    /// Codes `colour`.
    fn spell<C: Coder>(
        &mut self,
        coder: &mut C,
        around: &Around,
        colour: Colour,
    ) -> Result<Colour, TileError>;

    /// How many colours there are at all.
    fn count(&self) -> usize;
}

/// Three rows, and what was learnt from those before.
pub(super) struct Rows {
    width: usize,
    row: Vec<Colour>,
    above: Vec<Colour>,
    above2: Vec<Colour>,
    memory: Memory,
    /// Whether the last row was like the one before.
    same: bool,
    is_same: [Chance; 2],
    /// By the bits of the length: does the flat stretch go on over all of it?
    is_full: [Chance; 17],
    run: Run,
    /// By which neighbours are equal: is it the likeliest?
    is_first: [Chance; 128],
    /// Is it another one?
    is_other: [Chance; 128],
    which: [Chance; 128],
}

impl Rows {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let width = usize::from(width);
        let row = vec![0; width + 2 * MARGIN];
        Self {
            width,
            above: row.clone(),
            above2: row.clone(),
            row,
            memory: Memory::new(width * usize::from(height)),
            same: false,
            is_same: [Chance::EVEN; 2],
            is_full: [Chance::EVEN; 17],
            run: Run::new(),
            is_first: [Chance::new(50_000); 128],
            is_other: [Chance::EVEN; 128],
            which: [Chance::EVEN; 128],
        }
    }

    /// The row to be coded next: to be filled in by whoever encodes.
    pub(super) fn current(&mut self) -> &mut [Colour] {
        &mut self.row[MARGIN..MARGIN + self.width]
    }

    /// The row that was coded last.
    pub(super) fn last(&self) -> &[Colour] {
        &self.above[MARGIN..MARGIN + self.width]
    }

    /// Codes the first pixel, and takes all above the tile to be like it.
    pub(super) fn begin(
        &mut self,
        coder: &mut impl Coder,
        spell: &mut impl Spell,
    ) -> Result<(), TileError> {
        let around = Around {
            w: 0,
            n: 0,
            nw: 0,
            ne: 0,
        };
        let first = spell.spell(coder, &around, self.row[MARGIN])?;
        self.above.fill(first);
        self.above2.fill(first);
        Ok(())
    }

    /// Codes the current row; it is the last one then.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        spell: &mut impl Spell,
    ) -> Result<(), TileError> {
        let inner = MARGIN..MARGIN + self.width;
        let same = C::TOLD && self.row[inner.clone()] == self.above[inner.clone()];
        self.same = coder.bit(&mut self.is_same[usize::from(self.same)], same);
        let left = self.above[MARGIN];
        self.row[..MARGIN].fill(left);
        if self.same {
            self.row.copy_from_slice(&self.above);
        } else {
            self.pixels(coder, spell)?;
            let right = self.row[inner.end - 1];
            self.row[inner.end..].fill(right);
        }
        std::mem::swap(&mut self.above, &mut self.above2);
        std::mem::swap(&mut self.row, &mut self.above);
        Ok(())
    }

    fn pixels<C: Coder>(&mut self, coder: &mut C, spell: &mut impl Spell) -> Result<(), TileError> {
        let end = MARGIN + self.width;
        let mut x = MARGIN;
        // Up to where the row above is known to be of one colour.
        let mut flat = 0;
        while x < end {
            let around = self.around(x);
            let Around { w, n, nw, ne } = around;
            if w != n || n != nw || n != ne {
                self.row[x] = self.pixel(coder, spell, x, &around)?;
                x += 1;
                continue;
            }
            if flat <= x {
                let length = self.above[x..=end].iter().take_while(|&&c| c == w).count();
                flat = x + length - 1;
            }
            let stretch = flat - x;
            let ahead = if C::TOLD {
                self.row[x..flat].iter().take_while(|&&c| c == w).count()
            } else {
                0
            };
            let bits = (usize::BITS - stretch.leading_zeros()) as usize;
            if coder.bit(&mut self.is_full[bits], ahead == stretch) {
                self.row[x..flat].fill(w);
                x = flat;
                continue;
            }
            let ahead = self.run.code(coder, ahead, stretch);
            self.row[x..x + ahead].fill(w);
            x += ahead;
            self.row[x] = spell.spell(coder, &self.around(x), self.row[x])?;
            x += 1;
        }
        Ok(())
    }

    fn around(&self, x: usize) -> Around {
        Around {
            w: self.row[x - 1],
            n: self.above[x],
            nw: self.above[x - 1],
            ne: self.above[x + 1],
        }
    }

    /// Codes a pixel whose neighbours are not all equal.
    fn pixel<C: Coder>(
        &mut self,
        coder: &mut C,
        spell: &mut impl Spell,
        x: usize,
        around: &Around,
    ) -> Result<Colour, TileError> {
        let told = self.row[x];
        let &Around { w, n, nw, ne } = around;
        let (ww, nn, nee) = (self.row[x - 2], self.above2[x], self.above[x + 2]);
        let key = [
            w,
            n,
            nw,
            ne,
            ww,
            nn,
            nee,
            self.above[x - 2],
            self.above2[x - 1],
            self.above2[x + 1],
        ];
        let mut tried = Tried::new();
        let cell = self.memory.cell(&key);
        if let Some((guess, chance)) = self.memory.guess(cell) {
            let hit = coder.bit(chance, told == guess);
            if hit {
                self.memory.confirm(cell);
                return Ok(guess);
            }
            tried.add(guess);
        }
        let colour = self.neighbour(coder, spell, told, around, [ww, nn, nee], &mut tried)?;
        self.memory.replace(cell, colour);
        Ok(colour)
    }

    fn neighbour<C: Coder>(
        &mut self,
        coder: &mut C,
        spell: &mut impl Spell,
        told: Colour,
        around: &Around,
        [ww, nn, nee]: [Colour; 3],
        tried: &mut Tried,
    ) -> Result<Colour, TileError> {
        let &Around { w, n, nw, ne } = around;
        let mut kind = 0;
        for equal in [
            w == n,
            w == nw,
            n == nw,
            n == ne,
            w == ww,
            n == nn,
            ne == nee,
        ] {
            kind = kind * 2 + usize::from(equal);
        }
        // Where nothing changed to the left, the pixel above goes on; else the left one.
        let order = if w == nw {
            [n, w, ne, nw]
        } else {
            [w, n, ne, nw]
        };
        let mut likely = [0; 4];
        let mut count = 0;
        for colour in order {
            if !tried.has(colour) {
                tried.add(colour);
                likely[count] = colour;
                count += 1;
            }
        }
        let likely = &likely[..count];
        let last = tried.count == spell.count();
        let Some((&first, others)) = likely.split_first() else {
            return spell.spell(coder, around, told);
        };
        if last && others.is_empty() {
            return Ok(first);
        }
        if coder.bit(&mut self.is_first[kind], told == first) {
            return Ok(first);
        }
        let Some((&end, others)) = others.split_last() else {
            return spell.spell(coder, around, told);
        };
        if !last && !coder.bit(&mut self.is_other[kind], likely[1..].contains(&told)) {
            return spell.spell(coder, around, told);
        }
        for &other in others {
            if coder.bit(&mut self.which[kind], told == other) {
                return Ok(other);
            }
        }
        Ok(end)
    }
}

/// Colours that a pixel is known not to be, or is about to be asked for.
struct Tried {
    colours: [Colour; 5],
    count: usize,
}

impl Tried {
    fn new() -> Self {
        Self {
            colours: [0; 5],
            count: 0,
        }
    }

    fn has(&self, colour: Colour) -> bool {
        self.colours[..self.count].contains(&colour)
    }

    fn add(&mut self, colour: Colour) {
        self.colours[self.count] = colour;
        self.count += 1;
    }
}

/// Lengths of flat stretches that end early.
struct Run {
    /// By size: is it larger?
    larger: [Chance; 17],
    half: [Chance; 17],
}

impl Run {
    fn new() -> Self {
        Self {
            larger: [Chance::EVEN; 17],
            half: [Chance::EVEN; 17],
        }
    }

    /// Codes a length that is less than `limit`.
    fn code(&mut self, coder: &mut impl Coder, length: usize, limit: usize) -> usize {
        let told = length + 1;
        let mut size = 0;
        while 2 << size <= limit {
            if !coder.bit(&mut self.larger[size], told >= 2 << size) {
                break;
            }
            size += 1;
        }
        let mut value = 1;
        if size > 0 {
            let below = size - 1;
            let half = coder.bit(&mut self.half[size], told >> below & 1 == 1);
            let rest = coder.bits(below as u32, (told & ((1 << below) - 1)) as u32);
            value = (2 + usize::from(half)) << below | rest as usize;
        }
        value.min(limit) - 1
    }
}

/// What followed the same surroundings when they were last seen.
struct Memory {
    /// A colour, and above it two bits of trust (none: nothing is known) and six to tell other
    /// surroundings of the same cell from these.
    cells: Vec<u32>,
    chances: [Chance; 4],
}

#[derive(Clone, Copy)]
struct Cell {
    at: usize,
    check: u32,
}

impl Memory {
    fn new(pixels: usize) -> Self {
        let cells = pixels.next_power_of_two().clamp(1 << 6, 1 << 14);
        Self {
            cells: vec![0; cells],
            chances: [Chance::new(60_000); 4],
        }
    }

    fn cell(&self, key: &[Colour; 10]) -> Cell {
        let mut hash = 0_u64;
        for &colour in key {
            hash = (hash.rotate_left(24) ^ u64::from(colour)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let hash = hash ^ hash >> 32;
        let at = hash as usize & (self.cells.len() - 1);
        Cell {
            at,
            check: (hash >> 40) as u32 & 63,
        }
    }

    fn guess(&mut self, cell: Cell) -> Option<(Colour, &mut Chance)> {
        let found = self.cells[cell.at];
        let trust = (found >> 24 & 3) as usize;
        (trust > 0 && found >> 26 == cell.check)
            .then(|| (found & 0xff_ffff, &mut self.chances[trust]))
    }

    fn confirm(&mut self, cell: Cell) {
        let found = &mut self.cells[cell.at];
        if *found >> 24 & 3 < 3 {
            *found += 1 << 24;
        }
    }

    fn replace(&mut self, cell: Cell, colour: Colour) {
        self.cells[cell.at] = cell.check << 26 | 1 << 24 | colour;
    }
}
