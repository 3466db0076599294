use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    time::{Duration, SystemTime},
};

use deskhand_protocol::{
    handshake::novice::Record,
    id::{InvitationId, LinkSecret},
    signal::OwnerToken,
    text::Name,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rusqlite::Connection;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::{book::kept::Secrets, clock::Expiry, front::Channel};

const HOUR: Duration = Duration::from_secs(3600);

/// A folder, and the store in it.
struct Place {
    folder: TempDir,
    now: Now,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            now: Now::read(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    fn open(&self) -> (Store, Loaded) {
        Store::open(self.folder.path(), self.now).unwrap()
    }

    fn refused(&self) -> StoreError {
        Store::open(self.folder.path(), self.now).unwrap_err()
    }

    /// Opens the store as if the computer had been off for `off` and its clock been moved.
    fn open_after_reboot(&self, off: Duration, set_back: Duration) -> (Store, Loaded) {
        let now = Now {
            wall: self.now.wall + off - set_back,
            boot: Duration::from_secs(30),
            ..self.now
        };
        Store::open_in_boot(self.folder.path(), now, Some("another boot")).unwrap()
    }

    /// Changes the file behind the store's back.
    fn by_hand(&self, sql: &str) {
        let db = Connection::open(self.file()).unwrap();
        db.execute_batch(sql).unwrap();
    }

    /// Everything that is in the folder, names and contents.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut all: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    }

    fn holds(&self, needle: &[u8]) -> bool {
        let found = |bytes: &Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
        self.contents().iter().any(|(_, bytes)| found(bytes))
    }
}

/// An open invitation with every field filled in.
fn invitation(serial: u32, now: Now) -> Kept {
    let mut rng = ChaCha20Rng::seed_from_u64(serial.into());
    let secret = LinkSecret::random(&mut rng);
    let record = Record::new(
        InvitationId::random(&mut rng),
        &secret,
        "k7mp-q2rs",
        &mut rng,
    );
    Kept {
        serial: Serial(serial),
        channel: Channel::Link,
        server: "https://help.example.org".into(),
        made: now.wall,
        expiry: Expiry::after(now, HOUR),
        standing: Standing::Open,
        failed: 0,
        refusals: 1,
        used_by: Some(Name::new("Maria\nof the help desk")),
        keep_open: true,
        has_password: true,
        secrets: Some(Secrets {
            record: record.unwrap().to_bytes(),
            link: Zeroizing::new(secret.expose().to_vec()),
            number: Some(123_456_789),
        }),
        token: Some(OwnerToken(format!("token of invitation {serial:03}"))),
    }
}

#[test]
fn what_is_put_comes_back_after_a_restart_as_it_was() {
    let mut place = Place::new();
    let (mut store, loaded) = place.open();
    assert!(loaded.invitations.is_empty() && loaded.damaged.is_none());
    assert_eq!(loaded.next, Serial(1));
    let channels = [Channel::Link, Channel::File, Channel::Mail, Channel::Spoken];
    let mut all: Vec<Kept> = (1..)
        .map(|serial| invitation(serial, place.now))
        .take(4)
        .collect();
    for (kept, channel) in all.iter_mut().zip(channels) {
        kept.channel = channel;
        store.put(kept).unwrap();
    }
    all[3].secrets = None; // the number of a spoken one is still to come
    all[3].used_by = None;
    store.put(&all[3]).unwrap();
    store.set("server", "https://help.example").unwrap();
    store.set("server", "https://help.example.org").unwrap();
    drop(store);
    place.now = Now::read();
    let (store, loaded) = place.open();
    assert_eq!(loaded.invitations, all);
    assert_eq!(loaded.next, Serial(5));
    let server = store.setting("server").unwrap();
    assert_eq!(server.as_deref(), Some("https://help.example.org"));
    assert_eq!(store.setting("name").unwrap(), None);
}

#[test]
fn who_was_here_when_it_ended_is_gone_after_it() {
    let place = Place::new();
    let (mut store, _) = place.open();
    let mut kept = invitation(1, place.now);
    kept.standing = Standing::InUse;
    store.put(&kept).unwrap();
    drop(store);
    assert_eq!(place.open().1.invitations[0].standing, Standing::Open);
}

#[test]
fn everything_is_private_to_the_person() {
    let place = Place::new();
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(place.folder.path()), 0o700);
    let files = place.contents();
    assert!(files.len() >= 2, "the journal is there as well");
    for (path, _) in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o644)).unwrap();
    place.open();
    assert_eq!(mode(&place.file()), 0o600);
}

