//! With which certificate the server is reached.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;

use super::problem::Problem;
use crate::{origin::Origin, tls::Certificates};

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
}

impl TlsOptions {
    /// `unclear`: options whose values were not understood, and are not missing for that.
    pub(super) fn check(
        self,
        unclear: &BTreeSet<String>,
        public_url: Option<&Origin>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<String>,
    ) -> Option<Certificates> {
        let missing = match (self.tls_cert, self.tls_key) {
            (None, None) => return None,
            (Some(cert), Some(key)) => {
                return match Certificates::open(cert, key) {
                    Ok(certificates) => {
                        let host = public_url.map(Origin::host);
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
}
