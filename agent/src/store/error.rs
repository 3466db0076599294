//! What can go wrong with the store, each in plain sentences: what happened, and what to do.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;
use rustix::io::Errno;

use super::FolderError;
use crate::front::Serial;

/// Why something could not be kept. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file cannot be written.
    #[error(
        "Deskhand cannot write to {path}: {why}. Make that file and its folder writable, or name another folder in XDG_STATE_HOME"
    )]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// No room.
    #[error(
        "Deskhand cannot write to {path} because the disk is full. Make some room, then try again"
    )]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else could read or change it.
    #[error(
        "Deskhand will not use {path}: it belongs to somebody else, or is no plain file. Move it away, then try again"
    )]
    NotYours {
        /// The file.
        path: PathBuf,
    },
    /// Made by a later version of Deskhand. Nothing in it was touched.
    #[error(
        "{path} was made by a newer version of Deskhand. Start that version, or move the file away to begin anew"
    )]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Another program has it open.
    #[error(
        "{path} is in use by another program, perhaps by another Deskhand. Close that one, then try again"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, and cannot even be put aside.
    #[error(
        "{path} is damaged and cannot be put aside: {why}. Move it away yourself, then try again"
    )]
    Stuck {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// That invitation is closed, or is not kept any more.
    #[error(
        "Invitation {0} is closed, or was deleted. Make a new invitation if you still need help"
    )]
    Closed(Serial),
    /// Anything else that the system or the database says.
    #[error("Deskhand cannot use {path}: {why}. Restart the computer, then try again")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it says.
        why: String,
    },
}

/// The store was damaged. It was put aside, and a new one begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Where the damaged file is now.
    pub kept_as: PathBuf,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The file with your invitations was damaged, so Deskhand began a new one. Earlier \
             invitations are closed, and settings are as at first. The damaged file is kept as {}.",
            self.kept_as.display()
        )
    }
}

/// Why a file cannot be loaded.
#[derive(Debug)]
pub(super) enum Fault {
    /// It holds something else than it should; what.
    Damaged(String),
    /// It may be sound.
    Other(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

/// While writing: a sound file is assumed, so this is about its surroundings.
pub(super) fn writing(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::NotWritable { path, why }
        }
        _ => StoreError::Failed { path, why },
    }
}

/// While loading: whatever is not about the file's surroundings is about its contents.
pub(super) fn loading(path: &Path, error: &rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        // `Unknown` is a table or column that is not there.
        None
        | Some(
            ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig
            | ErrorCode::Unknown,
        ) => Fault::Damaged(error.to_string()),
        Some(_) => Fault::Other(writing(path, error)),
    }
}

/// While making or opening the file itself.
pub(super) fn opening(path: &Path, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => StoreError::Full { path },
        // A symbolic link, or a folder.
        Some(Errno::LOOP | Errno::ISDIR) => StoreError::NotYours { path },
        _ => StoreError::NotWritable {
            path,
            why: error.to_string(),
        },
    }
}
