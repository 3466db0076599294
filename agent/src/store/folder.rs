//! The folder that everything of Deskhand's is kept in, private to one person.

use std::{
    ffi::OsString,
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Why nothing can be kept in a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It cannot be made, or not be reached.
    #[error(
        "Deskhand keeps your invitations in {folder}, and that folder cannot be used: {why}. Make it writable, or name another one in XDG_STATE_HOME"
    )]
    Unusable {
        /// Which one.
        folder: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// Somebody else could change what is in it.
    #[error(
        "Deskhand keeps your invitations in {folder}, and that folder belongs to somebody else. Name another one in XDG_STATE_HOME, or have it given to you"
    )]
    NotYours {
        /// Which one.
        folder: PathBuf,
    },
}

/// `$XDG_STATE_HOME/deskhand`, or `~/.local/state/deskhand`; `None` if neither place is known.
pub fn default_folder() -> Option<PathBuf> {
    folder_in(std::env::var_os("XDG_STATE_HOME"), home())
}

fn folder_in(state: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let in_home = || home.map(|home| home.join(".local/state"));
    absolute(state)
        .or_else(in_home)
        .map(|base| base.join("deskhand"))
}

/// The person's own folder, `$HOME`; `None` if that does not say where one is.
pub fn home() -> Option<PathBuf> {
    absolute(std::env::var_os("HOME"))
}

/// Nothing is kept wherever the program happens to be started.
fn absolute(variable: Option<OsString>) -> Option<PathBuf> {
    variable
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

/// Makes `folder` if it is not there. If it is, whatever others may do in it is taken away.
///
/// # Errors
/// See [`FolderError`].
pub fn make_private(folder: &Path) -> Result<(), FolderError> {
    let unusable = |why| FolderError::Unusable {
        folder: folder.to_owned(),
        why,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(unusable)?;
    let found = std::fs::metadata(folder).map_err(unusable)?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(FolderError::NotYours {
            folder: folder.to_owned(),
        });
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(unusable)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_variable_that_is_empty_or_not_absolute_names_no_folder() {
        for none in ["", ".", "home/ada", "~"] {
            let none = Some(OsString::from(none));
            assert_eq!(absolute(none.clone()), None, "{none:?}");
            assert_eq!(folder_in(none.clone(), absolute(none.clone())), None);
            let in_home = folder_in(none, absolute(Some("/home/ada".into())));
            assert_eq!(in_home, Some("/home/ada/.local/state/deskhand".into()));
        }
        let told = folder_in(Some("/var/ada".into()), None);
        assert_eq!(told, Some("/var/ada/deskhand".into()));
    }

    #[test]
    fn a_folder_is_made_private_and_an_open_one_is_closed() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("state/deskhand");
        make_private(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        make_private(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        if !rustix::process::geteuid().is_root() {
            return; // only root can give a folder away
        }
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(folder.path(), Some(12_345), None).unwrap();
        let refused = make_private(folder.path()).unwrap_err();
        assert!(matches!(refused, FolderError::NotYours { .. }));
    }

    #[test]
    fn a_folder_that_cannot_be_is_told_with_its_name() {
        let base = tempfile::tempdir().unwrap();
        std::fs::write(base.path().join("file"), "").unwrap();
        let refused = make_private(&base.path().join("file/deskhand")).unwrap_err();
        let sentence = refused.to_string();
        assert!(sentence.contains("file/deskhand"), "{sentence}");
        assert!(sentence.contains("XDG_STATE_HOME"), "{sentence}");
    }
}
