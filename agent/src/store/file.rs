//! The store's file, before and after the database has it: whose it is, which version wrote it,
//! and where it goes when it is damaged.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::OFlags;

use super::{
    error::{StoreError, opening},
    schema,
};

/// What the database may have laid beside its file. A journal of the damaged file would be
/// played back into the new one.
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Makes `path` an empty private file if nothing is there; checks what is there otherwise.
/// Other people's right to read it is taken away; what a newer version made is refused unread.
pub(super) fn claim(path: &Path) -> Result<(), StoreError> {
    let refused = |error: io::Error| opening(path, &error);
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            file.sync_all().map_err(refused)?;
            // Its name in the folder has to survive a crash as well.
            return sync_folder_of(path).map_err(refused);
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(refused(error)),
    }
    let file = options.open(path).map_err(refused)?;
    let found = file.metadata().map_err(refused)?;
    if !found.is_file() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::NotYours {
            path: path.to_owned(),
        });
    }
    if made_by(&file).is_some_and(|version| version > schema::VERSION) {
        return Err(StoreError::Newer {
            path: path.to_owned(),
        });
    }
    if found.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(refused)?;
    }
    Ok(())
}

/// Which version wrote this, if it is a store of ours. Read from the [header of the
/// format](https://www.sqlite.org/fileformat2.html#the_database_header), because the database
/// itself may already write when it only opens a file.
fn made_by(mut file: &File) -> Option<u32> {
    let mut header = [0; 100];
    file.read_exact(&mut header).ok()?;
    let field = |at: usize| -> Option<u32> {
        let bytes = header.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let ours = header.starts_with(b"SQLite format 3\0") && field(68)? == schema::APPLICATION;
    ours.then(|| field(60)).flatten()
}

/// Puts a damaged file and its companions aside, under a name that says so and is not taken.
pub(super) fn keep_aside(path: &Path, now: SystemTime) -> Result<PathBuf, StoreError> {
    let kept_as = free_name(path, now);
    // The companions go first: left behind alone, they would harm the new file.
    let moved = COMPANIONS
        .iter()
        .filter(|suffix| with(path, suffix).symlink_metadata().is_ok())
        .chain(&[""])
        .try_for_each(|suffix| std::fs::rename(with(path, suffix), with(&kept_as, suffix)))
        .and_then(|()| sync_folder_of(path));
    match moved {
        Ok(()) => Ok(kept_as),
        Err(why) => Err(StoreError::Stuck {
            path: path.to_owned(),
            why,
        }),
    }
}

fn free_name(path: &Path, now: SystemTime) -> PathBuf {
    let date = jiff::Timestamp::try_from(now).map_or_else(
        |_| "undated".into(),
        |stamp| stamp.strftime("%Y-%m-%d").to_string(),
    );
    let stem = path.with_extension("");
    let name = |number: u32| {
        let more = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        with(&stem, &format!(".damaged-{date}{more}.sqlite"))
    };
    let taken = |name: &PathBuf| name.symlink_metadata().is_ok();
    let mut number = 1;
    while taken(&name(number)) {
        number += 1;
    }
    name(number)
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
