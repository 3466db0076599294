//! A real Redis, of this test alone.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Keeps nothing on disk; killed when dropped.
pub struct Redis {
    child: Child,
    port: u16,
    dir: TempDir,
    args: Vec<String>,
}

impl Redis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more of its own options.
    ///
    /// # Panics
    /// If it is not installed: `cargo xtask test` does that.
    pub fn start_with(args: &[&str]) -> Self {
        // The port is free now; should somebody else take it in between, the start fails.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let dir = tempfile::tempdir().unwrap();
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        let child = run(port, &dir, &args);
        Self {
            child,
            port,
            dir,
            args,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Another one takes its place, and knows nothing of it.
    pub fn start_again(&mut self) {
        self.child = run(self.port, &self.dir, &self.args);
    }

    /// It stands still, with its connections open, until [`Signal::CONT`].
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(port: u16, dir: &TempDir, args: &[String]) -> Child {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(dir.path())
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut all = String::new();
    while !all.contains("Ready to accept connections") {
        let read = said.read_line(&mut all).unwrap();
        assert!(read > 0, "redis-server does not start:\n{all}");
    }
    // What it says later is read, so that it never waits for us.
    thread::spawn(move || said.read_to_end(&mut Vec::new()));
    child
}
