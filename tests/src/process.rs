//! A program under test: heard, signalled, and ended with the test.

use std::{
    env, fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{output::Output, wait};

/// A running program. Dropping it ends it and everything it started.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it says on standard output.
    pub stdout: Output,
    /// What it says on standard error.
    pub stderr: Output,
}

impl Process {
    /// A command for [`Process::start`]: the kernel ends the program if the test's own process
    /// is killed, and signals to the test's group pass it by.
    pub fn command(program: impl Into<PathBuf>) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program.into())
            .process_group(0);
        command
    }

    /// Starts it, with a standard input that stays open until dropped or [closed](Self::close).
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            stdout: Output::of(child.stdout.take().unwrap()),
            stderr: Output::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Writes to its standard input, as a person would type.
    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        if let Err(error) = stdin
            .write_all(text.as_bytes())
            .and_then(|()| stdin.flush())
        {
            panic!("{} does not read its standard input: {error}", self.name);
        }
    }

    /// Closes its standard input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        signal_to(self.id(), signal);
    }

    /// Processes that it, or one of those, started.
    pub fn descendants(&self) -> Vec<u32> {
        descendants(self.id())
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Waits for its end.
    pub async fn end(&mut self, within: Duration) -> ExitStatus {
        let what = format!("end of {}", self.name);
        wait::until(&what, within, async || self.ended()).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for id in descendants(self.id()) {
            signal_to(id, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "\n--- {} said:\n{}\n--- and on standard error:\n{}",
                self.name,
                tail(&self.stdout.text()),
                tail(&self.stderr.text())
            );
        }
    }
}

/// Sends a signal, if there is such a process.
pub fn signal_to(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The path of one of our programs, beside the one that runs.
///
/// # Panics
/// If it has not been built.
pub fn program(name: &str) -> PathBuf {
    let own = env::current_exe().expect("this program has a path");
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{name} has not been built: run `cargo xtask test`, or `cargo build --bins` first"
            )
        })
}

fn descendants(of: u32) -> Vec<u32> {
    let pairs: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The name in brackets may hold anything; the parent is the second field after it.
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect();
    let mut found = vec![of];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(
            pairs
                .iter()
                .filter(|pair| pair.1 == parent)
                .map(|pair| pair.0),
        );
        at += 1;
    }
    found.split_off(1)
}

fn tail(text: &str) -> &str {
    const LINES: usize = 80;
    let start = text
        .rmatch_indices('\n')
        .nth(LINES)
        .map_or(0, |(at, _)| at + 1);
    &text[start..]
}
