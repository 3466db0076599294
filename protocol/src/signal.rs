//! What the server reads and writes: JSON text messages on its two sockets.
//!
//! The server introduces two ends and relays opaque [`Payload`]s between them. It decides
//! nothing about the session, and nothing here carries a secret of it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    ice::IceServer,
    id::{JoinId, Route},
    invitation::Number,
};

/// The longest socket message in bytes, either way.
pub const MAX_SIGNAL: usize = 64 * 1024;
/// The most bytes one [`Payload`] carries.
pub const MAX_PAYLOAD: usize = 40 * 1024;
/// The longest life of a registration, in seconds; an agent that waits longer registers again.
pub const MAX_TTL_SECS: u32 = 31 * 24 * 3600;
/// How long a reserved spoken number waits to be registered, in seconds.
pub const RESERVED_SECS: u32 = 60;

/// Novice's agent to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromNovice {
    /// The first message on the socket.
    Hello {
        /// [`crate::VERSION`] of the sender.
        version: u8,
    },
    /// Makes an invitation reachable, or extends it.
    Register {
        /// What the server shall know it as.
        route: Route,
        /// How much longer it shall be reachable, in seconds; at most [`MAX_TTL_SECS`].
        ttl_secs: u32,
        /// The owner token of an earlier registration of the same route, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<OwnerToken>,
        /// Whether pages from an invitation file may join. They have no origin of their own,
        /// so they are let in only where they are expected.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        file: bool,
        /// The spoken number that `route` comes from. Such a registration is joined by number
        /// only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Number>,
    },
    /// Asks for a spoken number that nobody has.
    Reserve,
    /// Ends a registration of this socket's.
    Unregister {
        /// Which one.
        route: Route,
    },
    /// For the expert behind `join`.
    Relay {
        /// To whom.
        join: JoinId,
        /// What.
        payload: Payload,
    },
    /// The novice approved: both are to be lent what helps them to reach each other, and are told
    /// by `IceServers`. Said again, it is lent for longer.
    Approved {
        /// Which expert.
        join: JoinId,
    },
    /// Parts from an expert; the server closes that expert's socket.
    Dismiss {
        /// Which expert.
        join: JoinId,
    },
}

/// Server to novice's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToNovice {
    /// A registration stands.
    Registered {
        /// Which one.
        route: Route,
        /// Proof of ownership, to be shown when registering again.
        token: OwnerToken,
    },
    /// This number is the socket's to register, for [`RESERVED_SECS`].
    Reserved {
        /// Which.
        number: Number,
    },
    /// A registration was refused or has ended.
    Unregistered {
        /// Which one.
        route: Route,
        /// Why.
        reason: Refusal,
    },
    /// An expert pressed Connect.
    Joined {
        /// The name for what follows.
        join: JoinId,
        /// At which invitation.
        route: Route,
    },
    /// From the expert behind `join`.
    Relay {
        /// From whom.
        join: JoinId,
        /// What.
        payload: Payload,
    },
    /// That expert's socket is gone.
    Left {
        /// Whose.
        join: JoinId,
    },
    /// The answer to `Approved`, even if there is nothing to lend.
    IceServers {
        /// For which session.
        join: JoinId,
        /// What may be used for it.
        servers: Vec<IceServer>,
    },
    /// The server closes this socket.
    Closing {
        /// Why.
        reason: Refusal,
    },
}

/// Expert's page to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromExpert {
    /// The first message on the socket.
    Hello {
        /// [`crate::VERSION`] of the sender.
        version: u8,
    },
    /// Asks for the novice behind an invitation; once per socket.
    Join {
        /// Which invitation.
        route: Route,
    },
    /// Asks for the novice behind a spoken number; once per socket, instead of `Join`.
    JoinNumber {
        /// As the novice said it.
        number: Number,
    },
    /// For the novice.
    Relay {
        /// What.
        payload: Payload,
    },
    /// Asks for what a page needs to try its network out, whether or not it joins anybody. `Trial`
    /// answers.
    Try,
}

/// Server to expert's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToExpert {
    /// The novice's computer was told.
    Joined,
    /// From the novice.
    Relay {
        /// What.
        payload: Payload,
    },
    /// The novice's computer parted, or lost its connection to the server.
    Left,
    /// The novice approved; what they offer next may be reached through these.
    IceServers {
        /// What may be used for this session.
        servers: Vec<IceServer>,
    },
    /// The answer to `Try`.
    Trial {
        /// What may be tried for the next half minute. A relay among them reaches nothing but itself.
        servers: Vec<IceServer>,
        /// There is a relay for sessions that is not lent for a trial: somebody else's, or many are
        /// trying it.
        withheld: bool,
    },
    /// The server closes this socket.
    Closing {
        /// Why.
        reason: Refusal,
    },
}

