//! What the server is told about it.

use std::{fmt, io, path::PathBuf, str::FromStr};

use axum::http::{Uri, uri::Scheme};
use clap::Args;
use rustls::{RootCertStore, pki_types::ServerName};

use super::{Acme, folder::Folder, https::Https};
use crate::{
    config::Around,
    origin::Origin,
    tls::{Certificates, TlsError, read_chain},
};

/// Let's Encrypt, which gives certificates to everybody.
const USUAL: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Which certificate to get, and from whom.
#[derive(Debug, Clone, Default, Args)]
pub struct AcmeOptions {
    /// Name that people reach this server by, to get a certificate for and renew it by ACME;
    /// several with commas. The authority asks at port 443 of each, which has to lead here. Saying
    /// one agrees to the authority's terms of service
    #[arg(
        long,
        env = "DESKHAND_ACME_DOMAIN",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub acme_domain: Vec<Name>,

    /// The authority, by the address of its ACME directory. Without it: Let's Encrypt
    #[arg(long, env = "DESKHAND_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<Directory>,

    /// Where the authority may write to. It is told once, when the server makes itself known there
    #[arg(long, env = "DESKHAND_ACME_EMAIL", value_name = "ADDRESS")]
    pub acme_email: Option<Email>,

    /// Certificate, as PEM, by which that directory proves to be itself, if it is one of your own
    /// network
    #[arg(long, env = "DESKHAND_ACME_CA", value_name = "FILE")]
    pub acme_ca: Option<PathBuf>,
}

/// A name in the DNS, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("*.") {
            return Err(
                "Each name has to be given by itself: there is no certificate for all of a domain this way",
            );
        }
        match ServerName::try_from(text) {
            Ok(ServerName::DnsName(_)) if !text.ends_with('.') => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err("It has to be a name, such as help.example.org"),
        }
    }
}

/// Where an authority says what it can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory(String);

impl Directory {
    /// A folder that no other authority's is called.
    pub(super) fn folder(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        self.0
            .trim_start_matches("https://")
            .chars()
            .map(plain)
            .collect()
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self(USUAL.to_owned())
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Directory {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Option<Uri> = text.parse().ok();
        let host = uri
            .filter(|uri| uri.scheme() == Some(&Scheme::HTTPS))
            .and_then(|uri| uri.into_parts().authority);
        match host {
            // Nobody is asked for a password, and what is said here is logged.
            Some(host) if !host.host().is_empty() && !host.as_str().contains('@') => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(
                "It has to be the address of an authority's ACME directory, such as https://acme-v02.api.letsencrypt.org/directory",
            ),
        }
    }
}

/// An address that mail can be sent to.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub(super) fn contact(&self) -> String {
        format!("mailto:{}", self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

impl FromStr for Email {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || ",?&".contains(c);
        match text.split_once('@') {
            Some((whom, host)) if !whom.is_empty() && !host.is_empty() && !text.contains(odd) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("It has to be one address for mail, such as admin@example.org"),
        }
    }
}

/// Why no certificate can be got as told. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcmeError {
    /// One to be got, and one that is there.
    #[error(
        "--acme-domain and {0} exclude each other: the server gets its certificate itself, or is given one. Keep one of them."
    )]
    TwoWays(&'static str),
    /// Nothing to get.
    #[error("{0} is of no use without --acme-domain.")]
    NoDomain(&'static str),
    /// Nowhere to keep it.
    #[error(
        "There is no home directory to keep the certificate in. Choose a place with --state-dir."
    )]
    NoFolder,
    /// The file that `--acme-ca` names.
    #[error(transparent)]
    Ca(TlsError),
    /// And what is in it.
    #[error("{} cannot be used for --acme-ca: {why}.", file.display())]
    UnfitCa {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        why: rustls::Error,
    },
    /// The certificate that was got before.
    #[error("{0} Delete the file to have a new certificate got.")]
    Kept(TlsError),
    /// The directory or a file in it cannot be made, read or written.
    #[error(
        "The folder {} for the certificate cannot be used: {cause}. Make it writable for this user, or choose another place with --state-dir.",
        dir.display()
    )]
    Unusable {
        /// Which.
        dir: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others could read the account's key, or have replaced it.
    #[error(
        "The file {} with the account at the authority can be read or changed by others. Delete it to have a new one made, or run: chmod 600 {}",
        file.display(), file.display()
    )]
    Exposed {
        /// Which.
        file: PathBuf,
    },
    /// It is not what this program wrote.
    #[error(
        "The file {} with the account at the authority is damaged. Delete it to have a new one made.",
        file.display()
    )]
    Damaged {
        /// Which.
        file: PathBuf,
    },
    /// The library that speaks TLS does not want to.
    #[error("No authority can be spoken to: {0}.")]
    NoTls(rustls::Error),
}

impl AcmeError {
    /// Whether what was said has to change, and not something on the disk.
    pub(crate) fn is_of_the_order(&self) -> bool {
        matches!(self, Self::TwoWays(_) | Self::NoDomain(_) | Self::NoFolder)
    }
}

