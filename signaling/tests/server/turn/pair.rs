//! Two ends that the relay is for, and the certificate they believe.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt as _, sync::Arc};

use deskhand_protocol::{
    ice::{IceServer, Scheme, Transport},
    id::JoinId,
    signal::{FromNovice, ToExpert, ToNovice},
};
use deskhand_signaling::tls::Certificates;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use super::client::{Client, Line};
use crate::support::{Expert, Novice, Server, route, soon};

/// A certificate for 127.0.0.1, and somebody who believes it.
pub struct Proof {
    pub certificates: Certificates,
    believes: TlsConnector,
    _files: tempfile::TempDir,
}

impl Proof {
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let files = tempfile::tempdir().unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let believes = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            certificates: Certificates::open(cert, key).unwrap(),
            believes: Arc::new(believes).into(),
            _files: files,
        }
    }

    pub async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        soon(self.believes.connect(name, stream)).await.unwrap()
    }
}

/// Two ends whom the novice has brought together, and what each was told of the relay.
pub struct Pair {
    pub novice: Novice,
    pub expert: Expert,
    pub join: JoinId,
    pub servers: Vec<IceServer>,
}

impl Pair {
    pub async fn new(server: &Server, byte: u8) -> Self {
        let (mut novice, _) = server.waiting_novice(route(byte)).await;
        let (mut expert, join) = server.joined(&mut novice, route(byte)).await;
        novice.0.send(&FromNovice::Approved { join }).await;
        let ToExpert::IceServers { servers } = expert.hear().await else {
            panic!("the expert is told nothing");
        };
        let told = ToNovice::IceServers {
            join,
            servers: servers.clone(),
        };
        assert_eq!(novice.hear().await, told, "both are told the same");
        Self {
            novice,
            expert,
            join,
            servers,
        }
    }

    pub fn server(&self, transport: Transport) -> &IceServer {
        let fits = |s: &&IceServer| s.url.scheme == Scheme::Turn && s.url.transport == transport;
        self.servers.iter().find(fits).expect("it is named")
    }

    /// One that speaks TLS.
    pub async fn sealed_client(&self, proof: &Proof) -> Client {
        let fits = |s: &&IceServer| s.url.scheme == Scheme::Turns;
        let login = self.servers.iter().find(fits).expect("it is named");
        let address = login.url.authority().parse().unwrap();
        let line = Line::Stream(Box::new(proof.connect(address).await));
        Client::on(line, login).await
    }

    pub async fn client(&self, transport: Transport) -> Client {
        Client::new(self.server(transport)).await
    }
}
