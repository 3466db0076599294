//! With which certificate the server is reached.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;

use super::problem::Problem;
use crate::{
    acme::{Acme, AcmeOptions},
    origin::Origin,
    tls::Certificates,
};

/// A certificate of the server's own.
#[derive(Debug, Clone, Args)]
pub struct TlsOptions {
    /// The certificate to speak HTTPS with, as PEM, followed by those that vouch for it. Read
    /// again when it changes. Without it the server speaks plain HTTP
    #[arg(long, env = "DESKHAND_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of that certificate, as PEM
    #[arg(long, env = "DESKHAND_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Or how to get a certificate.
    #[command(flatten)]
    pub acme: AcmeOptions,
}

/// What else matters for getting one.
#[cfg_attr(not(feature = "acme"), allow(dead_code, reason = "then none is got"))]
pub(crate) struct Around<'a> {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<&'a Origin>,
    /// The option that names a certificate which is there, if one does.
    pub(crate) own_certificate: Option<&'static str>,
    pub(crate) state_dir: Option<&'a Path>,
    /// Whether there are other servers.
    pub(crate) several: bool,
    /// Whether nothing shall be made.
    pub(crate) look_only: bool,
}

impl TlsOptions {
    /// The option that names a certificate which is there.
    pub(super) fn own_certificate(&self) -> Option<&'static str> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), _) => Some("--tls-cert"),
            (None, Some(_)) => Some("--tls-key"),
            (None, None) => None,
        }
    }

    /// With what to speak TLS, and what gets and renews it. `unclear`: options whose values were
    /// not understood, and are not missing for that.
    pub(super) fn check(
        self,
        unclear: &BTreeSet<String>,
        around: &Around<'_>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<String>,
    ) -> (Option<Certificates>, Option<Acme>) {
        let own = own(
            (self.tls_cert, self.tls_key),
            unclear,
            around,
            problems,
            notes,
        );
        match self.acme.check(around, notes) {
            Ok(Some(acme)) => (Some(acme.certificates()), Some(acme)),
            Ok(None) => (own, None),
            Err(errors) => {
                problems.extend(errors.into_iter().map(Problem::from));
                (own, None)
            }
        }
    }
}

/// A certificate that is there.
fn own(
    files: (Option<PathBuf>, Option<PathBuf>),
    unclear: &BTreeSet<String>,
    around: &Around<'_>,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<String>,
) -> Option<Certificates> {
    let missing = match files {
        (None, None) => return None,
        (Some(cert), Some(key)) => {
            return match Certificates::open(cert, key) {
                Ok(certificates) => {
                    let host = around.public_url.map(Origin::host);
                    if let Some(host) = host.filter(|host| !certificates.are_for(host)) {
                        notes.push(format!(
                            "The certificate is not for {host}: browsers will refuse it."
                        ));
                    }
                    Some(certificates)
                }
                Err(errors) => {
                    problems.extend(errors.into_iter().map(Problem::from));
                    None
                }
            };
        }
        (Some(_), None) => "tls-key",
        (None, Some(_)) => "tls-cert",
    };
    if !unclear.contains(missing) {
        problems.push(Problem::HalfTls(missing));
    }
    None
}
