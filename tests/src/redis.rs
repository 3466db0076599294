//! The Redis in which several servers meet.

use std::net::TcpListener;

use tempfile::TempDir;

use crate::{process::Process, wait::PATIENCE};

/// A running `redis-server` that keeps nothing.
pub struct Redis {
    /// The program.
    pub process: Process,
    /// `redis://127.0.0.1:…`
    pub url: String,
    _folder: TempDir,
}

impl Redis {
    /// Starts it and waits until it listens.
    pub async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(
            "redis",
            Process::command("redis-server")
                .args(["--port", &port, "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "no", "--dir"])
                .arg(folder.path()),
        );
        let ready = process.stdout.said(PATIENCE, "Ready to accept connections");
        assert!(ready.await, "Redis does not start");
        Self {
            process,
            url: format!("redis://127.0.0.1:{port}"),
            _folder: folder,
        }
    }
}
