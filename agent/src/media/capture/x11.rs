//! An X11 screen: Damage says when and where, shared memory carries the pixels, `XFixes` shows
//! the pointer. Each has a fallback, for displays that are far away or old.

mod grab;
mod pointer;
mod poll;
mod shm;

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use deskhand_protocol::{control::CursorShape, input::Position};
use x11rb::{
    connection::{Connection, RequestConnection},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        damage::{self, ConnectionExt as _, ReportLevel},
        randr::{self, ConnectionExt as _, NotifyMask},
        xfixes::{self, ConnectionExt as _, CursorNotifyMask},
        xinput::{self, ConnectionExt as _, Device, XIEventMask},
        xproto::{
            ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageOrder, Rectangle,
            Screen, Window,
        },
    },
    rust_connection::RustConnection,
};

use super::{CaptureError, Change, FrameSource, Sink};
use crate::media::{
    convert::Pixels,
    rect::{Rect, Size},
};
use grab::Grabber;
use poll::Compare;

/// The pointer's position is asked for at most so often, and only while it moves.
const POINTER_INTERVAL: Duration = Duration::from_millis(16);

/// More rectangles than this are not worth reading: the rectangle around them is taken instead.
const MAX_REGION: usize = 512;

/// Opens a display (such as `:0`) to show all of its default screen.
pub fn open(display: &str) -> Result<Box<dyn FrameSource>, CaptureError> {
    let unreachable = |detail: String| CaptureError::Unreachable {
        display: display.into(),
        detail,
    };
    let (conn, screen) =
        RustConnection::connect(Some(display)).map_err(|error| unreachable(error.to_string()))?;
    let screen = conn
        .setup()
        .roots
        .get(screen)
        .cloned()
        .ok_or_else(|| unreachable("no such screen".into()))?;
    check_format(&conn, &screen)?;
    let size = usable(screen.width_in_pixels, screen.height_in_pixels)?;
    let watch = Watch::new(&conn, screen.root, size)?;
    watch_screen_size(&conn, screen.root)?;
    let shape_changed = watch_pointer(&conn, screen.root)?;
    Ok(Box::new(X11 {
        grabber: Grabber::new(&conn, size)?,
        root: screen.root,
        size,
        watch,
        resized: false,
        shape_changed,
        pointer_moved: true,
        pointer_asked: None,
        pointer_at: None,
        conn,
    }))
}

struct X11 {
    conn: RustConnection,
    root: Window,
    size: Size,
    grabber: Grabber,
    watch: Watch,
    /// The screen may have changed its size.
    resized: bool,
    shape_changed: bool,
    pointer_moved: bool,
    pointer_asked: Option<Instant>,
    pointer_at: Option<(i16, i16)>,
}

/// How changes on the screen are found.
enum Watch {
    /// The server tells: one event, and then none until the damage is taken.
    Damage {
        damage: damage::Damage,
        region: xfixes::Region,
    },
    /// By looking again and again.
    Compare(Compare),
}

impl Watch {
    fn new(conn: &RustConnection, root: Window, size: Size) -> Result<Self, CaptureError> {
        let has_damage = has(conn, damage::X11_EXTENSION_NAME)?;
        if !has_damage || !has(conn, xfixes::X11_EXTENSION_NAME)? {
            tracing::info!("the display does not tell what changes: looking five times a second");
            return Ok(Self::Compare(Compare::new(size, Instant::now())));
        }
        conn.xfixes_query_version(5, 0)?.reply()?;
        conn.damage_query_version(1, 1)?.reply()?;
        let (damage, region) = (conn.generate_id()?, conn.generate_id()?);
        conn.xfixes_create_region(region, &[])?.check()?;
        conn.damage_create(damage, root, ReportLevel::NON_EMPTY)?
            .check()?;
        Ok(Self::Damage { damage, region })
    }
}

