//! Secrets in files of their own.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A longer secret is none.
const LONGEST: u64 = 1024;

/// Why a secret cannot be had from its file. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("The file {} with {what} cannot be read: {cause}.", file.display())]
    Unreadable {
        /// What should be in it.
        what: &'static str,
        /// Which.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others can read it.
    #[error(
        "The file {} with {what} can be read or changed by others. Run: chmod 600 {}",
        file.display(), file.display()
    )]
    Exposed {
        /// What is in it.
        what: &'static str,
        /// Which.
        file: PathBuf,
    },
    /// There is none in it.
    #[error("The file {} has to hold {what} in one line, and nothing else.", file.display())]
    NotOneLine {
        /// What should be in it.
        what: &'static str,
        /// Which.
        file: PathBuf,
    },
}

/// The only line of a file that nobody else may read. `what` says what it is, for people.
///
/// # Errors
/// A sentence; see [`SecretError`].
pub(super) fn read(what: &'static str, file: &Path) -> Result<String, SecretError> {
    let path = || file.to_owned();
    let unreadable = |cause| {
        let file = path();
        SecretError::Unreadable { what, file, cause }
    };
    let not_one_line = || SecretError::NotOneLine { what, file: path() };
    let open = File::open(file).map_err(unreadable)?;
    // Of the open file, so that nobody can swap it between the look and the read.
    if !is_private(&open.metadata().map_err(unreadable)?) {
        return Err(SecretError::Exposed { what, file: path() });
    }
    let mut text = String::new();
    open.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => not_one_line(),
            _ => unreadable(error),
        })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    if line.is_empty() || line.contains('\n') || text.len() as u64 > LONGEST {
        return Err(not_one_line());
    }
    Ok(line.to_owned())
}

/// The group of root may read it, for nobody but root is in it: so look files that are lent to one
/// service by an access list, as systemd lends credentials.
fn is_private(about: &Metadata) -> bool {
    let others = if about.gid() == 0 { 0o037 } else { 0o077 };
    about.mode() & others == 0
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn it_is_one_line_of_a_private_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        let with = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            read("a password", &file)
        };
        assert_eq!(with("hunter2\n", 0o600).unwrap(), "hunter2");
        assert_eq!(with("hunter 2", 0o400).unwrap(), "hunter 2");
        let long = "h".repeat(1025);
        for (text, mode, part) in [
            ("hunter2\n", 0o604, "chmod 600"),
            ("hunter2\n", 0o620, "chmod 600"),
            ("", 0o600, "one line"),
            ("\n", 0o600, "one line"),
            ("hunter2\nmore\n", 0o600, "one line"),
            (&long, 0o600, "one line"),
        ] {
            let said = with(text, mode).unwrap_err().to_string();
            assert!(said.contains(part) && said.contains("a password"), "{said}");
            assert!(!said.contains("hunter"), "{said}");
        }
        fs::remove_file(&file).unwrap();
        let gone = read("a password", &file).unwrap_err().to_string();
        assert!(gone.contains("cannot be read"), "{gone}");
    }
}
