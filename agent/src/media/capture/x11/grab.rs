//! Pixels off the screen: through shared memory where the server can, else over the connection.

use rustix::net::{AddressFamily, sockopt::socket_domain};
use x11rb::{
    connection::{Connection, RequestConnection},
    errors::ReplyError,
    protocol::{
        shm::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, ImageFormat, Window},
    },
    rust_connection::RustConnection,
};

use super::{
    super::{CaptureError, Sink},
    shm::SharedMemory,
    whole::Whole,
};
use crate::media::{
    convert::Pixels,
    rect::{Rect, Size},
};

/// All planes.
const PLANES: u32 = !0;
const FORMAT: ImageFormat = ImageFormat::Z_PIXMAP;

/// How pixels travel.
pub enum Grabber {
    /// The server writes them into memory of ours.
    Shared {
        /// The server's name for it.
        segment: shm::Seg,
        /// Ours. Room for the whole picture.
        memory: SharedMemory,
    },
    /// The server writes all of them into memory that it attaches by a number; it sends the few
    /// of a small change.
    Whole(Whole),
    /// The server sends them.
    Sent,
}

impl Grabber {
    /// The fastest way that the server of `display` offers for pictures of this part of it.
    pub fn new(
        conn: &RustConnection,
        display: &str,
        root: Window,
        view: Rect,
    ) -> Result<Self, CaptureError> {
        if !shares_memory(conn)? {
            return Ok(Self::Sent);
        }
        if let Some((segment, memory)) = share(conn, view.size())? {
            return Ok(Self::Shared { segment, memory });
        }
        match Whole::open(display, root, view) {
            Ok(whole) => Ok(Self::Whole(whole)),
            Err(error) => {
                tracing::info!(%error, "the display shares no memory");
                Ok(Self::Sent)
            }
        }
    }

    /// Hands the pixels of each rectangle of `view`, a part of the screen, to `sink`. All
    /// requests go out before the first answer is awaited.
    pub fn grab(
        &mut self,
        conn: &RustConnection,
        root: Window,
        view: Rect,
        rects: &[Rect],
        sink: &mut Sink<'_>,
    ) -> Result<(), CaptureError> {
        match self {
            Self::Shared { segment, memory } => {
                let mut offset = 0;
                let mut asked = Vec::with_capacity(rects.len());
                for rect in rects {
                    let (x, y, w, h) = as_x(rect, view);
                    let format = FORMAT.into();
                    let cookie =
                        conn.shm_get_image(root, x, y, w, h, PLANES, format, *segment, offset)?;
                    asked.push((cookie, offset as usize));
                    offset += rect.area() * 4;
                }
                for (rect, (cookie, offset)) in rects.iter().zip(asked) {
                    cookie.reply()?;
                    // Checked: the merged rectangles fit the memory together.
                    let len = rect.area() as usize * 4;
                    let bgra = memory.bytes().get(offset..offset + len).unwrap_or_default();
                    sink(*rect, pixels(rect, bgra))?;
                }
            }
            Self::Whole(whole) if is_large(rects, view) => {
                let frame = whole.frame();
                // It looks the same whether the screen was read or not.
                let geometry = conn.get_geometry(root)?.reply()?;
                let (width, height) = (geometry.width.into(), geometry.height.into());
                if !(Size { width, height }).rect().contains(&view) {
                    return Err(CaptureError::Refused("the screen is smaller".into()));
                }
                for rect in rects {
                    let start = (rect.y * view.width + rect.x) as usize * 4;
                    let bgra = frame.get(start..).unwrap_or_default();
                    let stride = view.width * 4;
                    sink(*rect, Pixels { bgra, stride })?;
                }
            }
            Self::Whole(_) | Self::Sent => {
                let mut asked = Vec::with_capacity(rects.len());
                for rect in rects {
                    let (x, y, w, h) = as_x(rect, view);
                    asked.push(conn.get_image(FORMAT, root, x, y, w, h, PLANES)?);
                }
                for (rect, cookie) in rects.iter().zip(asked) {
                    sink(*rect, pixels(rect, &cookie.reply()?.data))?;
                }
            }
        }
        Ok(())
    }

    /// Lets the server forget the memory.
    pub fn close(self, conn: &RustConnection) -> Result<(), CaptureError> {
        if let Self::Shared { segment, .. } = self {
            conn.shm_detach(segment)?;
        }
        Ok(())
    }
}

fn pixels<'a>(rect: &Rect, bgra: &'a [u8]) -> Pixels<'a> {
    Pixels {
        bgra,
        stride: rect.width * 4,
    }
}

/// The server's own numbers; an X screen has at most 32,767 pixels a side.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the rectangle lies inside a screen"
)]
fn as_x(rect: &Rect, view: Rect) -> (i16, i16, u16, u16) {
    (
        (view.x + rect.x) as i16,
        (view.y + rect.y) as i16,
        rect.width as u16,
        rect.height as u16,
    )
}

/// Whether reading everything costs less than having these sent.
fn is_large(rects: &[Rect], view: Rect) -> bool {
    let area: u32 = rects.iter().map(Rect::area).sum();
    area >= view.area() / 8
}

/// Whether the server is on this computer and can share memory at all.
fn shares_memory(conn: &RustConnection) -> Result<bool, CaptureError> {
    let local = socket_domain(conn.stream()).is_ok_and(|domain| domain == AddressFamily::UNIX);
    let shares = conn.extension_information(shm::X11_EXTENSION_NAME)?;
    Ok(local && shares.is_some())
}

/// `None`: the server takes no memory by descriptor (MIT-SHM 1.2).
fn share(
    conn: &RustConnection,
    size: Size,
) -> Result<Option<(shm::Seg, SharedMemory)>, CaptureError> {
    let version = conn.shm_query_version()?.reply()?;
    if (version.major_version, version.minor_version) < (1, 2) {
        return Ok(None);
    }
    let len = size.rect().area() as usize * 4;
    let (memory, file) = match SharedMemory::new(len) {
        Ok(both) => both,
        Err(error) => {
            tracing::warn!(%error, "no memory to share with the display");
            return Ok(None);
        }
    };
    let segment = conn.generate_id()?;
    match conn.shm_attach_fd(segment, file, false)?.check() {
        Ok(()) => Ok(Some((segment, memory))),
        Err(ReplyError::X11Error(error)) => {
            tracing::info!(kind = ?error.error_kind, "the display takes no memory by descriptor");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
