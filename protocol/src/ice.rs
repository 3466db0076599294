//! Servers that help two ends to reach each other: what the signalling server lends them for one
//! session, and how TURN travels over a stream.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use serde::{Deserialize, Serialize, de::Error as _};

/// The port of STUN and TURN ([RFC 8656 §4](https://www.rfc-editor.org/rfc/rfc8656#section-4)).
pub const PORT: u16 = 3478;
/// The same over TLS.
pub const TLS_PORT: u16 = 5349;
/// More are not looked at: each is somebody whom an end talks to.
pub const MAX_SERVERS: usize = 8;
/// The longest [`IceUrl`], in bytes.
const MAX_URL: usize = 300;

/// One server, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// Where it is.
    pub url: IceUrl,
    /// As whom; empty where nothing needs to be opened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// The password that belongs to it.
    #[serde(default, skip_serializing_if = "Credential::is_empty")]
    pub credential: Credential,
}

/// A password of a relay's. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(pub String);

impl Credential {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Tells who asks how their address looks from outside.
    Stun,
    /// Relays too.
    Turn,
    /// Relays, and is spoken to over TLS.
    Turns,
}

/// How a server is spoken to. What it relays is always UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In datagrams.
    Udp,
    /// Over a stream.
    Tcp,
}

/// `stun:HOST[:PORT]` ([RFC 7064](https://www.rfc-editor.org/rfc/rfc7064)) or
/// `turn:HOST[:PORT][?transport=udp|tcp]` ([RFC 7065](https://www.rfc-editor.org/rfc/rfc7065)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceUrl {
    /// What it does.
    pub scheme: Scheme,
    /// A name, or an address without brackets.
    pub host: String,
    /// At which port.
    pub port: u16,
    /// Over what.
    pub transport: Transport,
}

/// Text that is no address of a STUN or TURN server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a relay; it looks like turn:turn.example.org:3478?transport=udp")]
pub struct BadIceUrl;

impl IceUrl {
    /// The host as it stands before a port: an address of IP version 6 in brackets.
    pub fn authority(&self) -> String {
        match self.host.parse::<Ipv6Addr>() {
            Ok(v6) => format!("[{v6}]:{}", self.port),
            Err(_) => format!("{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for IceUrl {
    type Err = BadIceUrl;

    fn from_str(text: &str) -> Result<Self, BadIceUrl> {
        if text.len() > MAX_URL {
            return Err(BadIceUrl);
        }
        let (scheme, rest) = text.split_once(':').ok_or(BadIceUrl)?;
        let scheme = match scheme {
            "stun" => Scheme::Stun,
            "turn" => Scheme::Turn,
            "turns" => Scheme::Turns,
            _ => return Err(BadIceUrl),
        };
        let (rest, transport) = match rest.split_once('?') {
            None if scheme == Scheme::Turns => (rest, Transport::Tcp),
            None => (rest, Transport::Udp),
            Some((rest, "transport=udp")) if scheme == Scheme::Turn => (rest, Transport::Udp),
            Some((rest, "transport=tcp")) if scheme != Scheme::Stun => (rest, Transport::Tcp),
            Some(_) => return Err(BadIceUrl),
        };
        let (host, port) = if let Some(rest) = rest.strip_prefix('[') {
            let (host, port) = rest.split_once(']').ok_or(BadIceUrl)?;
            host.parse::<Ipv6Addr>().map_err(|_| BadIceUrl)?;
            (
                host,
                port.strip_prefix(':').or(port.is_empty().then_some("")),
            )
        } else {
            match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, Some("")),
            }
        };
        let port = match port.ok_or(BadIceUrl)? {
            "" if scheme == Scheme::Turns => TLS_PORT,
            "" => PORT,
            digits => digits.parse().map_err(|_| BadIceUrl)?,
        };
        let in_brackets = rest.starts_with('[');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || port == 0 || !(in_brackets || host.chars().all(plain)) {
            return Err(BadIceUrl);
        }
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port,
            transport,
        })
    }
}

impl fmt::Display for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.authority();
        match (self.scheme, self.transport) {
            (Scheme::Stun, _) => write!(f, "stun:{authority}"),
            (Scheme::Turn, Transport::Udp) => write!(f, "turn:{authority}?transport=udp"),
            (Scheme::Turn, Transport::Tcp) => write!(f, "turn:{authority}?transport=tcp"),
            (Scheme::Turns, _) => write!(f, "turns:{authority}?transport=tcp"),
        }
    }
}

impl Serialize for IceUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IceUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// How long a message is in a stream of TURN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framed {
    /// The message.
    pub len: usize,
    /// With the padding that follows it in a stream.
    pub padded: usize,
}

/// How long the message is that begins so, if one can begin so: STUN, or channel data, which a
/// stream pads to a multiple of four bytes
/// ([RFC 8656 §12.5](https://www.rfc-editor.org/rfc/rfc8656#section-12.5)).
pub fn framed(head: [u8; 4]) -> Option<Framed> {
    let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
    match head[0] >> 6 {
        0 if len.is_multiple_of(4) => Some(Framed {
            len: 20 + len,
            padded: 20 + len,
        }),
        1 => Some(Framed {
            len: 4 + len,
            padded: 4 + len.next_multiple_of(4),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_relays_are_read_and_written() {
        for (text, written) in [
            ("stun:example.org", "stun:example.org:3478"),
            ("turn:Example.org", "turn:example.org:3478?transport=udp"),
            (
                "turn:25.64.0.1:99?transport=tcp",
                "turn:25.64.0.1:99?transport=tcp",
            ),
            (
                "turn:[2a00::1]?transport=udp",
                "turn:[2a00::1]:3478?transport=udp",
            ),
            ("turns:example.org", "turns:example.org:5349?transport=tcp"),
            ("turns:[::1]:443", "turns:[::1]:443?transport=tcp"),
        ] {
            let url: IceUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), written);
            assert_eq!(written.parse(), Ok(url));
        }
        for bad in [
            "",
            "example.org",
            "http:example.org",
            "turn:",
            "turn://example.org",
            "turn:a@example.org",
            "turn:example.org:0",
            "turn:example.org:65536",
            "turn:2a00::1",
            "turn:[2a00::1",
            "turn:[2a00::1]x",
            "turn:[example.org]",
            "stun:example.org?transport=udp",
            "turns:example.org?transport=udp",
            "turn:example.org?transport=sctp",
            "turn:exa mple.org",
        ] {
            assert_eq!(bad.parse::<IceUrl>(), Err(BadIceUrl), "{bad}");
        }
    }

    #[test]
    fn a_credential_is_never_printed() {
        let server = IceServer {
            url: "turn:example.org".parse().unwrap(),
            username: "u".into(),
            credential: Credential("hush".into()),
        };
        assert!(!format!("{server:?}").contains("hush"));
    }

    #[test]
    fn messages_in_a_stream_tell_their_length() {
        let known = |len, padded| Some(Framed { len, padded });
        assert_eq!(framed([0, 1, 0, 8]), known(28, 28));
        assert_eq!(framed([0x40, 0, 0, 0]), known(4, 4));
        assert_eq!(framed([0x40, 0, 0, 5]), known(9, 12));
        assert_eq!(framed([0x7f, 0xff, 0xff, 0xff]), known(65_539, 65_540));
        assert_eq!(framed([0, 1, 0, 7]), None);
        assert_eq!(framed([0x80, 0, 0, 0]), None);
        assert_eq!(framed([0x16, 3, 1, 0]), known(276, 276)); // TLS: the cookie is missing later
    }
}
