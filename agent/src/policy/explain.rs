//! What `deskhand policy check` says.

use std::path::PathBuf;

use serde::Serialize;

use super::{FILE, Policy, PolicyError, User, Who, rules};

/// What is in force, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where the policy is, or would be.
    pub file: PathBuf,
    /// What became of it.
    pub state: State,
    /// For whom this holds.
    pub user: String,
    /// Why they can invite nobody: a sentence.
    pub forbidden: Option<String>,
    /// Mouse and keyboard are never shared.
    pub view_only: bool,
    /// The longest that an invitation may stay open, in seconds.
    pub longest_secs: Option<u64>,
    /// `None`: any.
    pub servers: Option<Vec<String>>,
    /// The file with the certificate of an authority of the organisation's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// What the novice is shown first.
    pub warning: Option<String>,
}

/// What became of the policy's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is none: everything is allowed.
    None,
    /// It is in force.
    InForce,
    /// It cannot be trusted or understood: nothing is allowed.
    Refused,
}

impl Report {
    /// Of what was read, for this user.
    pub fn new(read: &Result<Policy, PolicyError>, user: &User) -> Self {
        let rules = rules(read, user);
        let policy = read.as_ref().ok();
        let file = policy.and_then(|policy| policy.file.clone());
        let state = match (read, &file) {
            (Err(_), _) => State::Refused,
            (Ok(_), None) => State::None,
            (Ok(_), Some(_)) => State::InForce,
        };
        let servers = policy.and_then(|policy| policy.servers.as_ref());
        Self {
            file: file.unwrap_or_else(|| FILE.into()),
            state,
            user: user.label(),
            forbidden: rules.forbidden,
            view_only: rules.view_only,
            longest_secs: rules.longest.map(|life| life.as_secs()),
            servers: match read {
                Ok(_) => {
                    servers.map(|list| list.iter().map(crate::server::Address::public).collect())
                }
                Err(_) => Some(vec![]),
            },
            ca: policy.and_then(|policy| policy.ca.clone()),
            warning: rules.warning,
        }
    }
}

/// What is in force and why, line by line.
pub fn explain(read: &Result<Policy, PolicyError>, user: &User) -> Vec<String> {
    match read {
        Ok(policy) => policy.explain(user),
        Err(error) => vec![
            error.sentence(),
            "Until then nothing is allowed, whatever the file says.".into(),
        ],
    }
}

impl Policy {
    fn explain(&self, user: &User) -> Vec<String> {
        let head = match &self.file {
            Some(path) => format!("The policy {} is in force.", path.display()),
            None => format!("There is no policy: {FILE} does not exist. Everything is allowed."),
        };
        let verdict = match self.forbids(user) {
            None => format!("So you, {}, can invite somebody.", user.label()),
            Some(why) => format!("So you, {}, can invite nobody: {why}", user.label()),
        };
        let mut lines = vec![head];
        if self.file.is_some() {
            lines.extend([
                self.explain_switch(),
                self.explain_who(user),
                self.explain_control(),
                self.explain_longest(),
                self.explain_servers(),
            ]);
            lines.extend(self.explain_ca());
            lines.push(self.explain_warning());
        }
        lines.push(verdict);
        lines
    }

    fn explain_switch(&self) -> String {
        if self.enabled {
            "Remote assistance is enabled: the file does not say \"enabled = false\".".into()
        } else {
            "Remote assistance is disabled for everybody: \"enabled = false\".".into()
        }
    }

    fn explain_who(&self, user: &User) -> String {
        let list = match &self.may_invite {
            None => return "Everybody may invite: \"may_invite\" is not set.".into(),
            Some(list) if list.is_empty() => {
                return "Nobody may invite: \"may_invite\" is empty.".into();
            }
            Some(list) => list.iter().map(Who::to_string).collect::<Vec<_>>(),
        };
        let you = if self.lets_invite(user) {
            "you are one of them"
        } else {
            "you are not one of them"
        };
        format!(
            "Only these may invite (\"may_invite\"), and {you}: {}.",
            list.join(", ")
        )
    }

    fn explain_control(&self) -> String {
        if self.view_only {
            "Helpers can only look; mouse and keyboard are never shared: \"view_only = true\"."
                .into()
        } else {
            "Mouse and keyboard can be shared: the file does not say \"view_only = true\".".into()
        }
    }

    fn explain_longest(&self) -> String {
        match self.longest {
            Some(life) => format!("An invitation stays open for {life} at most: \"longest\"."),
            None => "An invitation stays open for 30d at most: \"longest\" is not set.".into(),
        }
    }

    fn explain_servers(&self) -> String {
        match self.servers.as_deref() {
            None => "Any server may be used: \"servers\" is not set.".into(),
            Some([]) => "No server may be used: \"servers\" is empty.".into(),
            Some([only]) => format!(
                "Only this server may be used (\"servers\"): {}.",
                only.public()
            ),
            Some(list) => {
                let names: Vec<_> = list.iter().map(crate::server::Address::public).collect();
                format!(
                    "Only these servers may be used (\"servers\"), the first one by default: {}.",
                    names.join(", ")
                )
            }
        }
    }

    fn explain_ca(&self) -> Option<String> {
        let path = self.ca.as_ref()?;
        Some(format!(
            "Servers may also have certificates of your own authority (\"ca\"): {}.",
            path.display()
        ))
    }

    fn explain_warning(&self) -> String {
        match &self.warning {
            Some(text) => format!("This warning is shown first (\"warning\"): {text}"),
            None => "No warning of your own is shown: \"warning\" is not set.".into(),
        }
    }
}
