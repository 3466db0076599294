//! Releases what XTEST's devices hold, whoever pressed it: keys stay down there when the
//! program that pressed them dies.

use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        xinput::{self, ConnectionExt as _, InputStateData},
        xtest::{self, ConnectionExt as _},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{devices::Devices, lend, xerror::XError};

/// How often it looks at most.
const ROUNDS: usize = 8;

/// Releases every key and button that XTEST's devices hold, and gives back keys on loan. How
/// many keys and buttons it released comes back.
///
/// For the agent when its hand has died, and for the hand before it begins.
///
/// # Errors
/// The display cannot be reached or lacks an extension.
pub fn release_xtest(display: &str) -> Result<usize, XError> {
    let (connection, screen) = x11rb::connect(Some(display))?;
    let root = connection.setup().roots[screen].root;
    let mut devices = Devices::new(&connection)?;
    let first_event = connection
        .extension_information(xinput::X11_EXTENSION_NAME)?
        .ok_or(XError::Lacks("the input extension (XInput)"))?
        .first_event;
    if connection
        .extension_information(xtest::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Err(XError::Lacks("the test extension (XTEST)"));
    }
    connection.xtest_get_version(2, 2)?.reply()?;
    let devices = devices.xtest(&connection)?;
    let devices = devices.iter().filter_map(|(id, _)| u8::try_from(*id).ok());
    let mut released = 0;
    // A program that was just killed may have left a last press on its way: look again.
    for _ in 0..ROUNDS {
        let before = released;
        for id in devices.clone() {
            for (kind, number) in held(&connection, id)? {
                let event = first_event + kind;
                connection.xtest_fake_input(event, number, 0, root, 0, 0, id)?;
                released += 1;
            }
        }
        connection.sync()?;
        if released == before {
            break;
        }
    }
    lend::clean_up(&connection, root)?;
    Ok(released)
}

/// What a device holds, as the event that releases it: buttons before keys.
fn held(connection: &RustConnection, id: u8) -> Result<Vec<(u8, u8)>, XError> {
    let state = connection.xinput_query_device_state(id)?.reply()?;
    let mut found = Vec::new();
    for class in state.classes {
        match class.data {
            InputStateData::Button(buttons) => {
                found.extend(
                    bits(&buttons.buttons).map(|n| (xinput::DEVICE_BUTTON_RELEASE_EVENT, n)),
                );
            }
            InputStateData::Key(keys) => {
                found.extend(bits(&keys.keys).map(|n| (xinput::DEVICE_KEY_RELEASE_EVENT, n)));
            }
            _ => {}
        }
    }
    found.sort_by_key(|(kind, _)| *kind != xinput::DEVICE_BUTTON_RELEASE_EVENT);
    Ok(found)
}

/// The numbers of the bits that are set.
fn bits(bytes: &[u8; 32]) -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|n| bytes[usize::from(n / 8)] & (1 << (n % 8)) != 0)
}
