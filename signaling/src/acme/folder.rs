//! What is kept on disk, for each authority in a folder of its own: the account there, and the
//! certificate with its key.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use instant_acme::AccountCredentials;
use rustix::fs::{Access, access};

use super::options::{AcmeError, Directory};

/// A longer account is not ours.
const MAX_ACCOUNT: u64 = 16 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(state: &Path, authority: &Directory) -> Self {
        Self(state.join("acme").join(authority.folder()))
    }

    /// One file with both, so that one is never there without the other.
    pub(super) fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    fn account_file(&self) -> PathBuf {
        self.0.join("account.json")
    }

    /// Makes it, for nobody else to look into.
    pub(super) fn make(&self) -> Result<(), AcmeError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|cause| self.unusable(cause))?;
        self.look()
    }

    /// Whether it could be made and written to.
    pub(super) fn look(&self) -> Result<(), AcmeError> {
        let there = self.0.ancestors().find(|dir| dir.exists());
        access(
            there.unwrap_or(Path::new("/")),
            Access::WRITE_OK | Access::EXEC_OK,
        )
        .map_err(|cause| self.unusable(cause.into()))
    }

    /// The account, if there is one.
    pub(super) fn account(&self) -> Result<Option<AccountCredentials>, AcmeError> {
        let path = self.account_file();
        let open = match File::open(&path) {
            Ok(open) => open,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.unusable(cause)),
        };
        // Of the open file, so that nobody can swap it between the look and the read.
        let about = open.metadata().map_err(|cause| self.unusable(cause))?;
        if about.mode() & 0o077 != 0 {
            return Err(AcmeError::Exposed { file: path });
        }
        let mut text = Vec::new();
        open.take(MAX_ACCOUNT)
            .read_to_end(&mut text)
            .map_err(|cause| self.unusable(cause))?;
        match serde_json::from_slice(&text) {
            Ok(account) => Ok(Some(account)),
            Err(_) => Err(AcmeError::Damaged { file: path }),
        }
    }

    pub(super) fn keep_account(&self, account: &AccountCredentials) -> Result<(), AcmeError> {
        let text = serde_json::to_string(account).map_err(|error| self.unusable(error.into()))?;
        self.begin(self.account_file(), &text)?.keep()
    }

    /// So that another one is made. It is set aside and not deleted, for somebody may miss it.
    pub(super) fn set_account_aside(&self) -> Result<(), AcmeError> {
        let path = self.account_file();
        fs::rename(&path, path.with_extension("old")).map_err(|cause| self.unusable(cause))
    }

    /// Puts a new key down where its certificate will follow it.
    pub(super) fn begin_certificate(&self, key: &str) -> Result<Draft, AcmeError> {
        self.begin(self.certificate(), key)
    }

    fn begin(&self, name: PathBuf, text: &str) -> Result<Draft, AcmeError> {
        let path = name.with_extension("new");
        let begun = match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path),
        };
        let begun = begun.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(file)
        });
        match begun {
            Ok(file) => Ok(Draft {
                file,
                path,
                name,
                folder: self.clone(),
            }),
            Err(cause) => Err(self.unusable(cause)),
        }
    }

    fn unusable(&self, cause: io::Error) -> AcmeError {
        let dir = self.0.clone();
        AcmeError::Unusable { dir, cause }
    }
}

/// A file that nobody else can read, and that appears under its name complete or not at all.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    path: PathBuf,
    name: PathBuf,
    folder: Folder,
}

impl Draft {
    /// Adds the rest.
    pub(super) fn add(&mut self, rest: &str) -> Result<(), AcmeError> {
        self.file
            .write_all(rest.as_bytes())
            .and_then(|()| self.file.sync_all())
            .map_err(|cause| self.folder.unusable(cause))
    }

    /// Where it is until then.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the place of what was there under its name.
    pub(super) fn keep(self) -> Result<(), AcmeError> {
        fs::rename(&self.path, &self.name).map_err(|cause| self.folder.unusable(cause))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Of a trial of the library's.
    const ACCOUNT: &str = r#"{"id":"id","key_pkcs8":"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJVWC_QzOTCS5vtsJp2IG-UDc8cdDfeoKtxSZxaznM-mhRANCAAQenCPoGgPFTdPJ7VLLKt56RxPlYT1wNXnHc54PEyBg3LxKaH0-sJkX0mL8LyPEdsfL_Oz4TxHkWLJGrXVtNhfH","directory":"https://ca.example.org/directory"}"#;

    fn folder(state: &tempfile::TempDir) -> Folder {
        let folder = Folder::of(state.path(), &Directory::default());
        folder.make().unwrap();
        folder
    }

    #[test]
    fn nobody_else_can_read_what_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let folder = folder(&state);
        let account = serde_json::from_str(ACCOUNT).unwrap();
        folder.keep_account(&account).unwrap();
        let mut draft = folder.begin_certificate("a key").unwrap();
        assert!(!folder.certificate().exists());
        draft.add(", a certificate").unwrap();
        draft.keep().unwrap();
        let both = fs::read_to_string(folder.certificate()).unwrap();
        assert_eq!(both, "a key, a certificate");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&folder.certificate()), 0o600);
        assert_eq!(mode(&folder.account_file()), 0o600);
        assert_eq!(mode(&folder.0), 0o700);
        assert_eq!(mode(&state.path().join("acme")), 0o700);
    }

    #[test]
    fn a_draft_of_a_killed_start_is_in_nobodys_way() {
        let state = tempfile::tempdir().unwrap();
        let folder = folder(&state);
        drop(folder.begin_certificate("left over").unwrap());
        let draft = folder.begin_certificate("new").unwrap();
        draft.keep().unwrap();
        assert_eq!(fs::read_to_string(folder.certificate()).unwrap(), "new");
    }

    #[test]
    fn an_account_comes_back_unless_others_could_have_changed_it() {
        let state = tempfile::tempdir().unwrap();
        let folder = folder(&state);
        assert!(folder.account().unwrap().is_none());
        let account = serde_json::from_str(ACCOUNT).unwrap();
        folder.keep_account(&account).unwrap();
        let again = folder.account().unwrap().unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), ACCOUNT);

        let file = folder.account_file();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let said = folder.account().err().unwrap().to_string();
        assert!(said.contains("chmod 600"), "{said}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, &ACCOUNT[..90]).unwrap();
        let said = folder.account().err().unwrap().to_string();
        assert!(said.contains("is damaged"), "{said}");

        folder.set_account_aside().unwrap();
        assert!(folder.account().unwrap().is_none());
    }
}
