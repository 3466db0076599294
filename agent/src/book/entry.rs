//! One invitation.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    handshake::{self, novice::Record},
    id::{LinkSecret, Route},
    invitation::{Link, Number},
    signal::{FromNovice as ToServer, OwnerToken},
    text::Name,
};
use zeroize::Zeroizing;

use super::kept::{Kept, Secrets};
use crate::{
    clock::{Expiry, Now},
    front::{self, Channel, Order, Password, Reach, Serial, Standing},
    invitation::{Key, Made},
    io::Output,
};

/// A helper whose connection broke can come back for so long.
pub const COMING_BACK: Duration = Duration::from_secs(120);
/// After an expert who asked and left, so long until the next may try; twice as long after each
/// further one.
const AFTER_WITHDRAWAL: Duration = Duration::from_secs(10);
/// So many numbers follow one that is locked or taken.
const MAX_REPLACED: u8 = 3;

/// One invitation, open or closed.
#[derive(Debug)]
pub struct Entry {
    kept: Kept,
    /// `None` once it is closed.
    record: Option<Record>,
    password: Password,
    /// No attempt is answered before.
    not_before: Option<Instant>,
    /// The server knows it, in this connection.
    reachable: bool,
    /// The token that is kept proves less than the present one.
    stale_token: bool,
    /// A helper who was here may come back until then, on the boot-time clock.
    returns_until: Option<Duration>,
    /// How often in a row somebody asked and left.
    withdrawn: u8,
    /// How many numbers it had before this one.
    replaced: u8,
    /// Made just now, and never reachable so far.
    fresh: bool,
}

impl Entry {
    pub(super) fn new(
        serial: Serial,
        order: &Order,
        server: &str,
        made: Made,
        expiry: Expiry,
        now: Now,
    ) -> Self {
        let secrets = secrets(&made);
        let Made {
            record, password, ..
        } = made;
        let shown = |password: &Zeroizing<String>| Password::Known(password.as_str().to_owned());
        Self {
            kept: Kept {
                serial,
                channel: order.channel,
                server: server.to_owned(),
                made: now.wall,
                expiry,
                standing: Standing::Open,
                failed: 0,
                refusals: 0,
                used_by: None,
                keep_open: order.keep_open,
                has_password: password.is_some(),
                secrets: Some(secrets),
                token: None,
            },
            record: Some(record),
            password: password.as_ref().map_or(Password::None, shown),
            not_before: None,
            reachable: false,
            stale_token: false,
            returns_until: None,
            withdrawn: 0,
            replaced: order.replaced,
            fresh: true,
        }
    }