/// Why the server says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// No open invitation of that name is here. Also said when its owner is away: the two
    /// must look alike.
    Unavailable,
    /// The registration reached its end.
    Expired,
    /// The route belongs to somebody else, or the token does not fit.
    NotOwner,
    /// The two programs are of different versions.
    Version,
    /// A message that is malformed, too long, or not allowed at this point.
    Protocol,
    /// Too much at once.
    TooMany,
    /// The reader is too slow.
    Slow,
    /// Another socket of the same owner took over.
    Replaced,
    /// The server is going down; come back in a moment.
    Restarting,
}

/// Opaque bytes for the other end; base64url on the wire.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payload(Vec<u8>);

impl Payload {
    /// Takes bytes, if they are few enough.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= MAX_PAYLOAD).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

impl Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(text.as_ref())
            .map_err(serde::de::Error::custom)?;
        Self::new(bytes).ok_or_else(|| serde::de::Error::custom("payload is too long"))
    }
}

/// A registration's proof of ownership: a JSON Web Token of the server's, opaque to the agent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerToken(pub String);

impl fmt::Debug for OwnerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerToken(..)")
    }
}

/// Text that is not a message of the expected direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message of this protocol")]
pub struct BadSignal;

/// A socket message as JSON text.
pub fn encode<T: Serialize>(message: &T) -> String {
    // Our own plain types always serialise.
    serde_json::to_string(message).unwrap_or_default()
}

/// Reads a socket message.
///
/// # Errors
/// [`BadSignal`] if it is too long, malformed, of another direction, or out of bounds.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, BadSignal> {
    if text.len() > MAX_SIGNAL {
        return Err(BadSignal);
    }
    serde_json::from_str(text).map_err(|_| BadSignal)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::ice::Credential;

    #[test]
    fn the_json_is_as_documented() {
        let route = Route::from_bytes([1; 32]);
        let join = JoinId(7);
        let number = Number::new(123_456_789).unwrap();
        let payload = Payload::new(vec![1, 2, 3]).unwrap();
        let shown = [
            encode(&FromNovice::Hello { version: 2 }),
            encode(&FromNovice::Register {
                route,
                ttl_secs: 3600,
                token: None,
                file: false,
                number: None,
            }),
            encode(&FromNovice::Register {
                route: number.route(),
                ttl_secs: 60,
                token: Some(OwnerToken("t".into())),
                file: true,
                number: Some(number),
            }),
            encode(&FromNovice::Reserve),
            encode(&FromNovice::Relay {
                join,
                payload: payload.clone(),
            }),
            encode(&ToNovice::Joined { join, route }),
            encode(&ToNovice::Reserved { number }),
            encode(&FromExpert::Join { route }),
            encode(&FromExpert::JoinNumber { number }),
            encode(&ToExpert::Relay { payload }),
            encode(&ToNovice::IceServers {
                join,
                servers: vec![IceServer {
                    url: "turn:example.org?transport=tcp".parse().unwrap(),
                    username: "u".into(),
                    credential: Credential("p".into()),
                }],
            }),
            encode(&ToExpert::IceServers {
                servers: vec![IceServer {
                    url: "stun:example.org".parse().unwrap(),
                    username: String::new(),
                    credential: Credential::default(),
                }],
            }),
            encode(&FromExpert::Try),
            encode(&ToExpert::Trial {
                servers: vec![],
                withheld: true,
            }),
            encode(&ToExpert::Closing {
                reason: Refusal::Unavailable,
            }),
        ]
        .join("\n");
        expect![[r#"
            {"type":"hello","version":2}
            {"type":"register","route":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","ttl_secs":3600}
            {"type":"register","route":"mSV0a81f3LLolbL78apDUyI4zPXvIYIQWvdnjtvc3yU","ttl_secs":60,"token":"t","file":true,"number":123456789}
            {"type":"reserve"}
            {"type":"relay","join":7,"payload":"AQID"}
            {"type":"joined","join":7,"route":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}
            {"type":"reserved","number":123456789}
            {"type":"join","route":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}
            {"type":"join_number","number":123456789}
            {"type":"relay","payload":"AQID"}
            {"type":"ice_servers","join":7,"servers":[{"url":"turn:example.org:3478?transport=tcp","username":"u","credential":"p"}]}
            {"type":"ice_servers","servers":[{"url":"stun:example.org:3478"}]}
            {"type":"try"}
            {"type":"trial","servers":[],"withheld":true}
            {"type":"closing","reason":"unavailable"}"#]]
        .assert_eq(&shown);
    }

    #[test]
    fn payloads_are_bounded_when_read() {
        let long = format!(
            r#"{{"type":"relay","payload":"{}"}}"#,
            "A".repeat(MAX_PAYLOAD * 4 / 3 + 8)
        );
        assert_eq!(decode::<FromExpert>(&long), Err(BadSignal));
    }
}
