//! Certificates of the server's own: read, watched, and shown to those who connect.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig, ServerConnection,
    client::verify_server_name,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject as _},
    },
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _, time::ASN1Time};

/// What an authority speaks when it looks whether a name leads here
/// ([RFC 8737 §4](https://www.rfc-editor.org/rfc/rfc8737#section-4)).
pub(crate) const LOOKING: &[u8] = b"acme-tls/1";

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

/// What is spoken inside ([RFC 7301 §6](https://www.rfc-editor.org/rfc/rfc7301#section-6)):
/// HTTP/1.1, which is what sockets need.
pub(crate) const HTTP: &[u8] = b"http/1.1";
/// And TURN ([RFC 7443 §3](https://www.rfc-editor.org/rfc/rfc7443#section-3)), whose clients mostly
/// do not say so.
pub(crate) const TURN: &[u8] = b"stun.turn";

/// What tells that a file has changed: also another one under its name, or behind its link.
type Stamp = Option<(u64, u64, SystemTime)>;

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Pair {
    shown: Arc<CertifiedKey>,
    /// Its first moment and its last.
    life: [SystemTime; 2],
}

impl Pair {
    /// Reads both files, which may be one.
    pub(crate) fn read(cert: &Path, key: &Path) -> Result<Self, Vec<TlsError>> {
        let shown = load(cert, key)?;
        let life = shown.cert.first().and_then(|end| life(end));
        let Some(life) = life else {
            let (cert, key) = (cert.to_owned(), key.to_owned());
            let why = "it does not say how long it is good".to_owned();
            return Err(vec![TlsError::Unfit { cert, key, why }]);
        };
        let shown = Arc::new(shown);
        Ok(Self { shown, life })
    }

    /// Whether browsers take it for this host: a name or an address.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let (Ok(name), Some(end)) = (ServerName::try_from(host), self.shown.cert.first()) else {
            return false;
        };
        ParsedCertificate::try_from(end).is_ok_and(|end| verify_server_name(&end, &name).is_ok())
    }
}

/// A certificate with its key, for as long as the files have one.
#[derive(Clone)]
pub struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    /// `None`: one is awaited.
    current: Arc<RwLock<Option<Pair>>>,
    /// Of both files, when they were last looked at.
    seen: Arc<RwLock<[Stamp; 2]>>,
    /// What an authority is shown instead when it looks whether these names lead here.
    proofs: Arc<RwLock<BTreeMap<String, Arc<CertifiedKey>>>>,
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
        let current = Pair::read(&cert, &key)?;
        Ok(Self::new(cert, key, seen, Some(current)))
    }

    /// Reads a file with both, if it is there yet. Until it is, nobody can connect.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn awaited(file: PathBuf) -> Result<Self, Vec<TlsError>> {
        let seen = stamp(&file);
        let current = match seen {
            Some(_) => Some(Pair::read(&file, &file)?),
            None => None,
        };
        Ok(Self::new(file.clone(), file, [seen; 2], current))
    }

    fn new(cert: PathBuf, key: PathBuf, seen: [Stamp; 2], current: Option<Pair>) -> Self {
        Self {
            cert,
            key,
            current: Arc::new(RwLock::new(current)),
            seen: Arc::new(RwLock::new(seen)),
            proofs: Arc::default(),
        }
    }

    /// Whether browsers take it for this host: a name or an address.
    pub fn are_for(&self, host: &str) -> bool {
        self.current().is_some_and(|current| current.is_for(host))
    }

    /// The first moment and the last that it is good for; `None`: there is none yet.
    pub fn life(&self) -> Option<[SystemTime; 2]> {
        self.current().map(|current| current.life)
    }

    /// Shows this to an authority that looks whether the name leads here, and to nobody else.
    pub fn prove(&self, name: &str, proof: CertifiedKey) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.insert(name.to_owned(), Arc::new(proof));
    }

    /// Shows no proofs any more.
    pub fn prove_nothing(&self) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.clear();
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
        let renewed = Pair::read(&self.cert, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(renewed);
        Ok(true)
    }

    /// How to speak TLS with it: version 1.2 or 1.3, and one of these protocols inside.
    ///
    /// # Errors
    /// Only if the library cannot do so at all.
    pub(crate) fn acceptor(&self, protocols: &[&[u8]]) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn current(&self) -> Option<Pair> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|offered| offered.eq([LOOKING])) {
            let proofs = self.proofs.read().unwrap_or_else(PoisonError::into_inner);
            return proofs.get(hello.server_name()?).cloned();
        }
        self.current().map(|current| current.shown)
    }
}

/// Whether at the other end is an authority, which has seen by now what it looked for.
pub(crate) fn is_looking(session: &ServerConnection) -> bool {
    session.alpn_protocol() == Some(LOOKING)
}

/// Named, because another part of the program could bring another one in.
pub(crate) fn provider() -> Arc<CryptoProvider> {
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

/// From when to when a certificate is good.
fn life(certificate: &CertificateDer<'_>) -> Option<[SystemTime; 2]> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let time = |time: ASN1Time| {
        let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    };
    let validity = certificate.validity();
    Some([time(validity.not_before)?, time(validity.not_after)?])
}

pub(crate) fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
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