impl AcmeOptions {
    /// Where people reach the server, if nothing else is said.
    pub(crate) fn public_url(&self) -> Option<Origin> {
        let first = self.acme_domain.first()?;
        format!("https://{first}").parse().ok()
    }

    /// What follows from them; `None`: nothing is to be got. Makes the folder, unless it shall
    /// only be looked at.
    ///
    /// # Errors
    /// All that is wrong, a sentence each.
    pub(crate) fn check(
        self,
        around: &Around<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Acme>, Vec<AcmeError>> {
        let mut wrong = Vec::new();
        if self.acme_domain.is_empty() {
            let vain = [
                ("--acme-directory", self.acme_directory.is_some()),
                ("--acme-email", self.acme_email.is_some()),
                ("--acme-ca", self.acme_ca.is_some()),
            ];
            wrong.extend(
                (vain.into_iter().filter(|(_, said)| *said))
                    .map(|(option, _)| AcmeError::NoDomain(option)),
            );
            return if wrong.is_empty() {
                Ok(None)
            } else {
                Err(wrong)
            };
        }
        if let Some(option) = around.own_certificate {
            wrong.push(AcmeError::TwoWays(option));
        }
        let directory = self.acme_directory.unwrap_or_default();
        let https = https(self.acme_ca).map_err(|error| wrong.push(error)).ok();
        let kept = kept(around, &directory)
            .map_err(|errors| wrong.extend(errors))
            .ok();
        let (Some(https), Some((folder, certificates)), true) = (https, kept, wrong.is_empty())
        else {
            return Err(wrong);
        };
        notes.extend(notes_on(&self.acme_domain, around));
        Ok(Some(Acme {
            names: self.acme_domain,
            directory,
            email: self.acme_email,
            https,
            folder,
            certificates,
        }))
    }
}

fn https(ca: Option<PathBuf>) -> Result<Https, AcmeError> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            for certificate in read_chain(&file).map_err(AcmeError::Ca)? {
                roots.add(certificate).map_err(|why| {
                    let file = file.clone();
                    AcmeError::UnfitCa { file, why }
                })?;
            }
        }
    }
    Https::trusting(roots).map_err(AcmeError::NoTls)
}

fn kept(
    around: &Around<'_>,
    directory: &Directory,
) -> Result<(Folder, Certificates), Vec<AcmeError>> {
    let state = around.state_dir.ok_or_else(|| vec![AcmeError::NoFolder])?;
    let folder = Folder::of(state, directory);
    let there = if around.look_only {
        folder.look()
    } else {
        folder.make()
    };
    let account = there.and_then(|()| folder.account().map(|_| ()));
    let certificates = Certificates::awaited(folder.certificate());
    match (account, certificates) {
        (Ok(()), Ok(certificates)) => Ok((folder, certificates)),
        (account, certificates) => Err(account
            .err()
            .into_iter()
            .chain(
                certificates
                    .err()
                    .into_iter()
                    .flatten()
                    .map(AcmeError::Kept),
            )
            .collect()),
    }
}

/// What may not be meant.
fn notes_on(names: &[Name], around: &Around<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let host = around.public_url.map(Origin::host);
    if let Some(host) = host.filter(|host| !names.iter().any(|name| name.as_str() == *host)) {
        notes.push(format!(
            "The certificate will not be for {host}: browsers will refuse it."
        ));
    }
    if around.listen.port() != 443 {
        notes.push(format!(
            "The authority will ask at port 443, which has to lead to {}.",
            around.listen
        ));
    }
    if around.several {
        notes.push(
            "The authority may reach another server than the one that asked for a certificate. Give several servers theirs with --tls-cert."
                .to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_nothing_else() {
        let name: Name = "Help.Example.org".parse().unwrap();
        assert_eq!(name.as_str(), "help.example.org");
        for other in [
            "",
            "192.0.2.7",
            "::1",
            "*.example.org",
            "a b",
            "a.example.org:443",
            "https://a.example.org",
            "a.example.org.",
        ] {
            assert!(other.parse::<Name>().is_err(), "{other}");
        }
    }

    #[test]
    fn mail_has_one_address() {
        let one: Email = "admin+acme@example.org".parse().unwrap();
        assert_eq!(one.contact(), "mailto:admin+acme@example.org");
        for other in [
            "", "admin", "@a", "a@", "a@b,c@d", "a@b?cc=c", "a @b", "a@b\n",
        ] {
            assert!(other.parse::<Email>().is_err(), "{other}");
        }
    }

    #[test]
    fn each_directory_has_a_folder_of_its_own() {
        let of = |url: &str| url.parse().map(|url: Directory| url.folder());
        assert_eq!(
            Directory::default().folder(),
            "acme-v02.api.letsencrypt.org-directory"
        );
        assert_eq!(
            of("https://[::1]:9000/acme/../x").unwrap(),
            "---1--9000-acme-..-x"
        );
        for other in [
            "",
            "ca.example.org",
            "http://ca.example.org/directory",
            "https://a:b@ca.example.org/directory",
        ] {
            assert!(of(other).is_err(), "{other}");
        }
    }
}
