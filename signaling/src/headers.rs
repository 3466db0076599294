//! The headers of a hardened site, on every answer.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

use crate::origin::Origin;

/// What a page of ours may do: what the console needs, and nothing else.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(self), camera=(), \
    clipboard-read=(self), clipboard-write=(self), display-capture=(), fullscreen=(self), \
    geolocation=(), gyroscope=(), hid=(), idle-detection=(), keyboard-map=(self), \
    magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// Made once, put on every answer.
#[derive(Debug, Clone)]
pub(crate) struct Hardening(HeaderMap);

impl Hardening {
    /// For a server at these origins, the public one first.
    pub(crate) fn new(origins: &[Origin]) -> Self {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::REFERRER_POLICY, "no-referrer");
        set(header::X_FRAME_OPTIONS, "DENY");
        // Where pages come in the clear browsers ignore it, and complain of it in their console.
        if !origins.first().is_some_and(Origin::shows_who_meets) {
            set(
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            );
        }
        set(
            HeaderName::from_static("cross-origin-embedder-policy"),
            "require-corp",
        );
        set(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        );
        set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
        set(HeaderName::from_static("origin-agent-cluster"), "?1");
        set(
            HeaderName::from_static("x-permitted-cross-domain-policies"),
            "none",
        );
        set(HeaderName::from_static("x-dns-prefetch-control"), "off");
        if origins.first().is_some_and(Origin::is_secure) {
            set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        // An origin is letters, digits, dots, dashes and colons, so this never fails.
        if let Ok(policy) = HeaderValue::from_str(&content_policy(origins)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Self(headers)
    }

    /// Puts them on an answer. What may be kept is for the route to say; unless it does,
    /// nothing may.
    pub(crate) fn apply(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        for (name, value) in &self.0 {
            headers.insert(name, value.clone());
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

/// [Content Security Policy Level 3](https://www.w3.org/TR/CSP3/). `'self'` covers web sockets in
/// current browsers only, so they are named; an address of IP version 6 cannot be named at all.
fn content_policy(origins: &[Origin]) -> String {
    let sockets: Vec<String> = origins
        .iter()
        .map(Origin::web_socket)
        .filter(|socket| !socket.contains('['))
        .collect();
    let sockets = sockets.join(" ");
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' {sockets}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_policy_names_our_own_sockets() {
        let origins = [
            "https://help.example.org".parse().unwrap(),
            Origin::local("127.0.0.1", 8080, false),
            Origin::local("[::1]", 8080, false),
        ];
        expect![[r"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' wss://help.example.org ws://127.0.0.1:8080; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]]
        .assert_eq(&content_policy(&origins));
    }

    #[test]
    fn only_a_secure_site_insists_on_staying_one() {
        let has = |origins: &[Origin]| {
            Hardening::new(origins)
                .0
                .contains_key(header::STRICT_TRANSPORT_SECURITY)
        };
        assert!(has(&["https://help.example.org".parse().unwrap()]));
        assert!(has(&[Origin::local("localhost", 8443, true)]));
        assert!(!has(&[Origin::local("localhost", 8080, false)]));
    }
}
