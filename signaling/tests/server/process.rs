//! The real program, as a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    ops::Deref,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use crate::support::{Site, soon};

/// The program with nothing of this environment's own in its way.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskhand-server"));
    for (name, _) in std::env::vars() {
        if name.starts_with("DESKHAND_") || name == "STATE_DIRECTORY" {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

/// A running one; killed when dropped.
pub struct Running {
    site: Site,
    /// Where operators ask, if it listens there.
    pub admin: Option<Site>,
    child: Child,
    /// What it said and nobody has heard yet.
    lines: mpsc::UnboundedReceiver<String>,
    log: String,
}

impl Deref for Running {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Running {
    /// On a port of its own, with these options besides.
    pub async fn start(state: &Path, args: &[&str]) -> Self {
        let state = state.to_str().unwrap();
        let fixed = ["--listen", "127.0.0.1:0", "--state-dir", state];
        Self::of(&mut program(&[&fixed, args].concat())).await
    }

    /// With an address for operators, too.
    pub async fn with_admin(state: &Path, args: &[&str]) -> Self {
        let admin = ["--admin-listen", "127.0.0.1:0"];
        Self::start(state, &[&admin, args].concat()).await
    }

    async fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut running = Self {
            site: Site {
                address: SocketAddr::from(([0; 4], 0)),
            },
            admin: None,
            child,
            lines,
            log: String::new(),
        };
        let asks_admin = command.get_args().any(|arg| arg == "--admin-listen");
        running.site.address = running.address_in("Listening").await;
        if asks_admin {
            let address = running.address_in("Operators may ask").await;
            running.admin = Some(Site { address });
        }
        running
    }

    async fn address_in(&mut self, what: &str) -> SocketAddr {
        let line = self.hears(what).await;
        let (_, rest) = line.split_once("://").expect("it has an address");
        let end = rest.find(|c: char| !c.is_ascii_digit() && !".:".contains(c));
        rest[..end.unwrap_or(rest.len())].parse().unwrap()
    }

    /// Waits until it says this, on standard error; gives the whole line.
    pub async fn hears(&mut self, what: &str) -> String {
        soon(async {
            loop {
                let line = self.lines.recv().await;
                let line = line.unwrap_or_else(|| panic!("it ended:\n{}", self.log));
                self.log.push_str(&line);
                self.log.push('\n');
                if line.contains(what) {
                    return line;
                }
            }
        })
        .await
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// All that it has said by now.
    pub fn said(&mut self) -> &str {
        while let Ok(line) = self.lines.try_recv() {
            self.log.push_str(&line);
            self.log.push('\n');
        }
        &self.log
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended well; gives all that it said.
    pub async fn end(mut self) -> String {
        soon(async {
            while let Some(line) = self.lines.recv().await {
                self.log.push_str(&line);
                self.log.push('\n');
            }
        })
        .await;
        // Its end of standard error is closed, so this takes no time.
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{}", self.log);
        std::mem::take(&mut self.log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let address = self.site.address;
            let said = self.said();
            eprintln!("--- {address} said:\n{said}");
        }
    }
}
