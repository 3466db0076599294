//! The real server.

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
    _state: TempDir,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let process = Process::start(
            "server",
            Process::command(program("deskhand-server"))
                .args(["--listen", "127.0.0.1:0"])
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
        Self {
            process,
            url,
            _state: state,
        }
    }
}
