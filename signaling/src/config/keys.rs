//! Where the keys that sign owner tokens are.

use std::{env, ffi::OsString, path::PathBuf, time::SystemTime};

use clap::Args;

use super::problem::Problem;
use crate::{state::KeyFile, token::KeyRing};

/// Where the server keeps what it has to remember.
#[derive(Debug, Clone, Args)]
pub struct KeyOptions {
    /// Where the server keeps its key, and the certificate it gets. Without it: the one systemd
    /// gives, or deskhand-server in the home directory's place for such things
    #[arg(long, env = "DESKHAND_STATE_DIR", value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,

    /// The file with the keys that sign owner tokens; several nodes share one. Made on the first
    /// start. Without it: owner-token-key in the state directory
    #[arg(long, env = "DESKHAND_TOKEN_KEYS", value_name = "FILE")]
    pub token_keys: Option<PathBuf>,
}

impl KeyOptions {
    /// Where the server keeps what it makes for itself.
    pub(super) fn dir(&self) -> Option<PathBuf> {
        self.state_dir
            .clone()
            .or_else(|| default_state_dir(|name| env::var_os(name)))
    }

    /// Opens the file, and makes it if there is none, unless it shall only be looked at.
    pub(super) fn open(
        self,
        look_only: bool,
        problems: &mut Vec<Problem>,
    ) -> Option<(KeyRing, KeyFile)> {
        let dir = self.dir();
        let file = match (self.token_keys, dir) {
            (Some(file), _) => KeyFile::at(file),
            (None, Some(dir)) => KeyFile::in_dir(&dir),
            (None, None) => {
                problems.push(Problem::NoStateDir);
                return None;
            }
        };
        let opened = if look_only {
            file.look()
        } else {
            file.open(SystemTime::now())
        };
        match opened {
            Ok(ring) => Some((ring, file)),
            Err(error) => {
                problems.push(error.into());
                None
            }
        }
    }
}

/// What systemd gives (`systemd.exec(5)`, the first of a list), else the XDG place.
fn default_state_dir(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // Relative paths count as not set: the XDG specification wants that.
    let path = |name| var(name).map(PathBuf::from).filter(|p| p.is_absolute());
    if let Some(given) = var("STATE_DIRECTORY") {
        let first = env::split_paths(&given).next();
        if let Some(dir) = first.filter(|p| p.is_absolute()) {
            return Some(dir);
        }
    }
    path("XDG_STATE_HOME")
        .or_else(|| Some(path("HOME")?.join(".local/state")))
        .map(|dir| dir.join("deskhand-server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_is_systemds_or_xdgs() {
        let of = |vars: &'static [(&str, &str)]| {
            default_state_dir(|name| {
                let found = vars.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(
            of(&[
                ("STATE_DIRECTORY", "/var/lib/d:/var/lib/e"),
                ("HOME", "/home/a")
            ]),
            Some("/var/lib/d".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/a")]),
            Some("/state/deskhand-server".into())
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/a")]),
            Some("/home/a/.local/state/deskhand-server".into())
        );
        assert_eq!(of(&[]), None);
    }
}
