//! What a browser gets.

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Server, Site, config, soon};

/// An answer: its head in lower case, and its body.
pub async fn ask(site: &Site, request: &str) -> (String, String) {
    let stream = TcpStream::connect(site.address).await.unwrap();
    ask_over(stream, request).await
}

/// The same over a connection that exists.
pub async fn ask_over(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> (String, String) {
    let request = format!("{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

const HARDENING: &[&str] = &[
    "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval';",
    "cross-origin-opener-policy: same-origin",
    "cross-origin-embedder-policy: require-corp",
    "cross-origin-resource-policy: same-origin",
    "x-content-type-options: nosniff",
    "x-frame-options: deny",
    "referrer-policy: no-referrer",
    "permissions-policy: ",
    "cache-control: ",
];

pub fn assert_hardened(what: &str, head: &str) {
    for header in HARDENING {
        let count = head.matches(&format!("\r\n{header}")).count();
        assert_eq!(count, 1, "{what}: {header}\n{head}");
    }
    assert!(
        !head.contains("unsafe-inline") && !head.contains("'unsafe-eval'"),
        "{head}"
    );
    assert!(!head.contains("strict-transport-security"), "{head}");
}

#[tokio::test]
async fn every_answer_is_hardened() {
    let server = Server::start(config()).await;
    let table = [
        ("GET /", ""),
        ("HEAD /about", "200"),
        ("GET /about", "200"),
        ("GET /pages.css", "200"),
        ("GET /healthz", "200"),
        ("GET /missing", "404"),
        ("GET /../../etc/passwd", "404"),
        ("GET /ws/novice", "400"),
        ("GET /ws/expert", "403"),
        ("POST /", "405"),
    ];
    for (request, status) in table {
        let (head, _) = ask(&server, request).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{request}: {head}"
        );
        assert_hardened(request, &head);
    }
    let refused = server.connect("/ws/novice", &[("origin", "null")]).await;
    let refused = refused.err().unwrap();
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn the_root_is_the_page_or_says_how_to_build_it() {
    let server = Server::start(config()).await;
    let (head, body) = ask(&server, "GET /").await;
    assert!(head.contains("content-type: text/html; charset=utf-8"));
    if head.starts_with("http/1.1 503") {
        assert!(body.contains("cargo xtask bundle"), "{body}");
    } else {
        assert!(
            head.starts_with("http/1.1 200") && head.contains("\r\netag: "),
            "{head}"
        );
        assert!(head.contains("cache-control: no-cache"), "{head}");
    }
}

#[tokio::test]
async fn our_own_pages_obey_their_own_policy() {
    let server = Server::start(config()).await;
    for path in ["/about", "/missing"] {
        let (head, body) = ask(&server, &format!("GET {path}")).await;
        assert!(head.contains("content-type: text/html; charset=utf-8"));
        for inline in [
            "<style",
            "style=",
            "<script",
            "onclick",
            "javascript:",
            "<form",
        ] {
            assert!(!body.contains(inline), "{path} has {inline}");
        }
        assert!(body.contains(r#"<link rel="stylesheet" href="/pages.css">"#));
    }
    let (head, _) = ask(&server, "GET /pages.css").await;
    assert!(head.contains("content-type: text/css"));
}

#[tokio::test]
async fn health_is_one_word() {
    let server = Server::start(config()).await;
    assert_eq!(ask(&server, "GET /healthz").await.1, "ok\n");
}
