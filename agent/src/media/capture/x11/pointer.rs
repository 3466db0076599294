//! The novice's pointer: its picture made fit for the wire. Pure.

use deskhand_protocol::{
    control::CursorShape,
    input::{Norm, Position},
};

use crate::media::rect::Rect;

/// A pointer's picture as X has it.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// Width and height in pixels.
    pub size: (u16, u16),
    /// The pixel that points.
    pub hot: (u16, u16),
    /// Alpha, red, green, blue from the highest byte down; premultiplied by alpha.
    pub argb: &'a [u32],
}

/// Where a pixel of the desktop is on what is shown of it; `None`: outside. The odd last column
/// and row, which are never shown, are taken for the ones before.
pub fn position((x, y): (i16, i16), view: Rect) -> Option<Position> {
    let along = |at: i16, from: u32, side: u32| {
        let at = u32::try_from(at).ok()?.checked_sub(from)?;
        let at = if at == side { at - 1 } else { at };
        let (at, side) = (u16::try_from(at).ok()?, u16::try_from(side).ok()?);
        (at < side).then(|| Norm::of_pixel(at, side))
    };
    Some(Position {
        x: along(x, view.x, view.width)?,
        y: along(y, view.y, view.height)?,
    })
}

/// What a hidden pointer looks like.
pub fn hidden(at: Option<Position>) -> Option<CursorShape> {
    CursorShape::new((0, 0), (0, 0), vec![], at)
}

/// A shape no larger than the wire allows: larger ones are shrunk by a whole factor. `None` if
/// the image contradicts itself.
pub fn shape(image: Image<'_>, at: Option<Position>) -> Option<CursorShape> {
    let (width, height) = image.size;
    if image.argb.len() != usize::from(width) * usize::from(height) {
        return None;
    }
    if width == 0 || height == 0 {
        return hidden(at);
    }
    let factor = width.max(height).div_ceil(CursorShape::MAX_SIDE);
    let size = (width.div_ceil(factor), height.div_ceil(factor));
    let rgba = (0..size.1)
        .flat_map(|y| (0..size.0).map(move |x| (x * factor, y * factor)))
        .flat_map(|corner| average(image, corner, factor))
        .collect();
    let hot = (
        (image.hot.0 / factor).min(size.0 - 1),
        (image.hot.1 / factor).min(size.1 - 1),
    );
    CursorShape::new(size, hot, rgba, at)
}

/// The mean of a square of pixels, as red, green, blue, alpha, not premultiplied. Outside the
/// image everything is transparent.
fn average(image: Image<'_>, (left, top): (u16, u16), side: u16) -> [u8; 4] {
    let mut sum = [0_u32; 4];
    for y in top..(top + side).min(image.size.1) {
        for x in left..(left + side).min(image.size.0) {
            let pixel = image.argb[usize::from(y) * usize::from(image.size.0) + usize::from(x)];
            let [alpha, red, green, blue] = pixel.to_be_bytes();
            for (sum, part) in sum.iter_mut().zip([red, green, blue, alpha]) {
                *sum += u32::from(part);
            }
        }
    }
    let [.., alpha] = sum;
    if alpha == 0 {
        return [0; 4];
    }
    let byte = |value: u32| u8::try_from(value).unwrap_or(255);
    let colour = |part: u32| byte((part * 255 + alpha / 2) / alpha);
    let pixels = u32::from(side) * u32::from(side);
    let [red, green, blue, _] = sum.map(colour);
    [red, green, blue, byte(alpha / pixels)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_freed_of_their_alpha() {
        let argb = [0xff10_2030, 0x8040_2000, 0, 0x0100_0000];
        let image = Image {
            size: (4, 1),
            hot: (1, 0),
            argb: &argb,
        };
        let shape = shape(image, None).unwrap();
        assert_eq!(shape.size(), (4, 1));
        assert_eq!(shape.hot_spot(), (1, 0));
        assert_eq!(
            shape.rgba(),
            [
                0x10, 0x20, 0x30, 255, 0x80, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 1
            ]
        );
    }

    #[test]
    fn a_huge_pointer_is_shrunk_to_the_limit_with_its_hot_spot() {
        let argb = vec![0xffff_0000; 200 * 100];
        let image = Image {
            size: (200, 100),
            hot: (199, 99),
            argb: &argb,
        };
        let shape = shape(image, None).unwrap();
        assert_eq!(shape.size(), (67, 34));
        assert_eq!(shape.hot_spot(), (66, 33));
        assert_eq!(shape.rgba()[..4], [255, 0, 0, 255]);
    }

    #[test]
    fn nonsense_is_refused_and_nothing_is_hidden() {
        let image = |size, argb| Image {
            size,
            hot: (9, 9),
            argb,
        };
        assert!(shape(image((2, 2), &[0; 3]), None).is_none());
        assert_eq!(shape(image((0, 0), &[]), None).unwrap().size(), (0, 0));
    }

    #[test]
    fn positions_are_those_on_what_is_shown_and_elsewhere_there_is_none() {
        let view = Rect {
            x: 1000,
            y: 20,
            width: 100,
            height: 50,
        };
        let at = |x, y| {
            let at = position((x, y), view)?;
            Some((at.x.to_pixel(100), at.y.to_pixel(50)))
        };
        assert_eq!(at(1000, 20), Some((0, 0)));
        assert_eq!(at(1042, 27), Some((42, 7)));
        assert_eq!(at(1100, 69), Some((99, 49)), "the odd last column");
        for outside in [(999, 20), (1000, 19), (1101, 20), (1000, 71), (-5, 20)] {
            assert_eq!(at(outside.0, outside.1), None, "{outside:?}");
        }
    }
}
