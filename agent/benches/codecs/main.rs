//! What each video codec makes of films and photographs, at the same bitrate: bits, how close it
//! comes, and the processor time that it takes.
//!
//! `cargo bench --package deskhand-agent --bench codecs` prints a table. Bits and PSNR are the
//! same on every run; times are those of this machine, so only their ratio says something.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench: it prints, and fails where it cannot go on"
)]

mod cpu;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/media/decoder.rs"]
mod decoder;
mod moving;

use std::time::Duration;

use decoder::Decoder;
use deskhand_agent::media::{
    blocks::{ActiveMap, SIDE},
    convert::{I420, Pixels},
    encode::{self, Job},
    rect::Size,
};
use deskhand_protocol::picture::Codec;
use moving::Moving;

const FRAMES: u32 = 120;
const PER_SECOND: u32 = 30;

fn main() {
    println!(
        "{:<8} {:>9} {:>6} | {:<4} {:>6} {:>7} {:>6} {:>7} {:>7}",
        "film", "size", "kbit/s", "", "kbit/s", "first B", "dB", "ms", "first"
    );
    for moving in [Moving::Waves, Moving::Scroll, Moving::Grain] {
        for (width, height) in [(640, 360), (1280, 720)] {
            for kbit in [300, 1000, 3000] {
                for codec in [Codec::Vp9, Codec::Av1] {
                    let size = Size { width, height };
                    let measured = measure(codec, moving, size, kbit);
                    println!(
                        "{:<8} {:>9} {kbit:>6} | {:<4} {measured}",
                        format!("{moving:?}"),
                        format!("{width}x{height}"),
                        format!("{codec:?}"),
                    );
                }
            }
        }
    }
}

struct Measured {
    bytes: usize,
    first_bytes: usize,
    /// Sum over the pictures after the first one.
    squares: f64,
    samples: usize,
    cpu: Duration,
    first_cpu: Duration,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kbit = self.bytes as f64 * 8.0 * f64::from(PER_SECOND) / f64::from(FRAMES) / 1000.0;
        let mean = self.squares / self.samples as f64;
        let psnr = 10.0 * (255.0 * 255.0 / mean.max(1e-6)).log10();
        let each = self.cpu / (FRAMES - 1);
        write!(
            f,
            "{kbit:>6.0} {:>7} {psnr:>6.2} {:>7.2} {:>7.2}",
            self.first_bytes,
            each.as_secs_f64() * 1000.0,
            self.first_cpu.as_secs_f64() * 1000.0,
        )
    }
}

fn measure(codec: Codec, moving: Moving, size: Size, kbit: u32) -> Measured {
    let mut encoder = encode::open(codec, size, kbit).unwrap();
    let mut decoder = Decoder::new(codec);
    let mut picture = I420::black(size);
    let (columns, rows) = (size.width.div_ceil(SIDE), size.height.div_ceil(SIDE));
    let all = ActiveMap {
        columns,
        rows,
        cells: vec![1; (columns * rows) as usize],
        active: (columns * rows) as usize,
    };
    let mut measured = Measured {
        bytes: 0,
        first_bytes: 0,
        squares: 0.0,
        samples: 0,
        cpu: Duration::ZERO,
        first_cpu: Duration::ZERO,
    };
    let film = moving.film(size);
    for frame in 0..FRAMES {
        let pixels = Pixels {
            bgra: &film(frame),
            stride: size.width * 4,
        };
        picture.update(size.rect(), pixels).unwrap();
        let begun = cpu::spent();
        let made = encoder
            .encode(Job {
                picture: &picture,
                map: Some(&all),
                key: frame == 0,
                kbit,
                floor: 0,
                elapsed: Duration::from_secs(1) / PER_SECOND,
            })
            .unwrap()
            .expect("no picture is left out");
        let took = cpu::spent().saturating_sub(begun);
        measured.bytes += made.data.len();
        let shown = decoder.decode(&made.data);
        if frame == 0 {
            measured.first_bytes = made.data.len();
            measured.first_cpu = took;
            continue;
        }
        measured.cpu += took;
        let planes = [picture.y(), picture.u(), picture.v()];
        let samples = planes.into_iter().flatten().zip(&shown.bytes);
        measured.squares += samples
            .map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2))
            .sum::<f64>();
        measured.samples += shown.bytes.len();
    }
    measured
}
