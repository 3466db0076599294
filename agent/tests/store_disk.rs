//! The store on a disk that is really full, and on one that is read-only.
//!
//! Needs a mount of its own, so it runs in a namespace. Root may always make one; others only where
//! the system lets them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod again;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use deskhand_agent::{
    book::kept::Kept,
    clock::{Expiry, Now},
    front::{Channel, Serial, Standing},
    store::{FolderError, Keep as _, Store, StoreError},
};
use deskhand_protocol::signal::OwnerToken;

/// In the environment of the test when it is in the namespace: where its small disk is.
const DISK: &str = "DESKHAND_TEST_DISK";

fn in_namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command
}

#[test]
fn a_full_or_read_only_disk_is_told_in_a_sentence_and_nothing_is_lost() {
    if let Some(disk) = std::env::var_os(DISK).map(PathBuf::from) {
        let folder = disk.join("deskhand");
        fills_up(&folder);
        read_only(&disk, &folder);
        return;
    }
    let disk = tempfile::tempdir().unwrap();
    let mount = format!(r#"mount -t tmpfs -o size=64k small "${DISK}""#);
    let possible = in_namespace(&mount).env(DISK, disk.path()).output();
    let possible = possible.unwrap();
    assert!(
        possible.status.success(),
        "this system lets nobody but root mount in a namespace: {}",
        String::from_utf8_lossy(&possible.stderr)
    );
    let inside = in_namespace(&format!(r#"{mount} && exec "$0" --exact "$1" --nocapture"#))
        .arg(std::env::current_exe().unwrap())
        .arg("a_full_or_read_only_disk_is_told_in_a_sentence_and_nothing_is_lost")
        .env(DISK, disk.path())
        .output();
    again::has_passed(&inside.unwrap());
}

fn fills_up(folder: &Path) {
    let (mut store, _) = Store::open(folder, Now::read()).unwrap();
    store.put(&invitation(1)).unwrap();
    store.charge(Serial(1)).unwrap();
    let (count, full) = (2..)
        .find_map(|serial| Some((serial, store.put(&invitation(serial)).err()?)))
        .unwrap();
    assert!(matches!(full, StoreError::Full { .. }), "{full}");
    assert!(full.to_string().contains("disk is full"));
    // An attempt that cannot be written down is not granted; one that is granted is there.
    let charged = 1 + u8::from(store.charge(Serial(1)).is_ok());
    drop(store);
    std::fs::write(folder.join("more"), vec![0; 65536]).unwrap_err();
    let full = Store::open(folder, Now::read());
    if let Err(full) = full {
        assert!(matches!(full, StoreError::Full { .. }), "{full}");
    }
    std::fs::remove_file(folder.join("more")).unwrap();
    let (_, loaded) = Store::open(folder, Now::read()).unwrap();
    assert!(loaded.damaged.is_none());
    assert_eq!(loaded.invitations.len() + 1, count as usize);
    assert_eq!(loaded.invitations[0].failed, charged);
}

fn read_only(disk: &Path, folder: &Path) {
    let remount = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk)
        .status();
    assert!(remount.unwrap().success());
    let refused = Store::open(folder, Now::read()).unwrap_err();
    assert!(
        matches!(refused, StoreError::NotWritable { .. }),
        "{refused}"
    );
    let refused = Store::open(&disk.join("another"), Now::read()).unwrap_err();
    assert!(
        matches!(refused, StoreError::Folder(FolderError::Unusable { .. })),
        "{refused}"
    );
}

fn invitation(serial: u32) -> Kept {
    let now = Now::read();
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
        secrets: None,
        token: Some(OwnerToken("a token ".repeat(50))),
    }
}
