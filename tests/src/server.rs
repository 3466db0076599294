//! The real server.

use std::{path::Path, process::Command, sync::Arc};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    network::Node,
    process::{Process, program},
    wait::PATIENCE,
};

/// A running `deskhand-server` on a port of its own.
pub struct Server {
    /// The program.
    pub process: Process,
    /// `http://127.0.0.1:…`
    pub url: String,
    state: Arc<TempDir>,
    args: Vec<String>,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more said on its command line.
    pub async fn start_with(args: &[&str]) -> Self {
        let state = Arc::new(tempfile::tempdir().unwrap());
        Self::run(state, args.iter().copied().map(String::from).collect()).await
    }

    /// As [`Self::start_with`], listening at that port of this computer.
    pub async fn start_on(port: u16, args: &[&str]) -> Self {
        let state = Arc::new(tempfile::tempdir().unwrap());
        let args: Vec<String> = args.iter().copied().map(String::from).collect();
        let (process, url) = run(&format!("127.0.0.1:{port}"), &state, &args).await;
        Self {
            process,
            url,
            state,
            args,
        }
    }

    /// Starts another one with the same options and the same keys.
    pub async fn another(&self) -> Self {
        Self::run(Arc::clone(&self.state), self.args.clone()).await
    }

    async fn run(state: Arc<TempDir>, args: Vec<String>) -> Self {
        let (process, url) = run("127.0.0.1:0", &state, &args).await;
        Self {
            process,
            url,
            state,
            args,
        }
    }

    /// Starts it elsewhere in a network, with these options, and waits until it listens. Its
    /// address is good there.
    pub async fn start_at(node: &Node, args: &[&str]) -> Self {
        Self::listen_at(node, "127.0.0.1:0", args).await
    }

    /// As [`Self::start_at`], listening at that address.
    pub async fn listen_at(node: &Node, address: &str, args: &[&str]) -> Self {
        let state = Arc::new(tempfile::tempdir().unwrap());
        let mut command = node.command(program("deskhand-server"));
        let listen = ["--listen", address];
        let (process, url) = listening(command.args(listen).args(args), &state).await;
        Self {
            process,
            url,
            state,
            args: args.iter().copied().map(String::from).collect(),
        }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        let (_, port) = self.url.rsplit_once(':').expect("it has one");
        port.parse().expect("it is a number")
    }

    /// `127.0.0.1:…`
    ///
    /// # Panics
    /// If it has no address.
    pub fn address(&self) -> &str {
        let (_, address) = self.url.split_once("//").expect("it is an address");
        address
    }

    /// What it keeps.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// What it tells operators, if it was started with `--admin-listen`.
    ///
    /// # Panics
    /// If it does not.
    pub async fn metrics(&self) -> String {
        let address = said_address(&self.process, "Operators may ask on ").await;
        let answer = answer(address.trim_start_matches("http://"), "/metrics").await;
        String::from_utf8(answer).expect("it is text")
    }

    /// What is there.
    ///
    /// # Panics
    /// If there is nothing.
    pub async fn get(&self, path: &str) -> Vec<u8> {
        let mut answer = answer(self.address(), path).await;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        answer.split_off(end.expect("a head") + 4)
    }

    /// What it answers operators who ask whether it is ready; see [`Self::metrics`].
    ///
    /// # Panics
    /// If it tells them nothing.
    pub async fn readiness(&self) -> String {
        let address = said_address(&self.process, "Operators may ask on ").await;
        let address = address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let request = b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it reads");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.expect("it answers");
        answer
    }

    /// Waits until it is in touch with the other servers.
    pub async fn is_in_touch(&self) {
        let words = "in touch with the other servers";
        let said = self.process.stderr.said(PATIENCE, words).await;
        assert!(said, "never {words}");
    }

    /// It is killed.
    pub async fn is_killed(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.end(PATIENCE).await;
    }

    /// Another process takes its place, with what the last one has kept.
    pub async fn starts_again(&mut self) {
        (self.process, _) = run(self.address(), &self.state, &self.args).await;
    }

    /// Another process takes its place, and knows nothing of it.
    pub async fn starts_anew(&mut self) {
        self.state = Arc::new(tempfile::tempdir().unwrap());
        self.starts_again().await;
    }
}

/// Starts it and waits until it listens; gives its address.
async fn run(listen: &str, state: &TempDir, args: &[String]) -> (Process, String) {
    let mut command = Process::command(program("deskhand-server"));
    listening(command.args(["--listen", listen]).args(args), state).await
}

async fn listening(command: &mut Command, state: &TempDir) -> (Process, String) {
    let process = Process::start(
        "server",
        command
            .env("DESKHAND_STATE_DIR", state.path())
            .current_dir(state.path()),
    );
    let url = said_address(&process, "Listening on ").await;
    (process, url)
}

/// All of the answer to somebody who asks for that path, which has to be yes.
async fn answer(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("it reads");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    read.expect("it answers");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}");
    answer
}

/// The address that it tells after these words.
async fn said_address(process: &Process, words: &str) -> String {
    let find = |text: &str| {
        let (_, rest) = text.split_once(words)?;
        let (url, _) = rest.split_once(|c: char| c.is_whitespace())?;
        Some(url.trim_end_matches('/').to_owned())
    };
    process
        .stderr
        .wait("address of the server", PATIENCE, 0, find)
        .await
}
