//! Who tried a password: written down before the attempt is answered.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use deskhand_protocol::{handshake::novice::Charged, id::Route};

/// A durable count of failed or unfinished attempts at one invitation.
pub trait Ledger: Send {
    /// Writes down one more attempt. It counts as failed until [`Ledger::clear`].
    ///
    /// # Errors
    /// Whatever keeps it from being durable; the attempt is then not answered.
    fn charge(&mut self) -> io::Result<Charged>;

    /// The last attempt was right: none has failed in a row.
    fn clear(&mut self) -> io::Result<()>;

    /// Nobody may try again.
    fn lock(&mut self) -> io::Result<()>;
}

/// One file an invitation, one line an event, synced before it counts.
#[derive(Debug)]
pub struct FileLedger(File);

impl FileLedger {
    /// Opens the ledger of `route` in `folder`, both private to the user.
    pub fn open(folder: PathBuf, route: Route) -> io::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let path = folder.join(format!("{}.attempts", &route.to_text()[..16]));
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        // The name in the folder has to survive a crash as well.
        File::open(folder)?.sync_all()?;
        Ok(Self(file))
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())?;
        self.0.sync_data()
    }
}

impl Ledger for FileLedger {
    fn charge(&mut self) -> io::Result<Charged> {
        self.write("attempt\n")?;
        Ok(Charged::written_down())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.write("clear\n")
    }

    fn lock(&mut self) -> io::Result<()> {
        self.write("lock\n")
    }
}

/// Where ledgers are kept: `$XDG_STATE_HOME/deskhand`, or `~/.local/state/deskhand`.
pub fn default_folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state.or_else(home).map(|base| base.join("deskhand"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_is_in_the_file_before_it_counts() {
        let folder = tempfile::tempdir().unwrap();
        let route = Route::from_bytes([1; 32]);
        let mut ledger = FileLedger::open(folder.path().join("deskhand"), route).unwrap();
        ledger.charge().unwrap();
        ledger.clear().unwrap();
        ledger.charge().unwrap();
        ledger.lock().unwrap();
        let file = std::fs::read_dir(folder.path().join("deskhand"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, "attempt\nclear\nattempt\nlock\n");
    }
}
