//! How the page was opened.

use deskhand_protocol::invitation::{FileError, Link, Origin};

/// How the page was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// From a server, with this fragment.
    Served(String),
    /// Out of a file.
    File(Result<FromFile, FileError>),
}

/// What an invitation file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromFile {
    /// Where its server is.
    pub server: Origin,
    /// The invitation.
    pub link: Link,
}

impl FromFile {
    /// The invitation as a link.
    pub fn address(&self) -> String {
        format!("{}/#{}", self.server, self.link.to_fragment())
    }

    /// Where the server says what this is.
    pub fn about(&self) -> String {
        format!("{}/about", self.server)
    }
}