impl FrameSource for X11 {
    fn size(&self) -> Size {
        self.size
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.conn.stream().as_fd())
    }

    fn wake_at(&self) -> Option<Instant> {
        let pointer = self.pointer_moved.then(|| self.pointer_due());
        match &self.watch {
            Watch::Damage { .. } => pointer.flatten(),
            Watch::Compare(compare) => {
                let look = compare.due();
                Some(pointer.flatten().map_or(look, |due| due.min(look)))
            }
        }
    }

    fn changes(&mut self, now: Instant) -> Result<Vec<Change>, CaptureError> {
        let mut changes = Vec::new();
        loop {
            while let Some(event) = self.conn.poll_for_event()? {
                self.note(&event, &mut changes)?;
            }
            // Every answer that is awaited here may bring more events with it, which the
            // descriptor does not announce any more.
            if !self.ask(now, &mut changes)? {
                break;
            }
        }
        self.conn.flush()?;
        Ok(changes)
    }

    fn damage(&mut self) -> Result<Vec<Rect>, CaptureError> {
        match &mut self.watch {
            Watch::Damage { damage, region } => {
                self.conn.damage_subtract(*damage, x11rb::NONE, *region)?;
                let taken = self.conn.xfixes_fetch_region(*region)?.reply()?;
                if taken.rectangles.len() > MAX_REGION {
                    return Ok(vec![from_x(taken.extents)]);
                }
                Ok(taken.rectangles.into_iter().map(from_x).collect())
            }
            Watch::Compare(compare) => Ok(compare.changed()),
        }
    }

    fn grab(&mut self, rects: &[Rect], sink: &mut Sink<'_>) -> Result<(), CaptureError> {
        if let Watch::Compare(compare) = &self.watch {
            for rect in rects {
                sink(*rect, compare.pixels(rect))?;
            }
            return Ok(());
        }
        match self.grabber.grab(&self.conn, self.root, rects, sink) {
            // A pixel outside the screen: it has just shrunk, and its event is on the way.
            Err(CaptureError::Refused(detail)) => {
                if self.true_size()? == self.size {
                    return Err(CaptureError::Refused(detail));
                }
                self.resized = true;
                Ok(())
            }
            result => result,
        }
    }
}