#[test]
fn a_closed_invitation_leaves_no_secret_in_any_file() {
    let place = Place::new();
    let (mut store, _) = place.open();
    let mut all: Vec<Kept> = (1..=60)
        .map(|serial| invitation(serial, place.now))
        .collect();
    for kept in &all {
        store.put(kept).unwrap();
    }
    let secrets = |kept: &Kept| -> Vec<Vec<u8>> {
        let one = invitation(kept.serial.0, place.now);
        let Secrets { record, link, .. } = one.secrets.unwrap();
        // Any part of a record would be too much.
        let parts = record.chunks_exact(32).map(<[u8]>::to_vec);
        parts
            .chain([link.to_vec(), one.token.unwrap().0.into_bytes()])
            .collect()
    };
    assert!(secrets(&all[7]).iter().all(|secret| place.holds(secret)));
    // Not in order, and in each of the ways: closed by a caller who forgot the secrets, deleted.
    for index in (0..60).step_by(3).chain((1..60).step_by(3).rev()) {
        all[index].standing = Standing::Used;
        all[index].used_by = None;
        store.put(&all[index]).unwrap();
        if index % 2 == 0 {
            store.forget(all[index].serial).unwrap();
        }
    }
    for (index, kept) in all.iter().enumerate() {
        let left = secrets(kept)
            .iter()
            .filter(|secret| place.holds(secret))
            .count();
        if index % 3 == 2 {
            assert!(left > 0, "an open one keeps them");
        } else {
            assert_eq!(left, 0, "invitation {}", kept.serial);
        }
    }
}

#[test]
fn every_attempt_counts_until_it_is_cleared() {
    let place = Place::new();
    let (mut store, _) = place.open();
    let mut kept = invitation(1, place.now);
    store.put(&kept).unwrap();
    store.charge(kept.serial).unwrap();
    store.charge(kept.serial).unwrap();
    drop(store);
    let (mut store, loaded) = place.open();
    assert_eq!(loaded.invitations[0].failed, 2);
    kept.failed = 0;
    store.put(&kept).unwrap();
    drop(store);
    let (mut store, loaded) = place.open();
    assert_eq!(
        loaded.invitations[0].failed, 2,
        "not by writing something else"
    );
    store.clear(kept.serial).unwrap();
    drop(store);
    assert_eq!(place.open().1.invitations[0].failed, 0);
}

#[test]
fn there_are_five_attempts_and_a_restart_gives_no_sixth() {
    let place = Place::new();
    let (mut store, _) = place.open();
    let kept = invitation(1, place.now);
    store.put(&kept).unwrap();
    for _ in 0..MAX_ATTEMPTS {
        store.charge(kept.serial).unwrap();
    }
    let refused = store.charge(kept.serial).unwrap_err();
    assert!(matches!(refused, StoreError::Closed(Serial(1))));
    drop(store);
    let (mut store, loaded) = place.open();
    let locked = &loaded.invitations[0];
    assert_eq!(locked.standing, Standing::Locked);
    assert!(locked.secrets.is_none() && locked.token.is_none());
    assert!(store.charge(kept.serial).is_err());
    assert!(!place.holds(&kept.secrets.unwrap().record));
}

#[test]
fn nobody_can_be_charged_at_what_is_closed_or_unknown() {
    let place = Place::new();
    let (mut store, _) = place.open();
    assert!(store.charge(Serial(1)).is_err());
    let mut kept = invitation(1, place.now);
    kept.standing = Standing::Revoked;
    store.put(&kept).unwrap();
    assert!(store.charge(Serial(1)).is_err());
}

#[test]
fn what_is_closed_or_deleted_never_comes_back() {
    let place = Place::new();
    let (mut store, _) = place.open();
    for serial in 1..=2 {
        store.put(&invitation(serial, place.now)).unwrap();
    }
    let mut closed = invitation(1, place.now);
    closed.standing = Standing::Revoked;
    store.put(&closed).unwrap();
    store.forget(Serial(2)).unwrap();
    for serial in 1..=2 {
        let refused = store.put(&invitation(serial, place.now)).unwrap_err();
        assert!(matches!(refused, StoreError::Closed(_)), "{refused}");
    }
    drop(store);
    let (_, loaded) = place.open();
    assert_eq!(loaded.invitations.len(), 1);
    assert_eq!(loaded.invitations[0].standing, Standing::Revoked);
    assert_eq!(loaded.next, Serial(3), "a serial is never used twice");
}

