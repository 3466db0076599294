//! The store under `kill -9`: whatever it has returned from is there afterwards.
//!
//! A second process of this same program writes and says so, line by line; it is killed in the
//! middle of it, again and again, and what it had said is compared with what is on disk.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod again;

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use deskhand_agent::{
    book::kept::{Kept, Secrets},
    clock::{Expiry, Now},
    front::{Channel, Serial, Standing},
    store::{Keep as _, Loaded, Store},
};
use deskhand_protocol::{
    handshake::{MAX_ATTEMPTS, novice::Record},
    id::{InvitationId, LinkSecret},
    signal::OwnerToken,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zeroize::Zeroizing;

/// In the environment of the second process: the folder in which to write.
const FOLDER: &str = "DESKHAND_TEST_STORE";
/// How the second process marks its lines among those of the test harness.
const MARK: &str = "store> ";
const ROUNDS: u64 = 50;

/// What the second process has said of an invitation.
#[derive(Debug, Default)]
struct Said {
    /// The attempts that it was told are charged.
    charged: u8,
    closed: bool,
}

#[test]
fn nothing_that_was_written_is_lost_when_the_program_is_killed() {
    if let Some(folder) = folder_of_the_second() {
        write(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut said = BTreeMap::<Serial, Said>::new();
    let mut killed_while_writing = 0;
    for round in 0..ROUNDS {
        let mut writer = start_writer(
            "nothing_that_was_written_is_lost_when_the_program_is_killed",
            folder.path(),
        );
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let before_it_is_killed = rng.next_u32() % 30;
        let mut heard = 0;
        for line in &mut lines {
            heard += u32::from(note(&line.unwrap(), &mut said));
            if heard > before_it_is_killed {
                break;
            }
        }
        // Not always just behind a write: anywhere within the next few.
        std::thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 4000)));
        writer.kill().unwrap();
        let ended = writer.wait().unwrap();
        assert_eq!(ended.code(), None, "round {round}: it ended by itself");
        killed_while_writing += u32::from(has_journal(folder.path()));
        for line in lines {
            note(&line.unwrap(), &mut said);
        }
        let (store, loaded) = Store::open(folder.path(), Now::read()).unwrap();
        check(&said, &loaded, round);
        drop(store);
    }
    assert!(killed_while_writing > 0, "no kill hit a write");
}

#[test]
fn a_store_that_was_being_made_when_the_program_was_killed_is_none_the_worse() {
    if let Some(folder) = folder_of_the_second() {
        write(&folder);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = start_writer(
            "a_store_that_was_being_made_when_the_program_was_killed_is_none_the_worse",
            folder.path(),
        );
        std::thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 20_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let (mut store, loaded) = Store::open(folder.path(), Now::read()).unwrap();
        assert!(loaded.damaged.is_none());
        store.put(&invitation(loaded.next.0, &mut rng)).unwrap();
    }
}

/// Compares what was said with what is there.
fn check(said: &BTreeMap<Serial, Said>, loaded: &Loaded, round: u64) {
    assert!(loaded.damaged.is_none(), "round {round}");
    let kept = |serial| loaded.invitations.iter().find(|one| one.serial == serial);
    for (serial, said) in said {
        let kept = kept(*serial).unwrap_or_else(|| panic!("round {round}: {serial} is lost"));
        assert!(kept.failed >= said.charged, "round {round}: {serial}");
        assert!(kept.failed <= MAX_ATTEMPTS);
        let closed = kept.standing.is_closed();
        assert!(closed || !said.closed, "round {round}: {serial} is open");
        assert_eq!(closed, kept.secrets.is_none(), "round {round}: {serial}");
        assert_eq!(closed, kept.token.is_none(), "round {round}: {serial}");
    }
    assert!(said.keys().all(|serial| *serial < loaded.next));
}

/// Whether a write was cut off: its journal is still to be played back.
fn has_journal(folder: &Path) -> bool {
    let journal = folder.join("invitations.sqlite-journal");
    journal.metadata().is_ok_and(|found| found.len() > 0)
}

/// Takes a line of the second process's down; `false` if it is the harness's.
fn note(line: &str, said: &mut BTreeMap<Serial, Said>) -> bool {
    let Some((_, words)) = line.split_once(MARK) else {
        return false;
    };
    let (what, serial) = words.split_once(' ').unwrap();
    let said = said.entry(Serial(serial.parse().unwrap())).or_default();
    match what {
        "made" => {}
        "charged" => said.charged += 1,
        "closed" => said.closed = true,
        other => panic!("{other}"),
    }
    true
}

fn folder_of_the_second() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn start_writer(test: &str, folder: &Path) -> Child {
    again::this_test(test)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Writes and says so, until it is killed.
fn write(folder: &Path) -> ! {
    let (mut store, loaded) = Store::open(folder, Now::read()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(loaded.next.0.into());
    // What an earlier one left open goes on.
    let mut open = loaded.invitations;
    open.retain(|kept| !kept.standing.is_closed());
    let mut next = loaded.next.0;
    loop {
        if open.len() < 3 {
            let kept = invitation(next, &mut rng);
            store.put(&kept).unwrap();
            say("made", kept.serial);
            open.push(kept);
            next += 1;
        }
        let index = rng.next_u32() as usize % open.len();
        let kept = &mut open[index];
        if kept.failed < MAX_ATTEMPTS - 1 {
            // Known to the writer only once it is on disk; the line comes after that.
            let _charged = store.charge(kept.serial).unwrap();
            kept.failed += 1;
            say("charged", kept.serial);
        } else {
            kept.standing = Standing::Revoked;
            store.put(kept).unwrap();
            say("closed", kept.serial);
            open.swap_remove(index);
        }
    }
}

fn say(what: &str, serial: Serial) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{what} {serial}").unwrap();
    out.flush().unwrap();
}

fn invitation(serial: u32, rng: &mut ChaCha20Rng) -> Kept {
    let now = Now::read();
    let secret = LinkSecret::random(rng);
    let record = Record::new(InvitationId::random(rng), &secret, "k7mp-q2rs", rng).unwrap();
    Kept {
        serial: Serial(serial),
        channel: Channel::Link,
        server: "https://help.example.org".into(),
        made: now.wall,
        expiry: Expiry::after(now, Duration::from_secs(3600)),
        standing: Standing::Open,
        failed: 0,
        refusals: 0,
        used_by: None,
        keep_open: false,
        has_password: true,
        secrets: Some(Secrets {
            record: record.to_bytes(),
            link: Zeroizing::new(secret.expose().to_vec()),
            number: None,
        }),
        token: Some(OwnerToken("a token".into())),
    }
}
