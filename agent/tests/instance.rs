//! Two processes: who is first, and what is left when the first is killed.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod again;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use deskhand_agent::instance::{self, Local, Reply, Request, Taken, ask};

/// In the environment of a second process: the folder in which to be first, or whom to talk to.
const FOLDER: &str = "DESKHAND_TEST_INSTANCE";
const READY: &str = "it answers";

#[tokio::test]
async fn when_the_first_is_killed_the_next_start_is_first() {
    if let Some(folder) = folder_of_the_second() {
        return answers(&folder).await;
    }
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut other = second_process(
            "when_the_first_is_killed_the_next_start_is_first",
            folder.path(),
        )
        .spawn()
        .unwrap();
        wait_until_ready(&mut other);
        assert!(matches!(
            instance::first(folder.path()),
            Err(Taken::Running)
        ));
        let reply = ask(folder.path(), Request::Status).await.unwrap();
        assert_eq!(reply, Reply::Status(vec![]));
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(folder.path().join("agent.sock").exists());
        drop(instance::first(folder.path()).unwrap());
    }
}

#[tokio::test]
async fn somebody_else_is_not_answered_even_if_they_reach_the_socket() {
    if let Some(folder) = folder_of_the_second() {
        return is_not_answered(&folder);
    }
    if !rustix::process::geteuid().is_root() {
        return; // only root can start a process as somebody else
    }
    let folder = tempfile::tempdir().unwrap();
    let mut local = Local::serve(instance::first(folder.path()).unwrap()).unwrap();
    open_to_all(folder.path(), 0o755);
    open_to_all(&folder.path().join("agent.sock"), 0o777);
    let mut stranger = second_process(
        "somebody_else_is_not_answered_even_if_they_reach_the_socket",
        folder.path(),
    );
    let stranger = stranger.uid(12_345).gid(12_345).spawn().unwrap();
    let ended = tokio::task::spawn_blocking(|| stranger.wait_with_output());
    tokio::select! {
        ended = ended => again::has_passed(&ended.unwrap().unwrap()),
        (request, _) = local.asked() => panic!("a stranger asked for {request:?}"),
    }
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn second_process(name: &str, folder: &Path) -> Command {
    let mut command = again::this_test(name);
    command
        .env(FOLDER, folder)
        .current_dir("/")
        .stdout(Stdio::piped());
    command
}

fn wait_until_ready(process: &mut Child) {
    let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    let ready = lines.map(Result::unwrap).any(|line| line.contains(READY));
    assert!(ready, "it ended");
}

fn folder_of_the_second() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// The first in this folder, until it is killed.
async fn answers(folder: &Path) {
    let mut local = Local::serve(instance::first(folder).unwrap()).unwrap();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{READY}").unwrap();
    drop(out);
    loop {
        let (request, reply) = local.asked().await;
        assert_eq!(request, Request::Status);
        reply.send(Reply::Status(vec![])).unwrap();
    }
}

/// Somebody else asks the first in this folder.
fn is_not_answered(folder: &Path) {
    let mut stream = UnixStream::connect(folder.join("agent.sock")).unwrap();
    // The other end may close it first.
    let _ = stream.write_all(b"{\"version\":1,\"say\":\"status\"}\n");
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    assert_eq!(reply, "");
}
