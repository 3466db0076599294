//! What the server keeps on disk: one file with the keys that sign owner tokens.
//!
//! Several nodes may share the file. Whoever finds that a key is due makes it, under a lock.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustix::{
    fs::{Access, access},
    process::geteuid,
};

use crate::{
    rotation,
    token::{KeyRing, SigningKey},
};

const FILE_NAME: &str = "owner-token-key";
/// A longer file is not ours.
const MAX_FILE: u64 = 4096;

/// Why the kept keys cannot be used. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The directory or the file cannot be made, read or written.
    #[error(
        "The state directory {} cannot be used: {cause}. Make it writable for this user, or choose another one with --state-dir.",
        dir.display()
    )]
    Unusable {
        /// Which.
        dir: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The same, where the file was named.
    #[error(
        "The key file {} cannot be used: {cause}. Make it and its directory writable for this user, or choose another file with --token-keys.",
        file.display()
    )]
    UnusableFile {
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others could read it, or have replaced it.
    #[error(
        "The key file {} can be read or changed by others. Run: chmod 600 {}; or, if others may have read it, delete it to have a new one made: agents then register as if for the first time.",
        file.display(), file.display()
    )]
    Exposed {
        /// Which.
        file: PathBuf,
    },
    /// Somebody else could change that.
    #[error(
        "The key file {} belongs to another user. Start the server as that user, or give the file to the server's by chown.",
        file.display()
    )]
    Foreign {
        /// Which.
        file: PathBuf,
    },
    /// It is not what this program wrote.
    #[error(
        "The key file {} is damaged. Delete it to have a new one made; agents then register as if for the first time.",
        file.display()
    )]
    Damaged {
        /// Which.
        file: PathBuf,
    },
    /// The system has no randomness to give.
    #[error("This system gives no random numbers: {0}.")]
    NoRandomness(getrandom::Error),
}

/// The file with the keys.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
    /// It is at its usual place, and not where somebody said.
    usual: bool,
}

impl KeyFile {
    /// Under its usual name.
    pub fn in_dir(dir: &Path) -> Self {
        let path = dir.join(FILE_NAME);
        Self { path, usual: true }
    }

    /// Under this one.
    pub fn at(path: PathBuf) -> Self {
        Self { path, usual: false }
    }

