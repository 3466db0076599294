//! The packages of `cargo xtask dist`: they can be installed, what they bring runs and is in
//! order, and nothing is left of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use deskhand_tests::{
    desktop::Desktop,
    home::Home,
    process::{Process, program},
    server::Server,
    wait::PATIENCE,
};
use tempfile::TempDir;

/// Runs a command to its end and gives what it said.
fn said(command: &mut Command) -> String {
    let out = command.stdin(Stdio::null()).output();
    let out = out.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(out.status.success(), "{command:?}: {text:?}");
    text.concat()
}

/// Everything that is made, out of the programs as they were built for these tests.
fn made() -> TempDir {
    let out = tempfile::tempdir().unwrap();
    let programs = program("deskhand");
    said(
        Command::new(program("xtask"))
            .args(["dist", "--quick", "--programs"])
            .arg(programs.parent().unwrap())
            .arg("--out")
            .arg(out.path()),
    );
    out
}

fn file(folder: &Path, begins: &str, ends: &str) -> PathBuf {
    let mut found = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        (name.starts_with(begins) && name.ends_with(ends)).then(|| folder.join(name))
    });
    let first = found.next().unwrap_or_else(|| panic!("no {begins}…{ends}"));
    assert_eq!(found.next(), None, "one of each");
    first
}

/// A folder that Debian's package manager takes for a whole computer.
struct Computer(TempDir);

impl Computer {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["info", "updates", "triggers"] {
            fs::create_dir_all(root.path().join("var/lib/dpkg").join(folder)).unwrap();
        }
        fs::create_dir_all(root.path().join("var/log")).unwrap();
        fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
        Self(root)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// What the programs are linked with is on the computer that runs the test, not in there.
    fn dpkg(&self, args: &[&Path]) -> String {
        let mut root = std::ffi::OsString::from("--root=");
        root.push(self.0.path());
        said(
            Command::new("dpkg")
                .arg(root)
                .args(["--force-depends", "--force-script-chrootless"])
                .args(args),
        )
    }

    /// Everything in it but what the package manager itself keeps.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.0.path().join(&folder)).unwrap() {
                let entry = entry.unwrap();
                let path = folder.join(entry.file_name());
                if path.starts_with("var/lib/dpkg") || path.starts_with("var/log") {
                    continue;
                }
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        found
    }
}

/// One test, since what it packs is large.
#[tokio::test]
async fn what_dist_makes_can_be_installed_offered_and_used() {
    let out = made();
    the_packages_install_run_and_go(out.path());
    what_get_offers_finds_its_server(out.path()).await;
}

fn the_packages_install_run_and_go(out: &Path) {
    let server = file(out, "deskhand-server_", ".deb");
    let agent = file(out, "deskhand_", ".deb");
    for deb in [&server, &agent] {
        let listed = said(Command::new("dpkg-deb").arg("--contents").arg(deb));
        for line in listed.lines() {
            let ours = line.contains(" root/root ");
            let safe = line.starts_with("-rw-r--r--")
                || line.starts_with("-rwxr-xr-x") && line.contains("/usr/bin/")
                || line.starts_with("drwxr-xr-x");
            assert!(ours && safe, "{line}");
        }
        let needs = said(
            Command::new("dpkg-deb")
                .args(["--field"])
                .arg(deb)
                .arg("Depends"),
        );
        assert!(needs.contains("libc6 (>= "), "{needs}");
    }
    let needs = said(
        Command::new("dpkg-deb")
            .arg("--field")
            .arg(&agent)
            .arg("Depends"),
    );
    for library in ["libvpx", "libaom", "libxcb-shm0", "libegl1"] {
        assert!(needs.contains(library), "{library} is not among {needs}");
    }

    let computer = Computer::new();
    computer.dpkg(&[Path::new("--install"), &server, &agent]);
    assert_eq!(
        computer.files(),
        [
            "etc/default/deskhand-server",
            "usr/bin/deskhand",
            "usr/bin/deskhand-server",
            "usr/lib/systemd/system/deskhand-server.service",
            "usr/share/applications/deskhand.desktop",
            "usr/share/doc/deskhand-server/copyright",
            "usr/share/doc/deskhand-server/examples/Caddyfile",
            "usr/share/doc/deskhand-server/examples/nginx.conf",
            "usr/share/doc/deskhand-server/examples/server.toml",
            "usr/share/doc/deskhand-server/third-party.txt",
            "usr/share/doc/deskhand/copyright",
            "usr/share/doc/deskhand/examples/policy.toml",
            "usr/share/doc/deskhand/third-party.txt",
            "usr/share/icons/hicolor/scalable/apps/deskhand.svg",
            "usr/share/metainfo/invalid.example.deskhand.metainfo.xml",
        ]
    );
    for name in ["deskhand", "deskhand-server"] {
        let version = said(Command::new(computer.at("usr/bin").join(name)).arg("--version"));
        let expected = format!("{name} {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(version.trim(), expected);
    }
    assert_eq!(computer.dpkg(&[Path::new("--verify")]), "");
    let others = computer.at("usr/share/doc/deskhand/third-party.txt");
    let others = fs::read_to_string(others).unwrap();
    for part in [
        "\nwebrtc 0.21.1: ",
        "\nyew 0.23.0: ",
        "Permission is hereby granted",
    ] {
        assert!(others.contains(part), "{part}");
    }
    assert!(!others.contains("\nproptest "), "only what is linked");
    the_unit_is_in_order(&computer);
    the_desktop_entry_is_in_order(&computer);

    // What systemd made for the server goes with it, and only when all of it is to go.
    let key = computer.at("var/lib/private/deskhand-server/owner-token-key");
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    fs::write(&key, "its key").unwrap();
    let names = ["deskhand-server", "deskhand"].map(Path::new);
    computer.dpkg(&[&[Path::new("--remove")][..], &names].concat());
    assert_eq!(
        computer.files(),
        [
            "etc/default/deskhand-server",
            "var/lib/private/deskhand-server/owner-token-key"
        ]
    );
    computer.dpkg(&[Path::new("--purge"), names[0]]);
    assert_eq!(computer.files(), Vec::<String>::new());
}

/// As far as that can be told where systemd is not the first process.
fn the_unit_is_in_order(computer: &Computer) {
    // What every computer with systemd has.
    let units = computer.at("usr/lib/systemd/system");
    for target in [
        "basic",
        "local-fs",
        "multi-user",
        "network",
        "network-online",
        "shutdown",
        "sysinit",
    ] {
        let name = format!("{target}.target");
        let from = Path::new("/usr/lib/systemd/system").join(&name);
        fs::copy(from, units.join(name)).unwrap();
    }
    let mut root = std::ffi::OsString::from("--root=");
    root.push(computer.0.path());
    let analyze = |args: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        said(command.arg(&root).args(args).arg("deskhand-server.service"))
    };
    // What it does not know it passes over, with a warning.
    assert_eq!(analyze(&["verify", "--man=no"]), "");
    // From 0, nothing to fear, to 100; web servers as they come have 90.
    analyze(&["security", "--offline=true", "--threshold=15"]);
    for target in fs::read_dir(&units).unwrap() {
        let path = target.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "target") {
            fs::remove_file(path).unwrap();
        }
    }
}

