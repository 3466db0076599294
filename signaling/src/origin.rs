//! Web origins: where the page may come from.

use std::{fmt, str::FromStr};

use axum::http::{Uri, uri::Scheme};
use deskhand_protocol::host::Nearness;

/// `https://HOST[:PORT]`, or `http://` on loopback or at an address of a private network, in exactly
/// the form a browser sends
/// ([RFC 6454 §6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    secure: bool,
    /// Host, and port if it is not the scheme's own.
    authority: String,
}

/// Why a URL cannot be the server's public one. Each is a sentence for the administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Not a URL of this kind.
    #[error("It has to be a complete web address, such as https://help.example.org")]
    Malformed,
    /// Plain HTTP on the open Internet, or by a name.
    #[error(
        "It has to start with https://: browsers refuse to show a screen over an open connection. Plain http:// works for localhost, and for an address of your own network, such as http://192.168.1.5:8080"
    )]
    Plain,
    /// More than an origin.
    #[error("It has to be the bare address, without a path: Deskhand needs a host name of its own")]
    Path,
}

impl Origin {
    /// `http://HOST:PORT`, or `https://` if `secure`, for a server on this very computer.
    pub(crate) fn local(host: &str, port: u16, secure: bool) -> Self {
        Self {
            secure,
            authority: authority(host, port, secure),
        }
    }

    /// The name or address in it, without brackets.
    pub fn host(&self) -> &str {
        let host = self.bracketed_host();
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// As it stands in a URL.
    fn bracketed_host(&self) -> &str {
        let port = self.authority.rsplit_once(':');
        // The last colon of an address of IP version 6 may lie inside its brackets.
        let port = port.filter(|(_, port)| !port.ends_with(']'));
        port.map_or(&self.authority, |(host, _)| host)
    }

    /// The port in it, or that of its scheme.
    pub fn port(&self) -> u16 {
        let usual = if self.secure { 443 } else { 80 };
        let named = self.authority.rsplit_once(':');
        named.map_or(usual, |(_, port)| port.parse().unwrap_or(usual))
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether others in the network can see who reaches the server, and when.
    pub fn shows_who_meets(&self) -> bool {
        !self.secure && Nearness::of(self.bracketed_host()) != Nearness::Here
    }

    /// Whether an `Origin` header is this one, to the letter.
    pub(crate) fn is(&self, header: &[u8]) -> bool {
        header == self.to_string().as_bytes()
    }

    /// The same host and port, with the scheme of web sockets.
    pub(crate) fn web_socket(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}", self.authority)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn authority(host: &str, port: u16, secure: bool) -> String {
    match (secure, port) {
        (true, 443) | (false, 80) => host.to_owned(),
        _ => format!("{host}:{port}"),
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url: Uri = text.parse().map_err(|_| OriginError::Malformed)?;
        let secure = match url.scheme() {
            Some(s) if *s == Scheme::HTTPS => true,
            Some(s) if *s == Scheme::HTTP => false,
            _ => return Err(OriginError::Malformed),
        };
        let named = url.authority().ok_or(OriginError::Malformed)?;
        let host = named.host().to_ascii_lowercase();
        let port = match named.port() {
            Some(port) => port
                .as_str()
                .parse()
                .ok()
                .filter(|p| *p != 0)
                .ok_or(OriginError::Malformed)?,
            None if secure => 443,
            None => 80,
        };
        // What is left once host and port are taken away is a user name, or a stray colon.
        let plain = named.as_str().eq_ignore_ascii_case(&host)
            || named
                .as_str()
                .eq_ignore_ascii_case(&format!("{host}:{port}"));
        if !plain || !is_host(&host) {
            return Err(OriginError::Malformed);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || text.contains('#') {
            return Err(OriginError::Path);
        }
        if !secure && Nearness::of(&host) == Nearness::Anywhere {
            return Err(OriginError::Plain);
        }
        Ok(Self {
            secure,
            authority: authority(&host, port, secure),
        })
    }
}

/// A DNS name or an address; it goes into headers, so nothing else may be in it.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_what_a_browser_sends() {
        let table = [
            ("https://help.example.org", "https://help.example.org"),
            ("https://Help.Example.org/", "https://help.example.org"),
            ("https://help.example.org:443", "https://help.example.org"),
            (
                "https://help.example.org:8443",
                "https://help.example.org:8443",
            ),
            ("https://192.0.2.7", "https://192.0.2.7"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://192.168.1.5:8080", "http://192.168.1.5:8080"),
            ("http://[fd00::5]", "http://[fd00::5]"),
        ];
        for (given, origin) in table {
            let read: Origin = given.parse().unwrap();
            assert_eq!(read.to_string(), origin);
            assert!(read.is(origin.as_bytes()));
        }
    }

    #[test]
    fn the_host_is_what_a_certificate_names() {
        let table = [
            ("https://help.example.org:8443", "help.example.org", 8443),
            ("https://192.0.2.7", "192.0.2.7", 443),
            ("https://[2a00::1]", "2a00::1", 443),
            ("http://[::1]:8080", "::1", 8080),
            ("http://[::1]", "::1", 80),
        ];
        for (given, host, port) in table {
            let origin: Origin = given.parse().unwrap();
            assert_eq!((origin.host(), origin.port()), (host, port));
        }
    }

    #[test]
    fn an_open_connection_over_a_network_is_told_apart() {
        for (given, open) in [
            ("https://192.168.1.5", false),
            ("http://localhost:8080", false),
            ("http://[::1]", false),
            ("http://192.168.1.5:8080", true),
            ("http://192.168.1.5", true),
            ("http://[fd00::5]", true),
            ("http://[fd00::5]:8080", true),
        ] {
            assert_eq!(
                given.parse::<Origin>().unwrap().shows_who_meets(),
                open,
                "{given}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        use OriginError::{Malformed, Path, Plain};
        let table = [
            ("", Malformed),
            ("help.example.org", Malformed),
            ("ftp://help.example.org", Malformed),
            ("https://", Malformed),
            ("https://me@help.example.org", Malformed),
            ("https://help.example.org:", Malformed),
            ("https://help.example.org:0", Malformed),
            ("https://help.example.org:99999", Malformed),
            ("https://help.example.org;x", Malformed),
            ("https://help.example.org/deskhand", Path),
            ("https://help.example.org/?x", Path),
            ("https://help.example.org/#x", Path),
            ("http://help.example.org", Plain),
            ("http://25.64.0.1:8080", Plain),
            ("http://server.local:8080", Plain),
            ("http://localhost.example.org", Plain),
        ];
        for (given, why) in table {
            assert_eq!(given.parse::<Origin>(), Err(why), "{given}");
        }
    }
}
