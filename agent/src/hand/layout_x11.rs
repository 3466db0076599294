//! Reads a keyboard layout from an X display, through XKB.

use std::collections::BTreeMap;

use x11rb::{
    protocol::xkb::{self, ConnectionExt as _, EventType, ID, MapPart, SelectEventsAux},
    rust_connection::RustConnection,
};

use super::{
    held::Scancode,
    keymap::{Beyond, Group, Key, KeyType, Layout, Mods},
    xerror::XError,
};

/// The keyboard that programs see; it takes on the layout of whichever device was used last.
pub const CORE: u16 = 0x100; // XkbUseCoreKbd

/// Starts XKB on a connection and asks to be told when a layout changes.
///
/// # Errors
/// The display lacks XKB.
pub fn watch(connection: &RustConnection) -> Result<(), XError> {
    if !connection.xkb_use_extension(1, 0)?.reply()?.supported {
        return Err(XError::Lacks("the keyboard extension (XKB)"));
    }
    let events = EventType::NEW_KEYBOARD_NOTIFY | EventType::MAP_NOTIFY;
    let parts = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
    connection.xkb_select_events(
        ID::USE_CORE_KBD.into(),
        EventType::default(),
        events,
        parts,
        parts,
        &SelectEventsAux::new(),
    )?;
    Ok(())
}

/// The layout of a device, or of [`CORE`].
///
/// # Errors
/// The display is gone, or has no such keyboard.
pub fn read(connection: &RustConnection, device: u16) -> Result<Layout, XError> {
    let parts = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
    let none = MapPart::default();
    let reply = connection
        .xkb_get_map(
            device,
            parts,
            none,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            xkb::VMod::default(),
            0,
            0,
            0,
            0,
            0,
            0,
        )?
        .reply()?;
    let types = reply.map.types_rtrn.unwrap_or_default();
    let rows = reply.map.syms_rtrn.unwrap_or_default();
    let mut keys: BTreeMap<Scancode, Key> = (reply.first_key_sym..=Scancode::MAX)
        .zip(&rows)
        .map(|(code, row)| (code, key(row)))
        .collect();
    for entry in reply.map.modmap_rtrn.unwrap_or_default() {
        keys.entry(entry.keycode).or_default().mods =
            u8::try_from(u16::from(entry.mods)).unwrap_or_default();
    }
    Ok(Layout {
        types: types.iter().map(key_type).collect(),
        keys,
    })
}

/// The active language and the modifiers in effect.
///
/// # Errors
/// The display is gone.
pub fn state(connection: &RustConnection) -> Result<(usize, Mods), XError> {
    let state = connection.xkb_get_state(CORE)?.reply()?;
    let mods = u16::from(state.mods) & 0xff;
    let group = usize::from(u8::from(state.group));
    Ok((group, u8::try_from(mods).unwrap_or_default()))
}

fn key_type(kind: &xkb::KeyType) -> KeyType {
    let mods = |mask| u8::try_from(u16::from(mask)).unwrap_or_default();
    let active = kind.map.iter().filter(|entry| entry.active);
    KeyType {
        mask: mods(kind.mods_mask),
        levels: active
            .map(|entry| (mods(entry.mods_mask), usize::from(entry.level)))
            .collect(),
    }
}

fn key(row: &xkb::KeySymMap) -> Key {
    let count = usize::from(row.group_info & 0x0f);
    let width = usize::from(row.width);
    let groups = (0..count).map(|group| Group {
        kind: usize::from(row.kt_index[group & 3]),
        keysyms: row
            .syms
            .iter()
            .skip(group * width)
            .take(width)
            .copied()
            .collect(),
    });
    Key {
        groups: groups.collect(),
        beyond: match row.group_info & 0xc0 {
            0x40 => Beyond::Clamp,
            0x80 => Beyond::Use(usize::from((row.group_info & 0x30) >> 4)),
            _ => Beyond::Wrap,
        },
        mods: 0,
    }
}
