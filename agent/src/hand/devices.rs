//! Which input devices are a person's, and which are XTEST's.

use std::collections::HashMap;

use x11rb::{
    connection::RequestConnection as _,
    protocol::{
        xinput::{self, ConnectionExt as _, Device, DeviceType},
        xproto::{Atom, AtomEnum, ConnectionExt as _},
    },
    rust_connection::RustConnection,
};

use super::xerror::XError;

/// Tells XTEST's devices from all others by their mark, never by name.
pub struct Devices {
    mark: Atom,
    known: HashMap<u16, bool>,
}

impl Devices {
    /// Starts the X input extension on a connection.
    ///
    /// # Errors
    /// The display is gone or lacks it.
    pub fn new(connection: &RustConnection) -> Result<Self, XError> {
        if connection
            .extension_information(xinput::X11_EXTENSION_NAME)?
            .is_none()
        {
            return Err(XError::Lacks("the input extension (XInput)"));
        }
        // From 2.1 on raw events come also while another program has grabbed the device; from
        // 2.2 on touches come too.
        let version = connection.xinput_xi_query_version(2, 2)?.reply()?;
        if (version.major_version, version.minor_version) < (2, 2) {
            return Err(XError::Lacks("XInput 2.2"));
        }
        let mark = connection
            .intern_atom(false, b"XTEST Device")?
            .reply()?
            .atom;
        Ok(Self {
            mark,
            known: HashMap::new(),
        })
    }

    /// Devices came or went: ask again.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Whether events of this device were injected by a program. A device that is gone already
    /// counts as a person's.
    ///
    /// # Errors
    /// The display is gone.
    pub fn is_xtest(&mut self, connection: &RustConnection, id: u16) -> Result<bool, XError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let any = AtomEnum::ANY.into();
        let asked = connection.xinput_xi_get_property(id, false, self.mark, any, 0, 1)?;
        let marked = match asked.reply().map_err(XError::from) {
            Ok(property) => property.num_items > 0,
            Err(error) if error.is_passing() => return Ok(false),
            Err(error) => return Err(error),
        };
        self.known.insert(id, marked);
        Ok(marked)
    }

    /// All devices of XTEST's with what they are.
    ///
    /// # Errors
    /// The display is gone.
    pub fn xtest(&mut self, connection: &RustConnection) -> Result<Vec<(u16, DeviceType)>, XError> {
        let all = connection.xinput_xi_query_device(Device::ALL)?.reply()?;
        let mut found = Vec::new();
        for device in all.infos {
            if self.is_xtest(connection, device.deviceid)? {
                found.push((device.deviceid, device.type_));
            }
        }
        Ok(found)
    }
}

/// XTEST's keyboard.
///
/// # Errors
/// The display is gone.
pub fn xtest_keyboard(
    devices: &mut Devices,
    connection: &RustConnection,
) -> Result<Option<u16>, XError> {
    let mut all = devices.xtest(connection)?.into_iter();
    let found = all.find(|(_, kind)| *kind == DeviceType::SLAVE_KEYBOARD);
    Ok(found.map(|(id, _)| id))
}
