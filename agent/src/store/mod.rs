//! The agent's store: the invitations of this computer, who tried a password, and settings, in one
//! file that is private to the person.
//!
//! Whatever one of its methods has returned from survives a crash, a kill and a power cut: no
//! attempt is ever lost, and what is closed never comes back.

mod error;
mod file;
mod folder;
mod row;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use deskhand_protocol::handshake::{MAX_ATTEMPTS, novice::Charged};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior::Immediate};

pub use self::{
    error::{Damaged, StoreError},
    folder::{FolderError, default_folder, home, make_private},
};
use self::{
    error::{Fault, loading, writing},
    row::{length, nanoseconds, since_epoch, time},
};
use crate::{
    book::kept::Kept,
    clock::{Now, Seen, boot_id},
    front::{Serial, Standing},
};

/// The store's file in its folder.
const FILE: &str = "invitations.sqlite";

/// What is asked of a store. After an error nothing has changed.
pub trait Keep: Send {
    /// Writes one more attempt down, durably. It counts as failed until [`Keep::put`] says
    /// otherwise.
    ///
    /// # Errors
    /// Whatever keeps it from being durable, the attempt must not be answered then. Also
    /// [`StoreError::Closed`] if the invitation is not open, or if it had all its attempts.
    fn charge(&mut self, serial: Serial) -> Result<Charged, StoreError>;

    /// Writes down that no attempt has failed.
    ///
    /// # Errors
    /// The count on disk then stays as it was, which lets nobody in.
    fn clear(&mut self, serial: Serial) -> Result<(), StoreError>;

    /// Writes a whole invitation, new or known, as it is; but never fewer failed attempts than
    /// were charged. Whatever lets somebody in is left out,
    /// and wiped, if it is closed.
    ///
    /// # Errors
    /// [`StoreError::Closed`] if a closed one would open again, or a deleted one come back.
    fn put(&mut self, kept: &Kept) -> Result<(), StoreError>;

    /// Deletes an invitation. Its serial is never used again.
    fn forget(&mut self, serial: Serial) -> Result<(), StoreError>;

    /// A setting, if it was ever made.
    fn setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Makes a setting.
    fn set(&mut self, name: &str, value: &str) -> Result<(), StoreError>;

    /// Notes that the program still runs, for when it will no longer: time that was seen to pass
    /// cannot be undone by a clock that is set back. To be called every few minutes; every write
    /// does it by itself.
    fn seen(&mut self, now: Now) -> Result<(), StoreError>;
}

/// The store on disk. Only one at a time can be open.
pub struct Store {
    db: Connection,
    path: PathBuf,
}

/// What was in a store when it was opened.
#[derive(Debug)]
pub struct Loaded {
    /// Everything that is kept, oldest first. What expired or was locked meanwhile is closed.
    pub invitations: Vec<Kept>,
    /// The serial of the next invitation.
    pub next: Serial,
    /// It was damaged: this is a new and empty one, and the person has to be told.
    pub damaged: Option<Damaged>,
}

impl Store {
    /// Opens the store in `folder`, or makes one; both are private then.
    ///
    /// A damaged file is put aside, never deleted; see [`Loaded::damaged`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn open(folder: &Path, now: Now) -> Result<(Self, Loaded), StoreError> {
        Self::open_in_boot(folder, now, boot_id().as_deref())
    }

    fn open_in_boot(
        folder: &Path,
        now: Now,
        boot: Option<&str>,
    ) -> Result<(Self, Loaded), StoreError> {
        make_private(folder)?;
        let path = folder.join(FILE);
        file::claim(&path)?;
        let why = match Self::load(&path, now, boot) {
            Ok(opened) => return Ok(opened),
            Err(Fault::Other(error)) => return Err(error),
            Err(Fault::Damaged(why)) => why,
        };
        tracing::warn!(why, "the store is damaged");
        let damaged = Damaged {
            kept_as: file::keep_aside(&path, now.wall)?,
        };
        file::claim(&path)?;
        match Self::load(&path, now, boot) {
            Ok((store, loaded)) => {
                let damaged = Some(damaged);
                Ok((store, Loaded { damaged, ..loaded }))
            }
            Err(Fault::Other(error)) => Err(error),
            Err(Fault::Damaged(why)) => Err(StoreError::Failed { path, why }),
        }
    }

    fn load(path: &Path, now: Now, boot: Option<&str>) -> Result<(Self, Loaded), Fault> {
        let fault = |error: rusqlite::Error| loading(path, &error);
        let mut db = schema::connect(path)?;
        let change = db.transaction_with_behavior(Immediate).map_err(fault)?;
        let state = State::read(&change).map_err(fault)?;
        let same_boot = boot.is_some() && state.boot.as_deref() == boot;
        let mut invitations = read_all(&change, path)?;
        for kept in invitations
            .iter_mut()
            .filter(|kept| !kept.standing.is_closed())
        {
            kept.expiry = kept.expiry.resumed(state.seen, same_boot, now);
            close_if_due(kept, now);
            row::with_row(kept, |row| change.execute(row::UPDATE, row)).map_err(fault)?;
        }
        let last = invitations.last().map_or(0, |kept| kept.serial.0);
        let next = state.next.max(last.saturating_add(1));
        change
            .execute("UPDATE state SET boot_id = ?1, next = ?2", (boot, next))
            .map_err(fault)?;
        note_seen(&change, now.into()).map_err(fault)?;
        change.commit().map_err(fault)?;
        let loaded = Loaded {
            invitations,
            next: Serial(next),
            damaged: None,
        };
        let path = path.to_owned();
        Ok((Self { db, path }, loaded))
    }

    /// One durable change, or none.
    fn write<T>(
        &mut self,
        at: Seen,
        change: impl FnOnce(&Transaction) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let path = &self.path;
        let write = |db: &mut Connection| {
            let open = db.transaction_with_behavior(Immediate)?;
            let done = change(&open)?;
            note_seen(&open, at)?;
            open.commit()?;
            Ok(done)
        };
        write(&mut self.db).map_err(|error| writing(path, &error))
    }
}

