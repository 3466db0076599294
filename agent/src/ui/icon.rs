//! The picture in the title bar and the task bar: a white pointer on our blue.

use egui::IconData;

use super::style;

/// In pixels.
const SIDE: u8 = 64;
/// Samples per pixel and direction.
const FINE: u8 = 4;
/// The pointer's outline, in pixels.
const POINTER: [(f32, f32); 7] = [
    (20.0, 12.0),
    (20.0, 46.0),
    (28.5, 38.5),
    (34.5, 52.0),
    (41.5, 49.0),
    (35.5, 36.0),
    (46.0, 35.0),
];

/// Draws it.
pub(crate) fn draw() -> IconData {
    let mut rgba = Vec::with_capacity(usize::from(SIDE) * usize::from(SIDE) * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            rgba.extend(pixel(x, y));
        }
    }
    IconData {
        rgba,
        width: SIDE.into(),
        height: SIDE.into(),
    }
}

/// Red, green, blue, alpha: the share of the pixel that each shape covers.
fn pixel(column: u8, row: u8) -> [u8; 4] {
    let (mut square, mut pointer) = (0_u16, 0_u16);
    for sub in 0..FINE * FINE {
        let at = |whole: u8, part: u8| f32::from(whole) + (f32::from(part) + 0.5) / f32::from(FINE);
        let (x, y) = (at(column, sub % FINE), at(row, sub / FINE));
        square += u16::from(in_square(x, y));
        pointer += u16::from(in_pointer(x, y));
    }
    let all = u16::from(FINE) * u16::from(FINE);
    let share = |of: u16| u8::try_from(of / all).unwrap_or(u8::MAX);
    let mut rgba = style::ACCENT
        .to_array()
        .map(|ground| share(u16::from(ground) * (all - pointer) + 255 * pointer));
    rgba[3] = share(square * 255);
    rgba
}

fn in_square(x: f32, y: f32) -> bool {
    const CORNER: f32 = 14.0;
    let side = f32::from(SIDE);
    let dx = (CORNER - x).max(x - (side - CORNER)).max(0.0);
    let dy = (CORNER - y).max(y - (side - CORNER)).max(0.0);
    dx.hypot(dy) <= CORNER
}

/// Whether a ray to the right crosses the outline an odd number of times.
fn in_pointer(x: f32, y: f32) -> bool {
    let next = POINTER.iter().cycle().skip(1);
    let edges = POINTER.iter().zip(next);
    let crossed = edges.filter(|((x1, y1), (x2, y2))| {
        (*y1 > y) != (*y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    });
    crossed.count() % 2 == 1
}
