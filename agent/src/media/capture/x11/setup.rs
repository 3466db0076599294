//! What is asked of an X server before anything is shown.

use x11rb::{
    connection::{Connection, RequestConnection},
    errors::ReplyError,
    protocol::{
        randr::{self, ConnectionExt as _, NotifyMask},
        xfixes::{self, ConnectionExt as _, CursorNotifyMask},
        xinput::{self, ConnectionExt as _, Device, XIEventMask},
        xproto::{
            ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageOrder, Screen, Window,
        },
    },
    rust_connection::RustConnection,
};

use super::super::CaptureError;

/// Pixels must be what `convert` takes: blue, green, red and one unused byte.
pub fn check_format(conn: &RustConnection, screen: &Screen) -> Result<(), CaptureError> {
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

pub fn has(conn: &RustConnection, extension: &'static str) -> Result<bool, CaptureError> {
    Ok(conn.extension_information(extension)?.is_some())
}

/// Every way to hear that the screen or its monitors change: servers without `RandR` still
/// configure their root window, and those with it do when monitors are made by hand.
/// Says whether monitors can be asked for.
pub fn watch_monitors(conn: &RustConnection, root: Window) -> Result<bool, CaptureError> {
    let aux = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    conn.change_window_attributes(root, &aux)?.check()?;
    if !has(conn, randr::X11_EXTENSION_NAME)? {
        return Ok(false);
    }
    let version = conn.randr_query_version(1, 5)?.reply()?;
    let version = (version.major_version, version.minor_version);
    let mut changes = NotifyMask::SCREEN_CHANGE;
    if version >= (1, 2) {
        changes |= NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
    }
    conn.randr_select_input(root, changes)?.check()?;
    Ok(version >= (1, 5))
}

/// What a server tells of the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tells {
    /// When it moves.
    pub motion: bool,
    /// What it looks like.
    pub shape: bool,
}

/// Hears of new shapes and of motion, as far as this server tells them.
pub fn watch_pointer(conn: &RustConnection, root: Window) -> Result<Tells, CaptureError> {
    Ok(Tells {
        motion: watch_motion(conn, root)?,
        shape: watch_shape(conn, root)?,
    })
}

fn watch_motion(conn: &RustConnection, root: Window) -> Result<bool, CaptureError> {
    if !has(conn, xinput::X11_EXTENSION_NAME)? {
        return Ok(false);
    }
    match conn.xinput_xi_query_version(2, 2)?.reply() {
        Ok(_) => {}
        // The extension is older than this question.
        Err(ReplyError::X11Error(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let motion = xinput::EventMask {
        deviceid: Device::ALL_MASTER.into(),
        mask: vec![XIEventMask::RAW_MOTION],
    };
    conn.xinput_xi_select_events(root, &[motion])?.check()?;
    Ok(true)
}

fn watch_shape(conn: &RustConnection, root: Window) -> Result<bool, CaptureError> {
    if !has(conn, xfixes::X11_EXTENSION_NAME)? {
        return Ok(false);
    }
    conn.xfixes_query_version(5, 0)?.reply()?;
    conn.xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?
        .check()?;
    Ok(true)
}
