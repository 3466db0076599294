//! What the browser remembers for next time: the expert's name and nothing else.

use web_sys::Storage;

const NAME: &str = "deskhand.name";

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

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
