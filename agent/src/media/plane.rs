//! A picture in memory, one word a pixel.

use super::{
    convert::Pixels,
    rect::{Rect, Size},
};

/// Red, green and blue as `0x00RRGGBB`.
pub type Pixel = u32;

/// A pixel that nobody has seen: it equals none of a screen.
pub const UNKNOWN: Pixel = 0xff00_0000;

/// A whole picture.
#[derive(Debug, Clone)]
pub struct Plane {
    size: Size,
    pixels: Vec<Pixel>,
}

impl Plane {
    /// All of one colour.
    pub fn new(size: Size, colour: Pixel) -> Self {
        Self {
            size,
            pixels: vec![colour; size.rect().area() as usize],
        }
    }

    /// Of the whole.
    pub fn size(&self) -> Size {
        self.size
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[Pixel] {
        &self.pixels
    }

    /// A part of row `y`. The rectangle is inside the picture, as everywhere here.
    pub fn row(&self, rect: Rect, y: u32) -> &[Pixel] {
        let start = (y * self.size.width + rect.x) as usize;
        &self.pixels[start..start + rect.width as usize]
    }

    fn row_mut(&mut self, rect: Rect, y: u32) -> &mut [Pixel] {
        let start = (y * self.size.width + rect.x) as usize;
        &mut self.pixels[start..start + rect.width as usize]
    }

    /// The rows of a rectangle.
    pub fn rows(&self, rect: Rect) -> impl Iterator<Item = &[Pixel]> {
        (rect.y..rect.bottom()).map(move |y| self.row(rect, y))
    }

    /// The pixels of a rectangle, row by row: blue, green, red and 0.
    pub fn bgra(&self, rect: Rect) -> Vec<u8> {
        let mut bytes = vec![0; rect.area() as usize * 4];
        let rows = bytes.chunks_exact_mut((rect.width as usize * 4).max(4));
        for (row, pixels) in rows.zip(self.rows(rect)) {
            for (bytes, pixel) in row.chunks_exact_mut(4).zip(pixels) {
                bytes.copy_from_slice(&pixel.to_le_bytes());
            }
        }
        bytes
    }

    /// Whether both have the same pixels there.
    pub fn equals(&self, other: &Self, rect: Rect) -> bool {
        let mut rows = self.rows(rect).zip(other.rows(rect));
        rows.all(|(a, b)| same(a, b))
    }

    /// Takes over the pixels of another picture of the same size.
    pub fn copy_from(&mut self, other: &Self, rect: Rect) {
        for y in rect.y..rect.bottom() {
            self.row_mut(rect, y).copy_from_slice(other.row(rect, y));
        }
    }

    /// Puts pixels there, row by row.
    pub fn paste(&mut self, rect: Rect, pixels: &[Pixel]) {
        let rows = pixels.chunks_exact(rect.width.max(1) as usize);
        for (y, row) in (rect.y..rect.bottom()).zip(rows) {
            self.row_mut(rect, y).copy_from_slice(row);
        }
    }

    /// Takes the pixels of a screen. Calls `new` with the place, the old and the new pixels of each
    /// row that changes.
    ///
    /// # Panics
    /// If there are fewer than the rectangle has.
    pub fn write(
        &mut self,
        rect: Rect,
        pixels: Pixels<'_>,
        mut new: impl FnMut(u32, &[Pixel], &[Pixel]),
    ) {
        let mut row = vec![0; rect.width as usize];
        for (y, bytes) in (rect.y..rect.bottom()).zip(pixels.bgra.chunks(pixels.stride as usize)) {
            for (pixel, bytes) in row.iter_mut().zip(bytes.chunks_exact(4)) {
                *pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
            }
            let old = self.row_mut(rect, y);
            if *old != *row {
                new(y, old, &row);
                old.copy_from_slice(&row);
            }
        }
    }
}

/// Whether two rows, or pieces of them, are equal. Most are a block wide; for those the processor
/// compares all pixels at once.
pub fn same(a: &[Pixel], b: &[Pixel]) -> bool {
    const BLOCK: usize = super::blocks::SIDE as usize;
    match (
        <&[Pixel; BLOCK]>::try_from(a),
        <&[Pixel; BLOCK]>::try_from(b),
    ) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
