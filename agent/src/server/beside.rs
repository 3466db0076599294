//! `deskhand.toml` beside the program: how a helper hands out a program that already knows the
//! server.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// The file's name.
pub const NAME: &str = "deskhand.toml";

/// The file is there, and does not say what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BesideError {
    /// It cannot be read.
    #[error("{} is beside this program and cannot be read: {error}. Make it readable, or delete it", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It does not say `server = "https://…"`, or more than that.
    #[error(
        "{} must say server = \"https://HOST\" and nothing else: {why}. Correct it, or delete it",
        path.display()
    )]
    Malformed {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    server: String,
}

/// The server that is named beside this program; `None` without such a file.
///
/// # Errors
/// [`BesideError`] if there is a file that does not name one.
pub fn read() -> Result<Option<String>, BesideError> {
    let program = std::env::current_exe().ok();
    match program.as_deref().and_then(Path::parent) {
        Some(folder) => read_in(folder),
        None => Ok(None),
    }
}

fn read_in(folder: &Path) -> Result<Option<String>, BesideError> {
    let path = folder.join(NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(BesideError::Unreadable { path, error }),
    };
    match toml::from_str::<Keys>(&text) {
        Ok(keys) => Ok(Some(keys.server)),
        Err(error) => Err(BesideError::Malformed {
            path,
            why: error.message().replace('\n', ", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_a_server_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_in(folder.path()).unwrap(), None);
        let says = |text: &str| {
            std::fs::write(folder.path().join(NAME), text).unwrap();
            read_in(folder.path())
        };
        let server = says("# ours\nserver = \"https://help.example.org\"\n").unwrap();
        assert_eq!(server.as_deref(), Some("https://help.example.org"));
        for bad in [
            "",
            "server = 1",
            "sever = \"https://a.example\"",
            "server = \"https://a.example\"\npassword = \"x\"",
        ] {
            let error = says(bad).unwrap_err().to_string();
            assert!(
                error.contains("must say server = \"https://HOST\" and nothing else"),
                "{error}"
            );
        }
    }
}