#[test]
fn an_invitation_expires_while_the_program_does_not_run() {
    let mut place = Place::new();
    let (mut store, _) = place.open();
    let kept = invitation(1, place.now);
    store.put(&kept).unwrap();
    drop(store);
    place.now = place.now.after(HOUR);
    let (_, loaded) = place.open();
    assert_eq!(loaded.invitations[0].standing, Standing::Expired);
    assert_eq!(loaded.invitations[0].expiry.wall(), kept.expiry.wall());
    assert!(!place.holds(&kept.secrets.unwrap().record));
}

#[test]
fn a_clock_set_back_extends_nothing_in_the_same_boot() {
    let mut place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    place.now = place.now.after(HOUR);
    place.now.wall -= 24 * HOUR;
    assert_eq!(place.open().1.invitations[0].standing, Standing::Expired);
}

#[test]
fn a_clock_set_back_while_the_computer_was_off_extends_nothing() {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    store.seen(place.now.after(HOUR / 2)).unwrap();
    drop(store);
    let (_, loaded) = place.open_after_reboot(HOUR, 24 * HOUR);
    let now = Now {
        wall: place.now.wall + HOUR - 24 * HOUR,
        boot: Duration::from_secs(30),
        ..place.now
    };
    assert_eq!(loaded.invitations[0].expiry.left(now), HOUR / 2);
    // And what was worked out is kept for the next time.
    let (_, again) = place.open_after_reboot(HOUR, 24 * HOUR);
    assert_eq!(again.invitations, loaded.invitations);
}

#[test]
fn an_invitation_goes_on_after_a_reboot() {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    let (_, loaded) = place.open_after_reboot(HOUR / 4, Duration::ZERO);
    assert_eq!(loaded.invitations[0].standing, Standing::Open);
    let wall = loaded.invitations[0].expiry.wall();
    assert_eq!(wall, place.now.wall + HOUR);
}

#[test]
fn only_one_can_have_it_open() {
    let place = Place::new();
    let _store = place.open();
    let refused = place.refused();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}

#[test]
fn what_a_newer_version_made_is_not_touched() {
    let place = Place::new();
    place.open();
    place.by_hand("PRAGMA user_version = 2");
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o640)).unwrap();
    let before = place.contents();
    let refused = place.refused();
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
    assert_eq!(place.contents(), before);
    assert_eq!(fs::metadata(place.file()).unwrap().mode() & 0o777, 0o640);
}

/// Damages a store that holds one invitation, and opens it: a new one has to be there, and the
/// old file, byte for byte, beside it.
#[track_caller]
fn check_damage(damage: impl FnOnce(&Place)) {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    damage(&place);
    let before = fs::read(place.file()).unwrap();
    let (mut store, loaded) = place.open();
    let damaged = loaded.damaged.expect("the damage is told");
    assert!(loaded.invitations.is_empty());
    let name = damaged.kept_as.file_name().unwrap().to_string_lossy();
    assert!(
        name.starts_with("invitations.damaged-2") && name.ends_with(".sqlite"),
        "{name}"
    );
    assert_eq!(fs::read(&damaged.kept_as).unwrap(), before);
    assert!(damaged.to_string().contains(&*name));
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    let (_, loaded) = place.open();
    assert!(loaded.damaged.is_none());
    assert_eq!(loaded.invitations.len(), 1);
}

#[test]
fn what_is_no_database_is_kept_aside() {
    check_damage(|place| fs::write(place.file(), "dear diary, ".repeat(1000)).unwrap());
}

#[test]
fn a_file_cut_short_is_kept_aside() {
    check_damage(|place| {
        let bytes = fs::read(place.file()).unwrap();
        fs::write(place.file(), &bytes[..bytes.len() - 4096]).unwrap();
    });
}

#[test]
fn a_file_with_a_page_overwritten_is_kept_aside() {
    check_damage(|place| {
        let mut bytes = fs::read(place.file()).unwrap();
        bytes[4096..8192].fill(0xa5);
        fs::write(place.file(), bytes).unwrap();
    });
}

