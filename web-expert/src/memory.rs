//! What the browser remembers for next time: the expert's name, what they prefer of the picture,
//! and nothing else. This tab alone remembers, as long as a session lasts, how to come back to it.

use deskhand_protocol::{control::Quality, handshake::resume::ResumeKey};
use web_sys::Storage;

use crate::{
    choice, js,
    kept::{self, Kept},
};

const NAME: &str = "deskhand.name";
const QUALITY: &str = "deskhand.quality";
const SESSION: &str = "deskhand.session";

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

/// The session that this tab can go on with.
pub fn session() -> Option<Kept> {
    let text = tab()?.get_item(SESSION).ok().flatten()?;
    kept::read(&text, js::wall())
}

/// Keeps it, as seen to stand right now. A browser that keeps nothing for a page like this one
/// still comes back as long as the page is not loaded again.
pub fn keep_session(key: &ResumeKey) {
    if let Some(tab) = tab() {
        tab.set_item(SESSION, &kept::write(key, js::wall())).ok();
    }
}

/// Keeps it no longer.
pub fn forget_session() {
    if let Some(tab) = tab() {
        tab.remove_item(SESSION).ok();
    }
}

fn tab() -> Option<Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
