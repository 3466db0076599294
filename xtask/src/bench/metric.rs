//! The figures, and which of two is better.

use super::cell::Cell;

/// A part of many single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Half of them are better.
    P50,
    /// One in twenty is worse.
    P95,
}

/// One figure of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// From a change on the novice's screen to the expert's, in ms.
    Change(Part),
    /// From the expert's hand to the change it causes on the expert's screen, in ms.
    Input(Part),
    /// As `Change`, of the workload's own frames.
    Frame(Part),
    /// Different frames of the workload shown a second.
    Shown,
    /// Those that it drew.
    Drawn,
    /// The longest wait between two frames, in ms.
    LongestGap,
    /// On the wire to the expert, in kbit/s.
    Down,
    /// Cores busy with peer and X server.
    Server,
    /// Cores busy with the expert's browser.
    Viewer,
    /// PSNR of the text's luma a second after all motion, in dB.
    SoonLuma,
    /// PSNR of the text's luma at rest, in dB.
    TextLuma,
    /// PSNR of the text's colours at rest, in dB.
    TextColour,
    /// How similar it all is at rest, by SSIM of the luma.
    Similar,
    /// The share of pixels that are exactly right at rest, in percent.
    Exact,
}

impl Metric {
    /// What it is in this cell, if it was measured.
    pub fn of(self, cell: &Cell) -> Option<f64> {
        match self {
            Self::Change(part) => cell.quantile(&["g2g"], part.number()),
            Self::Input(part) => cell.quantile(&["click", "key"], part.number()),
            Self::Frame(part) => cell.quantile(&["age"], part.number()),
            Self::Shown => cell.median("/fps_shown"),
            Self::Drawn => cell.median("/fps_source"),
            Self::LongestGap => cell.median("/frame_gap_ms/max"),
            Self::Down => cell.median("/kbit_down"),
            Self::Server => cell.median("/cpu_server"),
            Self::Viewer => cell.median("/cpu/vwr"),
            Self::SoonLuma => cell.median("/soon/psnr_text_y"),
            Self::TextLuma => cell.median("/psnr_text_y"),
            Self::TextColour => cell.median("/psnr_text_rgb"),
            Self::Similar => cell.median("/ssim_y"),
            Self::Exact => cell.median("/exact_px").map(|share| share * 100.0),
        }
    }

    /// Whether more is better.
    pub fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::Shown
                | Self::Drawn
                | Self::SoonLuma
                | Self::TextLuma
                | Self::TextColour
                | Self::Similar
                | Self::Exact
        )
    }

    /// Digits behind the point.
    pub fn digits(self) -> usize {
        match self {
            Self::Server | Self::Similar => 3,
            Self::Viewer => 2,
            Self::SoonLuma | Self::TextLuma | Self::TextColour => 1,
            _ => 0,
        }
    }

    /// The best of some.
    pub fn best(self, values: impl Iterator<Item = f64>) -> Option<f64> {
        if self.more_is_better() {
            values.max_by(f64::total_cmp)
        } else {
            values.min_by(f64::total_cmp)
        }
    }
}

impl Part {
    fn number(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P95 => 0.95,
        }
    }
}
