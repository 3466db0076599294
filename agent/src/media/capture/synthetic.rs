//! A moving picture without any screen: the same one every time.

use std::{
    os::fd::BorrowedFd,
    time::{Duration, Instant},
};

use deskhand_protocol::monitor::{Monitors, Shown};

use super::{CaptureError, Change, FrameSource, Sink};
use crate::media::{
    convert::Pixels,
    rect::{Rect, Size},
};

/// Side of the square that moves.
const SIDE: u32 = 64;

/// A white square that moves over a gradient for a number of frames and then stays.
#[derive(Debug)]
pub struct Synthetic {
    size: Size,
    interval: Duration,
    /// Frames shown, and to be shown.
    frame: u32,
    last: u32,
    next: Option<Instant>,
    damage: Vec<Rect>,
}

impl Synthetic {
    /// `frames` frames of this size (even, at least 128 × 128), one every `interval`.
    pub fn new(size: Size, frames: u32, interval: Duration) -> Self {
        Self {
            size,
            interval,
            frame: 0,
            last: frames.saturating_sub(1),
            next: None,
            damage: Vec::new(),
        }
    }

    /// Where the square is in a frame: two pixels further in each.
    fn square(&self, frame: u32) -> Rect {
        Rect {
            x: frame * 2 % (self.size.width - SIDE),
            y: frame * 2 % (self.size.height - SIDE),
            width: SIDE,
            height: SIDE,
        }
    }

    /// Blue, green, red and nothing of a pixel.
    fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let square = self.square(self.frame);
        let inside =
            (square.x..square.right()).contains(&x) && (square.y..square.bottom()).contains(&y);
        if inside {
            return [255, 255, 255, 0];
        }
        let part = |value: u32, whole: u32| u8::try_from(value * 255 / whole).unwrap_or(255);
        [
            part(x, self.size.width),
            part(y, self.size.height),
            part(x + y, self.size.width + self.size.height),
            0,
        ]
    }
}

impl FrameSource for Synthetic {
    fn view(&self) -> Rect {
        self.size.rect()
    }

    fn monitors(&self) -> Option<Monitors> {
        None
    }

    fn show(&mut self, _: Shown) {}

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn wake_at(&self) -> Option<Instant> {
        self.next.filter(|_| self.frame < self.last)
    }

    fn changes(&mut self, now: Instant) -> Result<Vec<Change>, CaptureError> {
        let due = *self.next.get_or_insert(now + self.interval);
        if now < due || self.frame == self.last {
            return Ok(vec![]);
        }
        self.next = Some(due + self.interval);
        self.damage.push(self.square(self.frame));
        self.frame += 1;
        self.damage.push(self.square(self.frame));
        Ok(vec![Change::Damaged])
    }

    fn damage(&mut self) -> Result<Vec<Rect>, CaptureError> {
        Ok(std::mem::take(&mut self.damage))
    }

    fn grab(&mut self, rects: &[Rect], sink: &mut Sink<'_>) -> Result<(), CaptureError> {
        for &rect in rects {
            let rows = rect.y..rect.bottom();
            let bgra: Vec<u8> = rows
                .flat_map(|y| (rect.x..rect.right()).flat_map(move |x| [(x, y)]))
                .flat_map(|(x, y)| self.pixel(x, y))
                .collect();
            let pixels = Pixels {
                bgra: &bgra,
                stride: rect.width * 4,
            };
            sink(rect, pixels)?;
        }
        Ok(())
    }
}
