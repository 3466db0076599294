//! Workers of this page's own.

use gloo_events::EventListener;
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{Blob, Url, Worker};

use crate::place;

/// A worker; ends when dropped.
#[derive(Debug)]
pub struct OwnWorker {
    worker: Worker,
    /// Where a file's worker was loaded from: its own source, which has no address otherwise.
    source: Option<String>,
}

impl OwnWorker {
    /// Starts what the server serves as `name`, or, in a page that cannot load it, `source`.
    ///
    /// # Errors
    /// The browser's own, if there can be no worker.
    pub fn start(name: &str, source: &str) -> Result<Self, JsValue> {
        if place::is_served() {
            return Ok(Self {
                worker: Worker::new(name)?,
                source: None,
            });
        }
        let blob = Blob::new_with_str_sequence(&Array::of1(&source.into()))?;
        let source = Url::create_object_url_with_blob(&blob)?;
        Ok(Self {
            worker: Worker::new(&source)?,
            source: Some(source),
        })
    }

    /// To listen to it.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Calls `on` when the worker cannot be loaded, fails, or says what cannot be read. Nobody
    /// else would notice.
    pub fn on_failure(&self, on: impl Fn() + Clone + 'static) -> [EventListener; 2] {
        ["error", "messageerror"].map(|name| {
            let on = on.clone();
            EventListener::new(&self.worker, name, move |_| on())
        })
    }
}

impl Drop for OwnWorker {
    fn drop(&mut self) {
        self.worker.terminate();
        if let Some(source) = &self.source {
            Url::revoke_object_url(source).ok();
        }
    }
}
