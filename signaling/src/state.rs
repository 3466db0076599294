//! What the server keeps on disk: one file with the key that signs owner tokens.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::token::{KeyRing, SigningKey};

const KEY_FILE: &str = "owner-token-key";
/// A longer file is not ours.
const MAX_KEY_FILE: u64 = 1024;

/// Why the kept key cannot be used. Each is a sentence for the administrator.
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
    /// Others could read it, or have replaced it.
    #[error(
        "The key file {} can be read or changed by others. Delete it to have a new one made, or run: chmod 600 {}",
        file.display(), file.display()
    )]
    Exposed {
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

/// Reads the key kept in `dir`; on the first start makes the directory (mode 0700) and the key
/// (mode 0600).
///
/// # Errors
/// A sentence; see [`StateError`].
pub fn open_keys(dir: &Path) -> Result<KeyRing, StateError> {
    let unusable = |cause| StateError::Unusable {
        dir: dir.to_owned(),
        cause,
    };
    let file = dir.join(KEY_FILE);
    let key = match File::open(&file) {
        Ok(open) => read(&file, open, unusable)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(unusable)?;
            make(&file, unusable)?
        }
        Err(e) => return Err(unusable(e)),
    };
    Ok(KeyRing::new(&key, &[]))
}

fn read(
    file: &Path,
    open: File,
    unusable: impl Fn(io::Error) -> StateError,
) -> Result<SigningKey, StateError> {
    // Of the open file, so that nobody can swap it between the look and the read.
    let about = open.metadata().map_err(&unusable)?;
    if about.mode() & 0o077 != 0 {
        return Err(StateError::Exposed {
            file: file.to_owned(),
        });
    }
    let mut text = String::new();
    open.take(MAX_KEY_FILE)
        .read_to_string(&mut text)
        .map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData => StateError::Damaged {
                file: file.to_owned(),
            },
            _ => unusable(e),
        })?;
    parse(&text).ok_or_else(|| StateError::Damaged {
        file: file.to_owned(),
    })
}

/// The file is one line: the key's name, a space, the key in base64url.
fn parse(text: &str) -> Option<SigningKey> {
    let (kid, secret) = text.strip_suffix('\n')?.split_once(' ')?;
    let secret = URL_SAFE_NO_PAD.decode(secret).ok()?;
    Some(SigningKey {
        kid: (!kid.is_empty()).then(|| kid.to_owned())?,
        secret: secret.try_into().ok()?,
    })
}

/// Makes a key and keeps it. It appears under its name complete or not at all; of two servers
/// that start at once on one directory, the second takes the key of the first.
fn make(
    file: &Path,
    unusable: impl Fn(io::Error) -> StateError + Copy,
) -> Result<SigningKey, StateError> {
    let key = SigningKey::random().map_err(StateError::NoRandomness)?;
    let draft = file.with_extension(&key.kid); // random, so no draft of a killed start is in its way
    let written = write_private(&draft, &key).and_then(|()| fs::hard_link(&draft, file));
    let cleaned = fs::remove_file(&draft);
    match written {
        Ok(()) => cleaned.map(|()| key).map_err(unusable),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && file.exists() => {
            read(file, File::open(file).map_err(unusable)?, unusable)
        }
        Err(e) => Err(unusable(e)),
    }
}

fn write_private(path: &Path, key: &SigningKey) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{} {}", key.kid, URL_SAFE_NO_PAD.encode(key.secret))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::PermissionsExt as _,
        time::{Duration, SystemTime},
    };

    use deskhand_protocol::id::Route;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_key_is_private_and_survives_a_restart() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("a/b");
        let first = open_keys(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(KEY_FILE)), 0o600);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no draft is left");
        let token = first
            .mint(
                Route::from_bytes([1; 32]),
                None,
                Duration::from_mins(1),
                SystemTime::now(),
            )
            .unwrap();
        assert!(open_keys(&dir).unwrap().check(&token).is_some());
        fs::remove_file(dir.join(KEY_FILE)).unwrap();
        assert!(
            open_keys(&dir).unwrap().check(&token).is_none(),
            "a new key"
        );
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        open_keys(dir.path()).unwrap();
        let file = dir.path().join(KEY_FILE);
        for loose in [0o640, 0o604, 0o620] {
            fs::set_permissions(&file, fs::Permissions::from_mode(loose)).unwrap();
            let said = open_keys(dir.path()).unwrap_err().to_string();
            assert!(said.contains("chmod 600"), "{loose:o}: {said}");
        }
    }

    #[test]
    fn damaged_keys_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        open_keys(dir.path()).unwrap();
        let file = dir.path().join(KEY_FILE);
        let good = fs::read_to_string(&file).unwrap();
        for bad in [
            String::new(),
            good.trim_end().to_owned(),
            good[..30].to_owned() + "\n",
            good.replace(' ', ""),
            format!(" {}", good.split_once(' ').unwrap().1),
            "x".repeat(5000),
        ] {
            fs::write(&file, &bad).unwrap();
            let said = open_keys(dir.path()).unwrap_err().to_string();
            assert!(said.contains("damaged"), "{bad}: {said}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_said_so() {
        let place = tempfile::tempdir().unwrap();
        let occupied = place.path().join("file");
        fs::write(&occupied, "").unwrap();
        let said = open_keys(&occupied.join("dir")).unwrap_err().to_string();
        assert!(said.contains("--state-dir"), "{said}");
    }
}
