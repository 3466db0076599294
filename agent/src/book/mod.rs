//! The invitations of this computer: which there are, what has become of each, who may try.
//!
//! INVARIANT: pure, like all of the agent's core. What must survive a restart leaves as
//! [`Output::Keep`]; a closed invitation has no secrets any more and never opens again.

mod entry;
pub mod kept;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use deskhand_protocol::{handshake::novice::Record, id::Route, signal::FromNovice as ToServer};
pub use entry::Entry;
use kept::Kept;

use crate::{
    clock::{Expiry, Now},
    front::{self, Notice, Order, Serial, Standing},
    invitation::Made,
    io::Output,
};

/// The most that are open at once; far below what a server lets one agent register.
pub const MAX_OPEN: usize = 16;
/// The most that are kept at all: the oldest closed one goes when there are more.
const MAX_KEPT: usize = 200;
/// So many refusals or silences close an invitation.
const MAX_REFUSALS: u8 = 3;

/// Too many are open at once.
#[derive(Debug, thiserror::Error)]
#[error("{MAX_OPEN} invitations are open already. Close one that you do not need any more")]
pub struct Full;

/// See the module.
#[derive(Debug)]
pub struct Book {
    entries: BTreeMap<Serial, Entry>,
    next: Serial,
    /// Made, and not yet known to be on disk.
    fresh: BTreeSet<Serial>,
    /// Could not be written down; tried again from time to time.
    unwritten: BTreeSet<Serial>,
    /// Locked just now, or refused by the server.
    locked: Vec<Serial>,
}

impl Book {
    /// What was kept. `next` is the serial of the next one to be made.
    pub fn new(kept: Vec<Kept>, next: Serial, now: Now) -> Self {
        let entries = kept
            .into_iter()
            .map(|kept| (kept.serial, Entry::from_kept(kept, now)))
            .collect();
        Self {
            entries,
            next,
            fresh: BTreeSet::new(),
            unwritten: BTreeSet::new(),
            locked: Vec::new(),
        }
    }

    /// Takes one in that was just made. The novice is told once it is written down.
    ///
    /// # Errors
    /// [`Full`]; nothing has changed then.
    pub fn add(
        &mut self,
        order: &Order,
        server: &str,
        made: Made,
        expiry: Expiry,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Serial, Full> {
        if self.open().count() >= MAX_OPEN {
            return Err(Full);
        }
        let serial = self.next;
        self.next = Serial(serial.0.saturating_add(1));
        let entry = Entry::new(serial, order, server, made, expiry, now);
        keep(&entry, out);
        self.entries.insert(serial, entry);
        self.fresh.insert(serial);
        while self.entries.len() > MAX_KEPT
            && let Some(oldest) = self.entries.values().find(|entry| !entry.is_open())
        {
            let oldest = oldest.serial();
            self.forget(oldest, out);
        }
        Ok(serial)
    }

    /// The store has written an invitation down, or could not. One that nobody was told of yet
    /// is gone then; every other change is tried again later.
    pub fn written(
        &mut self,
        serial: Serial,
        result: Result<(), String>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let fresh = self.fresh.remove(&serial);
        match result {
            Ok(()) => {
                self.unwritten.remove(&serial);
                if let Some(entry) = self.entries.get(&serial).filter(|_| fresh) {
                    let channel = entry.kept().channel;
                    out.push(Output::Tell(Notice::Invited(serial, channel)));
                    out.extend(entry.register(now));
                }
            }
            Err(why) if fresh => {
                if let Some(entry) = self.entries.remove(&serial) {
                    let channel = entry.kept().channel;
                    out.push(Output::Tell(Notice::NotInvited(channel, why)));
                }
            }
            Err(why) => {
                let closed = self.entries.get(&serial).is_some_and(|one| !one.is_open());
                if self.unwritten.insert(serial) {
                    out.push(Output::Tell(Notice::StoreTrouble(if closed {
                        unsaved(serial, &why)
                    } else {
                        why
                    })));
                }
            }
        }
    }

    /// Tries again what could not be written down.
    pub fn write_again(&mut self, out: &mut Vec<Output>) {
        for serial in &self.unwritten {
            if let Some(entry) = self.entries.get(serial) {
                keep(entry, out);
            }
        }
    }

    /// The server is away: once it is back the novice is told again.
    pub fn all_lost(&mut self) {
        for entry in self.entries.values_mut() {
            entry.lose();
        }
    }

    /// Everything, newest first, as the novice sees it; `here` is the server that is used,
    /// `in_use` has an expert right now, and `trying` an attempt that is charged and has not
    /// failed yet.
    pub fn shown(
        &self,
        here: Option<&str>,
        in_use: Option<Serial>,
        trying: Option<Serial>,
    ) -> Vec<front::Invitation> {
        let known = self.entries.values().rev();
        let known = known.filter(|entry| !self.fresh.contains(&entry.serial()));
        known
            .map(|entry| {
                let serial = Some(entry.serial());
                let mut shown = entry.shown();
                if serial == in_use && shown.standing == Standing::Open {
                    shown.standing = Standing::InUse;
                }
                if here.is_some_and(|here| here != shown.server) {
                    shown.reach = front::Reach::Elsewhere;
                }
                shown.failed -= u8::from(serial == trying && shown.failed > 0);
                shown
            })
            .collect()
    }

    /// Those through which somebody can come.
    pub fn open(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.is_open())
    }

