//! What web-sys has not: a handful of calls that only some browsers know, each asked for before
//! it is used.

use std::time::Duration;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use web_sys::{RtcCertificate, WheelEvent, Window};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = RtcCertificate)]
    type CertificateWithFingerprints;
    /// <https://www.w3.org/TR/webrtc/#dom-rtccertificate-getfingerprints>; not in every Firefox.
    #[wasm_bindgen(method, js_name = getFingerprints)]
    fn get_fingerprints(this: &CertificateWithFingerprints) -> Array;

    /// `RTCDtlsFingerprint`.
    type DtlsFingerprint;
    #[wasm_bindgen(method, getter)]
    fn algorithm(this: &DtlsFingerprint) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn value(this: &DtlsFingerprint) -> Option<String>;

    #[wasm_bindgen(extends = WheelEvent)]
    type WheelWithNotches;
    #[wasm_bindgen(method, getter, js_name = wheelDeltaX)]
    fn wheel_delta_x(this: &WheelWithNotches) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = wheelDeltaY)]
    fn wheel_delta_y(this: &WheelWithNotches) -> Option<f64>;

    /// `navigator.keyboard`, <https://wicg.github.io/keyboard-lock/>; Chromium only.
    type KeyboardLock;
    #[wasm_bindgen(method)]
    fn lock(this: &KeyboardLock) -> Promise;
    #[wasm_bindgen(method)]
    fn unlock(this: &KeyboardLock);
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::has(object, &name.into()).unwrap_or(false)
}

/// The SHA-256 fingerprint as `AB:CD:…`, if this browser tells.
pub fn fingerprint(certificate: &RtcCertificate) -> Option<String> {
    if !has(certificate, "getFingerprints") {
        return None;
    }
    let all = certificate
        .unchecked_ref::<CertificateWithFingerprints>()
        .get_fingerprints();
    all.iter()
        .map(wasm_bindgen::JsCast::unchecked_into::<DtlsFingerprint>)
        .find(|print| {
            print
                .algorithm()
                .is_some_and(|name| name.eq_ignore_ascii_case("sha-256"))
        })?
        .value()
}

/// How far the wheel turned, in 1/120 of a notch, positive left and up.
pub fn notches(event: &WheelEvent) -> Option<(f64, f64)> {
    let event = event.unchecked_ref::<WheelWithNotches>();
    Some((event.wheel_delta_x()?, event.wheel_delta_y()?))
}

/// In fullscreen: keys that the system or browser would keep, such as Alt+Tab and Esc, go to the
/// page (true), or no longer (false).
pub fn lock_keyboard(window: &Window, on: bool) {
    let navigator: JsValue = window.navigator().into();
    let Ok(keyboard) = Reflect::get(&navigator, &"keyboard".into()) else {
        return;
    };
    if !has_function(&keyboard, "lock") {
        return;
    }
    let keyboard = keyboard.unchecked_into::<KeyboardLock>();
    if on {
        // Refused outside fullscreen; then the keys stay where they are.
        wasm_bindgen_futures::spawn_local(async move {
            wasm_bindgen_futures::JsFuture::from(keyboard.lock())
                .await
                .ok();
        });
    } else {
        keyboard.unlock();
    }
}

/// Whether an object has a function of this name.
pub fn has_function(object: &JsValue, name: &str) -> bool {
    object.is_object()
        && Reflect::get(object, &name.into())
            .is_ok_and(|member| member.is_instance_of::<Function>())
}

/// Whether this browser can make direct connections.
pub fn has_webrtc(window: &Window) -> bool {
    has_function(window, "RTCPeerConnection")
}

/// Time since the epoch, by a clock that people set.
pub fn wall() -> Duration {
    Duration::try_from_secs_f64(js_sys::Date::now() / 1000.0).unwrap_or_default()
}

/// Time since the page was opened.
pub fn now() -> Duration {
    let millis = web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |clock| clock.now());
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}
