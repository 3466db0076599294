//! Invitations, as their maker sees them.

use std::time::{Duration, SystemTime};

use deskhand_protocol::text::Name;
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::View;

/// Numbers the invitations of this computer, from 1 on; never reused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Serial(pub u32);

impl std::fmt::Display for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How an invitation reaches the helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The novice sends a link in a message.
    Link,
    /// The novice passes on a file that holds the whole console.
    File,
    /// The novice's own mail program sends link and file.
    Mail,
    /// The novice reads a number and a password out on the telephone.
    Spoken,
}

/// What has become of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The helper can come.
    Open,
    /// The helper is here.
    InUse,
    /// It served its purpose.
    Used,
    /// Its time is over.
    Expired,
    /// The novice ended it, or refused too often.
    Revoked,
    /// The password was wrong too often.
    Locked,
}

impl Standing {
    /// Whether anybody can still come through it.
    pub fn is_closed(self) -> bool {
        !matches!(self, Self::Open | Self::InUse)
    }
}

/// An invitation as its maker sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub serial: Serial,
    /// How it is passed on.
    pub channel: Channel,
    /// What has become of it.
    pub standing: Standing,
    /// When it was made.
    pub made: SystemTime,
    /// When it closes, or would have closed.
    pub ends: SystemTime,
    /// Failed attempts in a row.
    pub failed: u8,
    /// The name that the last helper gave, if the novice let one in.
    pub used_by: Option<Name>,
    /// It stays open after a session, until it ends.
    pub keep_open: bool,
    /// Whether the helper can come right now.
    pub reach: Reach,
    /// For any browser; `None` if it is spoken, or closed.
    pub link: Option<String>,
    /// To be read out, in three groups of three digits; `None` if it is not spoken, or closed.
    pub number: Option<String>,
    /// The server's address, where a spoken number is typed in: `https://HOST`.
    pub server: String,
    /// To be told separately.
    pub password: Password,
}

/// Whether somebody with an open invitation finds this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The server knows it.
    Ready,
    /// The server does not know it yet, or is away.
    NotYet,
    /// It was made for another server than the one that is used now.
    Elsewhere,
}

/// What is known of an invitation's password.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// The novice chose to have none.
    None,
    /// To be passed on. Only this program knows it, as long as it runs.
    Known(String),
    /// Made before this program was started, and never kept.
    Forgotten,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation({}, {:?})", self.serial, self.standing)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Every invitation that is made from now on.
#[derive(Debug)]
pub struct Newest {
    view: watch::Receiver<View>,
    known: Option<Serial>,
}

impl Newest {
    /// From now on: what is there already does not count.
    pub fn after(mut view: watch::Receiver<View>) -> Self {
        let known = Self::serial(&view.borrow_and_update());
        Self { view, known }
    }

    /// The next one; `None` once there will be no more.
    pub async fn next(&mut self) -> Option<Invitation> {
        let known = self.known;
        let newer = |view: &View| Self::serial(view) > known;
        let made = self.view.wait_for(newer).await.ok()?;
        let made = made.invitations.first().cloned();
        self.known = made.as_ref().map(|one| one.serial);
        made
    }

    fn serial(view: &View) -> Option<Serial> {
        view.invitations.first().map(|one| one.serial)
    }
}

/// A wish for an invitation.
#[derive(Clone)]
pub struct Order {
    /// How it is to be passed on.
    pub channel: Channel,
    /// `None`: anybody who has it may ask. A spoken one always gets one of its own.
    pub password: Option<Zeroizing<String>>,
    /// How long it stays open.
    pub life: Duration,
    /// Stays open after a session.
    pub keep_open: bool,
    /// How many numbers it had before, if it is spoken.
    pub replaced: u8,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Order({:?}, {:?})", self.channel, self.life)
    }
}