fn the_desktop_entry_is_in_order(computer: &Computer) {
    let shared = computer.at("usr/share");
    let entry = shared.join("applications/deskhand.desktop");
    assert_eq!(said(Command::new("desktop-file-validate").arg(entry)), "");
    let about = shared.join("metainfo/invalid.example.deskhand.metainfo.xml");
    said(
        Command::new("appstreamcli")
            .args(["validate", "--no-net"])
            .arg(about),
    );
}

/// All the way of a novice without administrator rights: both files of `/get` in one folder, and
/// the program knows its server.
async fn what_get_offers_finds_its_server(out: &Path) {
    let checked = said(Command::new("sha256sum").current_dir(out).args([
        "--check",
        "--strict",
        "SHA256SUMS",
    ]));
    assert_eq!(checked.matches(": OK").count(), 3, "{checked}");
    let archive = file(out, "deskhand-0", ".tar.gz");
    let name = archive.file_name().unwrap().to_str().unwrap();

    let server = Server::start_with(&["--downloads", out.to_str().unwrap()]).await;
    let page = String::from_utf8(server.get("/get").await).unwrap();
    let sums = fs::read_to_string(out.join("SHA256SUMS")).unwrap();
    let line = sums.lines().find(|line| line.ends_with(name)).unwrap();
    let (digest, _) = line.split_once(' ').unwrap();
    assert!(page.contains(digest) && page.contains(name), "{page}");

    let to = tempfile::tempdir().unwrap();
    let saved = to.path().join("saved.tar.gz");
    fs::write(&saved, server.get(&format!("/get/{name}")).await).unwrap();
    said(
        Command::new("tar")
            .arg("--extract")
            .arg("--file")
            .arg(&saved)
            .arg("--directory")
            .arg(to.path()),
    );
    let mut home = Home::new();
    let folder = home.has_its_own_program();
    fs::copy(to.path().join("Deskhand/deskhand"), folder.join("deskhand")).unwrap();
    let settings = server.get("/get/deskhand.toml").await;
    fs::write(folder.join("deskhand.toml"), settings).unwrap();

    let desktop = Desktop::start().await;
    let mut command = home.deskhand(&["invite", "--terminal"]);
    let agent = Process::start("agent", desktop.dress(&mut command));
    let open = agent
        .stdout
        .said(PATIENCE, "The invitation is open. Waiting for your helper.");
    assert!(open.await);
    // It is the server's own name for itself.
    let port = server.address().rsplit_once(':').unwrap().1;
    let link = format!("Link: http://localhost:{port}/#");
    assert!(agent.stdout.text().contains(&link), "{link}");
}
