//! The X desktop, as the actor asks about it.

use std::time::Instant;

use deskhand_protocol::key::Keysym;
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window},
    },
    rust_connection::RustConnection,
};

use super::{
    act::{Desk, DeskError, Loan},
    devices::{self, Devices},
    gate::Pixel,
    keymap::{Layout, Mods},
    layout_x11,
    lend::{self, Lent},
    own::Own,
    xerror::XError,
};

/// A connection of its own: questions and answers only, so that nothing waits in it.
pub struct X11Desk {
    connection: RustConnection,
    root: Window,
    /// Injected keys come from this device and are read by its layout.
    keyboard: u16,
    /// `None` when it has changed.
    layout: Option<Layout>,
    own: Own,
    lent: Lent,
}

impl X11Desk {
    /// Connects; the windows of process `agent` are own ones.
    ///
    /// # Errors
    /// The display cannot be reached or lacks an extension.
    pub fn open(display: &str, agent: u32) -> Result<Self, XError> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots[screen].root;
        layout_x11::watch(&connection)?;
        let keyboard = devices::xtest_keyboard(&mut Devices::new(&connection)?, &connection)?;
        let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &watch)?;
        lend::clean_up(&connection, root)?;
        Ok(Self {
            connection,
            root,
            keyboard: keyboard.unwrap_or(layout_x11::CORE),
            layout: None,
            own: Own::new(root, agent),
            lent: Lent::default(),
        })
    }

    /// The connection, to wait on.
    pub fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// Takes note of everything that changed.
    ///
    /// # Errors
    /// The display is gone.
    pub fn refresh(&mut self) -> Result<(), XError> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::XkbMapNotify(_)
                | Event::XkbNewKeyboardNotify(_)
                | Event::MappingNotify(_) => self.layout = None,
                Event::CreateNotify(_)
                | Event::DestroyNotify(_)
                | Event::ReparentNotify(_)
                | Event::MapNotify(_) => self.own.forget(),
                _ => {}
            }
        }
        Ok(())
    }

    /// When [`Self::tidy`] has something to do.
    pub fn tidy_at(&self) -> Option<Instant> {
        self.lent.idle_at()
    }

    /// Gives back keys on loan.
    ///
    /// # Errors
    /// The display is gone.
    pub fn tidy(&mut self) -> Result<(), XError> {
        self.lent.give_back(&self.connection, self.root)
    }

    fn current_layout(&mut self) -> Result<&Layout, XError> {
        self.refresh()?;
        let layout = if let Some(layout) = self.layout.take() {
            layout
        } else {
            let mut layout = layout_x11::read(&self.connection, self.keyboard)?;
            self.lent.check(&layout);
            // A key on loan is asked for by name only.
            layout.keys.retain(|key, _| !self.lent.has(*key));
            layout
        };
        Ok(self.layout.insert(layout))
    }
}

impl Desk for X11Desk {
    fn is_own_at(&mut self, at: Pixel) -> Result<bool, DeskError> {
        self.refresh()?;
        Ok(self.own.is_at(&self.connection, at)?)
    }

    fn is_own_focused(&mut self) -> Result<bool, DeskError> {
        self.refresh()?;
        Ok(self.own.is_focused(&self.connection)?)
    }

    fn layout(&mut self) -> Result<&Layout, DeskError> {
        Ok(self.current_layout()?)
    }

    fn state(&mut self) -> Result<(usize, Mods), DeskError> {
        Ok(layout_x11::state(&self.connection)?)
    }

    fn lend(&mut self, keysym: Keysym) -> Result<Loan, DeskError> {
        let layout = self.current_layout()?.clone();
        let now = Instant::now();
        let lent = &mut self.lent;
        Ok(lent.lend(&self.connection, self.root, &layout, keysym, now)?)
    }

    fn set_own(&mut self, windows: Vec<u32>) {
        self.own.name(windows);
    }
}

impl Drop for X11Desk {
    fn drop(&mut self) {
        // Whoever comes next does it otherwise.
        let _ = self.tidy();
    }
}

impl From<XError> for DeskError {
    fn from(error: XError) -> Self {
        Self(error.to_string())
    }
}
