//! A picture in memory that updates are painted on: the exact parts of them. Pure.

use super::{Area, tile};

/// Bytes of a pixel: red, green, blue and 255.
const PIXEL: usize = 4;

/// All pixels of a picture, row by row.
#[derive(Debug, Clone, Default)]
pub struct Bitmap {
    size: (u16, u16),
    rgba: Vec<u8>,
    /// Kept for its memory.
    scratch: Vec<u8>,
}

impl Bitmap {
    /// A black one of this width and height.
    pub fn new(size: (u16, u16)) -> Self {
        let pixels = usize::from(size.0) * usize::from(size.1);
        Self {
            size,
            rgba: [0, 0, 0, 255].repeat(pixels),
            scratch: Vec::new(),
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// All pixels, row by row: red, green, blue and 255.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Where a row of an area is. Areas lie inside the picture: decoding an update makes sure.
    fn row(&self, area: Area, y: u16) -> std::ops::Range<usize> {
        let start = usize::from(y) * usize::from(self.size.0) + usize::from(area.x);
        start * PIXEL..(start + usize::from(area.width)) * PIXEL
    }

    /// Moves to each area what was `dx` to the left of and `dy` above it before any was moved.
    pub fn copy(&mut self, dx: i16, dy: i16, areas: &[Area]) {
        self.scratch.clear();
        for area in areas {
            for y in area.y..area.y + area.height {
                let from = Area {
                    x: area.x.saturating_add_signed(dx.saturating_neg()),
                    ..*area
                };
                let row = self.row(from, y.saturating_add_signed(dy.saturating_neg()));
                self.scratch.extend_from_slice(&self.rgba[row]);
            }
        }
        let mut rest = std::mem::take(&mut self.scratch);
        let mut begin = 0;
        for area in areas {
            let end = begin + usize::from(area.width) * usize::from(area.height) * PIXEL;
            self.paste(*area, &rest[begin..end]);
            begin = end;
        }
        rest.clear();
        self.scratch = rest;
    }

    /// Paints a tile.
    ///
    /// # Errors
    /// If it is none; then nothing is painted.
    pub fn tile(&mut self, area: Area, data: &[u8]) -> Result<(), tile::TileError> {
        let mut pixels = std::mem::take(&mut self.scratch);
        let decoded = tile::decode(data, area.width, area.height, &mut pixels);
        if decoded.is_ok() {
            self.paste(area, &pixels);
        }
        self.scratch = pixels;
        decoded
    }

    /// Puts pixels there, row by row. What is missing at their end stays as it is.
    pub fn paste(&mut self, area: Area, rgba: &[u8]) {
        let rows = rgba.chunks_exact((usize::from(area.width) * PIXEL).max(1));
        for (y, pixels) in (area.y..area.y + area.height).zip(rows) {
            let row = self.row(area, y);
            self.rgba[row].copy_from_slice(pixels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Bitmap {
        let mut bitmap = Bitmap::new((4, 3));
        let pixels: Vec<u8> = (0..12).flat_map(|n| [n, 0, 0, 255]).collect();
        bitmap.paste(area(0, 0, 4, 3), &pixels);
        bitmap
    }

    fn area(x: u16, y: u16, width: u16, height: u16) -> Area {
        Area {
            x,
            y,
            width,
            height,
        }
    }

    fn reds(bitmap: &Bitmap) -> Vec<u8> {
        bitmap.rgba().chunks(PIXEL).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn what_moves_is_what_was_there_before_anything_moved() {
        let mut bitmap = numbered();
        bitmap.copy(1, 0, &[area(1, 0, 2, 1), area(3, 0, 1, 1)]);
        assert_eq!(reds(&bitmap)[..4], [0, 0, 1, 2]);
        let mut bitmap = numbered();
        bitmap.copy(-1, 1, &[area(0, 1, 3, 2)]);
        assert_eq!(reds(&bitmap), [0, 1, 2, 3, 1, 2, 3, 7, 5, 6, 7, 11]);
    }

    #[test]
    fn a_tile_that_is_none_paints_nothing() {
        let mut bitmap = numbered();
        assert!(bitmap.tile(area(0, 0, 4, 3), &[250, 1, 2]).is_err());
        assert_eq!(reds(&bitmap), (0..12).collect::<Vec<_>>());
        let mut data = vec![];
        tile::encode(
            tile::Pixels::new(&[3, 2, 1, 0], 4, 1, 1).unwrap(),
            &mut data,
        );
        bitmap.tile(area(2, 1, 1, 1), &data).unwrap();
        assert_eq!(bitmap.rgba()[24..28], [1, 2, 3, 255]);
    }
}
