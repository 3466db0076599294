//! What an expert is given: a link (here), a [`number`](Number) to be said aloud, or a
//! [`file`](FileData).
//!
//! The link is `https://HOST/#1.<id>.<secret>[.p]`.

mod file;
mod number;

pub use file::{FileData, FileError, Origin};
pub use number::{BadNumber, Number};

use crate::id::{InvitationId, LinkSecret};

/// What a link carries, all of it in the fragment, so that no server log or `Referer` sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which invitation.
    pub id: InvitationId,
    /// The link's own secret.
    pub secret: LinkSecret,
    /// Whether the page has to ask for a password.
    pub password: bool,
}

/// Why a fragment is not an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Made by a later version.
    #[error("this invitation was made by a newer version of Deskhand")]
    Newer,
    /// Cut short, mistyped, or something else entirely.
    #[error("this is not a complete Deskhand invitation")]
    Malformed,
}

impl Link {
    /// The fragment, without `#`.
    pub fn to_fragment(&self) -> String {
        let flag = if self.password { ".p" } else { "" };
        format!("1.{}.{}{flag}", self.id.to_text(), self.secret.to_text())
    }

    /// Reads a fragment, with or without its `#`. Any other field is refused.
    pub fn parse(fragment: &str) -> Result<Self, LinkError> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if fragment.len() > 128 {
            return Err(LinkError::Malformed);
        }
        let mut fields = fragment.split('.');
        match fields.next() {
            Some("1") => {}
            Some(v) if v.parse::<u32>().is_ok_and(|v| v > 1) => return Err(LinkError::Newer),
            _ => return Err(LinkError::Malformed),
        }
        let (Some(id), Some(secret)) = (fields.next(), fields.next()) else {
            return Err(LinkError::Malformed);
        };
        let password = match (fields.next(), fields.next()) {
            (None, _) => false,
            (Some("p"), None) => true,
            _ => return Err(LinkError::Malformed),
        };
        Ok(Self {
            id: InvitationId::parse(id).map_err(|_| LinkError::Malformed)?,
            secret: LinkSecret::parse(secret).map_err(|_| LinkError::Malformed)?,
            password,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_survive_and_nothing_else_is_accepted() {
        for password in [false, true] {
            let link = Link {
                id: InvitationId::from_bytes([3; 16]),
                secret: LinkSecret::from_bytes([9; 16]),
                password,
            };
            let text = link.to_fragment();
            assert_eq!(Link::parse(&format!("#{text}")), Ok(link));
            assert_eq!(Link::parse(&format!("{text}.x")), Err(LinkError::Malformed));
            assert_eq!(
                Link::parse(&text.replacen('1', "2", 1)),
                Err(LinkError::Newer)
            );
            assert_eq!(Link::parse(&text[..20]), Err(LinkError::Malformed));
        }
        assert_eq!(Link::parse(""), Err(LinkError::Malformed));
    }
}
