//! What the expert sees: every update painted as the page paints it.

use deskhand_protocol::picture::{Bitmap, Part, Update};

use crate::{decoder::Decoder, draw::Screenshot};

/// The page's canvas.
pub struct Page {
    bitmap: Bitmap,
    decoder: Option<Decoder>,
    next: u32,
}

impl Page {
    pub fn new() -> Self {
        Self {
            bitmap: Bitmap::default(),
            decoder: None,
            next: 0,
        }
    }

    /// Panics if it cannot be painted.
    pub fn paint(&mut self, update: &Update<&[u8]>) {
        assert!(
            update.fresh || update.seq == self.next,
            "update {} came instead of {}",
            update.seq,
            self.next
        );
        self.next = update.seq.wrapping_add(1);
        if self.bitmap.size() != update.size {
            self.bitmap = Bitmap::new(update.size);
        }
        for part in &update.parts {
            match part {
                Part::Copy { dx, dy, areas } => self.bitmap.copy(*dx, *dy, areas),
                Part::Tile { area, data } => self.bitmap.tile(*area, data).expect("a tile"),
                Part::Video {
                    at,
                    codec,
                    areas,
                    data,
                    ..
                } => {
                    let old = self.decoder.take().filter(|old| old.codec() == *codec);
                    let decoder = self
                        .decoder
                        .insert(old.unwrap_or_else(|| Decoder::new(*codec)));
                    let planes = decoder.decode(data);
                    let (picture, width) = (planes.rgba(), planes.width);
                    for area in areas {
                        let rows = (area.y..area.y + area.height).flat_map(|y| {
                            let left = u32::from(y - at.1) * width + u32::from(area.x - at.0);
                            let start = left as usize * 4;
                            &picture[start..start + usize::from(area.width) * 4]
                        });
                        self.bitmap.paste(*area, &rows.copied().collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    fn compared<'a>(
        &'a self,
        screen: &'a Screenshot,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8; 3])> {
        let (width, height) = self.bitmap.size();
        assert_eq!((u32::from(width), u32::from(height)), screen.size);
        let pixels = self.bitmap.rgba().chunks_exact(4).zip(&screen.rgb);
        pixels.map(|(seen, true_one)| (&seen[..3], true_one))
    }

    /// How close it is to the true screen, over all three colours, in dB.
    pub fn psnr(&self, screen: &Screenshot) -> f64 {
        let squares: u64 = self
            .compared(screen)
            .flat_map(|(seen, true_one)| seen.iter().zip(true_one))
            .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2))
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let mean = squares as f64 / (screen.rgb.len() * 3) as f64;
        10.0 * (255.0 * 255.0 / mean.max(1e-6)).log10()
    }

    /// How many pixels are not those of the true screen.
    pub fn wrong(&self, screen: &Screenshot) -> usize {
        self.compared(screen)
            .filter(|(seen, true_one)| seen[..] != true_one[..])
            .count()
    }
}