    /// The open one that the server knows by this route.
    pub fn at(&mut self, route: Route) -> Option<&mut Entry> {
        self.entries
            .values_mut()
            .find(|entry| entry.is_open() && entry.route() == Some(route))
    }

    /// The open one of this serial.
    pub fn get(&mut self, serial: Serial) -> Option<&mut Entry> {
        self.entries
            .get_mut(&serial)
            .filter(|entry| entry.is_open())
    }

    /// The record of an open one.
    pub fn record(&self, serial: Serial) -> Option<&Record> {
        self.entries.get(&serial)?.record()
    }

    /// One more attempt is on disk.
    pub fn charged(&mut self, serial: Serial) {
        if let Some(entry) = self.get(serial) {
            entry.charge();
        }
    }

    /// The server knows it as somebody else's.
    pub fn refuse(&mut self, serial: Serial, out: &mut Vec<Output>) {
        self.locked.push(serial);
        self.close(serial, Standing::Revoked, out);
    }

    /// One that was locked, or refused by the server, since this was asked last.
    pub fn take_locked(&mut self) -> Option<Serial> {
        self.locked.pop()
    }

    /// What it takes to have a spoken one again under another number.
    pub fn again(&self, serial: Serial) -> Option<(Order, Expiry)> {
        let entry = self.entries.get(&serial)?;
        let spoken = entry.kept().channel == front::Channel::Spoken;
        Some((entry.order().filter(|_| spoken)?, entry.expiry()))
    }

    /// An attempt was right.
    pub fn cleared(&mut self, serial: Serial, out: &mut Vec<Output>) {
        if let Some(entry) = self.get(serial) {
            entry.clear();
            out.push(Output::Clear(serial));
        }
    }

    /// A charged attempt did not come to its end; true if it was the last one.
    pub fn attempt_failed(&mut self, serial: Serial, now: Now, out: &mut Vec<Output>) -> bool {
        let Some(entry) = self.get(serial) else {
            return false;
        };
        let left = entry.attempt_failed(now);
        if left > 0 {
            out.push(Output::Tell(Notice::WrongPassword { left }));
            return false;
        }
        self.locked.push(serial);
        self.close(serial, Standing::Locked, out);
        true
    }

    /// An expert left with the question open. Who asks and runs away, again and again, would
    /// have the window pop up before anybody could say no to it.
    pub fn withdrawn(&mut self, serial: Serial, now: Now) {
        if let Some(entry) = self.get(serial) {
            entry.withdraw(now);
        }
    }

    /// The novice let nobody in; true if that was once too often.
    pub fn refused(&mut self, serial: Serial, out: &mut Vec<Output>) -> bool {
        let Some(entry) = self.get(serial) else {
            return false;
        };
        if entry.refuse() < MAX_REFUSALS {
            keep(entry, out);
            return false;
        }
        self.close(serial, Standing::Revoked, out);
        true
    }

