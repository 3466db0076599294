//! Where pictures come from: one small trait, one file per back end, always a synthetic one.

pub mod layout;
pub mod synthetic;
pub mod x11;

use std::{os::fd::BorrowedFd, time::Instant};

use deskhand_protocol::{
    control::CursorShape,
    input::Position,
    monitor::{Monitors, Shown},
};

use super::{
    convert::{ConvertError, Pixels},
    rect::Rect,
};

/// A desktop, watched.
///
/// Used from one thread, in rounds: [`changes`](Self::changes) until nothing is new, sleep on
/// [`fd`](Self::fd) and [`wake_at`](Self::wake_at), and whenever a frame is due
/// [`damage`](Self::damage) and [`grab`](Self::grab).
pub trait FrameSource {
    /// What is shown, in pixels of the desktop, with even sides. All other rectangles count from
    /// its corner.
    fn view(&self) -> Rect;

    /// Which monitors there are and what of them is shown, if that is known.
    fn monitors(&self) -> Option<Monitors>;

    /// Shows this from now on. If that is anything else, [`Change`]s say so.
    fn show(&mut self, shown: Shown);

    /// Becomes readable when there may be changes.
    fn fd(&self) -> Option<BorrowedFd<'_>>;

    /// When to ask for changes although [`fd`](Self::fd) is silent.
    fn wake_at(&self) -> Option<Instant>;

    /// What happened since it was last asked. Never waits for something to happen.
    ///
    /// INVARIANT: afterwards nothing is left that [`fd`](Self::fd) would not announce again.
    fn changes(&mut self, now: Instant) -> Result<Vec<Change>, CaptureError>;

    /// Takes what has changed on the screen since it was last taken. May reach outside the
    /// picture, and be empty.
    fn damage(&mut self) -> Result<Vec<Rect>, CaptureError>;

    /// Hands the current pixels of these rectangles, merged by [`super::rect::merge`], to `sink`.
    /// Rectangles may be left out if the view is changing: that comes as a change.
    fn grab(&mut self, rects: &[Rect], sink: &mut Sink<'_>) -> Result<(), CaptureError>;
}

/// Takes the pixels of a rectangle; they are gone afterwards.
pub type Sink<'a> = dyn FnMut(Rect, Pixels<'_>) -> Result<(), ConvertError> + 'a;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There is something to take with [`FrameSource::damage`].
    Damaged,
    /// [`FrameSource::view`] is another one: all of it is new.
    View,
    /// [`FrameSource::monitors`] are others. They are also told at first.
    Monitors,
    /// The pointer looks different.
    CursorShape(CursorShape),
    /// The pointer is elsewhere.
    CursorMoved(Position),
}

/// A screen cannot be watched, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// There is no display of that name, or it does not let us in.
    #[error("cannot open display {display}: {detail}")]
    Unreachable {
        /// As it was asked for.
        display: String,
        /// What the connection said.
        detail: String,
    },
    /// Pixels are not four bytes of blue, green, red.
    #[error("display has an unsupported pixel format of depth {0}")]
    Format(u8),
    /// It shows nothing.
    #[error("display is only {width} x {height} pixels")]
    TooSmall {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It went away.
    #[error("display went away: {0}")]
    Gone(String),
    /// It does not answer as it must.
    #[error("display refused a request: {0}")]
    Refused(String),
    /// Its pixels do not fit.
    #[error(transparent)]
    Convert(#[from] ConvertError),
}

impl CaptureError {
    /// What to tell a person: what is wrong, and what to do.
    pub fn sentence(&self) -> String {
        match self {
            Self::Unreachable { display, .. } => format!(
                "The desktop {display} cannot be opened. Start Deskhand from inside the desktop that you want to show."
            ),
            Self::Format(depth) => format!(
                "This desktop uses {depth} bits of colour. Deskhand needs 24: change the colour depth of the display and start again."
            ),
            Self::TooSmall { width, height } => {
                format!("This desktop is only {width} × {height} pixels: there is nothing to show.")
            }
            Self::Gone(_) => "The desktop was closed, so there is nothing left to show.".into(),
            Self::Refused(_) | Self::Convert(_) => {
                "The screen can no longer be read. Start Deskhand again to go on.".into()
            }
        }
    }
}