#[test]
fn somebody_elses_database_is_kept_aside() {
    check_damage(|place| {
        fs::remove_file(place.file()).unwrap();
        place.by_hand("CREATE TABLE invitation (serial INTEGER PRIMARY KEY)");
    });
}

#[test]
fn a_record_that_cannot_be_read_is_damage() {
    check_damage(|place| place.by_hand("UPDATE invitation SET record = x'00'"));
}

#[test]
fn a_word_that_there_is_not_is_damage() {
    check_damage(|place| {
        place.by_hand(
            "PRAGMA ignore_check_constraints = ON; UPDATE invitation SET standing = 'opened'",
        );
    });
}

#[test]
fn a_missing_table_is_damage() {
    check_damage(|place| place.by_hand("DROP TABLE setting; DROP TABLE state"));
}

#[test]
fn a_name_that_could_deceive_is_damage() {
    check_damage(|place| place.by_hand("UPDATE invitation SET used_by = char(8238)"));
}

#[test]
fn damaged_files_of_one_day_do_not_overwrite_each_other() {
    let place = Place::new();
    let mut kept_as = Vec::new();
    for text in ["first", "second", "third"] {
        fs::write(place.file(), text).unwrap();
        fs::write(place.folder.path().join(format!("{FILE}-journal")), text).unwrap();
        let (_, loaded) = place.open();
        kept_as.push((loaded.damaged.unwrap().kept_as, text));
    }
    for (path, text) in kept_as {
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
}

#[test]
fn a_trigger_that_somebody_put_into_the_file_does_not_run() {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    place.by_hand(
        "CREATE TRIGGER forgive AFTER UPDATE ON invitation
         BEGIN UPDATE invitation SET failed = 0; END",
    );
    let (mut store, _) = place.open();
    store.charge(Serial(1)).unwrap();
    drop(store);
    assert_eq!(place.open().1.invitations[0].failed, 1);
}

#[test]
fn a_link_or_a_folder_in_its_place_is_refused_and_left_alone() {
    let place = Place::new();
    let elsewhere = place.folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, place.file()).unwrap();
    assert!(matches!(place.refused(), StoreError::NotYours { .. }));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    fs::remove_file(place.file()).unwrap();
    fs::create_dir(place.file()).unwrap();
    assert!(matches!(place.refused(), StoreError::NotYours { .. }));
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return; // only root can give a file away
    }
    let place = Place::new();
    place.open();
    std::os::unix::fs::chown(place.file(), Some(12_345), None).unwrap();
    assert!(matches!(place.refused(), StoreError::NotYours { .. }));
}

#[test]
fn a_disk_that_is_full_or_read_only_is_told_and_changes_nothing() {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    store.db.execute_batch("PRAGMA query_only = ON").unwrap();
    let refused = store.charge(Serial(1)).unwrap_err();
    assert!(
        matches!(refused, StoreError::NotWritable { .. }),
        "{refused}"
    );
    store.db.execute_batch("PRAGMA query_only = OFF").unwrap();
    store.db.execute_batch("PRAGMA max_page_count = 1").unwrap();
    let refused = (2..100)
        .find_map(|serial| store.put(&invitation(serial, place.now)).err())
        .unwrap();
    assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
    let known = store.setting("server").unwrap();
    assert_eq!(known, None);
    store.charge(Serial(1)).unwrap();
}

#[test]
fn times_out_of_all_bounds_do_no_harm() {
    let place = Place::new();
    let (mut store, _) = place.open();
    let mut kept = invitation(1, place.now);
    kept.made = SystemTime::UNIX_EPOCH - 400 * 365 * 24 * HOUR;
    kept.expiry = Expiry::at(place.now.wall + 400 * 365 * 24 * HOUR, Duration::MAX);
    store.put(&kept).unwrap();
    drop(store);
    let (_, loaded) = place.open();
    assert_eq!(loaded.invitations[0].standing, Standing::Open);
    assert!(loaded.invitations[0].expiry.wall() < kept.expiry.wall());
}

#[test]
fn nothing_secret_is_in_what_a_log_could_show() {
    let place = Place::new();
    let (mut store, _) = place.open();
    store.put(&invitation(1, place.now)).unwrap();
    drop(store);
    let (store, loaded) = place.open();
    let shown = format!("{store:?} {loaded:?}");
    assert!(!shown.contains("token of"), "{shown}");
}