    /// Reads the keys; on the first start makes the directory (mode 0700) and one key (mode
    /// 0600). Whether a new key is due is for [`Self::tend`].
    ///
    /// # Errors
    /// A sentence; see [`StateError`].
    pub fn open(&self, now: SystemTime) -> Result<KeyRing, StateError> {
        let keys = match File::open(&self.path) {
            Ok(open) => self.read(open)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(self.dir())
                    .map_err(|cause| self.unusable(cause))?;
                self.make(seconds(now))?
            }
            Err(cause) => return Err(self.unusable(cause)),
        };
        Ok(KeyRing::new(&keys))
    }

    /// Whether [`Self::open`] could be had, without making anything.
    ///
    /// # Errors
    /// As there.
    pub fn look(&self) -> Result<KeyRing, StateError> {
        match File::open(&self.path) {
            Ok(open) => Ok(KeyRing::new(&self.read(open)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // The directory may be made as well: the first that exists has to allow it.
                let there = self.dir().ancestors().find(|dir| dir.exists());
                let dir = there.unwrap_or(Path::new("/"));
                access(dir, Access::WRITE_OK | Access::EXEC_OK)
                    .map_err(|cause| self.unusable(cause.into()))?;
                Ok(KeyRing::new(&[]))
            }
            Err(cause) => Err(self.unusable(cause)),
        }
    }

    /// Takes over what other nodes have changed, and changes what is due: a new key before the
    /// old one has signed too long, and none that nobody needs. Whether anything is new.
    ///
    /// # Errors
    /// As [`Self::open`]; the ring stays as it is then.
    pub fn tend(&self, ring: &KeyRing, now: SystemTime) -> Result<bool, StateError> {
        let now = seconds(now);
        let mut keys = self.read_again()?;
        if is_due(&keys, now) {
            let lock = self.lock()?;
            // Another node may have been faster.
            keys = self.read_again()?;
            if is_due(&keys, now) {
                keys = self.renew(keys, now)?;
            }
            drop(lock);
        }
        Ok(ring.replace(&keys))
    }

    fn renew(&self, keys: Vec<SigningKey>, now: u64) -> Result<Vec<SigningKey>, StateError> {
        let next = rotation::next_from(&keys, now);
        let mut keys = rotation::still_needed(keys, now);
        if let Some(from) = next {
            keys.push(SigningKey::random(from).map_err(StateError::NoRandomness)?);
        }
        let draft = self.path.with_extension("new");
        // Left by somebody who was killed: we have the lock.
        let _ = fs::remove_file(&draft);
        write_private(&draft, &keys)
            .and_then(|()| fs::rename(&draft, &self.path))
            .map_err(|cause| self.unusable(cause))?;
        Ok(keys)
    }

    /// Held while the file is replaced. A file of its own, since that one is.
    fn lock(&self) -> Result<File, StateError> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.with_extension("lock"))
            .and_then(|file| file.lock().map(|()| file));
        lock.map_err(|cause| self.unusable(cause))
    }

    fn read_again(&self) -> Result<Vec<SigningKey>, StateError> {
        let open = File::open(&self.path).map_err(|cause| self.unusable(cause))?;
        self.read(open)
    }

    fn read(&self, open: File) -> Result<Vec<SigningKey>, StateError> {
        let file = || self.path.clone();
        // Of the open file, so that nobody can swap it between the look and the read.
        let about = open.metadata().map_err(|cause| self.unusable(cause))?;
        if about.mode() & 0o077 != 0 {
            return Err(StateError::Exposed { file: file() });
        }
        let owner = about.uid();
        if owner != 0 && owner != geteuid().as_raw() {
            return Err(StateError::Foreign { file: file() });
        }
        let mut text = String::new();
        open.take(MAX_FILE)
            .read_to_string(&mut text)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::InvalidData => StateError::Damaged { file: file() },
                _ => self.unusable(cause),
            })?;
        parse(&text).ok_or_else(|| StateError::Damaged { file: file() })
    }

    /// Makes a key and keeps it. The file appears complete or not at all; of two servers that
    /// start at once on one directory, the second takes the key of the first.
    fn make(&self, now: u64) -> Result<Vec<SigningKey>, StateError> {
        let keys = vec![SigningKey::random(now).map_err(StateError::NoRandomness)?];
        // Random, so no draft of a killed start is in its way.
        let draft = self.path.with_extension(&keys[0].kid);
        let written = write_private(&draft, &keys).and_then(|()| fs::hard_link(&draft, &self.path));
        let cleaned = fs::remove_file(&draft);
        match written {
            Ok(()) => cleaned.map(|()| keys).map_err(|cause| self.unusable(cause)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && self.path.exists() => {
                self.read_again()
            }
            Err(cause) => Err(self.unusable(cause)),
        }
    }

    fn dir(&self) -> &Path {
        match self.path.parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        }
    }

    fn unusable(&self, cause: io::Error) -> StateError {
        if self.usual {
            let dir = self.dir().to_owned();
            StateError::Unusable { dir, cause }
        } else {
            let file = self.path.clone();
            StateError::UnusableFile { file, cause }
        }
    }
}

fn is_due(keys: &[SigningKey], now: u64) -> bool {
    let needed = rotation::still_needed(keys.to_vec(), now).len();
    rotation::next_from(keys, now).is_some() || needed < keys.len()
}

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// A line for each key: its name, the key in base64url, since when it signs. There is at least
/// one.
fn parse(text: &str) -> Option<Vec<SigningKey>> {
    let keys: Option<Vec<_>> = text
        .strip_suffix('\n')?
        .split('\n')
        .map(|line| {
            let mut words = line.split(' ');
            let (kid, secret) = (words.next()?, words.next()?);
            // Without: from before keys were renewed.
            let from = words.next().map_or(Some(0), |from| from.parse().ok())?;
            let secret = URL_SAFE_NO_PAD.decode(secret).ok()?;
            (!kid.is_empty() && words.next().is_none()).then_some(SigningKey {
                kid: kid.to_owned(),
                from,
                secret: secret.try_into().ok()?,
            })
        })
        .collect();
    keys
}

fn write_private(path: &Path, keys: &[SigningKey]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    for key in keys {
        let secret = URL_SAFE_NO_PAD.encode(key.secret);
        writeln!(file, "{} {secret} {}", key.kid, key.from)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests;
