//! Two processes: who is first, and what is left when the first is killed.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use deskhand_agent::instance::{self, Local, Reply, Request, Taken, ask};

/// Tells the second process in which folder to be first, or whom to talk to.
const FOLDER: &str = "INSTANCE_FOLDER";
const READY: &str = "it answers";

#[tokio::test]
async fn when_the_first_is_killed_the_next_start_is_first() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut other = second_process("another_one", folder.path())
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
    if !rustix::process::geteuid().is_root() {
        return; // only root can start a process as somebody else
    }
    let folder = tempfile::tempdir().unwrap();
    let mut local = Local::serve(instance::first(folder.path()).unwrap()).unwrap();
    open_to_all(folder.path(), 0o755);
    open_to_all(&folder.path().join("agent.sock"), 0o777);
    let mut stranger = second_process("a_stranger", folder.path());
    let Ok(stranger) = stranger.uid(12_345).gid(12_345).spawn() else {
        println!("skipped: this program is not where somebody else may start it");
        return;
    };
    let ended = tokio::task::spawn_blocking(|| stranger.wait_with_output());
    tokio::select! {
        ended = ended => {
            let output = ended.unwrap().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains(READY), "{said}");
        }
        (request, _) = local.asked() => panic!("a stranger asked for {request:?}"),
    }
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn second_process(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored", "--nocapture"])
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

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

#[tokio::test]
#[ignore = "the second process of a test above, which starts it"]
async fn another_one() {
    let Some(folder) = folder() else { return };
    let mut local = Local::serve(instance::first(&folder).unwrap()).unwrap();
    println!("{READY}");
    loop {
        let (request, reply) = local.asked().await;
        assert_eq!(request, Request::Status);
        reply.send(Reply::Status(vec![])).unwrap();
    }
}

#[test]
#[ignore = "the second process of a test above, which starts it as somebody else"]
fn a_stranger() {
    let Some(folder) = folder() else { return };
    let mut stream = UnixStream::connect(folder.join("agent.sock")).unwrap();
    // The other end may close it first.
    let _ = stream.write_all(b"{\"version\":1,\"say\":\"status\"}\n");
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    assert_eq!(reply, "");
    println!("{READY}");
}
