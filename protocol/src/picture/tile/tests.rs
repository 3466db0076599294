use proptest::prelude::*;

use super::*;

/// A picture of a kind that screens show, by a small generator of its own.
fn picture(kind: u8, width: u16, height: u16, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    let few: Vec<u32> = (0..5).map(|_| random()).collect();
    let glyphs: Vec<u32> = (0..64).map(|_| random()).collect();
    let mut bytes = Vec::new();
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            let colour = match kind {
                0 => few[0],
                1 => {
                    let glyph = glyphs[((x / 8) * 7 + (y / 12) * 13) as usize % 64];
                    let ink = x % 8 < 6 && y % 12 < 9 && (glyph >> ((x * 5 + y * 3) % 24)) & 3 == 3;
                    if ink {
                        0x0020_2020 + (x % 4) * 0x0030_3030
                    } else {
                        0x00ff_ffff
                    }
                }
                2 => few[(random() % 5) as usize],
                3 => (x * 3) | ((y * 2) << 8) | ((x + y) << 16),
                _ => random(),
            };
            bytes.extend(colour.to_le_bytes());
        }
    }
    bytes
}

fn tile(pixels: &[u8], stride: usize, width: u16, height: u16) -> Vec<u8> {
    let mut out = vec![7];
    encode(
        Pixels::new(pixels, stride, width, height).unwrap(),
        &mut out,
    );
    out.split_off(1)
}

fn red_first(pixels: &[u8]) -> Vec<u8> {
    pixels
        .chunks_exact(4)
        .flat_map(|p| [p[2], p[1], p[0], 255])
        .collect()
}

fn check(pixels: &[u8], width: u16, height: u16) -> Vec<u8> {
    let bytes = tile(pixels, usize::from(width) * 4, width, height);
    assert!(bytes.len() <= 1 + usize::from(width) * usize::from(height) * 3);
    let mut out = vec![1; 3];
    decode(&bytes, width, height, &mut out).unwrap();
    assert_eq!(out, red_first(pixels));
    bytes
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(
        kind in 0_u8..5, width in 1_u16..70, height in 1_u16..40, seed: u64,
    ) {
        check(&picture(kind, width, height, seed), width, height);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(
        mode in 0_u8..5, data: Vec<u8>, width in 0_u16..40, height in 0_u16..40,
    ) {
        let mut out = Vec::new();
        let bytes: Vec<u8> = std::iter::once(mode).chain(data).collect();
        if decode(&bytes, width, height, &mut out).is_ok() {
            prop_assert_eq!(out.len(), usize::from(width) * usize::from(height) * 4);
        }
        prop_assert!(out.capacity() <= usize::from(width) * usize::from(height) * 4 + 64);
    }

    #[test]
    fn a_tile_with_a_wrong_byte_is_decoded_or_refused(
        kind in 0_u8..5, seed: u64, at: prop::sample::Index, value: u8,
    ) {
        let mut bytes = check(&picture(kind, 33, 17, seed), 33, 17);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let _ = decode(&bytes, 33, 17, &mut Vec::new());
    }

    #[test]
    fn a_tile_that_ends_early_is_refused_or_as_large(kind in 0_u8..5, seed: u64, cut in 1_usize..200) {
        let bytes = check(&picture(kind, 40, 31, seed), 40, 31);
        let end = bytes.len().saturating_sub(cut);
        let mut out = Vec::new();
        // Its decisions may be as zeros after the end would have them: the last ones often, half of
        // all very seldom. That a tile comes whole is for others to see to.
        for end in [end, bytes.len() / 2] {
            if decode(&bytes[..end], 40, 31, &mut out).is_ok() {
                prop_assert_eq!(out.len(), 40 * 31 * 4);
            }
        }
    }
}

#[test]
fn half_a_tile_is_refused() {
    for seed in 0..50 {
        for kind in 1..5 {
            let bytes = check(&picture(kind, 40, 31, seed), 40, 31);
            let half = decode(&bytes[..bytes.len() / 2], 40, 31, &mut Vec::new());
            assert!(half.is_err(), "kind {kind}, seed {seed}");
        }
    }
}

#[test]
fn a_row_may_be_longer_than_the_tile() {
    let whole = picture(1, 50, 20, 3);
    let narrow: Vec<u8> = whole
        .chunks(200)
        .flat_map(|row| &row[..120])
        .copied()
        .collect();
    assert_eq!(tile(&whole, 200, 30, 20), tile(&narrow, 120, 30, 20));
}

#[test]
fn pixels_that_are_not_there_make_no_tile() {
    let bytes = [0; 4 * 6];
    assert!(Pixels::new(&bytes, 12, 3, 2).is_some());
    assert!(Pixels::new(&bytes, 12, 3, 3).is_none());
    assert!(Pixels::new(&bytes, 8, 3, 2).is_none());
    assert!(Pixels::new(&bytes, 12, 0, 2).is_none());
    assert!(Pixels::new(&bytes, 12, 3, 0).is_none());
    assert!(Pixels::new(&bytes, usize::MAX, 3, 2).is_none());
}