    /// One that was kept. Without a record that can be read it is closed, whatever it says. One
    /// that was in use may be used again for a while.
    pub(super) fn from_kept(mut kept: Kept, now: Now) -> Self {
        let record = kept.secrets.as_ref().filter(|_| !kept.standing.is_closed());
        let record = record.and_then(|secrets| Record::from_bytes(&secrets.record).ok());
        if record.is_none() {
            kept.secrets = None;
            if !kept.standing.is_closed() {
                kept.standing = Standing::Revoked;
            }
        }
        let password = if kept.has_password {
            Password::Forgotten
        } else {
            Password::None
        };
        let was_used = kept.used_by.is_some() && !kept.keep_open;
        Self {
            kept,
            record,
            password,
            not_before: None,
            reachable: false,
            stale_token: false,
            returns_until: was_used.then(|| now.boot + COMING_BACK),
            withdrawn: 0,
            replaced: 0,
            fresh: false,
        }
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Which one.
    pub fn serial(&self) -> Serial {
        self.kept.serial
    }

    /// When it closes.
    pub fn expiry(&self) -> Expiry {
        self.kept.expiry
    }

    /// Of its server.
    pub fn server(&self) -> &str {
        &self.kept.server
    }

    /// Whether somebody can come through it.
    pub fn is_open(&self) -> bool {
        self.record.is_some()
    }

    /// What checks the password, while it is open.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// What the server knows it as, while it is open.
    pub fn route(&self) -> Option<Route> {
        Some(self.record.as_ref()?.id().route())
    }

    fn number(&self) -> Option<Number> {
        Number::new(self.kept.secrets.as_ref()?.number?)
    }

    /// The same wish again, under another number; `None` if that was done often enough.
    pub(super) fn order(&self) -> Option<Order> {
        (self.replaced < MAX_REPLACED).then_some(Order {
            channel: self.kept.channel,
            password: None,
            life: Duration::ZERO,
            keep_open: self.kept.keep_open,
            replaced: self.replaced + 1,
        })
    }

    /// How long until something follows from time alone.
    pub(super) fn left(&self, now: Now) -> Duration {
        let returns = self
            .returns_until
            .map(|until| until.saturating_sub(now.boot));
        let left = self.kept.expiry.left(now);
        returns.map_or(left, |returns| returns.min(left))
    }

    /// What it is by time alone, unless it is still open.
    pub(super) fn over(&self, now: Now) -> Option<Standing> {
        if self.kept.expiry.is_over(now) {
            Some(Standing::Expired)
        } else if self.returns_until.is_some_and(|until| until <= now.boot) {
            Some(Standing::Used)
        } else {
            None
        }
    }

    /// The connection of a helper broke: they may come back for a while.
    pub(super) fn expect_back(&mut self, now: Now) {
        if !self.kept.keep_open {
            self.returns_until = Some(now.boot + COMING_BACK);
        }
    }

    /// Has it end no later than `longest` after it was made. True if that is sooner than before.
    pub(super) fn cap(&mut self, longest: Duration, now: Now) -> bool {
        let left = self.kept.expiry.left(now);
        let most = self.longest_left(longest, now);
        if most < left {
            self.kept.expiry = Expiry::after(now, most);
        }
        most < left
    }

    /// How much longer it may stay open.
    pub(super) fn longest_left(&self, longest: Duration, now: Now) -> Duration {
        let age = now.wall.duration_since(self.kept.made).unwrap_or_default();
        longest.saturating_sub(age)
    }

    /// Shows the end that will come: a clock that was set back shows another.
    pub(super) fn set_right(&mut self, now: Now) -> bool {
        let left = self.kept.expiry.left(now);
        let shown = self
            .kept
            .expiry
            .wall()
            .duration_since(now.wall)
            .unwrap_or_default();
        let wrong = shown > left + Duration::from_secs(60);
        if wrong {
            self.kept.expiry = Expiry::at(now.wall + left, self.kept.expiry.boot());
        }
        wrong
    }

    /// Whether the server knows it, in this connection.
    pub fn is_reachable(&self) -> bool {
        self.reachable
    }

    pub(super) fn keeps_open(&self) -> bool {
        self.kept.keep_open
    }

    /// How long the next attempt has to wait.
    pub fn wait(&self, now: Now) -> Duration {
        self.not_before
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now.at))
    }

    pub(super) fn charge(&mut self) {
        self.kept.failed = self.kept.failed.saturating_add(1);
    }

    pub(super) fn clear(&mut self) {
        self.kept.failed = 0;
        self.not_before = None;
    }

    /// Gives how many attempts are left.
    pub(super) fn attempt_failed(&mut self, now: Now) -> u8 {
        self.not_before = Some(now.at + wait_after(self.kept.failed));
        handshake::MAX_ATTEMPTS.saturating_sub(self.kept.failed)
    }

    /// Gives how often that was.
    pub(super) fn refuse(&mut self) -> u8 {
        self.kept.refusals = self.kept.refusals.saturating_add(1);
        self.kept.refusals
    }

    pub(super) fn use_by(&mut self, name: Name) {
        self.kept.used_by = Some(name);
        self.kept.refusals = 0;
        self.returns_until = None;
        self.withdrawn = 0;
    }

    /// Somebody asked and left: the next one has to wait, and longer each time.
    pub(super) fn withdraw(&mut self, now: Now) {
        let wait = AFTER_WITHDRAWAL * (1 << self.withdrawn.min(6));
        self.withdrawn = self.withdrawn.saturating_add(1);
        self.not_before = Some(now.at + wait);
    }

    pub(super) fn close(&mut self, standing: Standing) {
        self.kept.standing = standing;
        self.kept.secrets = None;
        self.kept.token = None;
        self.record = None;
        self.password = Password::None;
    }

    pub(super) fn extend(&mut self, expiry: Expiry) {
        self.kept.expiry = expiry;
        self.stale_token = true;
    }

    /// Whether pages out of files may come through it.
    pub fn is_for_files(&self) -> bool {
        matches!(self.kept.channel, Channel::File | Channel::Mail)
    }

    /// Tells the server of it, if there is anything left to tell.
    pub fn register(&self, now: Now) -> Option<Output> {
        let left = self.kept.expiry.left(now);
        let route = self.route().filter(|_| !left.is_zero())?;
        Some(Output::Server(ToServer::Register {
            route,
            ttl_secs: u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1),
            token: self.kept.token.clone(),
            file: self.is_for_files(),
            number: self.number(),
        }))
    }

    /// The server knows it. Tells whether it did not before, and whether there is something new
    /// to keep.
    pub fn registered(&mut self, token: OwnerToken) -> Registered {
        let first = self.kept.token.is_none();
        let keep = first || self.stale_token;
        if keep {
            self.kept.token = Some(token);
            self.stale_token = false;
        }
        Registered {
            first,
            keep: keep.then(|| Output::Keep(Box::new(self.kept.clone()))),
            announce: !std::mem::replace(&mut self.reachable, true),
            fresh: std::mem::replace(&mut self.fresh, false),
        }
    }

    /// The server is away.
    pub fn lose(&mut self) {
        self.reachable = false;
    }

    pub(super) fn shown(&self) -> front::Invitation {
        let kept = &self.kept;
        let link = self.record.as_ref().zip(kept.secrets.as_ref());
        let link = link.and_then(|(record, secrets)| {
            let secret = secrets.link.as_slice().try_into().ok()?;
            let link = Link {
                id: record.id(),
                secret: LinkSecret::from_bytes(secret),
                password: kept.has_password,
            };
            Some(format!("{}/#{}", kept.server, link.to_fragment()))
        });
        front::Invitation {
            serial: kept.serial,
            channel: kept.channel,
            standing: kept.standing,
            made: kept.made,
            ends: kept.expiry.wall(),
            failed: kept.failed,
            used_by: kept.used_by.clone(),
            keep_open: kept.keep_open,
            link: link.filter(|_| kept.channel != Channel::Spoken),
            reach: if self.reachable {
                Reach::Ready
            } else {
                Reach::NotYet
            },
            number: self.number().map(|number| number.to_string()),
            server: kept.server.clone(),
            password: self.password.clone(),
        }
    }
}

fn secrets(made: &Made) -> Secrets {
    let (link, number) = match &made.key {
        Key::Link(secret) => (secret.expose().to_vec(), None),
        Key::Number(number) => (vec![], Some(number.get())),
    };
    Secrets {
        record: made.record.to_bytes(),
        link: Zeroizing::new(link),
        number,
    }
}

/// What follows from a registration.
#[derive(Debug)]
pub struct Registered {
    /// The token came for the first time: showing it reserves the route, also while we are away.
    pub first: bool,
    /// What is new to be kept.
    pub keep: Option<Output>,
    /// It can be used from now on.
    pub announce: bool,
    /// For the first time ever.
    pub fresh: bool,
}

/// How long after so many failures the next attempt may begin.
fn wait_after(failed: u8) -> Duration {
    match failed {
        0 | 1 => Duration::ZERO,
        n => Duration::from_secs(1 << (n - 1).min(4)),
    }
}
