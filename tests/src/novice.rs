//! The novice: the real agent in its terminal form, and the person who types into it.

use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    desktop::Desktop,
    process::{Process, program},
    server::Server,
    wait::{self, PATIENCE},
};

/// What a question ends with.
const QUESTION: &str = "[y/N] ";

/// A running `deskhand invite --terminal`.
pub struct Novice {
    /// The program.
    pub process: Process,
    /// From `Link: …`.
    pub link: String,
    /// From `Password: …`.
    pub password: String,
    read: usize,
    _home: TempDir,
}

impl Novice {
    /// Invites, with a generated password, and waits until the invitation can be used.
    pub async fn invite(server: &Server, desktop: &Desktop) -> Self {
        Self::invite_with(&server.url, desktop, &[]).await
    }

    /// Invites at the server at `url`; `args` are added to the command.
    pub async fn invite_with(url: &str, desktop: &Desktop, args: &[&str]) -> Self {
        let (process, home) = Self::start(url, desktop, args);
        Self::ready(process, home, !args.contains(&"--no-password")).await
    }

    /// Invites with a password of the novice's own choice, typed as the first line.
    pub async fn invite_with_own(server: &Server, desktop: &Desktop, password: &str) -> Self {
        let (mut process, home) = Self::start(&server.url, desktop, &["--password-stdin"]);
        process.write(&format!("{password}\n"));
        Self::ready(process, home, true).await
    }

    async fn ready(process: Process, home: TempDir, password: bool) -> Self {
        let mut novice = Self {
            process,
            link: String::new(),
            password: String::new(),
            read: 0,
            _home: home,
        };
        novice.link = novice.field("Link: ").await;
        if password {
            novice.password = novice.field("Password: ").await;
        }
        novice
            .hears("The invitation is open. Waiting for your helper.\n")
            .await;
        novice
    }

    /// Starts the program and waits for nothing.
    pub fn start(url: &str, desktop: &Desktop, args: &[&str]) -> (Process, TempDir) {
        let home = tempfile::tempdir().unwrap();
        let mut command = Process::command(program("deskhand"));
        command
            .args(["invite", "--server", url, "--terminal"])
            .args(args)
            .env("HOME", home.path())
            .env("DESKHAND_LOG", "debug");
        for name in [
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
            "XDG_RUNTIME_DIR",
        ] {
            command.env_remove(name);
        }
        (Process::start("agent", desktop.dress(&mut command)), home)
    }

    async fn field(&self, name: &str) -> String {
        self.process
            .stdout
            .wait(name, PATIENCE, 0, |text| {
                let (_, rest) = text.split_once(name)?;
                let (value, _) = rest.split_once('\n')?;
                Some(value.trim().to_owned())
            })
            .await
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        self.process.write(&format!("{line}\n"));
    }

    /// Waits until the program says something with `words` in it, after whatever was waited for
    /// last. Gives everything said up to the end of those words.
    pub async fn hears(&mut self, words: &str) -> String {
        self.hears_within(words, PATIENCE).await
    }

    /// Like [`Self::hears`], with a deadline of its own.
    pub async fn hears_within(&mut self, words: &str, within: Duration) -> String {
        let (said, length) = self
            .process
            .stdout
            .wait(words, within, self.read, |text| {
                let end = text.find(words)? + words.len();
                Some((text[..end].to_owned(), end))
            })
            .await;
        self.read += length;
        said
    }

    /// What the program has said since then.
    pub fn unheard(&self) -> String {
        self.process.stdout.after(self.read)
    }

    /// Waits for the next question and gives its words.
    pub async fn asked(&mut self) -> String {
        self.hears(QUESTION).await
    }

    /// Waits for the next question and answers it. Gives its words.
    pub async fn answers(&mut self, answer: &str) -> String {
        let question = self.asked().await;
        self.types(answer);
        question
    }

    /// Whether a question stands since whatever was waited for last.
    pub fn is_asked(&self) -> bool {
        self.unheard().contains(QUESTION)
    }

    /// Presses Ctrl+C in the agent's own terminal.
    pub fn interrupts(&self) {
        self.process.signal(Signal::INT);
    }

    /// The agent's hand: the process that injects.
    pub async fn hand(&self) -> u32 {
        wait::until("the agent's hand", PATIENCE, async || {
            self.process.descendants().first().copied()
        })
        .await
    }
}
