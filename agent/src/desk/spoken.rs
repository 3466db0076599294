//! Spoken invitations: the server gives the number, so they take a round trip.

use std::time::{Duration, Instant};

use deskhand_protocol::{invitation::Number, signal::FromNovice as ToServer};
use rand_core::{CryptoRng, RngCore};

use super::Desk;
use crate::{
    clock::{Expiry, Now},
    front::{Channel, Notice, Order, Serial, Server, Standing},
    invitation,
    io::Output,
    sentence::sentence,
};

/// The novice waits so long for a number.
const PATIENCE: Duration = Duration::from_secs(15);
const NO_NUMBER: &str = "The number comes from the server, and the server does not answer. Try again in a moment, or invite your helper in another way.";

/// A number is wanted.
#[derive(Debug)]
pub(super) struct Wish {
    order: Order,
    purpose: Purpose,
}

#[derive(Debug)]
enum Purpose {
    /// The novice waits, until then.
    New(Instant),
    /// In place of one that is closed; ends when that one would have.
    Instead(Serial, Expiry),
}

impl Wish {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.purpose {
            Purpose::New(deadline) => Some(deadline),
            Purpose::Instead(..) => None,
        }
    }
}

impl<R: RngCore + CryptoRng> Desk<R> {
    /// The novice wants one.
    pub(super) fn wish(
        &mut self,
        order: Order,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<(), String> {
        if self.wish.is_some() {
            return Err("Another number is on its way already. Wait for it.".into());
        }
        self.wish = Some(Wish {
            order,
            purpose: Purpose::New(now.at + PATIENCE),
        });
        if self.line.server == Server::Up {
            self.reserve(out);
        }
        Ok(())
    }

    /// Asks for a number, if one is wanted.
    pub(super) fn reserve(&self, out: &mut Vec<Output>) {
        if self.wish.is_some() && !self.line.shut_out && self.setup.rules.forbidden.is_none() {
            out.push(Output::Server(ToServer::Reserve));
        }
    }

    /// A number that was closed is replaced: the helper may have it in front of them.
    /// Not in the middle of a session, which waits for nothing.
    pub(super) fn replace_locked(&mut self, out: &mut Vec<Output>) {
        while self.wish.is_none()
            && !self.busy()
            && let Some(serial) = self.book.take_locked()
        {
            if let Some((order, expiry)) = self.book.again(serial) {
                self.wish = Some(Wish {
                    order,
                    purpose: Purpose::Instead(serial, expiry),
                });
                self.reserve(out);
            }
        }
    }

    /// Nobody is to be invited any more; `why` not.
    pub(super) fn give_up_wish(&mut self, why: &str, out: &mut Vec<Output>) {
        if self.wish.take().is_some() {
            out.push(Output::Tell(Notice::NotInvited(
                Channel::Spoken,
                why.into(),
            )));
        }
    }

    /// The server has reserved a number.
    pub(super) fn reserved(&mut self, number: Number, now: Now, out: &mut Vec<Output>) {
        let server = self.setup.server.clone();
        let (Some(Wish { order, purpose }), Some(server)) = (self.wish.take(), server) else {
            return;
        };
        let (expiry, old) = match purpose {
            Purpose::New(_) => (Expiry::after(now, order.life), None),
            Purpose::Instead(old, expiry) => (expiry, Some(old)),
        };
        let made = invitation::make_spoken(number, &mut self.rng);
        let added = made.map_err(|error| sentence(&error)).and_then(|made| {
            let added = self.book.add(&order, &server, made, expiry, now, out);
            added.map_err(|error| sentence(&error))
        });
        match added {
            Ok(new) => out.extend(old.map(|old| Output::Tell(Notice::Renumbered { old, new }))),
            Err(why) => out.push(Output::Tell(Notice::NotInvited(Channel::Spoken, why))),
        }
    }

    /// What follows from time alone.
    pub(super) fn wish_in_vain(&mut self, now: Now, out: &mut Vec<Output>) {
        let over = |wish: &mut Wish| match wish.purpose {
            Purpose::New(deadline) => deadline <= now.at,
            Purpose::Instead(_, expiry) => expiry.is_over(now),
        };
        match self.wish.take_if(over).map(|wish| wish.purpose) {
            Some(Purpose::New(_)) => {
                let why = NO_NUMBER.into();
                out.push(Output::Tell(Notice::NotInvited(Channel::Spoken, why)));
            }
            Some(Purpose::Instead(serial, _)) => {
                out.push(Output::Tell(Notice::Closed(serial, Standing::Expired)));
            }
            None => {}
        }
    }
}
