//! The other end of a finished handshake, and the way to a page through the server.

use deskhand_protocol::{
    envelope::{Sealed, SealedToAgent, SealedToPage, ToPage},
    handshake::{
        Established, Words,
        resume::ResumeKey,
        seal::{Channel, SealError},
    },
    id::{Fingerprint, JoinId},
    signal::{FromNovice as ToServer, Payload},
    text::Name,
    wire,
};

use crate::io::Output;

/// The most candidates that count: a computer has a handful of addresses, and each candidate is
/// somebody whom our connectivity checks go to.
const MAX_CANDIDATES: u8 = 32;

/// Somebody who knew the password.
#[derive(Debug)]
pub struct Partner {
    /// Their name at the server.
    pub join: JoinId,
    /// What both should see.
    pub words: Words,
    /// The only certificate that their connection may show.
    pub certificate: Fingerprint,
    /// Claimed, never verified; empty until they say.
    pub name: Name,
    /// What their page may come back with, once the novice has approved.
    pub resume: ResumeKey,
    channel: Channel,
    candidates: u8,
}

impl Partner {
    /// The other end of a handshake that came to its end.
    pub fn new(join: JoinId, established: Established) -> Self {
        let Established {
            channel,
            words,
            peer,
            resume,
        } = established;
        Self {
            join,
            words,
            certificate: peer,
            name: Name::default(),
            resume,
            channel,
            candidates: 0,
        }
    }

    /// Whether one more candidate counts.
    pub fn admits_candidate(&mut self) -> bool {
        let admitted = self.candidates < MAX_CANDIDATES;
        self.candidates += u8::from(admitted);
        admitted
    }

    /// Says something that nobody between can read.
    pub fn seal(&mut self, message: &SealedToPage) -> Output {
        relay(self.join, &ToPage::Sealed(self.channel.seal(message)))
    }

    /// Reads what they sealed.
    ///
    /// # Errors
    /// [`SealError`] if it is not theirs, or not new.
    pub fn open(&mut self, sealed: &Sealed) -> Result<SealedToAgent, SealError> {
        self.channel.open(sealed)
    }
}

/// Something for a page, through the server.
pub fn relay(join: JoinId, message: &ToPage) -> Output {
    // Every message of ours is far below the limit; the largest is an offer of 16 KiB.
    let payload = Payload::new(wire::encode(message)).unwrap_or_default();
    Output::Server(ToServer::Relay { join, payload })
}

/// Parts from a page: the server closes its socket.
pub fn dismiss(join: JoinId, out: &mut Vec<Output>) {
    out.push(Output::Server(ToServer::Dismiss { join }));
}
