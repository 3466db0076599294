//! An X11 screen: Damage says when and where, shared memory carries the pixels, `XFixes` shows
//! the pointer. Each has a fallback, for displays that are far away or old.

mod error;
mod follow;
mod grab;
mod monitors;
mod pointer;
mod poll;
mod setup;
mod shm;
mod whole;

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use deskhand_protocol::monitor::{Monitors, Shown};
use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        damage::{self, ConnectionExt as _, ReportLevel},
        xfixes::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, Rectangle, Window},
    },
    rust_connection::RustConnection,
};

use super::{CaptureError, Change, FrameSource, Sink, layout::Layout};
use crate::media::{
    convert::Pixels,
    rect::{Rect, Size},
};
use follow::Pointer;
use grab::Grabber;
use poll::Compare;
use setup::has;

/// More rectangles than this are not worth reading: the rectangle around them is taken instead.
const MAX_REGION: usize = 512;

/// How often to have the server answer although nothing happens: one that hangs tells nothing, and
/// a picture that stands still looks the same.
const PROBE: Duration = Duration::from_secs(2);

/// Opens a display (such as `:0`) to show a monitor of its default screen.
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
    setup::check_format(&conn, &screen)?;
    // First watched, then asked: no change falls in between.
    let listed = setup::watch_monitors(&conn, screen.root)?;
    let layout = Layout::new(monitors::desktop(&conn, screen.root, listed)?)?;
    let view = layout.view();
    let watch = Watch::new(&conn, screen.root, view.size())?;
    let tells = setup::watch_pointer(&conn, screen.root)?;
    Ok(Box::new(X11 {
        grabber: Grabber::new(&conn, display, screen.root, view)?,
        display: display.into(),
        root: screen.root,
        listed,
        layout,
        view,
        watch,
        rearranged: false,
        told: None,
        probe: Instant::now() + PROBE,
        pointer: Pointer::new(tells),
        conn,
    }))
}

struct X11 {
    conn: RustConnection,
    /// As it was asked for.
    display: String,
    root: Window,
    /// Whether the server can list monitors.
    listed: bool,
    layout: Layout,
    /// What is shown, as long as its pixels are read.
    view: Rect,
    grabber: Grabber,
    watch: Watch,
    /// Screen, monitors or what is to be shown of them may have changed.
    rearranged: bool,
    /// The monitors as they were last told.
    told: Option<Monitors>,
    /// When the server is to give a sign of life.
    probe: Instant,
    pointer: Pointer,
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
    fn view(&self) -> Rect {
        self.view
    }

    fn monitors(&self) -> Option<Monitors> {
        self.layout.monitors()
    }

    fn show(&mut self, shown: Shown) {
        self.layout.show(shown);
        self.rearranged = true;
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.conn.stream().as_fd())
    }

    fn wake_at(&self) -> Option<Instant> {
        let look = match &self.watch {
            Watch::Damage { .. } => None,
            Watch::Compare(compare) => Some(compare.due()),
        };
        [self.pointer.due(), look, Some(self.probe)]
            .into_iter()
            .flatten()
            .min()
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
                let rectangles = if taken.rectangles.len() > MAX_REGION {
                    vec![taken.extents]
                } else {
                    taken.rectangles
                };
                let shown = rectangles.into_iter().map(from_x);
                Ok(shown.filter_map(|rect| rect.within(&self.view)).collect())
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
        let grabbed = self
            .grabber
            .grab(&self.conn, self.root, self.view, rects, sink);
        match grabbed {
            // A pixel outside the screen: it has just shrunk, and its event is on the way.
            Err(CaptureError::Refused(detail)) => {
                let desktop = monitors::desktop(&self.conn, self.root, false)?;
                if desktop.size.rect().contains(&self.view) {
                    return Err(CaptureError::Refused(detail));
                }
                self.rearranged = true;
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
            Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => self.rearranged = true,
            Event::ConfigureNotify(event) if event.window == self.root => self.rearranged = true,
            Event::XfixesCursorNotify(_) => self.pointer.changed_shape(),
            Event::XinputRawMotion(_) => self.pointer.moved(),
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
        if std::mem::take(&mut self.rearranged) {
            asked = true;
            let desktop = monitors::desktop(&self.conn, self.root, self.listed)?;
            self.layout.update(desktop)?;
            let view = self.layout.view();
            if view != self.view {
                self.show_part(view, now)?;
                changes.push(Change::View);
            }
        }
        let monitors = self.layout.monitors();
        if self.told != monitors {
            self.told = monitors;
            changes.push(Change::Monitors);
        }
        if self.probe <= now {
            asked = true;
            self.probe = now + PROBE;
            self.conn.get_input_focus()?.reply()?;
        }
        asked |= self
            .pointer
            .ask(&self.conn, self.root, self.view, now, changes)?;
        if let Watch::Compare(compare) = &mut self.watch
            && compare.due() <= now
        {
            asked = true;
            let mut differs = false;
            let all = [self.view.size().rect()];
            let mut look = |_, pixels: Pixels<'_>| {
                differs = compare.look(pixels, now);
                Ok(())
            };
            self.grabber
                .grab(&self.conn, self.root, self.view, &all, &mut look)?;
            if differs {
                changes.push(Change::Damaged);
            }
        }
        Ok(asked)
    }

    /// Reads this part of the screen from now on.
    fn show_part(&mut self, view: Rect, now: Instant) -> Result<(), CaptureError> {
        let grabber = Grabber::new(&self.conn, &self.display, self.root, view)?;
        std::mem::replace(&mut self.grabber, grabber).close(&self.conn)?;
        if let Watch::Compare(compare) = &mut self.watch {
            *compare = Compare::new(view.size(), now);
        }
        self.view = view;
        self.pointer.changed_view();
        Ok(())
    }
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