    /// The novice let somebody in.
    pub fn used_by(
        &mut self,
        serial: Serial,
        name: deskhand_protocol::text::Name,
        out: &mut Vec<Output>,
    ) {
        if let Some(entry) = self.get(serial) {
            entry.use_by(name);
            keep(entry, out);
        }
    }

    /// A session through it is over; `lost`: against everybody's will.
    pub fn session_over(&mut self, serial: Serial, lost: bool, now: Now, out: &mut Vec<Output>) {
        let Some(entry) = self.get(serial) else {
            return;
        };
        if lost {
            entry.expect_back(now);
        } else if !entry.keeps_open() {
            self.close(serial, Standing::Used, out);
        }
    }

    /// Closes one for good: it is wiped, and the server forgets it.
    pub fn close(&mut self, serial: Serial, standing: Standing, out: &mut Vec<Output>) {
        let Some(entry) = self.get(serial) else {
            return;
        };
        if let Some(route) = entry.route() {
            out.push(Output::Server(ToServer::Unregister { route }));
        }
        entry.close(standing);
        keep(entry, out);
        out.push(Output::Tell(Notice::Closed(serial, standing)));
    }

    /// Has one end `by` later, but no later than `longest` after it was made.
    pub fn extend(
        &mut self,
        serial: Serial,
        by: Duration,
        longest: Duration,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(entry) = self.get(serial) else {
            return;
        };
        let life = entry.expiry().left(now).saturating_add(by);
        let life = life.min(entry.longest_left(longest, now));
        // Never earlier than it was.
        if life > entry.expiry().left(now) {
            entry.extend(Expiry::after(now, life));
            keep(entry, out);
            out.extend(entry.register(now));
        }
        let ends = entry.expiry().wall();
        out.push(Output::Tell(Notice::Extended(serial, ends)));
    }

    /// Forgets a closed one.
    pub fn forget(&mut self, serial: Serial, out: &mut Vec<Output>) {
        if self.entries.get(&serial).is_some_and(|e| !e.is_open()) {
            self.entries.remove(&serial);
            self.unwritten.remove(&serial);
            out.push(Output::Forget(serial));
        }
    }

    /// Forgets all that are closed.
    pub fn forget_closed(&mut self, out: &mut Vec<Output>) {
        let closed = self.entries.values().filter(|entry| !entry.is_open());
        for serial in closed.map(Entry::serial).collect::<Vec<_>>() {
            self.forget(serial, out);
        }
    }

    /// No open one stays open longer than that after it was made.
    pub fn cap(&mut self, longest: Duration, now: Now, out: &mut Vec<Output>) {
        for entry in self.entries.values_mut().filter(|entry| entry.is_open()) {
            if entry.cap(longest, now) {
                keep(entry, out);
                out.extend(entry.register(now));
            }
        }
    }

    /// Shows the ends that will come, whatever was done to the clock.
    pub fn set_right(&mut self, now: Now, out: &mut Vec<Output>) {
        for entry in self.entries.values_mut().filter(|entry| entry.is_open()) {
            if entry.set_right(now) {
                keep(entry, out);
            }
        }
    }

    /// The open ones whose time is over, and what they are now; `in_use` has a helper right now,
    /// who is not waited for any more.
    pub fn over(&self, in_use: Option<Serial>, now: Now) -> Vec<(Serial, Standing)> {
        let over = self.open().filter_map(|entry| {
            let standing = entry.over(now)?;
            let here = in_use == Some(entry.serial()) && standing == Standing::Used;
            (!here).then_some((entry.serial(), standing))
        });
        over.collect()
    }

    /// How long until time alone changes one.
    pub fn left(&self, now: Now) -> Option<Duration> {
        let left = self.open().map(|entry| entry.left(now));
        left.filter(|left| !left.is_zero()).min()
    }
}

/// What the novice has to know of one that is closed in memory only.
fn unsaved(serial: Serial, why: &str) -> String {
    format!(
        "Invitation {serial} is closed now, but that could not be saved: {why} If Deskhand is \
         started again before it can be, the invitation is open again."
    )
}

fn keep(entry: &Entry, out: &mut Vec<Output>) {
    out.push(Output::Keep(Box::new(entry.kept().clone())));
}
