//! What of the desktop the expert sees. All of it is covered by the novice's one yes; which part
//! it is, both sides always know.

use deskhand_protocol::{
    control::FromNovice,
    monitor::{Monitors, Shown},
    text::Name,
};

use super::viewing::control;
use crate::{
    front::{Notice, Watched},
    hand::wire::Command,
    io::Output,
    scope::Scope,
};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Screens {
    scope: Option<Scope>,
    shown: Option<Shown>,
    watched: Option<Watched>,
    stalled: bool,
}

impl Screens {
    /// Which of several it is.
    pub fn watched(&self) -> Option<Watched> {
        self.watched.clone()
    }

    /// The desktop does not answer: what would be begun now would happen when nobody expects it.
    pub fn stalled(&self) -> bool {
        self.stalled
    }

    /// It does not answer, or answers again.
    pub fn stall(&mut self, stalled: bool, out: &mut Vec<Output>) {
        self.stalled = stalled;
        out.push(control(FromNovice::Stalled(stalled)));
        out.push(Output::Tell(Notice::Stalled(stalled)));
    }

    /// Nothing is captured any more: what follows begins afresh.
    pub fn rest(&mut self) {
        self.stalled = false;
    }

    /// What of the desktop it is, once that is known.
    pub fn shown(&self) -> Option<Shown> {
        self.shown
    }

    /// What is shown is this from now on; the hand follows if it is there.
    pub fn display(&mut self, scope: Scope, hand: bool, out: &mut Vec<Output>) {
        self.scope = Some(scope);
        if hand {
            self.tell_hand(out);
        }
        out.push(control(FromNovice::Display(scope.display)));
    }

    /// The hand is there.
    pub fn tell_hand(&self, out: &mut Vec<Output>) {
        if let Some(scope) = self.scope {
            out.push(Output::Hand(Command::Display(scope)));
        }
    }

    /// The monitors are these, or another one is shown.
    pub fn monitors(&mut self, monitors: Monitors, expert: &Name, out: &mut Vec<Output>) {
        self.shown = Some(monitors.shown());
        let watched = Watched::of(&monitors);
        if self.watched != watched {
            self.watched.clone_from(&watched);
            let expert = expert.clone();
            out.push(Output::Tell(Notice::Watches { expert, watched }));
        }
        out.push(control(FromNovice::Monitors(monitors)));
    }
}
