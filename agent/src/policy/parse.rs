//! From text to policy: pure.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Policy, Who};
use crate::{invitation::Lifetime, server::Address};

/// Longer warnings would hide what they warn of.
const LONGEST_WARNING: usize = 1000;

/// Text that is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1; `None` if it cannot be told.
    pub line: Option<usize>,
    /// What is wrong, without a full stop.
    pub why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

/// The file, key by key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    enabled: Option<bool>,
    may_invite: Option<Vec<Who>>,
    view_only: Option<bool>,
    #[serde(default, deserialize_with = "lifetime")]
    longest: Option<Lifetime>,
    #[serde(default, deserialize_with = "servers")]
    servers: Option<Vec<Address>>,
    #[serde(default, deserialize_with = "ca")]
    ca: Option<PathBuf>,
    #[serde(default, deserialize_with = "warning")]
    warning: Option<String>,
}

impl Policy {
    /// Understands a policy's text.
    ///
    /// # Errors
    /// [`Malformed`] for anything that is not exactly a policy: a key that is not known might be
    /// one that was meant to forbid something.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let keys: Keys = toml::from_str(text).map_err(|error| Malformed {
            line: error.span().map(|span| line_of(text, span.start)),
            why: plain(error.message()),
        })?;
        Ok(Self {
            file: None,
            enabled: keys.enabled.unwrap_or(true),
            may_invite: keys.may_invite,
            view_only: keys.view_only.unwrap_or(false),
            longest: keys.longest,
            servers: keys.servers,
            ca: keys.ca,
            warning: keys.warning,
        })
    }
}

/// The parser's words in those of an administrator.
fn plain(message: &str) -> String {
    [
        ("\n", ", "),
        ("unknown field", "there is no key"),
        ("expected one of", "only"),
        ("invalid type: ", ""),
        (", expected a boolean", " is neither true nor false"),
        (", expected a string", " should be text in quotation marks"),
        (
            ", expected a sequence",
            " should be a list in square brackets",
        ),
    ]
    .iter()
    .fold(message.into(), |text: String, (theirs, ours)| {
        text.replace(theirs, ours)
    })
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (name, make): (&str, fn(String) -> Self) = match text.strip_prefix('@') {
            Some(group) => (group, Self::Group),
            None => (&text, Self::User),
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | ',' | '@');
        if name.is_empty() || name.contains(odd) {
            return Err(D::Error::custom(format!(
                "{text:?} is neither the name of a user nor @ and the name of a group"
            )));
        }
        Ok(make(name.into()))
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => f.write_str(name),
            Self::Group(name) => write!(f, "everybody in the group {name}"),
        }
    }
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lifetime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn servers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Address>>, D::Error> {
    let list = Vec::<String>::deserialize(deserializer)?;
    let address = |text: &String| {
        Address::parse(text).map_err(|why| D::Error::custom(format!("{text:?}: {why}")))
    };
    list.iter().map(address).collect::<Result<_, _>>().map(Some)
}

fn ca<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::from(String::deserialize(deserializer)?);
    if path.is_absolute() {
        Ok(Some(path))
    } else {
        Err(D::Error::custom(format!(
            "{} does not say where the file is from the top: begin with /",
            path.display()
        )))
    }
}

fn warning<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    if text.chars().count() > LONGEST_WARNING {
        return Err(D::Error::custom(format!(
            "the warning is longer than {LONGEST_WARNING} characters"
        )));
    }
    Ok((!text.is_empty()).then(|| text.into()))
}
