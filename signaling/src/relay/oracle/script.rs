//! Bytes as a script: what happens to a relay, step by step.
//!
//! A step is a byte of who and what, the length of the rest, and the rest. What bytes would never
//! hit upon, a good signature, is no part of it. So nearly every change of a script is a script.

use std::time::Duration;

/// One step.
#[derive(Debug)]
pub struct Step<'a> {
    /// Which client it is about, of four.
    pub client: u8,
    /// And which login, of four.
    pub login: u8,
    /// What happens.
    pub what: What<'a>,
}

/// What happens in a step.
#[derive(Debug)]
pub enum What<'a> {
    /// The client says just this.
    Say(&'a [u8]),
    /// The client says something in good form, signed with the login if that is a request.
    Ask {
        /// A number for what.
        method: u8,
        /// Attributes follow.
        attributes: Attributes<'a>,
        /// Should a socket be wanted, it is not opened at once.
        later: bool,
    },
    /// A peer sends to what was allocated for the client.
    Peer {
        /// A number for whom.
        from: u8,
        /// What.
        data: &'a [u8],
    },
    /// Time passes.
    Pass(Duration),
    /// The login is lent, or lent for longer.
    Lend,
    /// Its session is over, and will be gone then.
    Reclaim(Duration),
    /// The client is gone.
    Gone,
    /// The oldest socket that is still wanted is opened, if one is to be had.
    Open {
        /// One is to be had.
        any: bool,
    },
}

/// See the module.
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// Any bytes are one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let (head, body) = cut(&mut self.rest)?;
        let flag = head >> 7 == 1;
        let first = body.first().copied().unwrap_or(0);
        let behind = body.get(1..).unwrap_or(&[]);
        let what = match (head >> 4) & 7 {
            0 => What::Say(body),
            1 => What::Ask {
                method: first,
                attributes: Attributes { rest: behind },
                later: flag,
            },
            2 => What::Peer {
                from: first,
                data: behind,
            },
            3 => {
                let low = behind.first().copied().unwrap_or(0);
                What::Pass(Duration::from_secs(u16::from_be_bytes([first, low]).into()))
            }
            4 => What::Lend,
            5 => What::Reclaim(Duration::from_secs(first.into())),
            6 => What::Gone,
            _ => What::Open { any: !flag },
        };
        Some(Step {
            client: head & 3,
            login: (head >> 2) & 3,
            what,
        })
    }
}

/// Kinds by a number, and values.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        cut(&mut self.rest)
    }
}

/// A byte, the length of what belongs to it, and as much of that as there is.
fn cut<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [head, len, behind @ ..] = *rest else {
        return None;
    };
    let (body, behind) = behind.split_at(usize::from(*len).min(behind.len()));
    *rest = behind;
    Some((*head, body))
}
