//! One agent a person and computer: the first one runs, a later start talks to it.
//!
//! Who is first is decided by an advisory lock on a file in the state folder, which the kernel
//! drops when its holder ends, however it ends. The first one listens on a socket beside it. Both
//! are private to the person, and each end checks that the other belongs to the same one, because
//! passwords pass over the socket.
//!
//! What can be asked is in [`Request`]. Consent to anything cannot be given there.

mod ask;
mod lines;
mod serve;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::AsRawFd as _,
        unix::{
            fs::{OpenOptionsExt as _, PermissionsExt as _},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use tokio::net::UnixStream;

pub use self::{
    ask::{AskError, ask},
    lines::{InvitationLine, InvitedLine, table},
    serve::{Asked, Local},
    wire::{InviteRequest, Reply, Request, Secret},
};
use crate::store::{FolderError, make_private};

const LOCK: &str = "agent.lock";
const SOCKET: &str = "agent.sock";

/// The right to be the agent of this person; given up when it is dropped.
///
/// Who comes from now on finds the socket, and waits until [`Local::serve`] answers.
#[derive(Debug)]
pub struct First {
    lock: File,
    listener: UnixListener,
}

/// Why somebody is not the first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Taken {
    /// Another one runs: [`ask()`] it.
    #[error("Deskhand is already running")]
    Running,
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file in it cannot be used.
    #[error("Deskhand cannot use {path}: {why}. Move that file away, then try again")]
    Failed {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
}

/// Becomes the agent of whoever `folder` belongs to; it is made if it is not there.
///
/// # Errors
/// See [`Taken`].
pub fn first(folder: &Path) -> Result<First, Taken> {
    make_private(folder)?;
    let failed = |name: &str| {
        let path = folder.join(name);
        move |why: io::Error| match why.kind() {
            // It is not about that file: none can be written there.
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::StorageFull => {
                let folder = folder.to_owned();
                Taken::Folder(FolderError::Unusable { folder, why })
            }
            _ => Taken::Failed { path, why },
        }
    };
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(LOCK))
        .map_err(failed(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Taken::Running),
        Err(TryLockError::Error(why)) => return Err(failed(LOCK)(why)),
    }
    let listener = listen(folder).map_err(failed(SOCKET))?;
    Ok(First { lock, listener })
}

/// To be called by the holder of the lock alone: a socket that is already there is of one that
/// ended.
fn listen(folder: &Path) -> io::Result<UnixListener> {
    let socket = folder.join(SOCKET);
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(Address::of(folder)?.path)?;
    std::fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A path to the socket that is short enough for the system, which allows 108 bytes.
struct Address {
    path: PathBuf,
    /// What a path through `/proc/self/fd` leads through.
    _folder: Option<File>,
}

impl Address {
    fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        if path.as_os_str().len() <= 100 {
            return Ok(Self {
                path,
                _folder: None,
            });
        }
        let folder = File::open(folder)?;
        Ok(Self {
            path: format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()).into(),
            _folder: Some(folder),
        })
    }
}

/// Whether the other end belongs to the same person. Root is somebody else, too.
fn is_same_person(stream: &UnixStream) -> bool {
    let me = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == me)
}
