//! What is kept of an invitation, so that it survives a restart.

use std::{fmt, time::SystemTime};

use deskhand_protocol::{signal::OwnerToken, text::Name};
use zeroize::Zeroizing;

use crate::{
    clock::Expiry,
    front::{Channel, Serial, Standing},
};

/// One invitation. Never its password.
#[derive(Clone, PartialEq)]
pub struct Kept {
    /// Which one.
    pub serial: Serial,
    /// How it is passed on.
    pub channel: Channel,
    /// Of the server that introduces its helper: `https://HOST`.
    pub server: String,
    /// When it was made.
    pub made: SystemTime,
    /// When it closes.
    pub expiry: Expiry,
    /// What has become of it; [`Standing::InUse`] is kept as [`Standing::Open`].
    pub standing: Standing,
    /// Attempts that were charged and not cleared.
    pub failed: u8,
    /// How often the novice said no, or nothing, to somebody who came with it.
    pub refusals: u8,
    /// The name that the last helper gave, if the novice let one in.
    pub used_by: Option<Name>,
    /// It stays open after a session.
    pub keep_open: bool,
    /// A password was set.
    pub has_password: bool,
    /// What lets somebody in; `None` as soon as it is closed.
    pub secrets: Option<Secrets>,
    /// Proves to the server whose it is.
    pub token: Option<OwnerToken>,
}

/// What lets somebody in. Whoever has it could search for the password.
#[derive(Clone, PartialEq)]
pub struct Secrets {
    /// [`Record::to_bytes`](deskhand_protocol::handshake::novice::Record::to_bytes).
    pub record: Zeroizing<Vec<u8>>,
    /// The secret of the link, so that the link can be shown again; empty for a spoken one.
    pub link: Zeroizing<Vec<u8>>,
    /// The spoken number, if it is spoken.
    pub number: Option<u32>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({}, {:?})", self.serial, self.standing)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}
