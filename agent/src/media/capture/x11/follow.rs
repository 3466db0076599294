//! Follows the novice's pointer: where it is, and what it looks like.

use std::time::{Duration, Instant};

use deskhand_protocol::{control::CursorShape, input::Position};
use x11rb::{
    errors::ReplyError,
    protocol::{
        xfixes::ConnectionExt as _,
        xproto::{ConnectionExt as _, Window},
    },
    rust_connection::RustConnection,
};

use super::{
    super::{CaptureError, Change},
    pointer,
    setup::Tells,
};
use crate::media::rect::Rect;

/// The pointer's position is asked for at most so often, and only while it moves.
const INTERVAL: Duration = Duration::from_millis(16);

/// It is asked for so often where the server does not tell that it moved.
const POLL: Duration = Duration::from_millis(50);

/// The pointer as far as it is known.
#[derive(Debug)]
pub struct Pointer {
    shape: Shape,
    /// The server does not tell that it moved: it may have at any time.
    polled: bool,
    moved: bool,
    asked: Option<Instant>,
    at: Option<(i16, i16)>,
    /// It is on another monitor than the one that is shown.
    away: bool,
}

/// What is known of how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// This server does not show it.
    Never,
    /// All.
    Known,
    /// It has changed since.
    Changed,
}

impl Pointer {
    /// Nothing is known yet, and the server tells so much.
    pub fn new(tells: Tells) -> Self {
        Self {
            polled: !tells.motion,
            shape: if tells.shape {
                Shape::Changed
            } else {
                Shape::Never
            },
            moved: true,
            asked: None,
            at: None,
            away: false,
        }
    }

    /// It looks different.
    pub fn changed_shape(&mut self) {
        if self.shape == Shape::Known {
            self.shape = Shape::Changed;
        }
    }

    /// It is elsewhere.
    pub fn moved(&mut self) {
        self.moved = true;
    }

    /// Another part of the desktop is shown, so that it is elsewhere in it.
    pub fn changed_view(&mut self) {
        self.at = None;
        self.moved = true;
    }

    /// When there is something to ask; `None`: at once, or nothing.
    pub fn due(&self) -> Option<Instant> {
        let interval = if self.polled { POLL } else { INTERVAL };
        let earliest = self.asked.map(|asked| asked + interval);
        earliest.filter(|_| self.moved)
    }

    /// Asks for what is to be known by now, as seen in `view`; true if anything was asked.
    pub fn ask(
        &mut self,
        conn: &RustConnection,
        root: Window,
        view: Rect,
        now: Instant,
        changes: &mut Vec<Change>,
    ) -> Result<bool, CaptureError> {
        let mut asked = false;
        if self.moved && self.due().is_none_or(|due| due <= now) {
            asked = true;
            self.moved = self.polled;
            self.asked = Some(now);
            changes.extend(self.position(conn, root, view)?.map(Change::CursorMoved));
        }
        if self.shape == Shape::Changed {
            asked = true;
            self.shape = Shape::Known;
            changes.extend(self.image(conn, view)?.map(Change::CursorShape));
        }
        Ok(asked)
    }

    /// Where it is, if that is news. On a monitor that is not shown it is hidden.
    fn position(
        &mut self,
        conn: &RustConnection,
        root: Window,
        view: Rect,
    ) -> Result<Option<Position>, CaptureError> {
        let found = conn.query_pointer(root)?.reply()?;
        let at = (found.root_x, found.root_y);
        let position = pointer::position(at, view);
        if self.away != position.is_none() {
            self.away = position.is_none();
            self.changed_shape();
        }
        let news = self.at.replace(at) != Some(at);
        Ok(position.filter(|_| news))
    }

    /// What it looks like.
    fn image(
        &self,
        conn: &RustConnection,
        view: Rect,
    ) -> Result<Option<CursorShape>, CaptureError> {
        if self.away {
            return Ok(pointer::hidden(None));
        }
        let image = match conn.xfixes_get_cursor_image()?.reply() {
            Ok(image) => image,
            // There is none right now.
            Err(ReplyError::X11Error(_)) => return Ok(pointer::hidden(None)),
            Err(error) => return Err(error.into()),
        };
        let at = pointer::position((image.x, image.y), view);
        let image = pointer::Image {
            size: (image.width, image.height),
            hot: (image.xhot, image.yhot),
            argb: &image.cursor_image,
        };
        Ok(pointer::shape(image, at))
    }
}
