//! The tables, and how a connection to them is set up.

use std::{path::Path, time::Duration};

use rusqlite::{
    Connection, OpenFlags, Transaction, TransactionBehavior::Immediate, config::DbConfig,
};

use super::{
    StoreError,
    error::{Fault, loading},
};

/// Marks a database as Deskhand's: `DskH`.
pub(super) const APPLICATION: u32 = 0x4473_6b48;

/// The latest version. It counts the steps below.
pub(super) const VERSION: u32 = 1;

/// From each version to the next; never changed once released.
const STEPS: [&str; VERSION as usize] = ["
    -- Times are nanoseconds: of the wall clock since 1970, of the boot-time clock since the boot
    -- that the state names. What is closed keeps nothing that lets anybody in.
    CREATE TABLE invitation (
        serial       INTEGER PRIMARY KEY CHECK (serial BETWEEN 1 AND 4294967295),
        channel      TEXT NOT NULL CHECK (channel IN ('link', 'file', 'mail', 'spoken')),
        server       TEXT NOT NULL,
        made         INTEGER NOT NULL,
        ends_wall    INTEGER NOT NULL,
        ends_boot    INTEGER NOT NULL CHECK (ends_boot >= 0),
        standing     TEXT NOT NULL
                     CHECK (standing IN ('open', 'used', 'expired', 'revoked', 'locked')),
        failed       INTEGER NOT NULL CHECK (failed BETWEEN 0 AND 255),
        refusals     INTEGER NOT NULL CHECK (refusals BETWEEN 0 AND 255),
        used_by      TEXT,
        keep_open    INTEGER NOT NULL CHECK (keep_open IN (0, 1)),
        has_password INTEGER NOT NULL CHECK (has_password IN (0, 1)),
        record       BLOB,
        link         BLOB,
        number       INTEGER CHECK (number BETWEEN 0 AND 4294967295),
        token        TEXT,
        CHECK ((record IS NULL) = (link IS NULL)),
        CHECK (number IS NULL OR record IS NOT NULL),
        CHECK (standing = 'open' OR (record IS NULL AND token IS NULL))
    ) STRICT;
    CREATE TABLE setting (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- One row: the serial of the next invitation, and when the program was last seen to run.
    CREATE TABLE state (
        only_one  INTEGER PRIMARY KEY CHECK (only_one = 1),
        next      INTEGER NOT NULL CHECK (next BETWEEN 1 AND 4294967295),
        boot_id   TEXT,
        seen_wall INTEGER NOT NULL,
        seen_boot INTEGER NOT NULL CHECK (seen_boot >= 0)
    ) STRICT;
    INSERT INTO state VALUES (1, 1, NULL, 0, 0);
"];

/// Opens the file at `path`, brings it to the present [`VERSION`] and checks it through.
pub(super) fn connect(path: &Path) -> Result<Connection, Fault> {
    let fault = |error: rusqlite::Error| loading(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(fault)?;
    set_up(&db).map_err(fault)?;
    let change = db.transaction_with_behavior(Immediate).map_err(fault)?;
    migrate(&change, path)?;
    change.commit().map_err(fault)?;
    let verdict: String = db
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(fault)?;
    if verdict != "ok" {
        return Err(Fault::Damaged(verdict));
    }
    Ok(db)
}

fn set_up(db: &Connection) -> rusqlite::Result<()> {
    // A process that is just dying holds its lock a moment longer than it lives.
    db.busy_timeout(Duration::from_secs(1))?;
    // Only tables are ours; whatever else somebody has put into the file must not run.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // The journal holds the pages as they were, secrets included. Under an exclusive lock only
    // TRUNCATE takes them out of it; DELETE would leave them there until the program ends.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = EXTRA;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cell_size_check = ON;",
    )
}

fn migrate(change: &Transaction, path: &Path) -> Result<(), Fault> {
    let fault = |error: rusqlite::Error| loading(path, &error);
    let number = |pragma| -> Result<u32, Fault> {
        change
            .pragma_query_value(None, pragma, |row| row.get::<_, i32>(0))
            .map(i32::cast_unsigned)
            .map_err(fault)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: u32 = change
        .query_one("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(fault)?;
    let is_new = (application, version, tables) == (0, 0, 0);
    if !is_new && (application != APPLICATION || version == 0) {
        return Err(Fault::Damaged("it is not a file of Deskhand's".into()));
    }
    if version > VERSION {
        return Err(Fault::Other(StoreError::Newer {
            path: path.to_owned(),
        }));
    }
    for step in &STEPS[version as usize..] {
        change.execute_batch(step).map_err(fault)?;
    }
    if version < VERSION {
        change
            .pragma_update(None, "application_id", APPLICATION)
            .and_then(|()| change.pragma_update(None, "user_version", VERSION))
            .map_err(fault)?;
    }
    Ok(())
}
