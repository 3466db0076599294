//! Certificates of the server's own: read, watched, and shown to those who connect.

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use rustls::{
    ServerConfig,
    client::verify_server_name,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject as _},
    },
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};

/// Why a certificate cannot be used. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}.", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There is nothing of its kind in it.
    #[error("{} has no {wanted} in it. It has to be PEM: lines of text that begin with -----BEGIN.", file.display())]
    Lacking {
        /// Which.
        file: PathBuf,
        /// What should have been in it.
        wanted: &'static str,
    },
    /// Everybody on this computer could read the key.
    #[error("Everybody on this computer can read the private key {}. Run: chmod o= {}", file.display(), file.display())]
    Exposed {
        /// Which.
        file: PathBuf,
    },
    /// Key and certificate are not of one pair, or of an unknown kind.
    #[error("The key {} and the certificate {} cannot be used together: {why}.", key.display(), cert.display())]
    Unfit {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// What tells that a file has changed: also another one under its name, or behind its link.
type Stamp = Option<(u64, u64, SystemTime)>;

/// A certificate with its key, for as long as the files have one.
#[derive(Clone)]
pub struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    current: Arc<RwLock<Arc<CertifiedKey>>>,
    /// Of both files, when they were last looked at.
    seen: Arc<RwLock<[Stamp; 2]>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.cert.display())
    }
}

impl Certificates {
    /// Reads both files.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, Vec<TlsError>> {
        let seen = [stamp(&cert), stamp(&key)];
        let current = load(&cert, &key)?;
        Ok(Self {
            cert,
            key,
            current: Arc::new(RwLock::new(Arc::new(current))),
            seen: Arc::new(RwLock::new(seen)),
        })
    }

    /// Whether browsers take it for this host: a name or an address.
    pub fn are_for(&self, host: &str) -> bool {
        let current = self.current();
        let (Ok(name), Some(end)) = (ServerName::try_from(host), current.cert.first()) else {
            return false;
        };
        ParsedCertificate::try_from(end).is_ok_and(|end| verify_server_name(&end, &name).is_ok())
    }

    /// Takes over what is in the files now, if they have changed. Whether it did.
    ///
    /// # Errors
    /// What is wrong with the new ones; the old ones stay. Said once for each change.
    pub fn renew(&self) -> Result<bool, Vec<TlsError>> {
        let now = [stamp(&self.cert), stamp(&self.key)];
        {
            let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let renewed = Arc::new(load(&self.cert, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(true)
    }

    /// How to speak TLS with it: version 1.2 or 1.3, and HTTP/1.1 inside, which is what sockets
    /// need.
    ///
    /// # Errors
    /// Only if the library cannot do so at all.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// Named, because another part of the program could bring another one in.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn load(cert: &Path, key: &Path) -> Result<CertifiedKey, Vec<TlsError>> {
    let (chain, private) = match (read_chain(cert), read_key(key)) {
        (Ok(chain), Ok(private)) => (chain, private),
        (chain, private) => return Err(chain.err().into_iter().chain(private.err()).collect()),
    };
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| {
        let why = match error {
            rustls::Error::InconsistentKeys(_) => "they are not of one pair".to_owned(),
            other => other.to_string(),
        };
        let (cert, key) = (cert.to_owned(), key.to_owned());
        vec![TlsError::Unfit { cert, key, why }]
    })
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wanted = "certificate";
    let open = open(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_reader_iter(open).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(unfit(file, wanted, pem::Error::NoItemsFound)),
        Err(error) => Err(unfit(file, wanted, error)),
    }
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let open = open(file)?;
    let about = open.metadata().map_err(|cause| unreadable(file, cause))?;
    // A group of its own may read it, as the packages that make certificates have it.
    if about.mode() & 0o007 != 0 {
        let file = file.to_owned();
        return Err(TlsError::Exposed { file });
    }
    PrivateKeyDer::from_pem_reader(open).map_err(|error| unfit(file, "private key", error))
}

fn open(file: &Path) -> Result<File, TlsError> {
    File::open(file).map_err(|cause| unreadable(file, cause))
}

fn unreadable(file: &Path, cause: io::Error) -> TlsError {
    let file = file.to_owned();
    TlsError::Unreadable { file, cause }
}

fn unfit(file: &Path, wanted: &'static str, error: pem::Error) -> TlsError {
    match error {
        pem::Error::Io(cause) => unreadable(file, cause),
        _ => TlsError::Lacking {
            file: file.to_owned(),
            wanted,
        },
    }
}

fn stamp(file: &Path) -> Stamp {
    let about = fs::metadata(file).ok()?;
    Some((about.ino(), about.len(), about.modified().ok()?))
}

#[cfg(test)]
mod tests;
