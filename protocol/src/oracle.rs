//! What must hold for any bytes at all. Each function here is one fuzz target
//! (`cargo xtask fuzz`); `cargo test` calls it with the corpus that is kept in `fuzz/corpus`
//! (`tests/tests/oracles.rs`).
//!
//! Each tells whether the bytes were understood, so that the tests notice when a corpus has
//! become nonsense. Binary messages are given without their version byte: what was found goes on
//! counting when the version rises.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    VERSION, control, envelope,
    id::Fingerprint,
    input::{
        self,
        redundancy::{Redundant, Taken},
    },
    invitation::{FileData, Link, Number},
    picture::{Answer, Feedback},
    signal,
    spoken::normal_spoken,
    wire,
};
pub use crate::{
    handshake::oracle::handshake,
    picture::oracle::{pieces, tile, update},
};

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod tests;

/// One thing that must hold, and what its fuzz target is called.
#[derive(Debug, Clone, Copy)]
pub struct Oracle {
    /// The name of the target and of its corpus.
    pub name: &'static str,
    /// Panics if it does not hold. True: the bytes were understood.
    pub check: fn(&[u8]) -> bool,
}

/// All of them.
pub const ALL: &[Oracle] = &[
    Oracle {
        name: "envelope",
        check: envelope,
    },
    Oracle {
        name: "control",
        check: control,
    },
    Oracle {
        name: "input",
        check: input,
    },
    Oracle {
        name: "redundant",
        check: redundant,
    },
    Oracle {
        name: "pointer",
        check: pointer,
    },
    Oracle {
        name: "cursor",
        check: cursor,
    },
    Oracle {
        name: "feedback",
        check: feedback,
    },
    Oracle {
        name: "update",
        check: update,
    },
    Oracle {
        name: "tile",
        check: tile,
    },
    Oracle {
        name: "pieces",
        check: pieces,
    },
    Oracle {
        name: "signal",
        check: signal,
    },
    Oracle {
        name: "link",
        check: link,
    },
    Oracle {
        name: "file",
        check: file,
    },
    Oracle {
        name: "spoken",
        check: spoken,
    },
    Oracle {
        name: "sdp",
        check: sdp,
    },
    Oracle {
        name: "handshake",
        check: handshake,
    },
];

/// A message as it travels.
pub(crate) fn versioned(body: &[u8]) -> Vec<u8> {
    [&[VERSION], body].concat()
}

/// What was understood can be said again, in no more bytes, and means the same.
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(body: &[u8]) -> bool {
    let bytes = versioned(body);
    let Ok(message) = wire::decode::<T>(&bytes) else {
        return false;
    };
    let again = wire::encode(&message);
    assert!(again.len() <= bytes.len());
    assert_eq!(wire::decode::<T>(&again).as_ref(), Ok(&message));
    true
}

fn signal_round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    text: &str,
) -> bool {
    let Ok(message) = signal::decode::<T>(text) else {
        return false;
    };
    assert_eq!(
        signal::decode::<T>(&signal::encode(&message)).as_ref(),
        Ok(&message)
    );
    true
}

/// What comes through the server from the other end, and what is sealed in it.
pub fn envelope(body: &[u8]) -> bool {
    round_trips::<envelope::ToAgent>(body)
        | round_trips::<envelope::ToPage>(body)
        | round_trips::<envelope::SealedToAgent>(body)
        | round_trips::<envelope::SealedToPage>(body)
}

/// Channel `control`, both ways.
pub fn control(body: &[u8]) -> bool {
    round_trips::<control::FromExpert>(body) | round_trips::<control::FromNovice>(body)
}

/// Channel `input`.
pub fn input(body: &[u8]) -> bool {
    round_trips::<input::InputEvent>(body)
}

/// Channel `redundant`.
pub fn redundant(body: &[u8]) -> bool {
    if let Ok(message) = wire::decode::<Redundant>(&versioned(body)) {
        let said = message.events.len().min(Redundant::MOST);
        assert!(Taken::default().redundant(message).len() <= said);
    }
    round_trips::<Redundant>(body)
}

/// Channel `pointer`.
pub fn pointer(body: &[u8]) -> bool {
    round_trips::<input::Motion>(body)
}

/// Channel `cursor`.
pub fn cursor(body: &[u8]) -> bool {
    round_trips::<input::CursorMoved>(body)
}

/// Channel `feedback`, both ways.
pub fn feedback(body: &[u8]) -> bool {
    if let Ok(Feedback::Arrived(arrivals)) = wire::decode(&versioned(body)) {
        arrivals.told();
    }
    round_trips::<Feedback>(body) | round_trips::<Answer>(body)
}

/// Socket messages of all four kinds.
pub fn signal(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    signal_round_trips::<signal::FromNovice>(text)
        | signal_round_trips::<signal::ToNovice>(text)
        | signal_round_trips::<signal::FromExpert>(text)
        | signal_round_trips::<signal::ToExpert>(text)
}

/// The fragment of a link.
pub fn link(bytes: &[u8]) -> bool {
    let Some(link) = text(bytes).and_then(|text| Link::parse(text).ok()) else {
        return false;
    };
    assert_eq!(Link::parse(&link.to_fragment()), Ok(link));
    true
}

/// The invitation inside a file.
pub fn file(bytes: &[u8]) -> bool {
    let Some((server, link)) = text(bytes).and_then(|text| FileData::parse(text).ok()) else {
        return false;
    };
    let again = FileData::new(&server, &link).to_json();
    // It stands in HTML as it is.
    assert!(!again.contains(['<', '&']));
    assert_eq!(FileData::parse(&again), Ok((server, link)));
    true
}

/// What an expert types: a spoken number, a spoken password.
pub fn spoken(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let number = Number::parse(text);
    if let Ok(number) = number {
        assert_eq!(Number::parse(&number.to_string()), Ok(number));
    }
    let normal = normal_spoken(text);
    assert_eq!(normal_spoken(&normal), normal);
    number.is_ok() || !normal.is_empty()
}

/// A description of a session: whether all fingerprints in it are the bound one.
pub fn sdp(bytes: &[u8]) -> bool {
    const BOUND: Fingerprint = Fingerprint([0x5a; 32]);
    const OTHER: Fingerprint = Fingerprint([0x5b; 32]);
    let Some(text) = text(bytes) else {
        return false;
    };
    let fits = BOUND.matches_sdp(text);
    if fits {
        assert!(!OTHER.matches_sdp(text));
        let line = format!("a=fingerprint:sha-256 {}", ["5B"; 32].join(":"));
        for mixed in [format!("{line}\n{text}"), format!("{text}\r\n{line}")] {
            assert!(!BOUND.matches_sdp(&mixed) && !OTHER.matches_sdp(&mixed));
        }
    }
    fits
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
