//! What stands before the server and speaks TLS, with a certificate of an authority that only the
//! test knows.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{authority::Authority, server::Server};

/// See the module. There for as long as this is.
pub struct Tls {
    /// `https://127.0.0.1:…`
    pub url: String,
    authority: Authority,
    running: JoinHandle<()>,
}

impl Tls {
    /// Stands before that server.
    pub async fn before(server: &Server) -> Self {
        let authority = Authority::new();
        let (certificate, key) = authority.vouches_for("127.0.0.1");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let running = tokio::spawn(serve(listener, Arc::new(config).into(), server.port()));
        Self {
            url,
            authority,
            running,
        }
    }

    /// The file with the authority's certificate.
    pub fn authority(&self) -> PathBuf {
        self.authority.file()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Speaks TLS with those for whom this certificate vouches, or whose own it is.
///
/// # Panics
/// If it is none.
pub fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    TlsConnector::from(Arc::new(client(certificate)))
}

/// As [`trusting`], to be told more.
///
/// # Panics
/// If it is none.
pub fn client(certificate: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("it can speak TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, to: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Whoever does not believe the certificate hangs up.
            let Ok(mut here) = acceptor.accept(stream).await else {
                return;
            };
            if let Ok(mut there) = TcpStream::connect(("127.0.0.1", to)).await {
                let _ = copy_bidirectional(&mut here, &mut there).await;
            }
        });
    }
}