impl Keep for Store {
    fn charge(&mut self, serial: Serial) -> Result<Charged, StoreError> {
        let charged = self.write(Now::read().into(), |change| {
            change.execute(
                "UPDATE invitation SET failed = failed + 1
                 WHERE serial = ?1 AND standing = 'open' AND failed < ?2",
                (serial.0, MAX_ATTEMPTS),
            )
        })?;
        match charged {
            1 => Ok(Charged::written_down()),
            _ => Err(StoreError::Closed(serial)),
        }
    }

    fn clear(&mut self, serial: Serial) -> Result<(), StoreError> {
        self.write(Now::read().into(), |change| {
            change.execute(
                "UPDATE invitation SET failed = 0 WHERE serial = ?1 AND standing = 'open'",
                [serial.0],
            )
        })?;
        Ok(())
    }

    fn put(&mut self, kept: &Kept) -> Result<(), StoreError> {
        let written = self.write(Now::read().into(), |change| {
            row::with_row(kept, |row| {
                if change.execute(row::UPDATE, row)? == 1 {
                    return Ok(true);
                }
                let known = change.query_one(
                    "SELECT EXISTS (SELECT 1 FROM invitation WHERE serial = ?1)",
                    [kept.serial.0],
                    |row| row.get(0),
                )?;
                if known || change.execute(row::INSERT, row)? == 0 {
                    return Ok(false);
                }
                change.execute(
                    "UPDATE state SET next = ?1",
                    [kept.serial.0.saturating_add(1)],
                )?;
                Ok(true)
            })
        })?;
        if written {
            Ok(())
        } else {
            Err(StoreError::Closed(kept.serial))
        }
    }

    fn forget(&mut self, serial: Serial) -> Result<(), StoreError> {
        self.write(Now::read().into(), |change| {
            change.execute("DELETE FROM invitation WHERE serial = ?1", [serial.0])
        })?;
        Ok(())
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.db
            .query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| writing(&self.path, &error))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.write(Now::read().into(), |change| {
            change.execute(
                "INSERT INTO setting VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
                [name, value],
            )
        })?;
        Ok(())
    }

    fn seen(&mut self, now: Now) -> Result<(), StoreError> {
        self.write(now.into(), |_| Ok(()))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}

/// The one row of the table `state`.
struct State {
    next: u32,
    boot: Option<String>,
    seen: Seen,
}

impl State {
    fn read(change: &Transaction) -> rusqlite::Result<Self> {
        let columns = "SELECT next, boot_id, seen_wall, seen_boot FROM state";
        change.query_one(columns, (), |row| {
            Ok(Self {
                next: row.get(0)?,
                boot: row.get(1)?,
                seen: Seen {
                    wall: time(row.get(2)?),
                    boot: length(row.get(3)?),
                },
            })
        })
    }
}

fn read_all(change: &Transaction, path: &Path) -> Result<Vec<Kept>, Fault> {
    let fault = |error: rusqlite::Error| loading(path, &error);
    let mut query = change
        .prepare("SELECT * FROM invitation ORDER BY serial")
        .map_err(fault)?;
    let mut rows = query.query(()).map_err(fault)?;
    let mut invitations = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        invitations.push(row::read(row).map_err(Fault::Damaged)?);
    }
    Ok(invitations)
}

/// What became of an open invitation while nobody looked after it.
fn close_if_due(kept: &mut Kept, now: Now) {
    if kept.failed >= MAX_ATTEMPTS {
        kept.standing = Standing::Locked;
    } else if kept.expiry.is_over(now) {
        kept.standing = Standing::Expired;
    } else {
        return;
    }
    kept.secrets = None;
    kept.token = None;
}

fn note_seen(change: &Transaction, at: Seen) -> rusqlite::Result<()> {
    change.execute(
        "UPDATE state SET seen_wall = ?1, seen_boot = ?2",
        (since_epoch(at.wall), nanoseconds(at.boot)),
    )?;
    Ok(())
}
