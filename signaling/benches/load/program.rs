//! Programs under load, each in a process of its own: started, measured, ended.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

/// In a second; Linux counts so for programs on every machine.
const TICKS: u64 = 100;

/// A running program; dropped, it is ended.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts it with nothing to read and its output to nobody.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", name.display()))?;
        Ok(Self { child })
    }

    /// Its memory that is in the machine's, in KiB.
    ///
    /// # Errors
    /// If it is gone.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"))
            .and_then(|kib| kib.trim().parse().ok())
            .context("the system does not tell its memory")
    }

    /// Processor time of all its threads so far, in the program and for it in the system.
    ///
    /// # Errors
    /// If it is gone.
    pub fn processor(&self) -> anyhow::Result<Duration> {
        let stat = self.proc("stat")?;
        // The name in brackets may hold anything; these are the 12th and 13th field after it.
        let ticks = stat.rsplit_once(") ").and_then(|(_, fields)| {
            let mut fields = fields.split(' ').skip(11);
            let mut next = || fields.next()?.parse::<u64>().ok();
            Some(next()? + next()?)
        });
        let ticks = ticks.context("the system does not tell its processor time")?;
        Ok(Duration::from_millis(ticks * 1_000 / TICKS))
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        let id = self.child.id();
        fs::read_to_string(format!("/proc/{id}/{file}")).context("the program is gone")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `deskhand-server`.
pub struct Server {
    /// The program.
    pub program: Program,
    /// Where it listens.
    pub address: SocketAddr,
    _state: TempDir,
}

impl Server {
    /// Starts it with these options, and waits until it listens.
    ///
    /// # Errors
    /// With what it says, if it ends instead.
    pub fn start(args: &[&str]) -> anyhow::Result<Self> {
        let state = tempfile::tempdir()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskhand-server"));
        command
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .env("DESKHAND_STATE_DIR", state.path());
        let (program, address) = listening(&mut command, "Listening on http://")?;
        Ok(Self {
            program,
            address,
            _state: state,
        })
    }
}

/// Starts this very program as the server that only echoes.
///
/// # Errors
/// If that fails.
pub fn echo() -> anyhow::Result<(Program, SocketAddr)> {
    let own: PathBuf = env::current_exe()?;
    listening(Command::new(own).arg("echo"), "Listening on http://")
}

/// Starts a program and waits until it says on standard error where it listens.
fn listening(command: &mut Command, words: &str) -> anyhow::Result<(Program, SocketAddr)> {
    let mut program = Program::start(command.stderr(Stdio::piped()))?;
    let stderr = program.child.stderr.take().context("no standard error")?;
    let mut said = BufReader::new(stderr);
    let mut lines = String::new();
    loop {
        let start = lines.len();
        if said.read_line(&mut lines)? == 0 {
            bail!("it ended at once: {lines}");
        }
        if let Some((_, address)) = lines[start..].split_once(words) {
            let address = address.trim().parse()?;
            drain(said);
            return Ok((program, address));
        }
    }
}

/// Reads what nobody wants to know, so that whoever says it need not wait.
fn drain(mut said: impl Read + Send + 'static) {
    thread::spawn(move || io::copy(&mut said, &mut io::sink()));
}
