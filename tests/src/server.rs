//! The real server.

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    process::{Process, program},
    wait::PATIENCE,
};

/// A running `deskhand-server` on a port of its own.
pub struct Server {
    /// The program.
    pub process: Process,
    /// `http://127.0.0.1:…`
    pub url: String,
    state: TempDir,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let (process, url) = run("127.0.0.1:0", &state).await;
        Self {
            process,
            url,
            state,
        }
    }

    /// It is killed.
    pub async fn is_killed(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.end(PATIENCE).await;
    }

    /// Another process takes its place, with what the last one has kept.
    pub async fn starts_again(&mut self) {
        let (_, address) = self.url.split_once("//").expect("it is an address");
        (self.process, _) = run(address, &self.state).await;
    }

    /// Another process takes its place, and knows nothing of it.
    pub async fn starts_anew(&mut self) {
        self.state = tempfile::tempdir().unwrap();
        self.starts_again().await;
    }
}

/// Starts it and waits until it listens; gives its address.
async fn run(listen: &str, state: &TempDir) -> (Process, String) {
    let process = Process::start(
        "server",
        Process::command(program("deskhand-server"))
            .args(["--listen", listen])
            .env("DESKHAND_STATE_DIR", state.path())
            .current_dir(state.path()),
    );
    let url = process
        .stderr
        .wait("address of the server", PATIENCE, 0, |text| {
            let (_, rest) = text.split_once("Listening on ")?;
            let (url, _) = rest.split_once(|c: char| c.is_whitespace())?;
            Some(url.trim_end_matches('/').to_owned())
        })
        .await;
    (process, url)
}
