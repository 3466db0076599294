//! The programs that the operator offers at `/get` to people who need help: the files in one
//! folder. Whatever is put there is offered at once, with its digest.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::{JoinError, spawn_blocking},
};

use crate::origin::Origin;

/// More are not offered: a page is no place to search in.
const MOST: usize = 64;
/// So much is read at once.
const CHUNK: usize = 256 * 1024;
/// What is offered, and for which computers. Nothing else is: who knows what lies about.
const KINDS: &[(&str, &str)] = &[
    (".deb", "Debian and Ubuntu"),
    (".rpm", "Fedora and openSUSE"),
    (".tar.gz", "Linux"),
    (".tar.xz", "Linux"),
    (".AppImage", "Linux"),
    (".exe", "Windows"),
    (".msi", "Windows"),
    (".dmg", "macOS"),
    (".pkg", "macOS"),
];

/// Why a folder cannot be offered: a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[error(
    "The programs in {} cannot be offered for download: {cause}. Make them readable for this user, or choose another folder with --downloads.",
    folder.display()
)]
pub struct DownloadsError {
    folder: PathBuf,
    cause: io::Error,
}

/// A folder with programs.
#[derive(Debug, Clone)]
pub struct Downloads {
    folder: Arc<Path>,
    /// One at a time reads what is new.
    known: Arc<Mutex<Known>>,
}

/// The digests of files, by name.
type Known = HashMap<String, (Stamp, String)>;

/// Which content a digest is of: another length, time or inode is another content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, i64, i64, u64);

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self(
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ino(),
        )
    }
}

/// A file that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) name: String,
    /// For which computers.
    pub(crate) system: &'static str,
    /// How long it is, for people.
    pub(crate) size: String,
    /// SHA-256, in hexadecimal digits.
    pub(crate) digest: String,
}

impl Downloads {
    /// Reads what is in the folder now.
    ///
    /// # Errors
    /// If the folder, or a program in it, cannot be read.
    pub fn open(folder: PathBuf) -> Result<Self, DownloadsError> {
        let mut known = Known::new();
        let all: io::Result<Vec<Offer>> =
            list(&folder, &mut known).and_then(|offers| offers.into_iter().collect());
        if let Err(cause) = all {
            return Err(DownloadsError { folder, cause });
        }
        Ok(Self {
            folder: folder.into(),
            known: Arc::new(Mutex::new(known)),
        })
    }

    /// What of it can be read now.
    pub(crate) async fn offers(&self) -> Vec<Offer> {
        let mut known: OwnedMutexGuard<Known> = Arc::clone(&self.known).lock_owned().await;
        let folder = Arc::clone(&self.folder);
        let listed = blocking(move || list(&folder, &mut known)).await;
        let offers = listed.unwrap_or_else(|error| vec![Err(error)]);
        let readable = |offer: io::Result<Offer>| {
            offer
                .inspect_err(|error| tracing::warn!(%error, "not offered at /get: cannot be read"))
                .ok()
        };
        offers.into_iter().filter_map(readable).collect()
    }

