//! The server gets its certificate itself, from an authority that looks whether its names lead here.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use deskhand_tests::{
    pebble::{Pebble, free_port},
    server::Server,
    tls::{client, trusting},
    wait::PATIENCE,
};
use rcgen::{CertificateParams, KeyPair};
use rustix::process::Signal;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const NAMES: [&str; 2] = ["help.example.org", "turn.example.org"];
/// What the server says when it has one.
const GOT: &str = "a certificate was got";
const DAY: Duration = Duration::from_hours(24);

/// A server at this port that asks there for a certificate.
async fn server(port: u16, directory: &str, ca: &Path) -> Server {
    let names = NAMES.join(",");
    let args = [
        ["--acme-domain", &names],
        ["--acme-directory", directory],
        ["--acme-ca", ca.to_str().unwrap()],
        ["--acme-email", "admin@example.org"],
        ["--admin-listen", "127.0.0.1:0"],
    ];
    Server::start_on(port, args.as_flattened()).await
}

async fn connect(
    server: &Server,
    name: &'static str,
    tls: &TlsConnector,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.address()).await?;
    let name = ServerName::try_from(name).unwrap();
    tls.connect(name, stream).await
}

/// The certificate that the page comes with, for somebody who believes that authority.
async fn served(
    server: &Server,
    name: &'static str,
    root: &CertificateDer<'static>,
) -> CertificateDer<'static> {
    let tls = trusting(root.clone());
    let mut stream = connect(server, name, &tls).await.unwrap();
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().unwrap()[0].clone().into_owned();
    let question = format!("GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that hangs up without a farewell has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    certificate
}

/// What comes of looking, as an authority does, whether the name leads here.
async fn looked_at(server: &Server, root: &CertificateDer<'static>) -> String {
    let mut looking = client(root.clone());
    looking.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let tls = TlsConnector::from(Arc::new(looking));
    let seen = connect(server, NAMES[0], &tls).await;
    seen.unwrap_err().to_string()
}

async fn ends(server: &mut Server) {
    server.process.signal(Signal::TERM);
    assert!(server.process.end(PATIENCE).await.success());
}

/// All that is kept of certificates.
fn kept(server: &Server) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![server.state().join("acme")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
        found.push(folder);
    }
    found.sort();
    found
}

fn kept_as(server: &Server, name: &str) -> Option<PathBuf> {
    kept(server).into_iter().find(|path| path.ends_with(name))
}

/// A certificate for those names that is good for another day of ninety, with its key.
fn ending() -> (CertificateDer<'static>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(NAMES.map(String::from)).unwrap();
    params.not_before = (SystemTime::now() - 89 * DAY).into();
    params.not_after = (SystemTime::now() + DAY).into();
    let certificate = params.self_signed(&key).unwrap();
    let pem = key.serialize_pem() + &certificate.pem();
    (certificate.der().clone(), pem)
}

#[tokio::test]
async fn a_certificate_is_got_kept_and_renewed() {
    let port = free_port();
    let pebble = Pebble::looking_at(port).await;
    let mut server = server(port, &pebble.directory, &pebble.ca()).await;
    assert!(server.process.stderr.said(PATIENCE, GOT).await);
    assert!(server.readiness().await.starts_with("HTTP/1.1 200 "));
    let root = pebble.root().await;
    let first = served(&server, NAMES[0], &root).await;
    assert_eq!(served(&server, NAMES[1], &root).await, first);
    let metrics = server.metrics().await;
    assert!(metrics.contains("\ndeskhand_certificate_expires_seconds "));
    // Without an order nothing is shown to whoever looks, not even something wrong.
    let seen = looked_at(&server, &root).await;
    assert!(seen.contains("received fatal alert"), "{seen}");

    for path in kept(&server) {
        let mode = fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    kept_as(&server, "account.json").unwrap();
    let file = kept_as(&server, "certificate.pem").unwrap();

    // Another start needs no authority.
    ends(&mut server).await;
    server.starts_again().await;
    assert!(server.readiness().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(served(&server, NAMES[0], &root).await, first);
    ends(&mut server).await;
    assert_eq!(pebble.orders(), 1);

    // One of which little is left is good enough until there is another.
    let (ending, pem) = ending();
    fs::write(&file, pem).unwrap();
    server.starts_again().await;
    assert!(server.readiness().await.starts_with("HTTP/1.1 200 "));
    assert!(server.process.stderr.said(PATIENCE, GOT).await);
    let renewed = served(&server, NAMES[0], &root).await;
    assert!(renewed != first && renewed != ending);
    assert_eq!(pebble.orders(), 2);
}

#[tokio::test]
async fn an_authority_that_has_forgotten_the_server_gets_to_know_it_again() {
    let port = free_port();
    let mut pebble = Pebble::looking_at(port).await;
    let mut server = server(port, &pebble.directory, &pebble.ca()).await;
    assert!(server.process.stderr.said(PATIENCE, GOT).await);
    ends(&mut server).await;
    fs::remove_file(kept_as(&server, "certificate.pem").unwrap()).unwrap();
    pebble.starts_anew().await;

    server.starts_again().await;
    assert!(server.process.stderr.said(PATIENCE, GOT).await);
    served(&server, NAMES[0], &pebble.root().await).await;
    kept_as(&server, "account.old").unwrap();
}

#[tokio::test]
async fn without_an_authority_the_server_runs_and_says_what_is_missing() {
    let (port, nobody) = (free_port(), free_port());
    let pebble = Pebble::looking_at(port).await;
    let directory = format!("https://127.0.0.1:{nobody}/dir");
    let mut server = server(port, &directory, &pebble.ca()).await;
    let sentence = format!(
        "No certificate could be got from {directory}: 127.0.0.1 cannot be reached: Connection refused (os error 111). \
         There is none yet, so nobody can connect. The next try is in 1 min."
    );
    assert!(server.process.stderr.said(PATIENCE, &sentence).await);
    let said = server.readiness().await;
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(said.ends_with("no certificate yet\n"), "{said}");
    let metrics = server.metrics().await;
    assert!(metrics.contains("\ndeskhand_ready 0\n"));
    assert!(!metrics.contains("\ndeskhand_certificate_expires_seconds "));
    let tls = trusting(pebble.root().await);
    assert!(connect(&server, NAMES[0], &tls).await.is_err());
    ends(&mut server).await;
}

#[tokio::test]
async fn what_the_authority_finds_wrong_is_told_and_it_is_left_alone_for_a_while() {
    let (port, elsewhere) = (free_port(), free_port());
    let pebble = Pebble::looking_at(elsewhere).await;
    let server = server(port, &pebble.directory, &pebble.ca()).await;
    let told = server
        .process
        .stderr
        .said(PATIENCE, "did not pass its check: ");
    assert!(told.await);
    let said = server.process.stderr.text();
    assert!(said.contains("Failed to connect to 127.0.0.1:"), "{said}");
    assert!(said.contains("The next try is in 1 min."), "{said}");
    assert_eq!(pebble.orders(), 1);
}
