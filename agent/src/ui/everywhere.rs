//! The window on every virtual desktop: whoever has control must not be able to turn to one
//! where the novice sees neither who has it nor how to stop it.
//!
//! winit has no word for it, so the window manager is asked directly
//! ([EWMH, `_NET_WM_DESKTOP`](https://specifications.freedesktop.org/wm-spec/latest/)).

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{
        AtomEnum, ClientMessageData, ClientMessageEvent, ConnectionExt as _, EventMask, Window,
    },
    rust_connection::RustConnection,
};

use crate::hand::XError;

const ALL: u32 = u32::MAX;
/// Asked for by a program of the user's, not by a pager.
const FROM_APPLICATION: u32 = 1;

/// Moves one window between one desktop and all of them.
pub(super) struct Everywhere {
    connection: RustConnection,
    root: Window,
    window: Window,
    on: bool,
}

impl Everywhere {
    /// For a window on the display that `DISPLAY` names.
    pub(super) fn new(window: Window) -> Result<Self, XError> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots[screen].root;
        Ok(Self {
            connection,
            root,
            window,
            on: false,
        })
    }

    /// Shows it on all desktops, or on the present one only. A window manager without desktops
    /// does nothing.
    pub(super) fn set(&mut self, on: bool) {
        if std::mem::replace(&mut self.on, on) != on
            && let Err(error) = self.ask(on)
        {
            tracing::warn!(%error, "asking the window manager for all desktops");
        }
    }

    fn ask(&self, on: bool) -> Result<(), XError> {
        let atom = |name: &str| -> Result<u32, XError> {
            let cookie = self.connection.intern_atom(false, name.as_bytes())?;
            Ok(cookie.reply()?.atom)
        };
        let desktop = if on {
            ALL
        } else {
            let present = atom("_NET_CURRENT_DESKTOP")?;
            let kind = AtomEnum::CARDINAL;
            let cookie = self
                .connection
                .get_property(false, self.root, present, kind, 0, 1)?;
            let present = cookie.reply()?.value32().and_then(|mut all| all.next());
            present.unwrap_or_default()
        };
        let data = ClientMessageData::from([desktop, FROM_APPLICATION, 0, 0, 0]);
        let message = ClientMessageEvent::new(32, self.window, atom("_NET_WM_DESKTOP")?, data);
        let to_manager = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection
            .send_event(false, self.root, to_manager, message)?;
        self.connection.flush()?;
        Ok(())
    }
}
