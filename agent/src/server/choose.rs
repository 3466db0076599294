//! Which server: the first of several places that names one. Pure.

use std::fmt;

use super::{Address, AddressError};
use crate::policy::Policy;

/// Everybody who may name a server, in the order in which they are asked.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// `--server`.
    pub flag: Option<&'a str>,
    /// `DESKHAND_SERVER`; empty is unset.
    pub environment: Option<&'a str>,
    /// The administrator. Also limits what the others may name.
    pub policy: &'a Policy,
    /// What the novice answered earlier.
    pub settings: Option<&'a str>,
    /// `deskhand.toml` beside the program; see [`super::beside`].
    pub beside: Option<&'a str>,
}

/// Who named a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The administrator.
    Policy,
    /// The novice, earlier.
    Settings,
    /// A file beside the program.
    Beside,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--server",
            Self::Environment => "DESKHAND_SERVER",
            Self::Policy => "the policy of this computer",
            Self::Settings => "your settings",
            Self::Beside => "deskhand.toml beside this program",
        })
    }
}

/// A server, and who named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which one.
    pub address: Address,
    /// By whom.
    pub from: Source,
}

/// Why there is no server to use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChooseError {
    /// Nobody named one: time to ask.
    #[error(
        "nobody has said which server introduces you: use --server https://HOST, or set DESKHAND_SERVER"
    )]
    Unnamed,
    /// What was named is no address.
    #[error("{from} names a server that cannot be one, {text:?}: {why}")]
    Address {
        /// Who named it.
        from: Source,
        /// What they said.
        text: String,
        /// What is wrong with it.
        why: AddressError,
    },
    /// The administrator allows only others.
    #[error(
        "{from} names {}, which your administrator does not allow here. {}", address.public(), instead(allowed.as_ref())
    )]
    Forbidden {
        /// Who named it.
        from: Source,
        /// What they named.
        address: Address,
        /// The one to use instead.
        allowed: Option<Address>,
    },
}

fn instead(allowed: Option<&Address>) -> String {
    match allowed {
        Some(address) => format!("Use {} instead", address.public()),
        None => "No server is allowed".into(),
    }
}

/// Takes the first server that anybody names. One that is wrong or not allowed is refused rather
/// than passed over: whoever named it believes that it is used.
///
/// # Errors
/// See [`ChooseError`].
pub fn choose(sources: Sources<'_>) -> Result<Choice, ChooseError> {
    let default = sources.policy.default_server().map(Address::public);
    let named = [
        (Source::Flag, sources.flag),
        (
            Source::Environment,
            sources.environment.filter(|text| !text.is_empty()),
        ),
        (Source::Policy, default.as_deref()),
        (Source::Settings, sources.settings),
        (Source::Beside, sources.beside),
    ];
    let first = named
        .into_iter()
        .find_map(|(from, text)| Some((from, text?)));
    let (from, text) = first.ok_or(ChooseError::Unnamed)?;
    let address = Address::parse(text).map_err(|why| ChooseError::Address {
        from,
        text: text.into(),
        why,
    })?;
    if sources.policy.allows(&address) {
        Ok(Choice { address, from })
    } else {
        Err(ChooseError::Forbidden {
            from,
            address,
            allowed: sources.policy.default_server().cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::parse(text).unwrap()
    }

    fn all(policy: &Policy) -> Sources<'_> {
        Sources {
            flag: Some("https://flag.example"),
            environment: Some("https://environment.example"),
            policy,
            settings: Some("https://settings.example"),
            beside: Some("https://beside.example"),
        }
    }

    fn said(sources: Sources<'_>) -> String {
        match choose(sources) {
            Ok(choice) => format!("{} from {}", choice.address.public(), choice.from),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_first_who_names_one_is_followed() {
        let free = Policy::default();
        let strict = policy("servers = [\"https://policy.example\"]");
        let mut sources = all(&free);
        let mut shown = vec![said(sources)];
        sources.flag = None;
        shown.push(said(sources));
        sources.environment = Some("");
        shown.push(said(sources));
        shown.push(said(Sources {
            policy: &strict,
            ..sources
        }));
        sources.settings = None;
        shown.push(said(sources));
        sources.beside = None;
        shown.push(said(sources));
        expect![[r"
            https://flag.example from --server
            https://environment.example from DESKHAND_SERVER
            https://settings.example from your settings
            https://policy.example from the policy of this computer
            https://beside.example from deskhand.toml beside this program
            nobody has said which server introduces you: use --server https://HOST, or set DESKHAND_SERVER"]].assert_eq(&shown.join("\n"));
    }

    #[test]
    fn one_that_is_wrong_or_not_allowed_is_refused_and_not_passed_over() {
        let strict = policy("servers = [\"https://a.example\", \"https://b.example\"]");
        let none = policy("servers = []");
        let free = Policy::default();
        let shown = [
            said(all(&strict)),
            said(all(&none)),
            said(Sources {
                flag: Some("help.example.org"),
                ..all(&free)
            }),
            said(Sources {
                flag: Some("https://B.example/"),
                ..all(&strict)
            }),
        ];
        expect![[r#"
            --server names https://flag.example, which your administrator does not allow here. Use https://a.example instead
            --server names https://flag.example, which your administrator does not allow here. No server is allowed
            --server names a server that cannot be one, "help.example.org": the server's address must start with https:// (for example https://help.example.org)
            https://b.example from --server"#]].assert_eq(&shown.join("\n"));
    }
}
