//! The desktop and its monitors, as the X server describes them.

use deskhand_protocol::monitor::MonitorId;
use x11rb::{
    errors::ReplyError,
    protocol::{
        randr::{ConnectionExt as _, MonitorInfo},
        xproto::{ConnectionExt as _, Window},
    },
    rust_connection::RustConnection,
};

use super::super::{
    CaptureError,
    layout::{Desktop, Found},
};
use crate::media::rect::{Rect, Size};

/// What a monitor is called whose name is not known.
const NAMELESS: &str = "Monitor";

/// Asks for all of it; `listed`: whether the server can list monitors.
pub fn desktop(conn: &RustConnection, root: Window, listed: bool) -> Result<Desktop, CaptureError> {
    let geometry = conn.get_geometry(root)?;
    let pointer = conn.query_pointer(root)?;
    let mut monitors = Vec::new();
    if listed {
        for monitor in conn.randr_get_monitors(root, true)?.reply()?.monitors {
            monitors.extend(found(conn, &monitor)?);
        }
    }
    let (geometry, pointer) = (geometry.reply()?, pointer.reply()?);
    Ok(Desktop {
        size: Size {
            width: geometry.width.into(),
            height: geometry.height.into(),
        },
        monitors,
        pointer: (pointer.root_x, pointer.root_y),
    })
}

/// `None`: it lies outside.
fn found(conn: &RustConnection, monitor: &MonitorInfo) -> Result<Option<Found>, CaptureError> {
    let (Ok(x), Ok(y)) = (u32::try_from(monitor.x), u32::try_from(monitor.y)) else {
        return Ok(None);
    };
    // The number of a name stays the same for as long as the server runs.
    let name = match conn.get_atom_name(monitor.name)?.reply() {
        Ok(reply) => String::from_utf8_lossy(&reply.name).into_owned(),
        Err(ReplyError::X11Error(_)) => NAMELESS.into(),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Found {
        id: MonitorId(monitor.name),
        name,
        area: Rect {
            x,
            y,
            width: monitor.width.into(),
            height: monitor.height.into(),
        },
        primary: monitor.primary,
    }))
}
