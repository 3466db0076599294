//! What the administrator of this computer allows.
//!
//! One file, [`FILE`], which nobody without administrator rights can change. Where it is, is built
//! in: no variable and no flag leads to another one, and no server can alter it. If the file could
//! have been changed by somebody else, or cannot be understood, nothing is allowed.
//!
//! It binds this program, and whoever runs it as it was installed; somebody who runs a program of
//! their own is bound by what the system lets them run.

mod explain;
mod file;
mod parse;
mod user;

use std::path::{Path, PathBuf};

pub use explain::{Report, State, explain};
pub use file::{PolicyError, Writer};
pub use parse::Malformed;
pub use user::User;

use crate::{front::Rules, invitation::Lifetime, server::Address};

/// Where the policy is.
pub const FILE: &str = "/etc/deskhand/policy.toml";

/// Why nobody can be invited while the kill switch is on.
pub const DISABLED: &str = "Remote assistance is disabled by your administrator.";
const NOT_YOU: &str = "Your administrator does not allow you to invite anybody to this computer.";
const NO_SERVER: &str =
    "Your administrator allows no server on this computer, so nobody can be invited.";

/// What is allowed here. The default allows everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    file: Option<PathBuf>,
    enabled: bool,
    may_invite: Option<Vec<Who>>,
    view_only: bool,
    longest: Option<Lifetime>,
    servers: Option<Vec<Address>>,
    ca: Option<PathBuf>,
    warning: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            file: None,
            enabled: true,
            may_invite: None,
            view_only: false,
            longest: None,
            servers: None,
            ca: None,
            warning: None,
        }
    }
}

/// Somebody who may invite.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// By name, or by number.
    User(String),
    /// `@name`, or `@number`.
    Group(String),
}

impl Policy {
    /// Reads what is in force on this computer; without a file, everything is allowed.
    ///
    /// # Errors
    /// [`PolicyError`] if there is a file that cannot be trusted or understood. Then nothing is
    /// allowed; see [`rules`].
    pub fn read() -> Result<Self, PolicyError> {
        Self::read_from(Path::new(FILE))
    }

    pub(crate) fn read_from(path: &Path) -> Result<Self, PolicyError> {
        let Some(text) = file::read(path)? else {
            return Ok(Self::default());
        };
        let policy = Self::parse(&text).map_err(|why| PolicyError::Malformed {
            path: path.into(),
            why,
        })?;
        Ok(Self {
            file: Some(path.into()),
            ..policy
        })
    }

    /// What this user may do.
    pub fn rules(&self, user: &User) -> Rules {
        Rules {
            forbidden: self.forbids(user).map(Into::into),
            longest: self.longest.map(|life| life.0),
            view_only: self.view_only,
            warning: self.warning.clone(),
        }
    }

    fn forbids(&self, user: &User) -> Option<&'static str> {
        if !self.enabled {
            Some(DISABLED)
        } else if !self.lets_invite(user) {
            Some(NOT_YOU)
        } else if self.servers.as_ref().is_some_and(Vec::is_empty) {
            Some(NO_SERVER)
        } else {
            None
        }
    }

    fn lets_invite(&self, user: &User) -> bool {
        let Some(list) = &self.may_invite else {
            return true;
        };
        list.iter().any(|who| match who {
            Who::User(name) => user.is(name),
            Who::Group(name) => user.is_in(name),
        })
    }

    /// Whether invitations may go through this server.
    pub fn allows(&self, server: &Address) -> bool {
        let listed = |servers: &Vec<Address>| servers.contains(server);
        self.servers.as_ref().is_none_or(listed)
    }

    /// The file with the certificate of the organisation's own authority, if it has one.
    pub fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// The server to use if nobody named another one.
    pub fn default_server(&self) -> Option<&Address> {
        self.servers.as_ref()?.first()
    }
}

/// What this user may do under what was read: nothing, if that failed.
pub fn rules(read: &Result<Policy, PolicyError>, user: &User) -> Rules {
    match read {
        Ok(policy) => policy.rules(user),
        Err(error) => Rules {
            forbidden: Some(error.sentence()),
            view_only: true,
            ..Rules::default()
        },
    }
}

#[cfg(test)]
mod tests;
