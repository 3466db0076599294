//! What comes from the server. It introduces and relays; it decides nothing, and nothing that
//! it says ends a session that stands.

use deskhand_protocol::{
    VERSION,
    envelope::ToAgent,
    id::{JoinId, Route},
    signal::{FromNovice as ToServer, OwnerToken, Payload, Refusal, ToNovice},
};
use rand_core::{CryptoRng, RngCore};

use super::{Desk, read};
use crate::{
    clock::Now,
    door::{Door, dismiss},
    front::{Notice, Server, Standing},
    io::{Outcome, Output, ServerEvent},
    session::Session,
};

impl<R: RngCore + CryptoRng> Desk<R> {
    pub(super) fn server_event(&mut self, event: ServerEvent, now: Now, out: &mut Vec<Output>) {
        match event {
            ServerEvent::Checking => self.server = Server::Checking,
            ServerEvent::Named(server) => {
                self.setup.server = Some(server);
                self.server = Server::Connecting;
            }
            ServerEvent::Unfit(problem) => {
                let problem = Some(problem);
                self.server = Server::Unnamed { problem };
            }
            ServerEvent::Up => {
                out.push(Output::Server(ToServer::Hello { version: VERSION }));
                self.server = Server::Up;
                self.register_all(now, out);
                self.reserve(out);
            }
            ServerEvent::Down => {
                if self.server != Server::Down {
                    let viewing = self.session.as_ref().is_some_and(Session::is_viewing);
                    out.push(Output::Tell(Notice::ServerAway { viewing }));
                }
                self.server = Server::Down;
                self.book.all_unannounced();
                self.door.all_left(&mut self.book, now, out);
                self.signalling_lost(None, now, out);
            }
            ServerEvent::Message(message) => self.server_message(message, now, out),
        }
    }

    /// Tells the server of everything through which somebody can come.
    pub(super) fn register_all(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.setup.rules.forbidden.is_some() || self.shut_out {
            return;
        }
        let here = self.setup.server.as_deref().unwrap_or_default();
        let ours = self.book.open().filter(|entry| entry.server() == here);
        out.extend(ours.filter_map(|entry| entry.register(now)));
    }

    fn server_message(&mut self, message: ToNovice, now: Now, out: &mut Vec<Output>) {
        match message {
            ToNovice::Registered { route, token } => self.registered(route, token, now, out),
            ToNovice::Unregistered { route, reason } => self.unregistered(route, reason, now, out),
            ToNovice::Reserved { number } => self.reserved(number, now, out),
            ToNovice::Joined { join, route } => {
                if self.setup.rules.forbidden.is_some() {
                    return dismiss(join, out);
                }
                if self.busy() {
                    return Door::turn_away(join, route, &mut self.book, out);
                }
                self.door
                    .joined(join, route, &mut self.book, now, &mut self.rng, out);
            }
            ToNovice::Relay { join, payload } => self.relayed(join, &payload, now, out),
            ToNovice::Left { join } => {
                self.door.left(join, &mut self.book, now, out);
                self.signalling_lost(Some(join), now, out);
            }
            ToNovice::Closing { reason } => self.closing(reason, out),
        }
    }

    fn registered(&mut self, route: Route, token: OwnerToken, now: Now, out: &mut Vec<Output>) {
        self.server = Server::Up;
        let waiting = self.session.is_none();
        let Some(entry) = self.book.at(route) else {
            return;
        };
        let registered = entry.registered(token);
        if registered.first {
            // Shows the server that the token has arrived: from now on the route is reserved
            // for us, also while we are away.
            out.extend(entry.register(now));
        }
        out.extend(registered.keep);
        if registered.announce && waiting {
            out.push(Output::Tell(Notice::Open));
        }
    }

    fn unregistered(&mut self, route: Route, reason: Refusal, now: Now, out: &mut Vec<Output>) {
        let Some(entry) = self.book.at(route) else {
            return;
        };
        match reason {
            // The server's clock is not ours: only the agent decides when it is over.
            Refusal::Expired => out.extend(entry.register(now)),
            Refusal::NotOwner => {
                let serial = entry.serial();
                if self.wish_again(serial, out) {
                    return self.book.close(serial, Standing::Revoked, out);
                }
                self.outcome = Outcome::Failed;
                out.push(Output::Tell(Notice::ServerRefuses(
                    "The server does not accept this invitation any more. Make a new one.",
                )));
                self.book.close(serial, Standing::Revoked, out);
            }
            _ => out.push(Output::Tell(Notice::ServerRefuses(
                "The server has no room for this invitation right now. Deskhand keeps trying.",
            ))),
        }
    }

    fn closing(&mut self, reason: Refusal, out: &mut Vec<Output>) {
        let why = match reason {
            Refusal::Version => {
                "The server runs another version of Deskhand. Ask its operator which one fits."
            }
            Refusal::Replaced => "Another Deskhand took over your invitations.",
            // Anything else of the server's: its socket closes next, and the edge tries again.
            _ => return,
        };
        self.shut_out = true;
        self.server = Server::Down;
        // Media flows directly: whatever the server says, it ends no session.
        if self.session.as_ref().is_some_and(Session::is_viewing) {
            return;
        }
        out.push(Output::Tell(Notice::ServerRefuses(why)));
        if self.setup.until_idle {
            self.finish(Outcome::Failed, out);
        }
    }

    fn relayed(&mut self, join: JoinId, payload: &Payload, now: Now, out: &mut Vec<Output>) {
        let busy = self.busy();
        match read(payload) {
            Some(ToAgent::Hello(hello)) => {
                self.door
                    .hello(join, &hello, busy, &mut self.book, now, out);
            }
            Some(ToAgent::Ke3(ke3)) => {
                let arrival = self.door.ke3(join, &ke3, &mut self.book, now, out);
                if let Some(arrival) = arrival {
                    self.arrived(arrival, now);
                }
            }
            Some(ToAgent::Sealed(sealed)) => match &mut self.session {
                Some(session) => {
                    let news = session.sealed(join, &sealed, &mut self.consent, now, out);
                    self.hear(news, now, out);
                }
                None => self.door.offended(join, &mut self.book, now, out),
            },
            None => {
                self.door.offended(join, &mut self.book, now, out);
                self.signalling_lost(Some(join), now, out);
            }
        }
    }

    fn signalling_lost(&mut self, join: Option<JoinId>, now: Now, out: &mut Vec<Output>) {
        let session = self.session.as_mut();
        let news = session.and_then(|one| one.signalling_lost(join, out));
        self.hear(news, now, out);
    }
}
