//! The recipes in `packaging/proxy`: a real nginx, a real Caddy, and a real server behind them.

use std::{fs, net::IpAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use deskhand_protocol::{
    VERSION,
    id::Route,
    signal::{self, FromExpert, FromNovice, Payload, ToExpert, ToNovice},
};
use deskhand_tests::{
    process::Process,
    server::Server,
    tls::trusting,
    wait::{self, PATIENCE},
};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, ClientRequestBuilder, Message, http::Uri},
};

const HOST: &str = "help.example.org";
const NGINX: &str = include_str!("../../../packaging/proxy/nginx.conf");
const CADDY: &str = include_str!("../../../packaging/proxy/Caddyfile");

/// Which web server.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Nginx,
    Caddy,
}

/// One that is told what the recipe says, but for ports and a certificate of its own.
struct Proxy {
    _process: Process,
    _folder: TempDir,
    plain: u16,
    secure: u16,
    tls: TlsConnector,
}

impl Proxy {
    async fn before(kind: Kind, upstream: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let own = rcgen::generate_simple_self_signed([HOST.into()]).unwrap();
        let certificate = own.cert.der().clone();
        let key = own.signing_key.serialize_der();
        fs::write(at("cert.pem"), pem("CERTIFICATE", &certificate)).unwrap();
        fs::write(at("key.pem"), pem("PRIVATE KEY", &key)).unwrap();

        let (plain, secure) = (free_port().await, free_port().await);
        let process = match kind {
            Kind::Nginx => nginx(&at, upstream, plain, secure),
            Kind::Caddy => caddy(&at, upstream, plain, secure),
        };
        wait::until("the proxy listens", PATIENCE, async || {
            TcpStream::connect(("127.0.0.1", secure)).await.ok()
        })
        .await;
        Self {
            _process: process,
            _folder: folder,
            plain,
            secure,
            tls: trusting(certificate),
        }
    }

    async fn connect(&self, from: &str) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        let from: IpAddr = from.parse().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let to = ([127, 0, 0, 1], self.secure).into();
        let stream = socket.connect(to).await.unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        self.tls.connect(name, stream).await.unwrap()
    }

    /// A socket, or the status that was given instead.
    async fn socket(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<WebSocketStream<TlsStream<TcpStream>>, u16> {
        let uri: Uri = format!("wss://{HOST}{path}").parse().unwrap();
        let mut request = ClientRequestBuilder::new(uri);
        for (name, value) in headers {
            request = request.with_header(*name, *value);
        }
        match client_async(request, self.connect("127.0.0.1").await).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }
}

/// The recipe with these words replaced, of which each is in it.
fn adapted(recipe: &str, words: &[(&str, String)]) -> String {
    words
        .iter()
        .fold(recipe.to_owned(), |recipe, (said, meant)| {
            assert!(recipe.contains(said), "{said}");
            recipe.replace(said, meant)
        })
}

fn nginx(at: &impl Fn(&str) -> String, upstream: &str, plain: u16, secure: u16) -> Process {
    let recipe = adapted(
        NGINX,
        &[
            ("listen 80;", format!("listen 127.0.0.1:{plain};")),
            ("listen [::]:80;", format!("listen [::1]:{plain};")),
            ("listen 443 ssl", format!("listen 127.0.0.1:{secure} ssl")),
            ("listen [::]:443 ssl", format!("listen [::1]:{secure} ssl")),
            ("server 127.0.0.1:8080;", format!("server {upstream};")),
            (
                "/etc/letsencrypt/live/help.example.org/fullchain.pem",
                at("cert.pem"),
            ),
            (
                "/etc/letsencrypt/live/help.example.org/privkey.pem",
                at("key.pem"),
            ),
        ],
    );
    fs::write(at("deskhand.conf"), recipe).unwrap();
    // What a distribution's nginx.conf has around it.
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", at(name)))
        .concat();
    let main = format!(
        "daemon off; master_process off; error_log stderr; pid {};\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; {temporary} include {}; }}\n",
        at("pid"),
        at("deskhand.conf"),
    );
    fs::write(at("nginx.conf"), main).unwrap();
    Process::start(
        "nginx",
        Process::command("nginx").args(["-p", &at(""), "-c", &at("nginx.conf")]),
    )
}

