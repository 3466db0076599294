//! What an invitation file carries beside the page: where to, and the link.

use std::{fmt, net::Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{Link, LinkError};
use crate::host::Nearness;

/// The form of [`FileData`]; rises when an older page could not read it any more.
const FORMAT: u8 = 1;
/// Longer text is not ours: the longest host name has 253 characters.
const MAX_JSON: usize = 1024;

/// The invitation inside a file, as JSON. Never the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileData {
    version: u8,
    server: String,
    fragment: String,
}

/// Why a file's invitation cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Made by a later version.
    #[error("this file was made by a newer version of Deskhand")]
    Newer,
    /// Cut short, or edited.
    #[error("this file is damaged")]
    Malformed,
}

impl FileData {
    /// What a file for `link` at `server` says.
    pub fn new(server: &Origin, link: &Link) -> Self {
        Self {
            version: FORMAT,
            server: server.as_str().to_owned(),
            fragment: link.to_fragment(),
        }
    }

    /// As JSON; free of `<`, so that it can stand in HTML as it is.
    pub fn to_json(&self) -> String {
        // Our own plain types always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the JSON of a file: where the server is, and the link. Any other field is refused.
    ///
    /// # Errors
    /// [`FileError`] says whether a newer page would do better.
    pub fn parse(json: &str) -> Result<(Origin, Link), FileError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let json = json.trim();
        if json.len() > MAX_JSON {
            return Err(FileError::Malformed);
        }
        let Versioned { version } = serde_json::from_str(json).map_err(|_| FileError::Malformed)?;
        if version > FORMAT.into() {
            return Err(FileError::Newer);
        }
        let data: Self = serde_json::from_str(json).map_err(|_| FileError::Malformed)?;
        let server = Origin::parse(&data.server).filter(|_| data.version == FORMAT);
        let link = Link::parse(&data.fragment).map_err(|error| match error {
            LinkError::Newer => FileError::Newer,
            LinkError::Malformed => FileError::Malformed,
        })?;
        server
            .map(|server| (server, link))
            .ok_or(FileError::Malformed)
    }
}

impl fmt::Debug for FileData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileData(..)") // the fragment has the link's secret
    }
}

/// Where a file finds its server: `https://HOST[:PORT]`, or `http://` on this very computer or at an
/// address of the same network; in small letters and without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes an origin in exactly that form.
    pub fn parse(text: &str) -> Option<Self> {
        let authority = match text.strip_prefix("https://") {
            Some(authority) => is_authority(authority).then_some(authority),
            None => text.strip_prefix("http://").filter(|a| is_near(a)),
        };
        authority.map(|_| Self(text.to_owned()))
    }

    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether others in the network can see who is on the way to the server, and when: it is
    /// reached over a network, and without encryption.
    pub fn shows_who_meets(&self) -> bool {
        let plain = self.0.strip_prefix("http://").map(|rest| split(rest).0);
        plain.is_some_and(|host| Nearness::of(host) != Nearness::Here)
    }

    /// The same host and port, with the scheme of web sockets.
    pub fn web_socket(&self) -> String {
        self.0.replacen("http", "ws", 1) // https becomes wss by itself
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and port apart; an address of IP version 6 keeps its brackets.
fn split(authority: &str) -> (&str, Option<&str>) {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority[bracket..].find(':').map(|at| bracket + at),
        None => authority.find(':'),
    };
    match colon {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    }
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = split(authority);
    is_host(host) && port.is_none_or(is_port)
}

fn is_near(authority: &str) -> bool {
    let (host, _) = split(authority);
    Nearness::of(host) != Nearness::Anywhere && is_authority(authority)
}

fn is_host(host: &str) -> bool {
    let named = |host: &str| {
        host.len() <= 253
            && host.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    };
    version_6(host).is_some() || named(host)
}

fn version_6(host: &str) -> Option<Ipv6Addr> {
    let inner = host.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok()
}

/// As a browser writes it: no sign, no zeros before it.
fn is_port(port: &str) -> bool {
    port.parse::<u16>()
        .is_ok_and(|number| number != 0 && number.to_string() == port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{InvitationId, LinkSecret};

    fn link() -> Link {
        Link {
            id: InvitationId::from_bytes([3; 16]),
            secret: LinkSecret::from_bytes([9; 16]),
            password: true,
        }
    }

    fn json(server: &str) -> String {
        FileData {
            version: FORMAT,
            server: server.to_owned(),
            fragment: link().to_fragment(),
        }
        .to_json()
    }

    #[test]
    fn files_survive() {
        let table = [
            ("https://help.example.org", "wss://help.example.org"),
            (
                "https://help.example.org:8443",
                "wss://help.example.org:8443",
            ),
            ("https://192.0.2.7", "wss://192.0.2.7"),
            ("https://[2001:db8::1]:1", "wss://[2001:db8::1]:1"),
            ("http://localhost:8080", "ws://localhost:8080"),
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
            ("http://[::1]", "ws://[::1]"),
            ("http://192.168.1.5:8080", "ws://192.168.1.5:8080"),
            ("http://[fd00::5]:8080", "ws://[fd00::5]:8080"),
        ];
        for (server, socket) in table {
            let (origin, read) = FileData::parse(&json(server)).unwrap();
            assert_eq!((origin.as_str(), read), (server, link()));
            assert_eq!(origin.web_socket(), socket);
            let open = server.starts_with("http://192") || server.starts_with("http://[fd");
            assert_eq!(origin.shows_who_meets(), open, "{server}");
        }
    }

    #[test]
    fn other_servers_are_refused() {
        for server in [
            "",
            "https://",
            "help.example.org",
            "http://help.example.org",
            "http://25.64.0.1:8080",
            "http://server.local:8080",
            "http://[fe80::1]",
            "http://[::ffff:192.168.1.5]",
            "http://LOCALHOST",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "https://Help.example.org",
            "https://help..example.org",
            "https://help.example.org/",
            "https://help.example.org/path",
            "https://help.example.org?x",
            "https://help.example.org#x",
            "https://me@help.example.org",
            "https://help.example.org:",
            "https://help.example.org:0",
            "https://help.example.org:+1",
            "https://help.example.org:0443",
            "https://help.example.org:99999",
            "https://a:1:2",
            "https://[::1",
            "https://[::1]x",
            "https://[::1]:1]",
            "https://a; script-src *",
            "wss://help.example.org",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                FileData::parse(&json(server)),
                Err(FileError::Malformed),
                "{server}"
            );
        }
    }

    #[test]
    fn damaged_and_newer_files_are_told_apart() {
        let good = json("https://help.example.org");
        assert!(FileData::parse(&format!("\n{good}\n")).is_ok());
        for (bad, why) in [
            (
                good.replace("\"version\":1", "\"version\":2"),
                FileError::Newer,
            ),
            (
                r#"{"version":300,"anything":[]}"#.to_owned(),
                FileError::Newer,
            ),
            (good.replace("\"1.", "\"2."), FileError::Newer),
            (
                good.replace("\"version\":1", "\"version\":0"),
                FileError::Malformed,
            ),
            (good.replace('}', ",\"x\":1}"), FileError::Malformed),
            (good.replace("\"1.", "\"1.x"), FileError::Malformed),
            (good[..good.len() - 1].to_owned(), FileError::Malformed),
            (good.clone() + &" ".repeat(2000) + "x", FileError::Malformed),
            (String::new(), FileError::Malformed),
        ] {
            assert_eq!(FileData::parse(&bad), Err(why), "{bad}");
        }
    }
}
