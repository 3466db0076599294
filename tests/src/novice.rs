//! The novice: the real agent in its terminal form, and the person who types into it.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    desktop::Desktop,
    home::Home,
    process::Process,
    server::Server,
    wait::{self, PATIENCE},
};

/// What a question ends with.
const QUESTION: &str = "[y/N] ";
/// Said once an invitation can be used.
const OPEN: &str = "The invitation is open. Waiting for your helper.\n";

/// A running `deskhand invite --terminal`, or `deskhand wait --terminal` after it.
pub struct Novice {
    /// The program.
    pub process: Process,
    /// From `Link: …`; empty if it is spoken.
    pub link: String,
    /// From `Number: …`; empty if it is not spoken.
    pub number: String,
    /// From `Password: …`.
    pub password: String,
    /// What is left when the program ends.
    pub home: Home,
    read: usize,
}

impl Novice {
    /// Invites, with a generated password, and waits until the invitation can be used.
    pub async fn invite(server: &Server, desktop: &Desktop) -> Self {
        Self::invite_with(&server.url, desktop, &[]).await
    }

    /// Invites at the server at `url`; `args` are added to the command.
    pub async fn invite_with(url: &str, desktop: &Desktop, args: &[&str]) -> Self {
        Self::invite_at(Home::new(), url, desktop, args).await
    }

    /// Invites from a home that may have been lived in before.
    pub async fn invite_at(home: Home, url: &str, desktop: &Desktop, args: &[&str]) -> Self {
        let process = Self::start_at(&home, url, desktop, args);
        Self::ready(process, home, args).await
    }

    /// Invites with a password of the novice's own choice, typed as the first line.
    pub async fn invite_with_own(server: &Server, desktop: &Desktop, password: &str) -> Self {
        let args = ["--password-stdin"];
        let (mut process, home) = Self::start(&server.url, desktop, &args);
        process.write(&format!("{password}\n"));
        Self::ready(process, home, &args).await
    }

    async fn ready(process: Process, home: Home, args: &[&str]) -> Self {
        let mut novice = Self {
            process,
            link: String::new(),
            number: String::new(),
            password: String::new(),
            home,
            read: 0,
        };
        novice.reads_invitation(args.contains(&"spoken")).await;
        if !args.contains(&"--no-password") {
            novice.password = novice.field("Password: ").await;
        }
        novice.hears(OPEN).await;
        novice
    }

    /// Reads what there is to pass on of an invitation that is announced after whatever was
    /// waited for last.
    async fn reads_invitation(&mut self, spoken: bool) {
        if spoken {
            self.number = self.field("Number: ").await;
        } else {
            self.link = self.field("Link: ").await;
        }
    }

    /// Waits for another number and another password in place of those that were closed.
    pub async fn gets_another_number(&mut self) {
        self.number = self.field("Number: ").await;
        self.password = self.field("Password: ").await;
        self.hears(OPEN).await;
    }

    /// Starts the program and waits for nothing.
    pub fn start(url: &str, desktop: &Desktop, args: &[&str]) -> (Process, Home) {
        let home = Home::new();
        (Self::start_at(&home, url, desktop, args), home)
    }

    /// Starts the program from that home and waits for nothing.
    pub fn start_at(home: &Home, url: &str, desktop: &Desktop, args: &[&str]) -> Process {
        let mut all = vec!["invite", "--server", url, "--terminal"];
        all.extend(args);
        Self::start_as(home, desktop, &all)
    }

    fn start_as(home: &Home, desktop: &Desktop, args: &[&str]) -> Process {
        let mut command = home.deskhand(args);
        command.env("DESKHAND_LOG", "debug");
        Process::start("agent", desktop.dress(&mut command))
    }

    /// The program is killed, without a moment to write anything down.
    pub async fn is_killed(&mut self) {
        self.process.signal(Signal::KILL);
        self.process.end(PATIENCE).await;
    }

    /// Starts the program again, to wait for those who are invited already. Waits for nothing.
    pub fn starts_again(&mut self, url: &str, desktop: &Desktop) {
        let args = ["wait", "--terminal", "--server", url];
        self.process = Self::start_as(&self.home, desktop, &args);
        self.read = 0;
    }

    /// As [`Self::starts_again`], and waits until the invitation can be used again.
    pub async fn waits_again(&mut self, url: &str, desktop: &Desktop) {
        self.starts_again(url, desktop);
        self.is_open().await;
    }

    /// Waits until the invitation can be used.
    pub async fn is_open(&mut self) {
        self.hears(OPEN).await;
    }

    async fn field(&self, name: &str) -> String {
        self.line_after(self.read, name).await
    }

    /// Waits until the program has said `words`, however long ago, and gives the rest of that
    /// line.
    pub async fn told(&self, words: &str) -> String {
        self.line_after(0, words).await
    }

    async fn line_after(&self, from: usize, words: &str) -> String {
        self.process
            .stdout
            .wait(words, PATIENCE, from, |text| {
                let (_, rest) = text.split_once(words)?;
                let (rest, _) = rest.split_once('\n')?;
                Some(rest.trim().to_owned())
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
