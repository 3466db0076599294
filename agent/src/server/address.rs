//! What a server's address may look like.

use deskhand_protocol::host::Nearness;
use tokio_tungstenite::tungstenite::http::uri::Authority;

/// Why an address is no server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `http://…` or `https://…`.
    #[error("the server's address must start with https:// (for example https://help.example.org)")]
    Scheme,
    /// Plain text to anywhere.
    #[error(
        "an address that starts with http:// works only on this computer, and for an address of your own network, such as http://192.168.1.5:8080; use https://"
    )]
    Plain,
    /// No host, or something after it.
    #[error("the server's address must be a host name, perhaps with a port, and nothing more")]
    Host,
}

/// Where the server is: scheme and authority, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    secure: bool,
    nearness: Nearness,
    authority: String,
}

impl Address {
    /// `https://HOST[:PORT]`, or `http://` for loopback and for an address of the same network.
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
        let nearness = Nearness::of(uri.host());
        if !secure && nearness == Nearness::Anywhere {
            return Err(AddressError::Plain);
        }
        // One server, one spelling: addresses are compared.
        let usual = if secure { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        Ok(Self {
            secure,
            nearness,
            authority: authority.to_ascii_lowercase(),
        })
    }

    /// Whether others in the network can see who meets whom, and when. What the two say and see is
    /// sealed all the same.
    pub fn shows_who_meets(&self) -> bool {
        !self.secure && self.nearness != Nearness::Here
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
            let address = Address::parse(good).unwrap();
            assert_eq!(address.socket(), socket);
            assert!(!address.shows_who_meets(), "{good}");
        }
        for (open, socket) in [
            ("http://192.168.1.5:8080", "ws://192.168.1.5:8080/ws/novice"),
            ("http://10.0.0.1", "ws://10.0.0.1/ws/novice"),
            ("http://169.254.7.7:1", "ws://169.254.7.7:1/ws/novice"),
            ("http://[fd00::5]:8080", "ws://[fd00::5]:8080/ws/novice"),
        ] {
            let address = Address::parse(open).unwrap();
            assert_eq!(address.socket(), socket);
            assert!(address.shows_who_meets(), "{open}");
        }
        for (bad, why) in [
            ("help.example.org", AddressError::Scheme),
            ("ftp://help.example.org", AddressError::Scheme),
            ("http://help.example.org", AddressError::Plain),
            ("http://127.0.0.1.example.org", AddressError::Plain),
            ("http://25.64.0.1:8080", AddressError::Plain),
            ("http://server.local", AddressError::Plain),
            ("http://[::ffff:192.168.1.5]", AddressError::Plain),
            ("https://", AddressError::Host),
            ("https://user@host", AddressError::Host),
            ("https://host/path", AddressError::Host),
        ] {
            assert_eq!(Address::parse(bad), Err(why), "{bad}");
        }
    }
}
