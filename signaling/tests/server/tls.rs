//! The real program with a certificate of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use deskhand_protocol::{
    VERSION,
    signal::{FromExpert, FromNovice, ToExpert, ToNovice, decode, encode},
};
use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ProtocolVersion, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
        version::{TLS12, TLS13},
    },
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::ClientRequestBuilder},
};

use crate::{
    http::ask_over,
    process::Running,
    support::{route, soon},
};

/// A certificate for this computer, in files and by itself.
struct Pair {
    dir: tempfile::TempDir,
    cert: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cert = renew(&dir.path().join("cert.pem"), &dir.path().join("key.pem"));
        Self { dir, cert }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn renew(&mut self) {
        self.cert = renew(&self.file("cert.pem"), &self.file("key.pem"));
    }

    async fn start(&self) -> Running {
        let (cert, key) = (self.file("cert.pem"), self.file("key.pem"));
        let args = [
            "--tls-cert",
            cert.to_str().unwrap(),
            "--tls-key",
            key.to_str().unwrap(),
        ];
        Running::start(&self.dir.path().join("state"), &args).await
    }

    fn connector(
        &self,
        versions: &[&'static tokio_rustls::rustls::SupportedProtocolVersion],
    ) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsConnector::from(Arc::new(config))
    }

    /// A connection that trusts this certificate and no other.
    async fn connect(&self, running: &Running) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = self.connector(&[&TLS12, &TLS13]);
        soon(connector.connect(name, stream)).await
    }

    async fn socket(
        &self,
        running: &Running,
        path: &str,
        origin: Option<&str>,
    ) -> WebSocketStream<TlsStream<TcpStream>> {
        let url = format!("wss://localhost:{}{path}", running.address.port());
        let mut request = ClientRequestBuilder::new(url.parse().unwrap());
        if let Some(origin) = origin {
            request = request.with_header("origin", origin);
        }
        let stream = self.connect(running).await.unwrap();
        soon(client_async(request, stream)).await.unwrap().0
    }
}

/// The socket is alive: it registers a route, for the first time or again.
async fn register(novice: &mut WebSocketStream<TlsStream<TcpStream>>) {
    let message = encode(&FromNovice::Register {
        route: route(1),
        ttl_secs: 60,
        token: None,
        file: false,
        number: None,
    });
    novice.send(Message::text(message)).await.unwrap();
    loop {
        let said = soon(novice.next()).await.unwrap().unwrap();
        if said.is_ping() {
            continue;
        }
        let said: ToNovice = decode(said.to_text().unwrap()).unwrap();
        assert!(matches!(said, ToNovice::Registered { .. }), "{said:?}");
        return;
    }
}

fn renew(cert: &Path, key: &Path) -> CertificateDer<'static> {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey {
        cert: made,
        signing_key,
    } = generate_simple_self_signed(names).unwrap();
    for (path, text) in [(key, signing_key.serialize_pem()), (cert, made.pem())] {
        let draft = path.with_extension("draft");
        fs::write(&draft, text).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(draft, path).unwrap();
    }
    made.der().clone()
}

#[tokio::test]
async fn pages_and_sockets_work_over_tls() {
    let pair = Pair::new();
    let running = pair.start().await;
    let stream = pair.connect(&running).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let (head, body) = ask_over(stream, "GET /healthz").await;
    assert_eq!(body, "ok\n");
    assert!(
        head.contains("\r\nstrict-transport-security: max-age=31536000"),
        "{head}"
    );
    let port = running.address.port();
    let sockets = format!("connect-src 'self' wss://localhost:{port}");
    assert!(head.contains(&sockets), "{head}");

    let mut novice = pair.socket(&running, "/ws/novice", None).await;
    let origin = format!("https://localhost:{port}");
    let mut expert = pair.socket(&running, "/ws/expert", Some(&origin)).await;
    let hello = encode(&FromNovice::Hello { version: VERSION });
    novice.send(Message::text(hello)).await.unwrap();
    register(&mut novice).await;
    for message in [
        encode(&FromExpert::Hello { version: VERSION }),
        encode(&FromExpert::Join { route: route(1) }),
    ] {
        expert.send(Message::text(message)).await.unwrap();
    }
    let said = soon(expert.next()).await.unwrap().unwrap();
    let said: ToExpert = decode(said.to_text().unwrap()).unwrap();
    assert_eq!(said, ToExpert::Joined);
}

#[tokio::test]
async fn a_page_in_the_clear_is_another_origin() {
    let pair = Pair::new();
    let running = pair.start().await;
    let port = running.address.port();
    let stream = pair.connect(&running).await.unwrap();
    let url = format!("wss://localhost:{port}/ws/expert");
    let request = ClientRequestBuilder::new(url.parse().unwrap())
        .with_header("origin", format!("http://localhost:{port}"));
    let refused = soon(client_async(request, stream)).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
}

#[tokio::test]
async fn tls_1_2_is_spoken_and_the_clear_is_not() {
    let pair = Pair::new();
    let running = pair.start().await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = soon(pair.connector(&[&TLS12]).connect(name, stream))
        .await
        .unwrap();
    let version = stream.get_ref().1.protocol_version();
    assert_eq!(version, Some(ProtocolVersion::TLSv1_2));

    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_over_on_sighup_and_by_itself() {
    let mut pair = Pair::new();
    let mut running = pair.start().await;
    let mut novice = pair.socket(&running, "/ws/novice", None).await;
    let hello = encode(&FromNovice::Hello { version: VERSION });
    novice.send(Message::text(hello)).await.unwrap();
    register(&mut novice).await;
    for hangup in [true, false] {
        let before = pair.cert.clone();
        pair.renew();
        if hangup {
            running.signal(Signal::HUP);
            running.hears("reading certificate and keys again").await;
        }
        running.hears("the certificate was renewed").await;
        let fresh = pair.connect(&running).await.unwrap();
        let shown = fresh.get_ref().1.peer_certificates().unwrap()[0].clone();
        assert_eq!(shown, pair.cert);
        assert_ne!(shown, before);
    }
    // Half of a pair changes nothing.
    fs::write(pair.file("key.pem"), "nothing").unwrap();
    running.signal(Signal::HUP);
    running.hears("has no private key in it").await;
    pair.connect(&running).await.unwrap();
    // Those who are there notice nothing.
    register(&mut novice).await;
}

#[tokio::test]
async fn a_handshake_has_to_be_done_in_time() {
    let pair = Pair::new();
    let running = pair.start().await;
    let began = Instant::now();
    let silent = async |first: &'static [u8]| {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        let mut answer = Vec::new();
        let _ = soon(stream.read_to_end(&mut answer)).await;
    };
    // Nothing, and the head of a handshake record of 512 bytes.
    tokio::join!(silent(b""), silent(b"\x16\x03\x01\x02\x00\x01"));
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(15),
        "{took:?}"
    );
    pair.connect(&running).await.unwrap();
}
