//! What comes from the server. It introduces and relays; it decides nothing, and nothing that
//! it says ends a session that stands.

use deskhand_protocol::{
    VERSION,
    envelope::{ToAgent, ToPage},
    id::{JoinId, Route},
    signal::{FromNovice as ToServer, OwnerToken, Payload, Refusal, ToNovice},
};
use rand_core::{CryptoRng, RngCore};

use super::{Desk, read};
use crate::{
    book::Entry,
    clock::Now,
    door::{Door, relay},
    front::{Notice, Server},
    io::{Output, ServerEvent},
    session::Session,
};

/// What the novice knows of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    /// It is away.
    Away,
    /// Helpers can come.
    Open,
}

/// The way to the server.
#[derive(Debug)]
pub(super) struct Line {
    /// As the novice sees it.
    pub server: Server,
    /// There is a socket, and the greeting is in it.
    pub connected: bool,
    /// It wants nothing to do with us: it is not asked again.
    pub shut_out: bool,
    /// What the novice was told last.
    pub told: Told,
}

impl Line {
    pub fn new(server: Server) -> Self {
        Self {
            server,
            connected: false,
            shut_out: false,
            told: Told::Nothing,
        }
    }
}

impl<R: RngCore + CryptoRng> Desk<R> {
    pub(super) fn server_event(&mut self, event: ServerEvent, now: Now, out: &mut Vec<Output>) {
        match event {
            ServerEvent::Checking => self.line.server = Server::Checking,
            ServerEvent::Named(server) => {
                self.setup.server = Some(server);
                self.line.shut_out = false;
                self.line.server = Server::Connecting;
            }
            ServerEvent::Unfit(problem) => {
                let problem = Some(problem);
                self.line.server = Server::Unnamed { problem };
            }
            ServerEvent::Up => {
                self.line.connected = true;
                out.push(Output::Server(ToServer::Hello { version: VERSION }));
                if !self.line.shut_out {
                    // Only when it has answered is it known to be of use.
                    self.line.server = Server::Connecting;
                    self.register_all(now, out);
                    if let Some(session) = &self.session {
                        session.register(out);
                    }
                    self.reserve(out);
                    if self.book.open().next().is_none() {
                        self.line.server = Server::Up;
                    }
                }
            }
            ServerEvent::Down => {
                if std::mem::replace(&mut self.line.told, Told::Away) != Told::Away {
                    let viewing = self.session.as_ref().is_some_and(Session::is_viewing);
                    out.push(Output::Tell(Notice::ServerAway { viewing }));
                }
                self.line.server = Server::Down;
                self.line.connected = false;
                self.book.all_lost();
                self.door.all_left(&mut self.book, now, out);
                self.signalling_lost(None, now, out);
            }
            ServerEvent::Message(message) => self.server_message(message, now, out),
        }
    }

    /// Tells the server of everything through which somebody can come.
    pub(super) fn register_all(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.setup.rules.forbidden.is_some() || self.line.shut_out {
            return;
        }
        out.extend(self.ours().filter_map(|entry| entry.register(now)));
    }

    /// And of what it has had no room for.
    pub(super) fn register_missing(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.setup.rules.forbidden.is_some() || self.line.shut_out {
            return;
        }
        let missing = self.ours().filter(|entry| !entry.is_reachable());
        out.extend(missing.filter_map(|entry| entry.register(now)));
    }

    /// The open ones that this server introduces helpers for.
    pub(super) fn ours(&self) -> impl Iterator<Item = &Entry> {
        let here = self.setup.server.as_deref().unwrap_or_default();
        self.book.open().filter(move |entry| entry.server() == here)
    }

    fn server_message(&mut self, message: ToNovice, now: Now, out: &mut Vec<Output>) {
        match message {
            ToNovice::Registered { route, token } => self.registered(route, token, now, out),
            ToNovice::Unregistered { route, reason } => self.unregistered(route, reason, now, out),
            ToNovice::Reserved { number } => self.reserved(number, now, out),
            ToNovice::Joined { join, route } => {
                if let Some(session) = self.session.as_mut().filter(|one| one.is_at(route)) {
                    return session.rejoined(join, now, &mut self.rng, out);
                }
                if self.forbids(join, now, out) {
                    return;
                }
                if self.turns_away() {
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
            ToNovice::IceServers { join, servers } => {
                if let Some(session) = &mut self.session {
                    session.ice_servers(join, servers, out);
                }
            }
            ToNovice::Closing { reason } => self.closing(reason, out),
        }
    }

    /// Where nobody can be invited nobody comes: to an expert that looks as if there were no
    /// invitation.
    fn forbids(&mut self, join: JoinId, now: Now, out: &mut Vec<Output>) -> bool {
        let forbidden = self.setup.rules.forbidden.is_some();
        if forbidden {
            out.push(relay(join, &ToPage::Refused));
            self.door.offended(join, &mut self.book, now, out);
        }
        forbidden
    }

    fn registered(&mut self, route: Route, token: OwnerToken, now: Now, out: &mut Vec<Output>) {
        self.line.server = Server::Up;
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
        // Once for all that were made earlier.
        let told = std::mem::replace(&mut self.line.told, Told::Open);
        let news = registered.fresh || told != Told::Open;
        if registered.announce && waiting && news {
            out.push(Output::Tell(Notice::Open));
        }
    }

    fn unregistered(&mut self, route: Route, reason: Refusal, now: Now, out: &mut Vec<Output>) {
        if let Some(session) = self.session.as_ref().filter(|one| one.is_at(route)) {
            // A session may last longer than the server keeps anything.
            if reason == Refusal::Expired {
                session.register(out);
            }
            return;
        }
        let Some(entry) = self.book.at(route) else {
            return;
        };
        match reason {
            // The server's clock is not ours: only the agent decides when it is over.
            Refusal::Expired => out.extend(entry.register(now)),
            Refusal::NotOwner => {
                let serial = entry.serial();
                out.push(Output::Tell(Notice::ServerRefuses(
                    "The server does not accept this invitation any more.",
                )));
                self.book.refuse(serial, out);
            }
            _ => {
                entry.lose();
                out.push(Output::Tell(Notice::ServerRefuses(
                    "The server has no room for this invitation right now. Deskhand keeps trying.",
                )));
            }
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
        self.line.shut_out = true;
        self.line.server = Server::Down;
        // Media flows directly: whatever the server says, it ends no session.
        out.push(Output::Tell(Notice::ServerRefuses(why)));
    }

    fn relayed(&mut self, join: JoinId, payload: &Payload, now: Now, out: &mut Vec<Output>) {
        let busy = self.turns_away();
        match read(payload) {
            Some(ToAgent::Hello(hello)) => {
                if self.forbids(join, now, out) {
                    return;
                }
                self.door
                    .hello(join, &hello, busy, &mut self.book, now, out);
            }
            Some(ToAgent::Ke3(ke3)) => {
                let arrival = self.door.ke3(join, &ke3, &mut self.book, now, out);
                if let Some(arrival) = arrival {
                    self.arrived(arrival, now, out);
                }
            }
            Some(ToAgent::Resume(resume)) => match &mut self.session {
                Some(session) => session.resumed(join, &resume, now, out),
                None => self.door.offended(join, &mut self.book, now, out),
            },
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
        let news = session.and_then(|one| one.signalling_lost(join, now, out));
        self.hear(news, now, out);
    }
}