fn caddy(at: &impl Fn(&str) -> String, upstream: &str, plain: u16, secure: u16) -> Process {
    let site = format!("{HOST} {{\n\ttls {} {}", at("cert.pem"), at("key.pem"));
    let recipe = adapted(
        CADDY,
        &[
            (
                "\nhelp.example.org {",
                format!(
                    "\n{{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {plain}\n\
                     \thttps_port {secure}\n}}\n{site}"
                ),
            ),
            ("127.0.0.1:8080", upstream.to_owned()),
        ],
    );
    fs::write(at("Caddyfile"), recipe).unwrap();
    Process::start(
        "caddy",
        Process::command("caddy")
            .args([
                "run",
                "--adapter",
                "caddyfile",
                "--config",
                &at("Caddyfile"),
            ])
            .env("HOME", at(""))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_DATA_HOME", at("data")),
    )
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

/// The head of the answer, in small letters.
async fn head(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    let request = format!("{request} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that hangs up without a farewell has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, _) = answer.split_once("\r\n\r\n").expect("an answer");
    head.to_ascii_lowercase()
}

async fn tell(socket: &mut WebSocketStream<TlsStream<TcpStream>>, message: &impl serde::Serialize) {
    let text = signal::encode(message);
    socket.send(Message::text(text)).await.unwrap();
}

async fn hear<T: serde::de::DeserializeOwned>(
    socket: &mut WebSocketStream<TlsStream<TcpStream>>,
) -> T {
    let next = async {
        loop {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                return signal::decode(&text).unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.unwrap()
}

/// A server that is told what the recipe says it has to be told.
async fn server() -> Server {
    let public = format!("https://{HOST}");
    Server::start_with(&["--public-url", &public, "--trusted-proxy", "127.0.0.1"]).await
}

#[tokio::test]
async fn two_ends_meet_through_nginx() {
    two_ends_meet_through(Kind::Nginx).await;
}

#[tokio::test]
async fn two_ends_meet_through_caddy() {
    two_ends_meet_through(Kind::Caddy).await;
}

async fn two_ends_meet_through(kind: Kind) {
    let server = server().await;
    let proxy = Proxy::before(kind, server.address()).await;
    let mut novice = proxy.socket("/ws/novice", &[]).await.unwrap();
    tell(&mut novice, &FromNovice::Hello { version: VERSION }).await;
    let route = Route::from_bytes([7; 32]);
    let register = FromNovice::Register {
        route,
        ttl_secs: 60,
        token: None,
        file: false,
        number: None,
    };
    tell(&mut novice, &register).await;
    assert!(matches!(
        hear(&mut novice).await,
        ToNovice::Registered { .. }
    ));

    let own = format!("https://{HOST}");
    let mut expert = proxy
        .socket("/ws/expert", &[("origin", &own)])
        .await
        .unwrap();
    tell(&mut expert, &FromExpert::Hello { version: VERSION }).await;
    tell(&mut expert, &FromExpert::Join { route }).await;
    assert_eq!(hear::<ToExpert>(&mut expert).await, ToExpert::Joined);
    let ToNovice::Joined { join, .. } = hear(&mut novice).await else {
        panic!("nobody joined");
    };
    // As long as a message may be.
    let payload = Payload::new(vec![9; signal::MAX_PAYLOAD]).unwrap();
    let relay = FromExpert::Relay {
        payload: payload.clone(),
    };
    tell(&mut expert, &relay).await;
    let heard: ToNovice = hear(&mut novice).await;
    let expected = ToNovice::Relay {
        join,
        payload: payload.clone(),
    };
    assert_eq!(heard, expected);
    let relay = FromNovice::Relay {
        join,
        payload: payload.clone(),
    };
    tell(&mut novice, &relay).await;
    let heard: ToExpert = hear(&mut expert).await;
    assert_eq!(heard, ToExpert::Relay { payload });
    // One end goes, the other is told.
    drop(expert);
    assert_eq!(hear::<ToNovice>(&mut novice).await, ToNovice::Left { join });
}

#[tokio::test]
async fn what_the_server_refuses_and_demands_arrives_through_nginx() {
    what_the_server_refuses_and_demands_arrives(Kind::Nginx).await;
}

#[tokio::test]
async fn what_the_server_refuses_and_demands_arrives_through_caddy() {
    what_the_server_refuses_and_demands_arrives(Kind::Caddy).await;
}

async fn what_the_server_refuses_and_demands_arrives(kind: Kind) {
    let server = server().await;
    let proxy = Proxy::before(kind, server.address()).await;
    for origin in [
        "https://evil.example",
        "https://help.example.org.evil.example",
        "http://help.example.org",
    ] {
        let answer = proxy.socket("/ws/expert", &[("origin", origin)]).await;
        assert_eq!(answer.err(), Some(403), "{origin}");
    }
    assert_eq!(proxy.socket("/ws/expert", &[]).await.err(), Some(403));
    let origin = format!("https://{HOST}");
    let page = proxy.socket("/ws/novice", &[("origin", &origin)]).await;
    assert_eq!(page.err(), Some(403), "a page is no agent");

    for path in ["/about", "/healthz", "/missing"] {
        let said = head(proxy.connect("127.0.0.1").await, &format!("GET {path}")).await;
        for header in [
            "content-security-policy: default-src 'none'",
            "strict-transport-security: max-age=31536000",
            "x-content-type-options: nosniff",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
            "referrer-policy: no-referrer",
            "x-frame-options: deny",
        ] {
            let count = said.matches(&format!("\r\n{header}")).count();
            assert_eq!(count, 1, "{path}: {header}\n{said}");
        }
    }
    let plain = TcpStream::connect(("127.0.0.1", proxy.plain))
        .await
        .unwrap();
    let said = head(plain, "GET /about").await;
    let moved = ["http/1.1 301 ", "http/1.1 308 "];
    assert!(moved.iter().any(|moved| said.starts_with(moved)), "{said}");
    // Caddy, which knows that its port is none that people use, names it.
    let port = format!(":{}", proxy.secure);
    let to = format!("\r\nlocation: https://{HOST}/about\r\n");
    assert!(
        format!("{said}\r\n").replace(&port, "").contains(&to),
        "{said}"
    );
}

/// What somebody claims to be.
const CLAIM: (&str, &str) = ("x-forwarded-for", "203.0.113.5");

#[tokio::test]
async fn nginx_says_who_is_calling_whatever_they_claim() {
    says_who_is_calling(Kind::Nginx).await;
}

#[tokio::test]
async fn caddy_says_who_is_calling_whatever_they_claim() {
    says_who_is_calling(Kind::Caddy).await;
}

async fn says_who_is_calling(kind: Kind) {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::before(kind, &upstream.local_addr().unwrap().to_string()).await;
    for from in ["127.0.0.1", "127.0.0.9"] {
        let mut caller = proxy.connect(from).await;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {HOST}\r\n{}: {}\r\n\r\n",
            CLAIM.0, CLAIM.1
        );
        caller.write_all(request.as_bytes()).await.unwrap();
        let (mut stream, _) = upstream.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
        }
        let asked = String::from_utf8(asked).unwrap().to_ascii_lowercase();
        let said = format!("\r\nx-forwarded-for: {from}\r\n");
        assert_eq!(asked.matches(&said).count(), 1, "{asked}");
        assert!(!asked.contains(CLAIM.1), "{asked}");
    }
}

#[tokio::test]
async fn the_server_believes_nginx_and_nobody_behind_it() {
    the_server_believes_only(Kind::Nginx).await;
}

#[tokio::test]
async fn the_server_believes_caddy_and_nobody_behind_it() {
    the_server_believes_only(Kind::Caddy).await;
}

async fn the_server_believes_only(kind: Kind) {
    let server = server().await;
    let proxy = Proxy::before(kind, server.address()).await;
    let mut socket = proxy.socket("/ws/novice", &[CLAIM]).await.unwrap();
    tell(&mut socket, &FromNovice::Hello { version: VERSION }).await;
    assert!(server.process.stderr.said(PATIENCE, "from=loopback").await);
    assert!(!server.process.stderr.text().contains("from=203.0.113"));

    // The same claim from the proxy's own address is believed: it would be the proxy's.
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let uri: Uri = format!("ws://{}/ws/novice", server.address())
        .parse()
        .unwrap();
    let request = ClientRequestBuilder::new(uri).with_header(CLAIM.0, CLAIM.1);
    let (mut direct, _) = client_async(request, stream).await.unwrap();
    let hello = signal::encode(&FromNovice::Hello { version: VERSION });
    direct.send(Message::text(hello)).await.unwrap();
    let believed = server.process.stderr.said(PATIENCE, "from=203.0.113.0/24");
    assert!(believed.await);
}
