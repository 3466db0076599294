//! A novice's own keyboard and mouse, without the hardware.
//!
//! The events come from the X server's own keyboard and pointer devices (Xvfb's or Xvnc's),
//! not from the XTEST devices that injected input comes from, so whoever asks for the source
//! of an event sees a person. XTEST 2.2 itself offers this: `XTestFakeDeviceKeyEvent`, which
//! x11rb has no name for but whose request it sends.
//! See [XTEST §3](https://www.x.org/releases/X11R7.7/doc/xextproto/xtest.html).

use anyhow::{Context as _, Result};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        xinput::{self, ConnectionExt as _, Device, DeviceType},
        xproto::{AtomEnum, ConnectionExt as _, Window},
        xtest::{self, ConnectionExt as _},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// Keys and buttons of a person in front of the screen.
pub struct Physical {
    connection: RustConnection,
    root: Window,
    /// Number of the first event of the X input extension, and of XTEST's own request.
    first_event: u8,
    xtest_opcode: u8,
    keyboard: u8,
    pointer: u8,
}

/// Whether something goes down or comes up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Down,
    Up,
}

impl Physical {
    /// Finds the display's own keyboard and pointer.
    ///
    /// # Errors
    /// The display cannot be reached, or has no such devices.
    pub fn open(display: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display)).context("cannot reach display")?;
        connection.xinput_xi_query_version(2, 2)?.reply()?;
        connection.xtest_get_version(2, 2)?.reply()?;
        let xi = connection
            .extension_information(xinput::X11_EXTENSION_NAME)?
            .context("no X input extension")?;
        let xtest = connection
            .extension_information(xtest::X11_EXTENSION_NAME)?
            .context("no XTEST extension")?;
        let root = connection.setup().roots[screen].root;
        let keyboard = own_device(&connection, DeviceType::SLAVE_KEYBOARD)?;
        let pointer = own_device(&connection, DeviceType::SLAVE_POINTER)?;
        Ok(Self {
            connection,
            root,
            first_event: xi.first_event,
            xtest_opcode: xtest.major_opcode,
            keyboard,
            pointer,
        })
    }

    /// The key that types `keysym` unshifted on the display's present layout.
    ///
    /// # Errors
    /// No key does.
    pub fn keycode_of(&self, keysym: u32) -> Result<u8> {
        let setup = self.connection.setup();
        let (min, max) = (setup.min_keycode, setup.max_keycode);
        let map = self
            .connection
            .get_keyboard_mapping(min, max - min + 1)?
            .reply()?;
        let mut columns = map.keysyms.chunks(usize::from(map.keysyms_per_keycode));
        let row = columns
            .position(|row| row.first() == Some(&keysym))
            .with_context(|| format!("no key types keysym {keysym:#x}"))?;
        Ok(min + u8::try_from(row)?)
    }

    /// Presses a key, by X keycode, and leaves it down.
    ///
    /// # Errors
    /// The display is gone.
    pub fn press(&self, keycode: u8) -> Result<()> {
        self.key(keycode, Way::Down)
    }

    /// Releases a key.
    ///
    /// # Errors
    /// The display is gone.
    pub fn release(&self, keycode: u8) -> Result<()> {
        self.key(keycode, Way::Up)
    }

    /// Presses and releases a key.
    ///
    /// # Errors
    /// The display is gone.
    pub fn tap(&self, keycode: u8) -> Result<()> {
        self.press(keycode)?;
        self.release(keycode)
    }

    /// Presses (true) or releases a pointer button, by X number.
    ///
    /// # Errors
    /// The display is gone.
    pub fn button(&self, button: u8, down: bool) -> Result<()> {
        let kind = if down {
            xinput::DEVICE_BUTTON_PRESS_EVENT
        } else {
            xinput::DEVICE_BUTTON_RELEASE_EVENT
        };
        self.fake(kind, button, self.pointer)
    }

    /// Presses and releases a pointer button where the pointer is.
    ///
    /// # Errors
    /// The display is gone.
    pub fn click(&self, button: u8) -> Result<()> {
        self.button(button, true)?;
        self.button(button, false)
    }

    /// Moves the mouse by so many steps of its own.
    ///
    /// # Errors
    /// The display is gone.
    pub fn nudge(&self, dx: i32, dy: i32) -> Result<()> {
        const RELATIVE: u8 = 1;
        let mut request = Vec::with_capacity(68);
        request.extend([self.xtest_opcode, 2 /* FakeInput */]);
        request.extend(17u16.to_ne_bytes()); // length in words: the header and two events
        let mut event = [0u8; 32];
        event[0] = self.first_event + xinput::DEVICE_MOTION_NOTIFY_EVENT;
        event[1] = RELATIVE;
        event[31] = self.pointer;
        request.extend(event);
        let mut valuators = [0u8; 32];
        valuators[0] = self.first_event + xinput::DEVICE_VALUATOR_EVENT;
        valuators[1] = self.pointer;
        valuators[6] = 2; // how many follow
        valuators[8..12].copy_from_slice(&dx.to_ne_bytes());
        valuators[12..16].copy_from_slice(&dy.to_ne_bytes());
        request.extend(valuators);
        let slices = [std::io::IoSlice::new(&request)];
        self.connection
            .send_request_without_reply(&slices, Vec::new())?
            .check()?;
        Ok(())
    }

    fn key(&self, keycode: u8, way: Way) -> Result<()> {
        let kind = match way {
            Way::Down => xinput::DEVICE_KEY_PRESS_EVENT,
            Way::Up => xinput::DEVICE_KEY_RELEASE_EVENT,
        };
        self.fake(kind, keycode, self.keyboard)
    }

    fn fake(&self, kind: u8, detail: u8, device: u8) -> Result<()> {
        let kind = self.first_event + kind;
        self.connection
            .xtest_fake_input(kind, detail, 0, self.root, 0, 0, device)?;
        // The server has acted on it when this returns.
        self.connection.sync()?;
        Ok(())
    }
}

/// The first device of this kind that is not XTEST's.
fn own_device(connection: &RustConnection, kind: DeviceType) -> Result<u8> {
    let mark = connection
        .intern_atom(false, b"XTEST Device")?
        .reply()?
        .atom;
    let devices = connection
        .xinput_xi_query_device(Device::ALL)?
        .reply()?
        .infos;
    for device in devices.iter().filter(|device| device.type_ == kind) {
        let value = connection
            .xinput_xi_get_property(device.deviceid, false, mark, AtomEnum::ANY.into(), 0, 1)?
            .reply()?;
        if value.num_items == 0 {
            return Ok(u8::try_from(device.deviceid)?);
        }
    }
    anyhow::bail!("the display has no device of its own of kind {kind:?}")
}
