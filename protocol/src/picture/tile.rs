//! Tiles: rectangles of the picture, lossless, made for what computers draw.
//!
//! A tile is one mode byte and what belongs to it:
//!
//! | mode | what follows |
//! |---|---|
//! | 0, raw | three bytes a pixel |
//! | 1, solid | one colour |
//! | 2, palette | range coded: the colours in order, then the pixels |
//! | 3, full | range coded: the pixels |
//!
//! The pixels of the last two are coded row by row by one model ([`rows`]): a row can be the row
//! above, a flat stretch goes on for so long, a pixel is what followed the same surroundings
//! before or one of its neighbours. Only what nothing foresaw is spelt out: as a place in the
//! palette ([`palette`]) or as what is missing to a prediction ([`residual`]).
//!
//! Nothing is kept from one tile to the next.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "counts, sizes and chances that are small by construction; hashes are cut on purpose"
)]

mod palette;
mod range;
mod residual;
mod rows;
#[cfg(test)]
mod tests;

use palette::Palette;
use range::{Decoder, Encoder};
use residual::Residual;
use rows::{Rows, Spell};

const RAW: u8 = 0;
const SOLID: u8 = 1;
const PALETTE: u8 = 2;
const FULL: u8 = 3;

/// A colour as `0x00RRGGBB`.
type Colour = u32;

/// Why bytes are no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The first byte names no mode, or is missing.
    #[error("tile is of an unknown mode")]
    UnknownMode,
    /// The bytes end before the pixels do, or go on after them.
    #[error("tile has the wrong length")]
    WrongLength,
    /// A pixel's or the palette's own colours do not fit the palette.
    #[error("tile contradicts its palette")]
    BadPalette,
}

/// A rectangle of pixels in memory: blue, green, red and a byte without meaning.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    bytes: &'a [u8],
    stride: usize,
    width: u16,
    height: u16,
}

impl<'a> Pixels<'a> {
    /// The rectangle whose upper left pixel is the first of `bytes` and whose rows begin
    /// `stride` bytes apart. `None` if it is empty or `bytes` does not hold all of it.
    pub fn new(bytes: &'a [u8], stride: usize, width: u16, height: u16) -> Option<Self> {
        let row = usize::from(width) * 4;
        let last = usize::from(height).checked_sub(1)?.checked_mul(stride)?;
        let enough = row > 0 && row <= stride && last.checked_add(row)? <= bytes.len();
        enough.then_some(Self {
            bytes,
            stride,
            width,
            height,
        })
    }

    /// The colours of each row, from the top.
    fn rows(self) -> impl Iterator<Item = impl ExactSizeIterator<Item = Colour> + 'a> {
        let row = usize::from(self.width) * 4;
        self.bytes
            .chunks(self.stride)
            .take(usize::from(self.height))
            .map(move |bytes| {
                bytes[..row]
                    .chunks_exact(4)
                    .map(|p| u32::from_le_bytes([p[0], p[1], p[2], 0]))
            })
    }
}

/// Appends `pixels` to `out` as a tile: never more than three bytes a pixel and one.
pub fn encode(pixels: Pixels<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let palette = Palette::of(pixels.rows().flatten());
    match &palette {
        Some(palette) if palette.colours().len() == 1 => {
            out.push(SOLID);
            push_colour(palette.colours()[0], out);
            return;
        }
        Some(palette) => {
            out.push(PALETTE);
            let mut coder = Encoder::new(out);
            let mut palette = palette.clone();
            palette.write(&mut coder);
            encode_rows(pixels, coder, &mut palette);
        }
        None => {
            out.push(FULL);
            encode_rows(pixels, Encoder::new(out), &mut Residual::new());
        }
    }
    let raw = usize::from(pixels.width) * usize::from(pixels.height) * 3;
    if out.len() - start > raw {
        out.truncate(start);
        out.push(RAW);
        pixels
            .rows()
            .flatten()
            .for_each(|colour| push_colour(colour, out));
    }
}

fn encode_rows(pixels: Pixels<'_>, mut coder: Encoder<'_>, spell: &mut impl Spell) {
    let mut rows = Rows::new(pixels.width, pixels.height);
    for (y, row) in pixels.rows().enumerate() {
        rows.current()
            .iter_mut()
            .zip(row)
            .for_each(|(to, colour)| *to = colour);
        // An encoder's coding cannot fail.
        let _ = if y == 0 {
            rows.begin(&mut coder, spell)
        } else {
            Ok(())
        };
        let _ = rows.code(&mut coder, spell);
    }
    coder.finish();
}

/// Makes `out` the `width` by `height` pixels of a tile: red, green, blue and 255.
///
/// Takes any bytes. Allocates no more than the pixels and a few of their rows.
pub fn decode(data: &[u8], width: u16, height: u16, out: &mut Vec<u8>) -> Result<(), TileError> {
    out.clear();
    let count = usize::from(width) * usize::from(height);
    let (&mode, data) = data.split_first().ok_or(TileError::UnknownMode)?;
    match mode {
        RAW if data.len() == count * 3 => {
            out.extend(data.chunks_exact(3).flat_map(|c| [c[0], c[1], c[2], 255]));
            Ok(())
        }
        SOLID if data.len() == 3 => {
            out.extend([data[0], data[1], data[2], 255].repeat(count));
            Ok(())
        }
        RAW | SOLID => Err(TileError::WrongLength),
        PALETTE => {
            let mut coder = Decoder::new(data);
            let mut palette = Palette::read(&mut coder)?;
            decode_rows(coder, width, height, &mut palette, out)
        }
        FULL => decode_rows(Decoder::new(data), width, height, &mut Residual::new(), out),
        _ => Err(TileError::UnknownMode),
    }
}

fn decode_rows(
    mut coder: Decoder<'_>,
    width: u16,
    height: u16,
    spell: &mut impl Spell,
    out: &mut Vec<u8>,
) -> Result<(), TileError> {
    if width == 0 || height == 0 {
        return Err(TileError::WrongLength);
    }
    out.reserve_exact(usize::from(width) * usize::from(height) * 4);
    let mut rows = Rows::new(width, height);
    rows.begin(&mut coder, spell)?;
    for _ in 0..height {
        rows.code(&mut coder, spell)?;
        out.extend(rows.last().iter().flat_map(|colour| {
            let [blue, green, red, _] = colour.to_le_bytes();
            [red, green, blue, 255]
        }));
    }
    coder.finish()
}

fn push_colour(colour: Colour, out: &mut Vec<u8>) {
    let [blue, green, red, _] = colour.to_le_bytes();
    out.extend([red, green, blue]);
}
