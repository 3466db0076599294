//! The novice said yes: the first direct connection is being made.

use deskhand_protocol::{
    control::EndReason,
    envelope::{Sealed, SealedToPage},
};

use super::{
    News, Over, Parting, Session, State, Viewing,
    dialling::{Dialled, Dialling},
    returning::Returning,
};
use crate::{
    clock::Now,
    consent::ViewGrant,
    door::{Partner, dismiss},
    front::Notice,
    io::{Output, PeerCommand, PeerEvent},
};

pub(super) struct Connecting {
    pub partner: Partner,
    pub dialling: Dialling,
    grant: ViewGrant,
}

impl Connecting {
    pub fn new(partner: Partner, grant: ViewGrant, now: Now) -> Self {
        Self {
            partner,
            dialling: Dialling::new(now),
            grant,
        }
    }
}

impl Session {
    /// From the page through the server: its answer and its candidates.
    pub(super) fn answered(
        &mut self,
        mut state: Connecting,
        sealed: &Sealed,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        let fits = match state.partner.open(sealed) {
            Ok(message) => state.dialling.heard(message, &mut state.partner, out),
            Err(_) => false,
        };
        if !fits {
            out.push(Output::Peer(PeerCommand::Close));
            dismiss(state.partner.join, out);
            return Some(News::Over(Over::Left(Parting::Helper)));
        }
        self.state = State::Connecting(Box::new(state));
        None
    }

    pub(super) fn connecting(
        &mut self,
        mut state: Connecting,
        event: PeerEvent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        match state.dialling.event(event, &mut state.partner, out) {
            Dialled::Still => {}
            Dialled::Connected => {
                let Connecting { partner, grant, .. } = state;
                let name = partner.name.clone();
                let returning = Returning::of(&partner, &self.terms);
                returning.register(out);
                self.returning = Some(returning);
                let no_control = self.terms.no_control.clone();
                let viewing = Viewing::begin(partner, grant, no_control, now, out);
                out.push(Output::Tell(Notice::ViewingStarted(name.clone())));
                self.state = State::Viewing(Box::new(viewing));
                return Some(News::Began(name));
            }
            Dialled::Tampered => return Some(lost(state, Parting::Tampered, out)),
            Dialled::Failed => return Some(give_up(state, out)),
        }
        self.state = State::Connecting(Box::new(state));
        None
    }
}

/// The connection could not be made.
pub(super) fn give_up(state: Connecting, out: &mut Vec<Output>) -> News {
    lost(state, Parting::NotConnected, out)
}

fn lost(mut state: Connecting, why: Parting, out: &mut Vec<Output>) -> News {
    out.push(state.partner.seal(&SealedToPage::Ended(EndReason::Lost)));
    out.push(Output::Peer(PeerCommand::Close));
    dismiss(state.partner.join, out);
    News::Over(Over::Left(why))
}
