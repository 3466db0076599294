//! Where the page came from, and with that, where its server is.

use deskhand_protocol::invitation::{FileData, FileError, Origin};
use wasm_bindgen::JsValue;

use crate::state::{FromFile, Opened};

/// The element that holds a file's invitation.
const INVITATION: &str = "invitation";

/// Where the page came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// From the server, with an address of its own.
    Served,
    /// Out of an invitation file, which says where the server is.
    File(Origin),
}

impl Place {
    /// Of a page that was opened so. A file that says nothing reaches nobody.
    pub fn of(opened: &Opened) -> Self {
        match opened {
            Opened::File(Ok(file)) => Self::File(file.server.clone()),
            Opened::Served(_) | Opened::File(Err(_)) => Self::Served,
        }
    }

    /// Where the expert's socket is.
    ///
    /// # Errors
    /// If the page has no address, which no page is without.
    pub fn socket(&self) -> Result<String, JsValue> {
        let base = match self {
            Self::File(server) => server.web_socket(),
            Self::Served => {
                let location = web_sys::window()
                    .ok_or_else(|| JsValue::from_str("no window"))?
                    .location();
                let scheme = match location.protocol()?.as_str() {
                    "https:" => "wss",
                    _ => "ws",
                };
                format!("{scheme}://{}", location.host()?)
            }
        };
        Ok(format!("{base}/ws/expert"))
    }
}

/// Whether the page was loaded over HTTP. All else is a file, wherever a browser keeps it while
/// it shows it.
pub fn is_served() -> bool {
    web_sys::window()
        .and_then(|window| window.location().protocol().ok())
        .is_some_and(|protocol| protocol == "https:" || protocol == "http:")
}

/// Takes the invitation: out of the file, or out of the address bar.
pub fn opened() -> Opened {
    if is_served() {
        return Opened::Served(take_fragment());
    }
    let json = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id(INVITATION))
        .and_then(|element| element.text_content());
    let read = json.ok_or(FileError::Malformed);
    Opened::File(
        read.and_then(|json| FileData::parse(&json))
            .map(|(server, link)| FromFile { server, link }),
    )
}

/// Takes the invitation out of the address bar, where a glance, a screenshot or the history
/// could give it away. From here on it is in memory only.
fn take_fragment() -> String {
    let Some(window) = web_sys::window() else {
        return String::new();
    };
    let location = window.location();
    let fragment = location.hash().unwrap_or_default();
    if !fragment.is_empty()
        && let (Ok(history), Ok(path)) = (window.history(), location.pathname())
    {
        let state = JsValue::NULL;
        history.replace_state_with_url(&state, "", Some(&path)).ok();
    }
    fragment
}
