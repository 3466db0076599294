//! The file with the keys: private, whole, renewed, and shared.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use deskhand_protocol::{id::Route, signal::OwnerToken};

use super::*;

const ROUTE: Route = Route::from_bytes([1; 32]);
const DAY: Duration = Duration::from_hours(24);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn now() -> SystemTime {
    SystemTime::now()
}

fn open(dir: &Path) -> Result<KeyRing, StateError> {
    KeyFile::in_dir(dir).open(now())
}

fn minted(ring: &KeyRing, at: SystemTime) -> OwnerToken {
    ring.mint(ROUTE, None, Duration::from_mins(1), at).unwrap()
}

#[test]
fn the_key_is_private_and_survives_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("a/b");
    let first = open(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join(FILE_NAME)), 0o600);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no draft is left");
    let token = minted(&first, now());
    assert!(open(&dir).unwrap().check(&token).is_some());
    fs::remove_file(dir.join(FILE_NAME)).unwrap();
    assert!(open(&dir).unwrap().check(&token).is_none(), "a new key");
}

#[test]
fn looking_makes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("a/b");
    KeyFile::in_dir(&dir).look().unwrap();
    assert!(!place.path().join("a").exists());
    let occupied = place.path().join("file");
    fs::write(&occupied, "").unwrap();
    let said = KeyFile::in_dir(&occupied.join("dir")).look();
    assert!(said.unwrap_err().to_string().contains("--state-dir"));
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap();
    let file = dir.path().join(FILE_NAME);
    for loose in [0o640, 0o604, 0o620] {
        fs::set_permissions(&file, fs::Permissions::from_mode(loose)).unwrap();
        let said = open(dir.path()).unwrap_err().to_string();
        assert!(said.contains("chmod 600"), "{loose:o}: {said}");
    }
}

#[test]
fn damaged_keys_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap();
    let file = dir.path().join(FILE_NAME);
    let good = fs::read_to_string(&file).unwrap();
    let (kid, secret) = good.split_once(' ').unwrap();
    for bad in [
        String::new(),
        "\n".to_owned(),
        good.trim_end().to_owned(),
        good[..30].to_owned() + "\n",
        good.replace(' ', ""),
        format!(" {secret}"),
        format!("{kid} AAAA 0\n"),
        good.trim_end().to_owned() + "x\n",
        good.trim_end().to_owned() + " x\n",
        format!("{good}\n"),
        "x".repeat(5000),
    ] {
        fs::write(&file, &bad).unwrap();
        let said = open(dir.path()).unwrap_err().to_string();
        assert!(said.contains("damaged"), "{bad}: {said}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_said_so() {
    let place = tempfile::tempdir().unwrap();
    let occupied = place.path().join("file");
    fs::write(&occupied, "").unwrap();
    let said = open(&occupied.join("dir")).unwrap_err().to_string();
    assert!(said.contains("--state-dir"), "{said}");
}

#[test]
fn keys_are_renewed_in_time_and_old_ones_kept_for_their_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::in_dir(dir.path());
    let ring = file.open(now()).unwrap();
    let token = minted(&ring, now());
    assert!(!file.tend(&ring, now()).unwrap(), "nothing is due");

    let later = now() + 31 * DAY;
    assert!(file.tend(&ring, later).unwrap());
    assert_eq!(mode(&dir.path().join(FILE_NAME)), 0o600);
    assert!(!file.tend(&ring, later).unwrap(), "once is enough");
    let signer = |at| {
        let token = minted(&ring, at);
        jsonwebtoken::decode_header(&token.0).unwrap().kid.unwrap()
    };
    let first = signer(now());
    assert_eq!(signer(later), first, "the new one is announced before");
    assert_ne!(signer(later + rotation::NOTICE), first);
    assert!(ring.check(&token).is_some(), "the old one still checks");
    assert!(file.open(later).unwrap().check(&token).is_some());

    let much_later = later + 40 * DAY;
    assert!(file.tend(&ring, much_later).unwrap());
    assert!(ring.check(&token).is_none(), "nobody needs it any more");
}

#[test]
fn nodes_that_share_the_file_take_each_others_keys() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::in_dir(dir.path());
    let (one, other) = (file.open(now()).unwrap(), file.open(now()).unwrap());
    let later = now() + 31 * DAY;
    std::thread::scope(|scope| {
        for ring in [&one, &other] {
            scope.spawn(|| file.tend(ring, later).unwrap());
        }
    });
    let by = |ring| minted(ring, later + rotation::NOTICE);
    let kid = |token: &OwnerToken| jsonwebtoken::decode_header(&token.0).unwrap().kid;
    assert_eq!(kid(&by(&one)), kid(&by(&other)), "one new key, not two");
}

#[test]
fn a_file_from_before_keys_were_renewed_is_still_good() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::in_dir(dir.path());
    let token = minted(&file.open(now()).unwrap(), now());
    let path = dir.path().join(FILE_NAME);
    let kept = fs::read_to_string(&path).unwrap();
    let (old, _) = kept.rsplit_once(' ').unwrap();
    fs::write(&path, format!("{old}\n")).unwrap();
    let ring = file.open(now()).unwrap();
    assert!(ring.check(&token).is_some());
    assert!(file.tend(&ring, now()).unwrap(), "it is due");
    assert!(ring.check(&token).is_some());
}

#[test]
fn a_file_that_went_bad_leaves_the_keys_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let file = KeyFile::in_dir(dir.path());
    let ring = file.open(now()).unwrap();
    let token = minted(&ring, now());
    fs::write(dir.path().join(FILE_NAME), "?").unwrap();
    assert!(file.tend(&ring, now()).is_err());
    fs::remove_file(dir.path().join(FILE_NAME)).unwrap();
    assert!(file.tend(&ring, now()).is_err());
    assert!(ring.check(&token).is_some());
}
