//! What is wrong with a configuration.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{nodes::NodesError, turn::TurnError};
use crate::{acme::AcmeError, downloads::DownloadsError, state::StateError, tls::TlsError};

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On the command line, with this option.
    Flag(String),
    /// In this variable of the environment.
    Variable(String),
    /// Under this name in the configuration file.
    Setting {
        /// Under which name.
        name: String,
        /// In which file.
        file: PathBuf,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Setting { name, file } => write!(f, "{name} in {}", file.display()),
        }
    }
}

/// Why the server cannot start as it was told to. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A value cannot be understood. It is not repeated: it may be secret.
    #[error("{place} cannot be used. {why}")]
    Value {
        /// Where it was set.
        place: Place,
        /// What it has to be; ends with a full stop.
        why: String,
    },
    /// Two that exclude each other, and the like.
    #[error("{0}")]
    Combination(String),
    /// One thing was said twice.
    #[error("{0} and {1} are both set. Keep one of them.")]
    Twice(Place, Place),
    /// A file that a setting names cannot be read.
    #[error("{place} names {}, which cannot be read: {cause}.", file.display())]
    Unreadable {
        /// Where it is named.
        place: Place,
        /// Which file.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The configuration file is no TOML.
    #[error("{} cannot be understood, line {line}: {why}.", file.display())]
    NotToml {
        /// Which file.
        file: PathBuf,
        /// Where in it.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// The configuration file has a setting that does not exist.
    #[error("{} has a setting \"{name}\", which does not exist{hint}.", file.display())]
    Unknown {
        /// Which file.
        file: PathBuf,
        /// The name.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// Reachable from outside, without a public URL.
    #[error(
        "Listening on {0} makes the server reachable for others, which needs HTTPS: give its address with --public-url https://..., and either a certificate with --tls-cert and --tls-key, or one to get with --acme-domain, or a proxy in front that speaks HTTPS."
    )]
    NeedsPublicUrl(SocketAddr),
    /// A certificate without a key, or the other way round.
    #[error("--tls-cert and --tls-key belong together: --{0} is missing.")]
    HalfTls(&'static str),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No certificate can be got.
    #[error(transparent)]
    Acme(#[from] AcmeError),
    /// The relay cannot be as it was wished for.
    #[error(transparent)]
    Turn(#[from] TurnError),
    /// The other servers cannot be reached as told.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// What is to be offered for download cannot be read.
    #[error(transparent)]
    Downloads(#[from] DownloadsError),
    /// There is nowhere to keep the key.
    #[error(
        "There is no home directory to keep the server's key in. Choose a place with --state-dir."
    )]
    NoStateDir,
    /// The key cannot be kept or read.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Problem {
    pub(super) fn value(place: Place, why: impl fmt::Display) -> Self {
        let why = why.to_string();
        let why = why.trim_end_matches('.');
        Self::Value {
            place,
            why: format!("{why}."),
        }
    }

    pub(super) fn unreadable(place: Place, file: &Path, cause: io::Error) -> Self {
        let file = file.to_owned();
        Self::Unreadable { place, file, cause }
    }

    /// Whether what was said has to change, and not something on the disk.
    fn is_of_the_order(&self) -> bool {
        match self {
            Self::Acme(error) => error.is_of_the_order(),
            Self::Turn(error) => error.is_of_the_order(),
            Self::Nodes(error) => error.is_of_the_order(),
            Self::State(_) | Self::Tls(_) | Self::Downloads(_) | Self::Unreadable { .. } => false,
            _ => true,
        }
    }
}

/// All that is wrong at once; a line each.
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// What the program ends with: 2 if what it was told has to change, else 1.
    pub fn exit_code(&self) -> u8 {
        if self.0.iter().any(Problem::is_of_the_order) {
            2
        } else {
            1
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
