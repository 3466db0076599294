//! What must hold for any bytes that arrive as a picture; see [`crate::oracle`].

use std::time::Duration;

use super::{
    Bitmap, Ledger, Missing, Order, Part, Piece, Pieces, Update, Whole,
    tile::{self, Pixels},
};
use crate::oracle::versioned;

/// Larger pictures are read, but not painted: that would only take time.
const MOST_PIXELS: u32 = 64 * 64;

/// Reads an update as the page does, and paints its exact parts.
pub fn update(body: &[u8]) -> bool {
    let bytes = versioned(body);
    let Ok(update) = Update::decode(&bytes) else {
        assert!(Whole::read(bytes).is_err());
        return false;
    };
    assert_eq!(Update::decode(&update.encode()).as_ref(), Ok(&update));
    let (width, height) = update.size;
    let pixels = u32::from(width) * u32::from(height);
    for part in &update.parts {
        if let Part::Copy { areas, .. } = part {
            let moved = areas.iter().map(|area| area.pixels());
            assert!(moved.sum::<u64>() <= pixels.into());
        }
    }
    if pixels <= MOST_PIXELS {
        let mut bitmap = Bitmap::new(update.size);
        for part in &update.parts {
            match part {
                Part::Copy { dx, dy, areas } => bitmap.copy(*dx, *dy, areas),
                Part::Tile { area, data } => {
                    // One that is none paints nothing.
                    let _ = bitmap.tile(*area, data);
                }
                Part::Video { .. } => {}
            }
        }
        assert!(bitmap.rgba().chunks(4).all(|pixel| pixel[3] == 255));
    }
    true
}

/// Reads a tile: two bytes for its width and height, then its data.
pub fn tile(bytes: &[u8]) -> bool {
    let &[width, height, ref data @ ..] = bytes else {
        return false;
    };
    let [width, height] = [width, height].map(|side| u16::from(side % 65));
    let mut rgba = Vec::new();
    if tile::decode(data, width, height, &mut rgba).is_err() {
        return false;
    }
    let count = usize::from(width) * usize::from(height);
    assert_eq!(rgba.len(), count * 4);
    let mut bgra = rgba.clone();
    bgra.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
    if let Some(pixels) = Pixels::new(&bgra, usize::from(width) * 4, width, height) {
        let (mut again, mut decoded) = (Vec::new(), Vec::new());
        tile::encode(pixels, &mut again);
        assert!(again.len() <= 1 + count * 3);
        assert_eq!(tile::decode(&again, width, height, &mut decoded), Ok(()));
        assert!(decoded == rgba);
    }
    true
}

/// Takes packets: before each, a byte for the milliseconds that pass and one for its length.
pub fn pieces(bytes: &[u8]) -> bool {
    let mut pieces = Pieces::default();
    let mut order = Order::default();
    let mut ledger = Ledger::default();
    let mut now = Duration::ZERO;
    let mut understood = false;
    let mut rest = bytes;
    while let &[wait, length, ref after @ ..] = rest {
        let (packet, after) = after.split_at(after.len().min(length.into()));
        rest = after;
        now += Duration::from_millis(wait.into());
        if let Some(piece) = Piece::decode(packet) {
            assert_eq!(piece.encode(), packet);
        }
        if ledger.note(packet, now)
            && let Some(arrivals) = ledger.report()
        {
            arrivals.told();
        }
        if let Ok(Some(update)) = pieces.take(packet, now) {
            understood = true;
            // Updates are numbered; here by their first bytes.
            let number = update
                .first_chunk()
                .map_or(0, |first| u32::from_be_bytes(*first));
            let fresh = update.len().is_multiple_of(2);
            order.take(number, fresh, update.len(), ());
        }
        if let Ok(Some(missing)) = pieces.ask(now) {
            assert!((1..=Missing::MOST).contains(&missing.numbers.len()));
        }
    }
    if let Some(arrivals) = ledger.report() {
        arrivals.told();
    }
    understood
}
