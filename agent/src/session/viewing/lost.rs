//! The page is not heard, comes back, or does not.

use deskhand_protocol::{
    control::FromNovice, envelope::SealedToPage, ice::IceServer, id::JoinId,
    signal::FromNovice as ToServer, text::Name,
};

use super::{Line, Viewing, control};
use crate::{
    clock::Now,
    door::{Partner, dismiss},
    front::Notice,
    io::{MediaCommand, Output, PeerCommand},
    session::dialling::Dialling,
};

impl Viewing {
    /// There is no connection any more: the page has to come back.
    pub(super) fn gone(&mut self, now: Now, out: &mut Vec<Output>) {
        self.rest(now, out);
        if self.hearing.gone(now) {
            out.push(Output::Tell(Notice::Lost(self.partner.name.clone())));
        }
    }

    /// The page came back and has proved that it was approved: it gets a connection of its own,
    /// and whatever there was before is closed.
    pub fn resumed(&mut self, partner: Partner, novice: &Name, now: Now, out: &mut Vec<Output>) {
        self.rest(now, out);
        let former = std::mem::replace(&mut self.partner, partner);
        dismiss(former.join, out);
        let join = self.partner.join;
        out.push(Output::Server(ToServer::Approved { join }));
        let novice = novice.clone();
        out.push(self.partner.seal(&SealedToPage::Accepted { novice }));
        if !self.is_lost() {
            out.push(Output::Tell(Notice::Lost(self.partner.name.clone())));
        }
        self.hearing.dial(Dialling::new(now), now);
    }

    /// From the server: what helps to reach the page that came back.
    pub fn helped(&mut self, join: JoinId, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        if let Line::Dialling(dialling) = &mut self.hearing.line
            && join == self.partner.join
        {
            dialling.helped(servers, out);
        }
    }

    /// The next connection is there: the picture goes on as the novice left it.
    pub(super) fn back(&mut self, now: Now, out: &mut Vec<Output>) {
        self.hearing.up(now);
        if self.paused {
            // Not even one picture is made before the novice wants it.
            out.push(control(FromNovice::Paused(true)));
        } else {
            self.capture(out);
        }
        if !self.hand_ready {
            out.push(Output::StartHand);
        }
        out.push(Output::Tell(Notice::Back(self.partner.name.clone())));
    }

    /// Nobody is there for whom anything could be captured or done. What a page says once, the
    /// next one has to say again. What the former connection still has to say must not be taken
    /// for news of the next one, which may be a while in coming.
    fn rest(&mut self, now: Now, out: &mut Vec<Output>) {
        self.let_go(now, out);
        out.push(Output::Media(MediaCommand::Stop));
        out.push(Output::Peer(PeerCommand::Close));
        self.capturing = false;
        self.screens.rest();
        self.looking = true;
    }

    /// The way to the page through the server is gone: before it has answered, nothing comes of
    /// the connection.
    pub fn signalling_lost(&mut self, join: Option<JoinId>, now: Now, out: &mut Vec<Output>) {
        let hit = join.is_none_or(|join| join == self.partner.join);
        if let Line::Dialling(dialling) = &self.hearing.line
            && !dialling.is_answered()
            && hit
        {
            self.gone(now, out);
        }
    }
}
