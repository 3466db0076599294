//! What the browser remembers for next time: the expert's name, what they prefer of the picture,
//! and nothing else.

use deskhand_protocol::control::Quality;
use web_sys::Storage;

use crate::choice;

const NAME: &str = "deskhand.name";
const QUALITY: &str = "deskhand.quality";

/// The name that was used last, if the browser kept it.
pub fn name() -> String {
    storage()
        .and_then(|storage| storage.get_item(NAME).ok().flatten())
        .unwrap_or_default()
}

/// Keeps the name. A browser that keeps nothing just asks again.
pub fn remember_name(name: &str) {
    if let Some(storage) = storage() {
        storage.set_item(NAME, name).ok();
    }
}

/// What was preferred last.
pub fn quality() -> Quality {
    storage()
        .and_then(|storage| storage.get_item(QUALITY).ok().flatten())
        .and_then(|kept| choice::read(&kept))
        .unwrap_or_default()
}

/// Keeps what is preferred.
pub fn remember_quality(quality: Quality) {
    if let Some(storage) = storage() {
        storage.set_item(QUALITY, choice::word(quality)).ok();
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
