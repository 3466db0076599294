//! Reading a file that only the administrator can have written.

use std::{
    fs::File,
    io::{self, Read as _},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat},
    io::Errno,
    process::geteuid,
};

use super::Malformed;

/// No policy is longer.
const LONGEST: u64 = 64 * 1024;

/// Why a policy does not count, so that nothing is allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Somebody else than root owns file or folder.
    #[error(
        "{} belongs to user number {owner} instead of root. The administrator must give it back: chown root {}",
        path.display(), path.display()
    )]
    Owner {
        /// Which one.
        path: PathBuf,
        /// Who.
        owner: u32,
    },
    /// Others than root can write file or folder.
    #[error(
        "{} can be changed by {by}. The administrator must take that right away: {}",
        path.display(), by.remedy(path)
    )]
    Writable {
        /// Which one.
        path: PathBuf,
        /// Who.
        by: Writer,
    },
    /// A link, a device, a folder.
    #[error(
        "{} is not a plain file in a plain folder. The administrator must put the policy there itself, not a link to it",
        path.display()
    )]
    Kind {
        /// Which one.
        path: PathBuf,
    },
    /// The system does not let us read it.
    #[error(
        "{} cannot be read: {error}. The administrator must make it readable for everybody: chmod a+r on the file, a+rx on its folder",
        path.display()
    )]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not a policy.
    #[error("{} cannot be understood: {why}. The administrator must correct it", path.display())]
    Malformed {
        /// Which one.
        path: PathBuf,
        /// Where and why.
        why: Malformed,
    },
}

impl PolicyError {
    /// For a person: that nobody can be invited, why, and what must be done.
    pub fn sentence(&self) -> String {
        format!("Nobody can be invited, because this computer's policy cannot be trusted: {self}.")
    }
}

/// Who can change what only root should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// The file's group.
    Group,
    /// Everybody.
    Others,
    /// Whoever runs this program, by an access list.
    ThisUser,
}

impl Writer {
    fn remedy(self, path: &Path) -> String {
        match self {
            Self::Group | Self::Others => format!("chmod go-w {}", path.display()),
            Self::ThisUser => format!("setfacl --remove-all {}", path.display()),
        }
    }
}

impl std::fmt::Display for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Group => "its group",
            Self::Others => "everybody",
            Self::ThisUser => "the user who runs this program",
        })
    }
}

/// The text of the file, after making sure whose it is; `None` if there is none, and nobody else
/// than root can have taken it away.
///
/// Everything is asked of what was opened, never of a name a second time, so that nothing can be
/// swapped in between.
pub(super) fn read(path: &Path) -> Result<Option<String>, PolicyError> {
    let folder_path = path.parent().unwrap_or(Path::new("/"));
    let Some(folder) = open(CWD, folder_path, folder_path, OFlags::DIRECTORY)? else {
        return Ok(None);
    };
    only_roots(
        &File::from(folder.try_clone().map_err(unreadable(folder_path))?),
        folder_path,
    )?;
    not_ours(CWD, folder_path, folder_path)?;

    let name = Path::new(path.file_name().unwrap_or_default());
    // A pipe in its place must not keep us waiting.
    let Some(file) = open(&folder, name, path, OFlags::NONBLOCK)? else {
        return Ok(None);
    };
    let file = File::from(file);
    if !file.metadata().map_err(unreadable(path))?.is_file() {
        return Err(PolicyError::Kind { path: path.into() });
    }
    only_roots(&file, path)?;
    not_ours(&folder, name, path)?;

    let malformed = |why| PolicyError::Malformed {
        path: path.into(),
        why: Malformed { line: None, why },
    };
    let mut bytes = vec![];
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable(path))?;
    if bytes.len() as u64 > LONGEST {
        return Err(malformed(format!("it is longer than {LONGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed("it is not text in UTF-8".into()))?;
    Ok(Some(text))
}

/// `name` in `folder`, which is `path`; `None` if it is not there.
fn open(
    folder: impl AsFd,
    name: &Path,
    path: &Path,
    kind: OFlags,
) -> Result<Option<OwnedFd>, PolicyError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | kind;
    match openat(folder, name, flags, Mode::empty()) {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR | Errno::NXIO) => {
            Err(PolicyError::Kind { path: path.into() })
        }
        Err(error) => Err(unreadable(path)(error.into())),
    }
}

/// Its owner is root, and nobody else is let write by its mode.
fn only_roots(opened: &File, path: &Path) -> Result<(), PolicyError> {
    let facts = opened.metadata().map_err(unreadable(path))?;
    let (owner, mode) = (facts.uid(), facts.mode());
    let writable = |by| PolicyError::Writable {
        path: path.into(),
        by,
    };
    if owner != 0 {
        let path = path.into();
        Err(PolicyError::Owner { path, owner })
    } else if mode & 0o002 != 0 {
        Err(writable(Writer::Others))
    } else if mode & 0o020 != 0 {
        Err(writable(Writer::Group))
    } else {
        Ok(())
    }
}

/// We cannot write it: the mode does not show what an access list allows. Root can write anything.
fn not_ours(folder: impl AsFd, name: &Path, path: &Path) -> Result<(), PolicyError> {
    if geteuid().is_root() {
        return Ok(());
    }
    match accessat(folder, name, Access::WRITE_OK, AtFlags::EACCESS) {
        Ok(()) => Err(PolicyError::Writable {
            path: path.into(),
            by: Writer::ThisUser,
        }),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Ok(()),
        Err(error) => Err(unreadable(path)(error.into())),
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> PolicyError {
    let path = path.into();
    move |error| PolicyError::Unreadable { path, error }
}
