//! What the novice's disk does to the store: a sentence each, nothing lost, nobody let in.

use std::{fs, path::PathBuf};

use deskhand_tests::{
    desktop::Desktop,
    expert::Expert,
    home::{Home, Said},
    novice::Novice,
    server::Server,
};
use serde_json::Value;

use crate::password::refusal;

fn store(home: &Home) -> PathBuf {
    home.state().join("invitations.sqlite")
}

/// `deskhand invite` in the terminal of a real desktop; it ends by itself.
async fn invites(home: &Home, server: &Server) -> Said {
    let desktop = Desktop::start().await;
    let args = ["invite", "--terminal", "--server", &server.url];
    let said = Home::ends(desktop.dress(&mut home.deskhand(&args))).await;
    assert!(
        !said.status.success() && !said.err.contains("panicked"),
        "{said:?}"
    );
    said
}

/// An invitation, and nobody who waits for it any more.
async fn left_open(server: &Server, desktop: &Desktop) -> Novice {
    let mut novice = Novice::invite(server, desktop).await;
    novice.is_killed().await;
    novice
}

#[tokio::test]
async fn a_damaged_store_is_put_aside_and_said_and_nothing_of_it_is_open() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let old = left_open(&server, &desktop).await;
    let (link, password) = (old.link, old.password);
    let mut damaged = fs::read(store(&old.home)).unwrap();
    // Still a database at first sight.
    let middle = damaged.len() / 2;
    damaged[200..middle].fill(0x5a);
    fs::write(store(&old.home), &damaged).unwrap();

    let novice = Novice::invite_at(old.home, &server.url, &desktop, &[]).await;
    let kept_as = novice.told("The damaged file is kept as ").await;
    assert_eq!(fs::read(kept_as.trim_end_matches('.')).unwrap(), damaged);
    let open: Vec<Value> = novice.home.status().await;
    assert_eq!(open.len(), 1, "only the new one: {open:?}");
    let expert = Expert::open(&link).await;
    expert.connect(&password).await;
    refusal(&expert).await;
    assert!(!novice.is_asked());
    expert.browser.close().await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_not_touched() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let old = left_open(&server, &desktop).await;
    let mut newer = fs::read(store(&old.home)).unwrap();
    // Where the format keeps the version that a program gave it.
    newer[60..64].copy_from_slice(&1000_u32.to_be_bytes());
    fs::write(store(&old.home), &newer).unwrap();

    let said = invites(&old.home, &server).await;
    assert!(
        said.err.contains("made by a newer version of Deskhand"),
        "{said:?}"
    );
    for args in [
        &["status"][..],
        &["expire", "1"],
        &["settings", "--name", "Anna"],
    ] {
        let said = old.home.runs(args).await;
        assert!(said.refusal().contains("newer version"), "{said:?}");
    }
    assert_eq!(fs::read(store(&old.home)).unwrap(), newer);
}

/// Where the program would keep its things, read-only.
const READ_ONLY: &str = r#"
state="$HOME/.local/state/deskhand"
mkdir -p -m 700 "$state"
mount --bind "$state" "$state"
mount -o remount,bind,ro "$state"
"#;

/// Where the program keeps its things, on a small disk of its own.
const SMALL: &str = r#"
state="$HOME/.local/state/deskhand"
mkdir -p "$state"
mount -t tmpfs -o size=128k,mode=700 small "$state"
"#;
const FILL: &str = r#"dd if=/dev/zero of="$HOME/.local/state/deskhand/more" 2>/dev/null || true"#;

#[tokio::test]
async fn nobody_is_invited_where_nothing_can_be_written() {
    let server = Server::start().await;
    let home = Home::with_mounts(READ_ONLY).await;
    let said = invites(&home, &server).await;
    let sentence = "that folder cannot be used: Read-only file system";
    assert!(said.err.contains(sentence), "{said:?}");
    assert!(!said.out.contains("Link:"), "{said:?}");

    let home = Home::with_mounts(SMALL).await;
    home.namespace().does(home.path(), FILL);
    let said = invites(&home, &server).await;
    assert!(said.err.contains("because the disk is full"), "{said:?}");
    assert!(!said.out.contains("Link:"), "{said:?}");
}

#[tokio::test]
async fn a_disk_that_fills_up_lets_nobody_guess_and_is_told_in_every_answer() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let home = Home::with_mounts(SMALL).await;
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &[]).await;
    novice.home.runs(&["invite"]).await.success();
    novice.home.namespace().does(novice.home.path(), FILL);

    let said = novice.home.runs(&["invite"]).await;
    assert!(said.refusal().contains("the disk is full"), "{said:?}");
    assert_eq!(novice.home.status().await.len(), 2);
    let said = novice.home.runs(&["expire", "2"]).await;
    let sentence = "It is done for now, but could not be saved";
    assert!(said.refusal().contains(sentence), "{said:?}");
    assert_eq!(novice.home.status_of(2).await["standing"], "revoked");

    // An attempt that cannot be written down is not answered, however right it is.
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    refusal(&expert).await;
    assert!(!novice.is_asked());
    novice.hears("Attempts cannot be recorded").await;

    // There is room again: what was done is saved, and the helper may try.
    let room = r#"rm "$HOME/.local/state/deskhand/more""#;
    novice.home.namespace().does(novice.home.path(), room);
    expert.connect(&novice.password).await;
    novice.asked().await;
    expert.browser.close().await;
}
