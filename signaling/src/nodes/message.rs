//! What nodes say to one another: JSON text, over channels that only they listen to.
//!
//! This is between servers of one operator, and no part of the protocol with agents and pages.
//! Whoever can write into those channels can do what a server can do: drop and misdirect what it
//! relays, and read none of it.

use std::{fmt, str::FromStr};

use deskhand_protocol::{
    id::{JoinId, Route},
    signal::{MAX_SIGNAL, Payload, Refusal},
};
use serde::{Deserialize, Serialize, de};

/// Of these messages. Nodes of another version are not understood and not listened to.
pub const VERSION: u8 = 1;
/// The longest message in bytes: the longest of a socket, and what is put around it.
const MAX_LEN: usize = MAX_SIGNAL + 1024;

/// Names a node, for as long as it is in touch with the others without a break. After a break it
/// is somebody else to them: what was on its way meanwhile is lost, so nothing of what they had
/// begun together goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Drawn at random when the server starts.
    pub process: u64,
    /// Counts how often it got in touch.
    pub life: u32,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{}", self.process, self.life)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

/// Text that is no message of one node to another, or names no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message of another node of this version")]
pub struct BadMessage;

impl FromStr for NodeId {
    type Err = BadMessage;

    fn from_str(text: &str) -> Result<Self, BadMessage> {
        let (process, life) = text.split_once('.').ok_or(BadMessage)?;
        let id = Self {
            process: u64::from_str_radix(process, 16).map_err(|_| BadMessage)?,
            life: life.parse().map_err(|_| BadMessage)?,
        };
        // One name, one spelling.
        (id.to_string() == text).then_some(id).ok_or(BadMessage)
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Numbers the claims of one process; rises, and is never used again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ClaimId(pub u64);

/// From one node to another. A join is always called what the expert's node calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToNode {
    /// An expert here asks for the owner of a route there.
    Join {
        /// The name for what follows.
        join: JoinId,
        /// Which invitation.
        route: Route,
        /// They were told its number.
        spoken: bool,
        /// Their page comes out of a file.
        file: bool,
    },
    /// The owner was told.
    Joined {
        /// Of whom.
        join: JoinId,
    },
    /// The owner was not told, and will not be.
    Refused {
        /// Of whom.
        join: JoinId,
        /// Why.
        reason: Refusal,
    },
    /// For the novice there.
    FromExpert {
        /// From whom.
        join: JoinId,
        /// What.
        payload: Payload,
    },
    /// For the expert there.
    FromNovice {
        /// To whom.
        join: JoinId,
        /// What.
        payload: Payload,
    },
    /// The novice approved.
    Approved {
        /// Which expert.
        join: JoinId,
    },
    /// The novice parted from the expert there, or is gone.
    Left {
        /// Which expert.
        join: JoinId,
        /// The novice has ended it.
        over: bool,
    },
    /// The expert is gone.
    Gone {
        /// Which.
        join: JoinId,
    },
    /// A route that the other node held is held here now.
    Taken {
        /// Which route.
        route: Route,
        /// By which claim the other one held it.
        claim: ClaimId,
    },
    /// To everybody: somebody asked for a number that nobody has.
    Guessed {}, // a unit would be read with any fields at all
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<Body> {
    v: u8,
    from: NodeId,
    say: Body,
}

/// A message as text.
pub fn encode(from: NodeId, message: &ToNode) -> String {
    // Our own plain types always serialise.
    serde_json::to_string(&Envelope {
        v: VERSION,
        from,
        say: message,
    })
    .unwrap_or_default()
}

/// [`ToNode::Taken`] as text, before and after the number of the claim: only Redis knows that.
pub(crate) fn encode_taken(from: NodeId, route: Route) -> (String, &'static str) {
    let claim = ClaimId(0);
    let mut text = encode(from, &ToNode::Taken { route, claim });
    let after = "}}";
    text.truncate(text.len().saturating_sub(after.len() + 1));
    (text, after)
}

/// Reads a message, and who sent it.
///
/// # Errors
/// [`BadMessage`] if it is too long, malformed, or of another version.
pub fn decode(text: &[u8]) -> Result<(NodeId, ToNode), BadMessage> {
    if text.len() > MAX_LEN {
        return Err(BadMessage);
    }
    let envelope: Envelope<ToNode> = serde_json::from_slice(text).map_err(|_| BadMessage)?;
    (envelope.v == VERSION)
        .then_some((envelope.from, envelope.say))
        .ok_or(BadMessage)
}

/// What must hold for any bytes at all: what is read can be written and read again. True: the
/// bytes were understood. See [`crate::oracle`].
///
/// # Panics
/// If it does not hold.
pub fn oracle(bytes: &[u8]) -> bool {
    let Ok((from, message)) = decode(bytes) else {
        return false;
    };
    let text = encode(from, &message);
    assert_eq!(decode(text.as_bytes()), Ok((from, message)));
    true
}

#[cfg(test)]
#[allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests {
    use deskhand_protocol::signal::MAX_PAYLOAD;
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    const FROM: NodeId = NodeId {
        process: 0xab,
        life: 3,
    };

    fn all() -> Vec<ToNode> {
        let join = JoinId(7);
        let route = Route::from_bytes([1; 32]);
        let payload = Payload::new(vec![1, 2, 3]).unwrap();
        let reason = Refusal::TooMany;
        let claim = ClaimId(9);
        let (spoken, file, over) = (true, false, true);
        vec![
            ToNode::Join {
                join,
                route,
                spoken,
                file,
            },
            ToNode::Joined { join },
            ToNode::Refused { join, reason },
            ToNode::FromExpert {
                join,
                payload: payload.clone(),
            },
            ToNode::FromNovice { join, payload },
            ToNode::Approved { join },
            ToNode::Left { join, over },
            ToNode::Gone { join },
            ToNode::Taken { route, claim },
            ToNode::Guessed {},
        ]
    }

    #[test]
    fn the_json_is_as_documented() {
        let shown: Vec<_> = all().iter().map(|one| encode(FROM, one)).collect();
        expect![[r#"
            {"v":1,"from":"00000000000000ab.3","say":{"type":"join","join":7,"route":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","spoken":true,"file":false}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"joined","join":7}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"refused","join":7,"reason":"too_many"}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"from_expert","join":7,"payload":"AQID"}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"from_novice","join":7,"payload":"AQID"}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"approved","join":7}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"left","join":7,"over":true}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"gone","join":7}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"taken","route":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE","claim":9}}
            {"v":1,"from":"00000000000000ab.3","say":{"type":"guessed"}}"#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn what_is_written_is_read() {
        for message in all() {
            let text = encode(FROM, &message);
            assert_eq!(decode(text.as_bytes()), Ok((FROM, message)));
            assert!(oracle(text.as_bytes()));
        }
        let longest = ToNode::FromExpert {
            join: JoinId(u64::MAX),
            payload: Payload::new(vec![0; MAX_PAYLOAD]).unwrap(),
        };
        let text = encode(FROM, &longest);
        assert_eq!(decode(text.as_bytes()), Ok((FROM, longest)));
    }

    #[test]
    fn a_claim_that_only_redis_knows_is_put_in_there() {
        let (route, claim) = (Route::from_bytes([1; 32]), ClaimId(129));
        let (before, after) = encode_taken(FROM, route);
        let text = format!("{before}{}{after}", claim.0);
        let taken = ToNode::Taken { route, claim };
        assert_eq!(decode(text.as_bytes()), Ok((FROM, taken)));
    }

    #[test]
    fn anything_else_is_refused() {
        let good = encode(FROM, &ToNode::Guessed {});
        let long = format!("{}{good}", " ".repeat(MAX_LEN));
        for bad in [
            "",
            "{}",
            long.as_str(),
            &good.replace("\"v\":1", "\"v\":2"),
            &good.replace("\"v\":1", "\"v\":1,\"more\":1"),
            &good.replace("guessed\"", "guessed\",\"more\":1"),
            &good.replace("guessed", "unheard_of"),
            &good.replace("ab.3", "ab"),
            &good.replace("00000000000000ab.3", "ab.3"),
            &good.replace("ab.3", "ab.+3"),
            &good[..good.len() - 1],
        ] {
            assert_eq!(decode(bad.as_bytes()), Err(BadMessage), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_safely(
            which in 0..10_usize,
            changes in proptest::collection::vec((0..200_usize, any::<u8>()), 0..4),
        ) {
            let mut bytes = encode(FROM, &all()[which]).into_bytes();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            oracle(&bytes);
        }
    }
}
