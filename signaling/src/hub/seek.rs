//! An expert pressed Connect: who is it that they ask for, and where?

use std::time::Instant;

use deskhand_protocol::{
    id::{JoinId, Route},
    invitation::Number,
    signal::{Refusal, ToExpert},
};

use super::{Ends, Errand, Hub, Join, Output, Page, Peer, SocketId, Stage, join::Expert};
use crate::nodes::{NodeId, ToNode};

/// What an expert asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    pub(super) route: Route,
    /// By its number. Then one of the guesses has been taken while it is sought
    /// elsewhere: otherwise as many could be under way at once as somebody likes.
    pub(super) spoken: bool,
}

/// Where the owner of a route is.
enum Place {
    Here(SocketId),
    /// There is none, or none who can be asked for in this way.
    Nowhere,
    /// Not here; another node may know.
    NotHere,
}

impl Hub {
    /// Asks for the owner of `route`. A route that is unknown, has ended, is not for this kind of
    /// page, is for joins by number, or whose owner is away gets one and the same answer.
    pub(super) fn join(
        &mut self,
        from: SocketId,
        route: Route,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Some(Peer::Expert {
            page,
            stage: Stage::New,
        }) = self.peers.get(&from)
        else {
            return self.expel(from, Refusal::Protocol, out); // once per socket
        };
        let (page, spoken) = (*page, false);
        self.seek(from, page, Sought { route, spoken }, now, out);
    }

    /// The same for a spoken number. Whoever tries out numbers is let down for a while, and
    /// everybody else with them.
    pub(super) fn join_number(
        &mut self,
        from: SocketId,
        number: Number,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        // A page from a file carries its link and has no use for numbers.
        let Some(Peer::Expert {
            page: page @ Page::Served,
            stage: Stage::New,
        }) = self.peers.get(&from)
        else {
            return self.expel(from, Refusal::Protocol, out);
        };
        // An answer to those alone that exist would be the very thing that is searched for.
        if self.guesses.is_empty(now) {
            return self.expel(from, Refusal::TooMany, out);
        }
        let (page, route, spoken) = (*page, number.route(), true);
        self.seek(from, page, Sought { route, spoken }, now, out);
    }

    fn seek(
        &mut self,
        from: SocketId,
        page: Page,
        sought: Sought,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Sought { route, spoken } = sought;
        match self.place_of(sought, page) {
            Place::Here(novice) => {
                if let Err(reason) = self.introduce(Expert::Here(from), novice, route, now, out) {
                    self.expel(from, reason, out);
                }
            }
            Place::Nowhere => {
                if spoken {
                    self.guesses.take(now);
                    self.tell_of_guess(out);
                }
                self.expel(from, Refusal::Unavailable, out);
            }
            Place::NotHere => {
                if spoken {
                    self.guesses.take(now);
                }
                if let Some(Peer::Expert { stage, .. }) = self.peers.get_mut(&from) {
                    *stage = Stage::Seeking(sought);
                }
                let socket = from;
                out.push(Output::Others(Errand::Find { socket, route }));
            }
        }
    }

    fn place_of(&self, sought: Sought, page: Page) -> Place {
        let Some(held) = self.routes.get(&sought.route) else {
            return if self.others.linked() {
                Place::NotHere
            } else {
                Place::Nowhere
            };
        };
        let fits = held.number.is_some() == sought.spoken && (held.file || page == Page::Served);
        match held.owner {
            Some(novice) if fits => Place::Here(novice),
            _ => Place::Nowhere,
        }
    }

    /// The directory says where the owner is for whom `socket` asked.
    pub(super) fn found(
        &mut self,
        socket: SocketId,
        holder: Option<NodeId>,
        out: &mut Vec<Output>,
    ) {
        let Some(Peer::Expert {
            page,
            stage: Stage::Seeking(sought),
        }) = self.peers.get(&socket)
        else {
            return; // gone meanwhile
        };
        let (file, Sought { route, spoken }) = (*page == Page::File, *sought);
        let Some(node) = holder else {
            return self.expel(socket, Refusal::Unavailable, out);
        };
        let join = self.new_join();
        if let Some(Peer::Expert { stage, .. }) = self.peers.get_mut(&socket) {
            *stage = Stage::In(join);
        }
        let ends = Ends::NoviceThere {
            expert: socket,
            node,
            answered: false,
            guess: spoken,
        };
        self.joins.insert(join, Join::new(ends, route));
        let message = ToNode::Join {
            join,
            route,
            spoken,
            file,
        };
        out.push(Output::Others(Errand::Tell { node, message }));
    }

    /// An expert at another node asks for somebody here.
    pub(super) fn sought_by(
        &mut self,
        node: NodeId,
        theirs: JoinId,
        sought: Sought,
        page: Page,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if self.others.visitor(node, theirs).is_some() {
            return; // no honest node says it twice
        }
        let answer = match self.place_of(sought, page) {
            Place::Here(novice) => {
                let expert = Expert::There(node, theirs);
                self.introduce(expert, novice, sought.route, now, out)
            }
            Place::Nowhere | Place::NotHere => Err(Refusal::Unavailable),
        };
        if let Err(reason) = answer {
            let join = theirs;
            let message = ToNode::Refused { join, reason };
            out.push(Output::Others(Errand::Tell { node, message }));
        }
    }

    /// The other node has told the novice of an expert here.
    pub(super) fn welcomed(
        &mut self,
        node: NodeId,
        join: JoinId,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Some(Ends::NoviceThere {
            expert,
            node: asked,
            answered: answered @ false,
            guess,
        }) = self.joins.get_mut(&join).map(|join| &mut join.ends)
        else {
            return;
        };
        if *asked != node {
            return;
        }
        *answered = true;
        if std::mem::take(guess) {
            self.guesses.give_back(now);
        }
        out.push(Output::ToExpert {
            socket: *expert,
            message: ToExpert::Joined,
        });
    }

    /// The other node has not told the novice, and will not.
    pub(super) fn turned_away(
        &mut self,
        node: NodeId,
        join: JoinId,
        reason: Refusal,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Some(Ends::NoviceThere {
            expert,
            node: asked,
            answered: false,
            guess,
        }) = self.joins.get(&join).map(|join| join.ends)
        else {
            return;
        };
        if asked != node {
            return;
        }
        self.unlink(join, false, out);
        match reason {
            _ if !guess => {}
            Refusal::Unavailable => self.tell_of_guess(out),
            _ => self.guesses.give_back(now), // somebody has the number
        }
        self.expel(expert, reason, out);
    }

    pub(super) fn tell_of_guess(&self, out: &mut Vec<Output>) {
        if self.others.linked() {
            let message = ToNode::Guessed {};
            out.push(Output::Others(Errand::TellAll { message }));
        }
    }
}
