//! Putting an invitation file where the novice finds it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use deskhand_protocol::text::Name;
use rand_core::{OsRng, RngCore as _};

/// So many names are tried before giving up.
const MOST_COPIES: u32 = 999;

/// The file cannot be written; a sentence for the novice.
#[derive(Debug, thiserror::Error)]
#[error("The invitation file {} cannot be saved: {cause}. Choose another folder.", path.display())]
pub struct WriteError {
    /// Where it should have been.
    pub path: PathBuf,
    /// What the system says.
    #[source]
    pub cause: io::Error,
}

/// A name for the file, safe on every system that it may be sent to.
pub fn file_name(novice: &Name) -> String {
    let plain: String = novice
        .as_str()
        .chars()
        .map(|c| {
            if c.is_control() || r#"/\:*?"<>|"#.contains(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let name = words.join(" ");
    match name.trim_end_matches(['.', ' ']) {
        "" => "Help with Deskhand.html".to_owned(),
        name => format!("Help for {name}.html"),
    }
}

/// Saves the page as `path`, for its owner's eyes only, and gives where it really is: beside a
/// file that is there already, as `… (2).html`.
///
/// Nobody ever finds half a page under that name, and no file of somebody else's is replaced.
///
/// # Errors
/// [`WriteError`]; then nothing is left behind.
pub fn write(page: &str, path: &Path) -> Result<PathBuf, WriteError> {
    let failed = |cause| WriteError {
        path: path.to_owned(),
        cause,
    };
    let taken = take_name(path).map_err(failed)?;
    // A name of its own, so that nothing left over from a crash is in its way.
    let draft = with_ending(&taken, &format!(".{:08x}.part", OsRng.next_u32()));
    let written = fill(&draft, page).and_then(|()| fs::rename(&draft, &taken));
    match written {
        Ok(()) => Ok(taken),
        Err(cause) => {
            // If that fails too, an empty file is left, and the reason is the same.
            let _ = fs::remove_file(&taken);
            Err(failed(cause))
        }
    }
}

/// Takes the first free name by making an empty file of it. That the file is ours from then on is
/// what allows it to be replaced.
fn take_name(path: &Path) -> io::Result<PathBuf> {
    for copy in 1..=MOST_COPIES {
        let candidate = numbered(path, copy);
        match create(&candidate) {
            Ok(_) => return Ok(candidate),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn numbered(path: &Path, copy: u32) -> PathBuf {
    if copy == 1 {
        return path.to_owned();
    }
    let mut name: OsString = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(" ({copy})"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn fill(draft: &Path, page: &str) -> io::Result<()> {
    let mut file = create(draft)?;
    let written = file
        .write_all(page.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(draft); // ours, and no use to anybody
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_file_is_private_and_replaces_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Help for Anna.html");
        fs::write(&path, "somebody else's").unwrap();
        let second = write("page", &path).unwrap();
        let third = write("another", &path).unwrap();
        assert_eq!(
            names(folder.path()),
            [
                "Help for Anna (2).html",
                "Help for Anna (3).html",
                "Help for Anna.html"
            ]
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
        assert_eq!(fs::read_to_string(&second).unwrap(), "page");
        assert_eq!(fs::read_to_string(&third).unwrap(), "another");
        let mode = fs::metadata(&second).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Help.html");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        let written = write("page", &path).unwrap();
        assert_eq!(names(folder.path()), ["Help (2).html", "Help.html"]);
        assert!(written.ends_with("Help (2).html"));
    }

    #[test]
    fn what_cannot_be_written_is_a_sentence_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/Help.html");
        let said = write("page", &missing).unwrap_err().to_string();
        assert!(said.contains("cannot be saved"), "{said}");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn names_become_names_of_files() {
        for (novice, file) in [
            ("Anna", "Help for Anna.html"),
            ("", "Help with Deskhand.html"),
            ("../../etc/x", "Help for .. .. etc x.html"),
            ("a\tb:c|d", "Help for a b c d.html"),
            ("Müller & Söhne.", "Help for Müller & Söhne.html"),
            ("...", "Help with Deskhand.html"),
        ] {
            assert_eq!(file_name(&Name::new(novice)), file);
        }
    }
}