impl X11 {
    fn note(&mut self, event: &Event, changes: &mut Vec<Change>) -> Result<(), CaptureError> {
        match event {
            Event::DamageNotify(_) => changes.push(Change::Damaged),
            Event::RandrScreenChangeNotify(_) => self.resized = true,
            Event::ConfigureNotify(event) if event.window == self.root => self.resized = true,
            Event::XfixesCursorNotify(_) => self.shape_changed = true,
            Event::XinputRawMotion(_) => self.pointer_moved = true,
            Event::Error(error) => {
                return Err(CaptureError::Refused(format!("{:?}", error.error_kind)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Asks the server for what the events only announced; true if anything was asked.
    fn ask(&mut self, now: Instant, changes: &mut Vec<Change>) -> Result<bool, CaptureError> {
        let mut asked = false;
        if std::mem::take(&mut self.resized) {
            asked = true;
            let size = self.true_size()?;
            if size != self.size {
                self.resize(size)?;
                changes.push(Change::Resized);
            }
        }
        if std::mem::take(&mut self.shape_changed) {
            asked = true;
            changes.extend(self.shape()?.map(Change::CursorShape));
        }
        if self.pointer_moved && self.pointer_due().is_none_or(|due| due <= now) {
            asked = true;
            self.pointer_moved = false;
            self.pointer_asked = Some(now);
            changes.extend(self.pointer()?.map(Change::CursorMoved));
        }
        if let Watch::Compare(compare) = &mut self.watch
            && compare.due() <= now
        {
            asked = true;
            let mut differs = false;
            let all = [self.size.rect()];
            let mut look = |_, pixels: Pixels<'_>| {
                differs = compare.look(pixels, now);
                Ok(())
            };
            self.grabber.grab(&self.conn, self.root, &all, &mut look)?;
            if differs {
                changes.push(Change::Damaged);
            }
        }
        Ok(asked)
    }

    fn pointer_due(&self) -> Option<Instant> {
        self.pointer_asked.map(|asked| asked + POINTER_INTERVAL)
    }

    /// Where the pointer is, if that is news.
    fn pointer(&mut self) -> Result<Option<Position>, CaptureError> {
        let found = self.conn.query_pointer(self.root)?.reply()?;
        let at = (found.root_x, found.root_y);
        let news = self.pointer_at.replace(at) != Some(at);
        Ok(news.then(|| pointer::position(at.0, at.1, self.size)))
    }

    /// What the pointer looks like.
    fn shape(&mut self) -> Result<Option<CursorShape>, CaptureError> {
        let image = match self.conn.xfixes_get_cursor_image()?.reply() {
            Ok(image) => image,
            // There is none right now.
            Err(ReplyError::X11Error(_)) => return Ok(pointer::hidden(None)),
            Err(error) => return Err(error.into()),
        };
        let at = pointer::position(image.x, image.y, self.size);
        let image = pointer::Image {
            size: (image.width, image.height),
            hot: (image.xhot, image.yhot),
            argb: &image.cursor_image,
        };
        Ok(pointer::shape(image, Some(at)))
    }

    fn true_size(&self) -> Result<Size, CaptureError> {
        let root = self.conn.get_geometry(self.root)?.reply()?;
        usable(root.width, root.height)
    }

    fn resize(&mut self, size: Size) -> Result<(), CaptureError> {
        let grabber = Grabber::new(&self.conn, size)?;
        std::mem::replace(&mut self.grabber, grabber).close(&self.conn)?;
        self.size = size;
        if let Watch::Compare(compare) = &mut self.watch {
            *compare = Compare::new(size, compare.due());
        }
        Ok(())
    }
}

/// Pixels must be what `convert` takes: blue, green, red and one unused byte.
fn check_format(conn: &RustConnection, screen: &Screen) -> Result<(), CaptureError> {
    let depth = screen.root_depth;
    let setup = conn.setup();
    let four_bytes = setup
        .pixmap_formats
        .iter()
        .any(|format| format.depth == depth && format.bits_per_pixel == 32);
    let blue_first = screen
        .allowed_depths
        .iter()
        .flat_map(|allowed| &allowed.visuals)
        .find(|visual| visual.visual_id == screen.root_visual)
        .is_some_and(|visual| {
            (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_0000, 0xff00, 0xff)
        });
    let little = setup.image_byte_order == ImageOrder::LSB_FIRST;
    if matches!(depth, 24 | 32) && four_bytes && blue_first && little {
        Ok(())
    } else {
        Err(CaptureError::Format(depth))
    }
}

/// The part of a screen that can be shown.
fn usable(width: u16, height: u16) -> Result<Size, CaptureError> {
    let (width, height) = (u32::from(width), u32::from(height));
    if width < 2 || height < 2 {
        return Err(CaptureError::TooSmall { width, height });
    }
    Ok(Size { width, height }.even())
}

fn has(conn: &RustConnection, extension: &'static str) -> Result<bool, CaptureError> {
    Ok(conn.extension_information(extension)?.is_some())
}

/// Both ways to hear of a new size: servers without `RandR` still configure their root window.
fn watch_screen_size(conn: &RustConnection, root: Window) -> Result<(), CaptureError> {
    let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    conn.change_window_attributes(root, &aux)?.check()?;
    if has(conn, randr::X11_EXTENSION_NAME)? {
        conn.randr_query_version(1, 5)?.reply()?;
        conn.randr_select_input(root, NotifyMask::SCREEN_CHANGE)?
            .check()?;
    }
    Ok(())
}

/// Hears of new shapes and of motion; false: this server does not show the pointer.
fn watch_pointer(conn: &RustConnection, root: Window) -> Result<bool, CaptureError> {
    if has(conn, xinput::X11_EXTENSION_NAME)? {
        conn.xinput_xi_query_version(2, 2)?.reply()?;
        let motion = xinput::EventMask {
            deviceid: Device::ALL_MASTER.into(),
            mask: vec![XIEventMask::RAW_MOTION],
        };
        conn.xinput_xi_select_events(root, &[motion])?.check()?;
    }
    if !has(conn, xfixes::X11_EXTENSION_NAME)? {
        return Ok(false);
    }
    conn.xfixes_query_version(5, 0)?.reply()?;
    conn.xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?
        .check()?;
    Ok(true)
}

fn from_x(rect: Rectangle) -> Rect {
    // A damaged region lies inside the root window, so nothing is negative.
    let side = |value: i16| u32::try_from(value).unwrap_or(0);
    Rect {
        x: side(rect.x),
        y: side(rect.y),
        width: rect.width.into(),
        height: rect.height.into(),
    }
}

impl From<ConnectionError> for CaptureError {
    fn from(error: ConnectionError) -> Self {
        Self::Gone(error.to_string())
    }
}

impl From<ReplyError> for CaptureError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Refused(format!("{:?}", error.error_kind)),
        }
    }
}

impl From<ReplyOrIdError> for CaptureError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Refused("no more names".into()),
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => Self::Refused(format!("{:?}", error.error_kind)),
        }
    }
}
