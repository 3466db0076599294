//! From the screen's BGRA to the encoders' I420, only where something changed.

use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use super::rect::{Rect, Size};

/// A picture as encoders take it: planes of luma and of two chromas at half the resolution,
/// BT.709, limited range.
///
/// Each plane has one row more than the picture: `yuv` takes whole rows only, also from a plane
/// that begins in the middle of one, and would leave out the last.
#[derive(Debug)]
pub struct I420 {
    size: Size,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// Pixels of one rectangle, four bytes each: blue, green, red, unused.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    /// Rows from the top, `stride` bytes each, the last one too.
    pub bgra: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: u32,
}

/// The pixels do not fit the rectangle or the rectangle not the picture.
#[derive(Debug, thiserror::Error)]
#[error("cannot convert a picture: {0}")]
pub struct ConvertError(String);

impl I420 {
    /// A black picture; `size` must be even.
    pub fn black(size: Size) -> Self {
        let (width, height) = (size.width as usize, size.height as usize);
        let chroma = vec![128; width / 2 * (height / 2 + 1)];
        Self {
            size,
            y: vec![16; width * (height + 1)],
            u: chroma.clone(),
            v: chroma,
        }
    }

    /// Of luma.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Luma, one byte per pixel, `width` bytes a row.
    pub fn y(&self) -> &[u8] {
        &self.y[..self.size.rect().area() as usize]
    }

    /// Blue chroma, `width / 2` bytes a row.
    pub fn u(&self) -> &[u8] {
        &self.u[..self.size.rect().area() as usize / 4]
    }

    /// Red chroma, `width / 2` bytes a row.
    pub fn v(&self) -> &[u8] {
        &self.v[..self.size.rect().area() as usize / 4]
    }

    /// Converts one rectangle of the screen, even and inside the picture, into its place.
    pub fn update(&mut self, rect: Rect, pixels: Pixels<'_>) -> Result<(), ConvertError> {
        if rect.fit(self.size) != Some(rect) {
            return Err(ConvertError(format!(
                "{rect:?} does not fit {:?}",
                self.size
            )));
        }
        let (width, half) = (self.size.width, self.size.width / 2);
        let luma = (rect.y * width + rect.x) as usize;
        let chroma = (rect.y / 2 * half + rect.x / 2) as usize;
        let mut target = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.y[luma..]),
            y_stride: width,
            u_plane: BufferStoreMut::Borrowed(&mut self.u[chroma..]),
            u_stride: half,
            v_plane: BufferStoreMut::Borrowed(&mut self.v[chroma..]),
            v_stride: half,
            width: rect.width,
            height: rect.height,
        };
        yuv::bgra_to_yuv420(
            &mut target,
            pixels.bgra,
            pixels.stride,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )
        .map_err(|error| ConvertError(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 32,
        height: 16,
    };

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    fn solid(colour: [u8; 3], rect: Rect) -> Vec<u8> {
        let [r, g, b] = colour;
        [b, g, r, 0].repeat(rect.area() as usize)
    }

    fn paint(picture: &mut I420, part: Rect, colour: [u8; 3]) -> Result<(), ConvertError> {
        picture.update(
            part,
            Pixels {
                bgra: &solid(colour, part),
                stride: part.width * 4,
            },
        )
    }

    #[test]
    fn colours_are_bt709_limited() {
        for (colour, expected) in [
            ([0, 0, 0], (16, 128, 128)),
            ([255, 255, 255], (235, 128, 128)),
            ([255, 0, 0], (63, 102, 240)),
            ([0, 255, 0], (173, 42, 26)),
            ([0, 0, 255], (32, 240, 118)),
        ] {
            let mut picture = I420::black(SIZE);
            paint(&mut picture, SIZE.rect(), colour).unwrap();
            let got = (picture.y()[0], picture.u()[0], picture.v()[0]);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
            assert!(
                near(got.0, expected.0) && near(got.1, expected.1) && near(got.2, expected.2),
                "{colour:?} became {got:?}, not {expected:?}"
            );
        }
    }

    #[test]
    fn only_the_rectangle_changes() {
        let mut picture = I420::black(SIZE);
        // In the middle, and in the corner where the planes end.
        let parts = [rect(4, 2, 6, 4), rect(26, 12, 6, 4)];
        for part in parts {
            paint(&mut picture, part, [255, 0, 0]).unwrap();
        }
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let inside = parts.iter().any(|part| {
                    (part.x..part.right()).contains(&x) && (part.y..part.bottom()).contains(&y)
                });
                let luma = picture.y()[(y * SIZE.width + x) as usize];
                assert_eq!(luma > 16, inside, "luma at ({x}, {y})");
                let chroma = picture.v()[(y / 2 * SIZE.width / 2 + x / 2) as usize];
                assert_eq!(chroma > 128, inside, "chroma at ({x}, {y})");
            }
        }
    }

    #[test]
    fn rectangles_outside_the_picture_and_short_buffers_are_refused() {
        let mut picture = I420::black(SIZE);
        assert!(paint(&mut picture, rect(30, 0, 4, 4), [0; 3]).is_err());
        assert!(paint(&mut picture, rect(1, 0, 4, 4), [0; 3]).is_err());
        let short = Pixels {
            bgra: &[0; 15],
            stride: 8,
        };
        assert!(picture.update(rect(0, 0, 2, 2), short).is_err());
    }
}
