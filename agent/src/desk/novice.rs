//! What the novice does.

use std::time::Duration;

use deskhand_protocol::control::EndReason;
use rand_core::{CryptoRng, RngCore};

use super::Desk;
use crate::{
    clock::{Expiry, Now},
    front::{Channel, Intent, Notice, Order, Serial, Standing},
    invitation::{self, Lifetime},
    io::{Outcome, Output},
    sentence::sentence,
    session::Session,
};

impl<R: RngCore + CryptoRng> Desk<R> {
    pub(super) fn novice(&mut self, intent: Intent, now: Now, out: &mut Vec<Output>) {
        match intent {
            Intent::Answer { prompt, answer } => {
                let session = self.session.as_mut();
                let news = session.and_then(|one| one.answer(prompt, answer, now, out));
                self.hear(news, now, out);
            }
            Intent::Chat(text) => {
                if let Some(session) = &mut self.session {
                    session.say(text, out);
                }
            }
            Intent::StopControl => {
                if let Some(session) = &mut self.session {
                    session.stop_control(now, out);
                }
            }
            Intent::Pause(paused) => {
                if let Some(session) = &mut self.session {
                    session.pause(paused, out);
                }
            }
            Intent::End => self.end(now, out),
            Intent::Invite(order) => {
                self.waited = true;
                if let Err(why) = self.invite(&order, now, out) {
                    out.push(Output::Tell(Notice::NotInvited(order.channel, why)));
                }
            }
            Intent::Expire(serial) => self.expire(serial, now, out),
            Intent::Extend(serial, by) => {
                let longest = self.longest();
                self.book.extend(serial, by, longest, now, out);
            }
            Intent::Forget(serial) => self.book.forget(serial, out),
            Intent::ForgetClosed => self.book.forget_closed(out),
            Intent::SaveFile(serial) => out.push(Output::SaveFile(serial)),
            Intent::OpenMail(serial) => out.push(Output::OpenMail(serial)),
            Intent::Warned => {
                self.setup.first_use = false;
                out.push(Output::Warned);
            }
            Intent::Dismiss => self.ended = None,
            Intent::Quit => {
                if self.session.as_ref().is_some_and(Session::is_viewing) {
                    self.end(now, out);
                } else if let Some(mut session) = self.session.take() {
                    // What is open is kept, also what somebody has just come with.
                    session.end(EndReason::Novice, "", out);
                }
                self.door.all_left(&mut self.book, now, out);
                let open = self.book.open().count();
                out.push(Output::Tell(Notice::Stopping { open }));
                self.finish(Outcome::Finished, out);
            }
            // Trying a server out takes a network: the edge does it, and then names it.
            Intent::UseServer(_) => {}
        }
    }

    fn end(&mut self, now: Now, out: &mut Vec<Output>) {
        let why = match &self.session {
            Some(session) if session.is_viewing() => {
                "You ended the session. Nobody can see your screen."
            }
            _ => "You ended it before it began. Nobody has seen your screen.",
        };
        let session = self.session.as_mut();
        let news = session.and_then(|one| one.end(EndReason::Novice, why, out));
        self.hear(news, now, out);
    }

    fn longest(&self) -> Duration {
        let bound = self.setup.rules.longest.unwrap_or(Lifetime::LONGEST);
        bound.min(Lifetime::LONGEST)
    }

    fn invite(&mut self, order: &Order, now: Now, out: &mut Vec<Output>) -> Result<(), String> {
        if let Some(why) = &self.setup.rules.forbidden {
            return Err(why.clone());
        }
        if self.session.as_ref().is_some_and(Session::is_viewing) {
            return Err("Nobody can be invited while somebody sees this screen.".into());
        }
        if order.life > self.longest() {
            return Err(format!(
                "Invitations stay open for {} at the most on this computer.",
                Lifetime(self.longest())
            ));
        }
        let Some(server) = self.setup.server.clone() else {
            return Err("Say first which server introduces you.".into());
        };
        match order.channel {
            Channel::Link | Channel::File | Channel::Mail => {
                let password = order.password.as_deref().map(String::as_str);
                let made = invitation::make(password, &mut self.rng);
                let made = made.map_err(|error| sentence(&error))?;
                let expiry = Expiry::after(now, order.life);
                let added = self.book.add(order, &server, made, expiry, now, out);
                added.map(drop).map_err(|error| sentence(&error))
            }
            Channel::Spoken => self.wish(order.clone(), now, out),
        }
    }

    /// Closes an invitation at once: whoever uses it is out.
    fn expire(&mut self, serial: Serial, now: Now, out: &mut Vec<Output>) {
        self.door.closed(serial, out);
        self.book.close(serial, Standing::Revoked, out);
        if self
            .session
            .as_ref()
            .is_some_and(|one| one.serial() == serial)
        {
            self.end(now, out);
        }
    }
}
