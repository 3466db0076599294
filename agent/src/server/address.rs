//! What a server's address may look like.

use tokio_tungstenite::tungstenite::http::uri::Authority;

/// Why an address is no server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `http://…` or `https://…`.
    #[error("the server's address must start with https:// (for example https://help.example.org)")]
    Scheme,
    /// Plain text over a network.
    #[error("an address that starts with http:// works on this computer only; use https://")]
    Plain,
    /// No host, or something after it.
    #[error("the server's address must be a host name, perhaps with a port, and nothing more")]
    Host,
}

/// Where the server is: scheme and authority, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    secure: bool,
    authority: String,
}

impl Address {
    /// `https://HOST[:PORT]`, or `http://` for loopback.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (secure, rest) = if let Some(rest) = text.trim().strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.trim().strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(AddressError::Scheme);
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let uri: Authority = authority.parse().map_err(|_| AddressError::Host)?;
        if authority.is_empty() || authority.contains('@') || uri.host().is_empty() {
            return Err(AddressError::Host);
        }
        let host = uri.host().trim_matches(['[', ']']);
        let loopback = host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        if !secure && !loopback {
            return Err(AddressError::Plain);
        }
        // One server, one spelling: addresses are compared.
        let usual = if secure { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        Ok(Self {
            secure,
            authority: authority.to_ascii_lowercase(),
        })
    }

    /// As people and links write it.
    pub fn public(&self) -> String {
        format!(
            "http{}://{}",
            if self.secure { "s" } else { "" },
            self.authority
        )
    }

    /// Where the novice's socket is.
    pub(super) fn socket(&self) -> String {
        format!(
            "ws{}://{}/ws/novice",
            if self.secure { "s" } else { "" },
            self.authority
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_and_plain_text_stays_at_home() {
        for (good, socket) in [
            (
                "https://help.example.org",
                "wss://help.example.org/ws/novice",
            ),
            (
                "https://help.example.org:8443/",
                "wss://help.example.org:8443/ws/novice",
            ),
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws/novice"),
            ("http://localhost:1", "ws://localhost:1/ws/novice"),
            ("http://[::1]:8080", "ws://[::1]:8080/ws/novice"),
            (
                "https://Help.Example.org:443",
                "wss://help.example.org/ws/novice",
            ),
            ("http://[::1]:80", "ws://[::1]/ws/novice"),
        ] {
            assert_eq!(Address::parse(good).unwrap().socket(), socket);
        }
        for (bad, why) in [
            ("help.example.org", AddressError::Scheme),
            ("ftp://help.example.org", AddressError::Scheme),
            ("http://help.example.org", AddressError::Plain),
            ("http://127.0.0.1.example.org", AddressError::Plain),
            ("https://", AddressError::Host),
            ("https://user@host", AddressError::Host),
            ("https://host/path", AddressError::Host),
        ] {
            assert_eq!(Address::parse(bad), Err(why), "{bad}");
        }
    }
}
