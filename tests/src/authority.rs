//! An authority that only the test knows, and those who believe it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

/// See the module. Its files are there for as long as this.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.der"), issuer.der()).unwrap();
        keep(&folder.path().join("ca.pem"), "CERTIFICATE", issuer.der());
        Self { issuer, folder }
    }

    /// The file with its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Vouches for that host.
    pub fn vouches_for(&self, host: &str) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), key)
    }

    /// The same in two files: certificate and key.
    pub fn files_for(&self, host: &str) -> [PathBuf; 2] {
        let (certificate, key) = self.vouches_for(host);
        let files = ["cert.pem", "key.pem"].map(|name| self.folder.path().join(name));
        keep(&files[0], "CERTIFICATE", &certificate);
        keep(&files[1], "PRIVATE KEY", &key.serialize_der());
        files
    }

    /// A home folder in which browsers believe it.
    ///
    /// # Panics
    /// If that cannot be made.
    pub fn believers_home(&self) -> PathBuf {
        let home = self.folder.path().join("home");
        let store = home.join(".pki/nssdb");
        fs::create_dir_all(&store).unwrap();
        let certificate = self.folder.path().join("ca.der");
        let store = format!("sql:{}", store.display());
        let told = |args: &[&str]| {
            let mut command = Command::new("certutil");
            let output = command.args(["-d", &store]).args(args).output();
            let output = output.expect("certutil is installed: `cargo xtask test` does that");
            assert!(output.status.success(), "{args:?}: {output:?}");
        };
        told(&["-N", "--empty-password"]);
        let certificate = certificate.to_str().unwrap();
        told(&["-A", "-n", "own", "-t", "C,,", "-i", certificate]);
        home
    }
}

/// In the form PEM, where nobody else can read it.
fn keep(file: &Path, what: &str, der: &[u8]) {
    let text = STANDARD.encode(der);
    let pem = format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n");
    fs::write(file, pem).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
