//! What stays of a novice when the program ends: the home folder, and what the program finds in
//! its surroundings.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    namespace::{self, Namespace},
    network::Node,
    process::{Process, program},
};

/// A command that ends by itself has ended by then.
const SOON: Duration = Duration::from_secs(30);
/// Would lead to places outside the home.
const LEADING_OUT: [&str; 7] = [
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DESKHAND_SERVER",
    "DESKHAND_CA",
    "DESKHAND_NAME",
];

/// A home folder.
pub struct Home {
    folder: TempDir,
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
    namespace: Option<Namespace>,
    /// What its programs are started by, where that is not the system alone.
    starter: Vec<OsString>,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
}

impl Home {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            program: program("deskhand"),
            variables: Vec::new(),
            namespace: None,
            starter: Vec::new(),
        }
    }

    /// An empty one, at that place of a network.
    pub fn at(node: &Node) -> Self {
        Self {
            starter: node.starter(),
            ..Self::new()
        }
    }

    /// An empty one, with mounts of its own: `script` makes them. It finds the home in `$HOME`.
    pub async fn with_mounts(script: &str) -> Self {
        let mut home = Self::new();
        home.namespace = Some(Namespace::new(home.path(), script).await);
        home
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the program keeps its things.
    pub fn state(&self) -> PathBuf {
        self.path().join(".local/state/deskhand")
    }

    /// What this novice's programs see differently from the rest of the computer.
    ///
    /// # Panics
    /// If it is nothing.
    pub fn namespace(&self) -> &Namespace {
        self.namespace
            .as_ref()
            .expect("this home has mounts of its own")
    }

    /// Copies the program into a folder of this home and starts that one from now on. Gives the
    /// folder.
    pub fn has_its_own_program(&mut self) -> PathBuf {
        let folder = self.path().join("Deskhand");
        fs::create_dir(&folder).expect("the home can be written");
        let copy = folder.join("deskhand");
        fs::copy(&self.program, &copy).expect("the program is there and can be copied");
        self.program = copy;
        folder
    }

    /// Sets a variable for everything that is started here from now on.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.push((name.into(), value.as_ref().into()));
    }

    /// `deskhand`, as this novice starts it.
    pub fn deskhand(&self, args: &[&str]) -> Command {
        let mut command = match (&self.namespace, &self.starter[..]) {
            (Some(namespace), _) => namespace.command(&self.program),
            (None, []) => Process::command(&self.program),
            (None, [starter, words @ ..]) => {
                let mut command = Process::command(starter);
                command.args(words).arg(&self.program);
                command
            }
        };
        command.args(args);
        self.furnish(&mut command);
        command
    }

    /// What `command` finds in its surroundings.
    fn furnish(&self, command: &mut Command) {
        command.env("HOME", self.path());
        for name in LEADING_OUT {
            command.env_remove(name);
        }
        // Nobody's desktop is asked for anything.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nobody/is/here");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Runs `deskhand` without a desktop, to its end.
    pub async fn runs(&self, args: &[&str]) -> Said {
        Self::ends_without_a_desktop(self.deskhand(args)).await
    }

    /// As [`Self::runs`], when the computer has slept that long, and the wall clock was set back
    /// by as much. Without the home's own mounts, if it has any.
    pub async fn runs_after_sleep(&self, sleep: Duration, args: &[&str]) -> Said {
        let mut command = namespace::after_sleep(sleep, &self.program);
        command.args(args);
        self.furnish(&mut command);
        Self::ends_without_a_desktop(command).await
    }

    async fn ends_without_a_desktop(mut command: Command) -> Said {
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"] {
            command.env_remove(name);
        }
        Self::ends(&mut command).await
    }

    /// Runs a command to its end.
    pub async fn ends(command: &mut Command) -> Said {
        let mut process = Process::start("a command", command);
        process.close();
        let status = process.end(SOON).await;
        Said {
            status,
            out: process.stdout.whole(SOON).await,
            err: process.stderr.whole(SOON).await,
        }
    }

    /// `deskhand status --json`, newest first.
    pub async fn status(&self) -> Vec<Value> {
        let said = self.runs(&["status", "--json"]).await;
        assert!(said.status.success(), "{said:?}");
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// What `deskhand status --json` says of one invitation.
    ///
    /// # Panics
    /// If it says nothing of it.
    pub async fn status_of(&self, serial: u32) -> Value {
        let all = self.status().await;
        let one = all.iter().find(|one| one["serial"] == serial);
        one.unwrap_or_else(|| panic!("no invitation {serial}: {all:?}"))
            .clone()
    }

    /// Waits until `deskhand status` calls an invitation that.
    pub async fn stands(&self, serial: u32, standing: &str) {
        crate::wait::until(
            &format!("invitation {serial} {standing}"),
            SOON,
            async || (self.status_of(serial).await["standing"] == standing).then_some(()),
        )
        .await;
    }
}

impl Said {
    /// What it said on standard error.
    ///
    /// # Panics
    /// If it did not fail, or fell.
    pub fn refusal(&self) -> &str {
        assert!(!self.status.success(), "{self:?}");
        assert!(self.status.code().is_some(), "it fell: {self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        &self.err
    }

    /// What it said on standard output.
    ///
    /// # Panics
    /// If it failed.
    pub fn success(&self) -> &str {
        assert!(self.status.success(), "{self:?}");
        &self.out
    }
}
