//! The page's files, as `cargo xtask bundle` left them: each with its `.br` and `.gz` beside it.

use std::{borrow::Cow, collections::HashMap};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

#[derive(RustEmbed)]
#[folder = "../static/bundle"]
struct Bundle;

/// May be kept for a year: a changed file gets another name.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// May be kept, but has to be asked about each time.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// One file in one encoding.
#[derive(Debug, Clone)]
struct Variant {
    encoding: Option<HeaderValue>,
    etag: HeaderValue,
    bytes: Bytes,
}

/// One file.
#[derive(Debug)]
struct Asset {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    /// The best first; the last one is not compressed.
    variants: Vec<Variant>,
}

/// All files by path, without a leading slash.
#[derive(Debug)]
pub(crate) struct Assets(HashMap<String, Asset>);

impl Assets {
    /// Those in this binary; none, if the page was not built before it.
    pub(crate) fn embedded() -> Self {
        Self::new(Bundle::iter().filter_map(|path| {
            let data = Bundle::get(&path)?.data;
            Some((path.into_owned(), data))
        }))
    }

    fn new(files: impl IntoIterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let mut files: HashMap<String, Bytes> = files
            .into_iter()
            .map(|(path, data)| {
                let bytes = match data {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => bytes.into(),
                };
                (path, bytes)
            })
            .collect();
        let plain: Vec<String> = files
            .keys()
            .filter(|path| original(path).is_none_or(|name| !files.contains_key(name)))
            .cloned()
            .collect();
        let assets = plain.into_iter().filter_map(|path| {
            let mut variants = Vec::new();
            for (ending, encoding) in [(".br", "br"), (".gz", "gzip")] {
                if let Some(bytes) = files.remove(&format!("{path}{ending}")) {
                    variants.push(Variant::new(Some(encoding), bytes)?);
                }
            }
            variants.push(Variant::new(None, files.remove(&path)?)?);
            let asset = Asset {
                content_type: content_type(&path),
                cache_control: if is_hashed(&path) { FOREVER } else { ASK },
                variants,
            };
            Some((path, asset))
        });
        Self(assets.collect())
    }

    /// The answer to a request for `path`; `None`: there is no such file.
    pub(crate) fn get(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let asset = self.0.get(path)?;
        let accepted = request.get(header::ACCEPT_ENCODING);
        let variant = asset.variants.iter().find(|v| match &v.encoding {
            Some(encoding) => accepts(accepted, encoding),
            None => true,
        })?;
        let known = request
            .get(header::IF_NONE_MATCH)
            .is_some_and(|tags| names(tags, &variant.etag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(variant.bytes.clone()))
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, variant.etag.clone());
        headers.insert(header::CACHE_CONTROL, asset.cache_control.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if !known {
            headers.insert(header::CONTENT_TYPE, asset.content_type.clone());
            if let Some(encoding) = &variant.encoding {
                headers.insert(header::CONTENT_ENCODING, encoding.clone());
            }
        }
        Some(response)
    }
}

impl Variant {
    fn new(encoding: Option<&'static str>, bytes: Bytes) -> Option<Self> {
        let digest = URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..12]);
        Some(Self {
            encoding: encoding.map(HeaderValue::from_static),
            etag: HeaderValue::from_str(&format!("\"{digest}\"")).ok()?,
            bytes,
        })
    }
}

/// What a compressed file is made of.
fn original(path: &str) -> Option<&str> {
    path.strip_suffix(".br").or(path.strip_suffix(".gz"))
}

fn content_type(path: &str) -> HeaderValue {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    HeaderValue::from_static(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    })
}

/// Whether a part of the file's name is a hash of its content: at least eight hex digits, at
/// least one of them a number.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['-', '.', '_']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

/// Whether an `Accept-Encoding` header names `encoding` without a quality of zero
/// ([RFC 9110 §12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3)).
fn accepts(header: Option<&HeaderValue>, encoding: &HeaderValue) -> bool {
    let (Some(Ok(header)), Ok(encoding)) = (header.map(HeaderValue::to_str), encoding.to_str())
    else {
        return false;
    };
    header.split(',').any(|item| {
        let (name, quality) = item.split_once(';').unwrap_or((item, ""));
        let quality = quality.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(encoding) && quality.parse().is_ok_and(|q: f32| q > 0.0)
    })
}

/// Whether an `If-None-Match` header names `etag`.
fn names(header: &HeaderValue, etag: &HeaderValue) -> bool {
    header.as_bytes().split(|b| *b == b',').any(|tag| {
        let tag = tag.trim_ascii();
        tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes() || tag == b"*"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> Assets {
        let file = |path: &str, bytes: &[u8]| (path.to_owned(), Cow::Owned(bytes.to_vec()));
        Assets::new([
            file("index.html", b"plain"),
            file("index.html.br", b"brotli"),
            file("index.html.gz", b"gzip"),
            file("app_bg.wasm", b"wasm"),
            file("font-0123abcd.woff2", b"font"),
            file("alone.gz", b"not of another file"),
        ])
    }

    fn request(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    fn shown(response: &Response, name: header::HeaderName) -> &str {
        response
            .headers()
            .get(name)
            .map_or("-", |v| v.to_str().unwrap())
    }

    #[test]
    fn the_best_accepted_encoding_is_served() {
        let table = [
            ("", "-"),
            ("br, gzip", "br"),
            ("gzip, deflate, br;q=0.5", "br"),
            ("gzip;q=1.0, br;q=0", "gzip"),
            ("GZIP", "gzip"),
            ("zstd", "-"),
            ("br;q=nonsense", "-"),
        ];
        for (accepted, encoding) in table {
            let request = request(&[(header::ACCEPT_ENCODING, accepted)]);
            let response = assets().get("index.html", &request).unwrap();
            assert_eq!(
                shown(&response, header::CONTENT_ENCODING),
                encoding,
                "{accepted}"
            );
            assert_eq!(
                shown(&response, header::CONTENT_TYPE),
                "text/html; charset=utf-8"
            );
            assert_eq!(shown(&response, header::VARY), "accept-encoding");
        }
    }

    #[test]
    fn files_that_a_browser_has_are_not_sent_again() {
        let assets = assets();
        let first = assets.get("app_bg.wasm", &HeaderMap::new()).unwrap();
        assert_eq!(shown(&first, header::CONTENT_TYPE), "application/wasm");
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        let second = assets.get("app_bg.wasm", &again).unwrap();
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        let other = assets.get("index.html", &again).unwrap();
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        let kept = |path| {
            let response = assets().get(path, &HeaderMap::new()).unwrap();
            shown(&response, header::CACHE_CONTROL).to_owned()
        };
        assert_eq!(kept("index.html"), "no-cache");
        assert_eq!(kept("app_bg.wasm"), "no-cache");
        assert!(kept("font-0123abcd.woff2").contains("immutable"));
        assert!(!is_hashed("feedback.js"), "letters alone are a word");
    }

    #[test]
    fn compressed_files_have_no_address_of_their_own() {
        let there = |path| assets().get(path, &HeaderMap::new()).is_some();
        assert!(!there("index.html.br") && !there("index.html.gz") && !there("../index.html"));
        assert!(there("alone.gz"));
    }
}
