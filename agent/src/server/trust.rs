//! Whose word counts for who a server is: the public authorities', and that of one's own.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_tungstenite::Connector;

/// No list of authorities is longer.
const LONGEST: u64 = 1024 * 1024;

/// Why an authority of one's own cannot be believed. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be read.
    #[error(
        "the certificate of your own authority, {}, cannot be read: {cause}. Check --ca, and \"deskhand settings\"",
        path.display()
    )]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Something else is in the file.
    #[error(
        "{} holds no certificate of an authority. It has to be a file in the form PEM, with -----BEGIN CERTIFICATE----- in it",
        path.display()
    )]
    None {
        /// Which one.
        path: PathBuf,
    },
    /// The library has no use for it.
    #[error("{} holds a certificate that is of no use here: {why}", path.display())]
    Bad {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        why: rustls::Error,
    },
    /// The library cannot start.
    #[error("secure connections cannot be made: {0}")]
    Tls(rustls::Error),
}

/// Who is believed about servers.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

/// There is nothing in it to read.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust(..)")
    }
}

impl Trust {
    /// The public authorities, and those in these files.
    ///
    /// # Errors
    /// [`TrustError`]: nothing is left out in silence.
    pub fn new<'a>(own: impl IntoIterator<Item = &'a Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for path in own {
            add(&mut roots, path)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// For a socket.
    pub(super) fn connector(&self) -> Connector {
        Connector::Rustls(self.tls())
    }

    /// For whatever else speaks TLS.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TrustError> {
    let unreadable = |cause| TrustError::Unreadable {
        path: path.into(),
        cause,
    };
    let mut pem = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST)
        .read_to_end(&mut pem)
        .map_err(unreadable)?;
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| TrustError::None { path: path.into() })?;
        roots.add(certificate).map_err(|why| TrustError::Bad {
            path: path.into(),
            why,
        })?;
        found = true;
    }
    if found {
        Ok(())
    } else {
        Err(TrustError::None { path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &[u8]) -> TrustError {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Trust::new([file.path()]).unwrap_err()
    }

    #[test]
    fn a_file_without_an_authority_is_refused_and_not_passed_over() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for text in ["", "hello", key, "-----BEGIN CERTIFICATE-----\nMIIB"] {
            assert!(
                matches!(refused(text.as_bytes()), TrustError::None { .. }),
                "{text}"
            );
        }
        let empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(matches!(refused(empty.as_bytes()), TrustError::Bad { .. }));
        let nowhere = Trust::new([Path::new("/nowhere/ca.pem")]).unwrap_err();
        assert!(matches!(nowhere, TrustError::Unreadable { .. }));
        assert!(Trust::new([]).is_ok());
    }
}