    /// The content of one of them; `None`: there is none of that name.
    pub(crate) async fn file(&self, name: &str) -> Option<Response> {
        kind(name)?;
        let path = self.folder.join(name);
        let opened = blocking(move || {
            // A link may lead anywhere.
            if !fs::symlink_metadata(&path)?.is_file() {
                return Err(io::ErrorKind::NotFound.into());
            }
            let file = File::open(&path)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        let (file, length) = opened.await.ok()?;
        let body = Body::from_stream(stream::try_unfold(file, |file| {
            blocking(move || next(file))
        }));
        let mut response = saved_as(name, "application/octet-stream", body);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
        Some(response)
    }
}

/// `deskhand.toml`, which the agent reads beside itself: where its server is.
pub(crate) fn settings(server: &Origin) -> Response {
    let text = format!(
        "# Tells Deskhand which server introduces you. Keep it beside the program.\n\
         server = \"{server}\"\n"
    );
    saved_as("deskhand.toml", "application/toml", Body::from(text))
}

/// An answer that a browser saves and does not show. The name is one that [`kind`] knows, or ours.
fn saved_as(name: &str, content_type: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Does what waits for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done: Result<_, JoinError> = spawn_blocking(work).await;
    done.map_err(io::Error::other)?
}

/// The next piece of a file, if there is one.
fn next(mut file: File) -> io::Result<Option<(Bytes, File)>> {
    let mut piece = vec![0; CHUNK];
    let length = file.read(&mut piece)?;
    piece.truncate(length);
    Ok((length > 0).then(|| (piece.into(), file)))
}

/// Everything in the folder that is offered, by name, or why one of them cannot be. Digests are
/// made only of what is new.
fn list(folder: &Path, known: &mut Known) -> io::Result<Vec<io::Result<Offer>>> {
    let mut names: Vec<(String, &'static str)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(name) = name.to_str()
            && let Some(system) = kind(name)
            && entry.file_type()?.is_file()
        {
            names.push((name.to_owned(), system));
        }
    }
    names.sort_unstable();
    names.truncate(MOST);
    known.retain(|known, _| names.iter().any(|(name, _)| name == known));
    let offer = |(name, system): (String, &'static str)| {
        let file = File::open(folder.join(&name))?;
        let metadata = file.metadata()?;
        let stamp = Stamp::of(&metadata);
        let digest = match known.get(&name) {
            Some((of, digest)) if *of == stamp => digest.clone(),
            _ => digest(file)?,
        };
        known.insert(name.clone(), (stamp, digest.clone()));
        Ok(Offer {
            size: size(metadata.len()),
            name,
            system,
            digest,
        })
    };
    Ok(names.into_iter().map(offer).collect())
}

/// For which computers a file of that name is; `None`: it is not offered.
fn kind(name: &str) -> Option<&'static str> {
    // Names that stand in an address and in a header as they are, and do not leave the folder.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'~');
    if name.starts_with('.') || name.len() > 128 || !name.bytes().all(plain) {
        return None;
    }
    let known = KINDS.iter().find(|(ending, _)| name.ends_with(ending));
    known.map(|(_, system)| *system)
}

fn digest(mut file: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; CHUNK];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => hash.update(&piece[..length]),
        }
    }
    use std::fmt::Write as _;

    let mut digits = String::new();
    for byte in hash.finalize() {
        let _ = write!(digits, "{byte:02x}"); // a string takes anything
    }
    Ok(digits)
}

/// As people say it: in tenths of the largest unit.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes.saturating_mul(10).div_ceil(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_programs_with_plain_names_are_offered() {
        for (name, system) in [
            ("deskhand_0.1.0~rc1_amd64.deb", Some("Debian and Ubuntu")),
            ("deskhand-0.1.0-linux-x86_64.tar.gz", Some("Linux")),
            ("Deskhand.exe", Some("Windows")),
            ("SHA256SUMS", None),
            (".hidden.deb", None),
            ("../x.deb", None),
            ("a/b.deb", None),
            ("a\"b.deb", None),
            ("größe.deb", None),
            ("a b.deb", None),
            ("", None),
        ] {
            assert_eq!(kind(name), system, "{name}");
        }
        assert_eq!(kind(&format!("{}.deb", "x".repeat(200))), None);
    }

    #[test]
    fn sizes_are_said_as_people_do() {
        let said = [0, 999, 1000, 1001, 12_345_678, 5_000_000_000].map(size);
        let expected = [
            "0 bytes",
            "999 bytes",
            "1.0 kB",
            "1.1 kB",
            "12.4 MB",
            "5.0 GB",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_folder_is_read_again_and_digests_are_made_of_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("b.deb"), "abc").unwrap();
        fs::write(at("a.tar.gz"), "").unwrap();
        fs::write(at("notes.txt"), "mine").unwrap();
        fs::create_dir(at("c.deb")).unwrap();
        symlink("/etc/passwd", at("d.deb")).unwrap();
        let mut known = Known::new();
        let list = |known: &mut Known| -> Vec<Offer> {
            let listed = list(folder.path(), known).unwrap();
            listed.into_iter().map(Result::unwrap).collect()
        };
        let offers = list(&mut known);
        let names: Vec<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
        assert_eq!(names, ["a.tar.gz", "b.deb"]);
        assert_eq!(
            offers[1].digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );

        // What is known is believed, until the file is another one.
        known.get_mut("b.deb").unwrap().1 = "kept".into();
        assert_eq!(list(&mut known)[1].digest, "kept");
        fs::write(at("b.deb"), "longer").unwrap();
        assert_ne!(list(&mut known)[1].digest, "kept");
        fs::remove_file(at("b.deb")).unwrap();
        assert_eq!(list(&mut known).len(), 1);
        assert_eq!(known.len(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_so() {
        let said = Downloads::open("/nobody/is/here".into()).unwrap_err();
        let said = said.to_string();
        assert!(
            said.contains("/nobody/is/here") && said.contains("--downloads"),
            "{said}"
        );
    }
}
