//! Everything the expert's hands do, as messages. Pure; the screen feeds it and sends what it
//! returns.
//!
//! INVARIANTS: nothing comes out without a grant and a known display; under one grant every
//! down has an up.

use deskhand_protocol::{
    id::GrantId,
    input::{Action, InputEvent, Motion, Position},
    key::KeyCode,
};

use crate::{
    keyboard::{Keyboard, Modifiers, Platform, Stroke, Struck},
    pointer::{Buttons, Pace, Paced, Turn, Wheel},
};

/// One message, and the channel it belongs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Channel `input`.
    Event(InputEvent),
    /// Channel `pointer`.
    Motion(Motion),
}

impl Packet {
    /// Whether it may be left out when the network cannot keep up. Releases never: they are few,
    /// and without them something stays held.
    pub fn may_be_dropped(&self) -> bool {
        match self {
            Self::Motion(_) => true,
            Self::Event(event) => match event.action {
                Action::Key { down, .. } | Action::Button { down, .. } => down,
                Action::Wheel { .. } | Action::Heartbeat => true,
                Action::ReleaseAll => false,
            },
        }
    }
}

/// What became of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Nobody holds control: the key is the browser's.
    NotOurs,
    /// For the novice; the browser must not act on it.
    Sent(Vec<Packet>),
    /// The expert wants the keyboard back: focus the toolbar.
    Leave(Vec<Packet>),
}

/// What became of a motion.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// Nothing to do.
    Waits,
    /// Send it, and call [`Input::frame`] at the next animation frame.
    Send(Packet),
}

/// What the pointer did at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// `MouseEvent.buttons`.
    pub buttons: u16,
    /// Whether this event is the press itself, and it is on the picture.
    pub may_press: bool,
    /// What is held meanwhile.
    pub modifiers: Modifiers,
}

/// Mouse and keyboard of one session.
#[derive(Debug, Default)]
pub struct Input {
    grant: Option<GrantId>,
    epoch: Option<u16>,
    at: Position,
    seq: u32,
    /// Something has gone down since everything was last let go of.
    pressed: bool,
    keyboard: Keyboard,
    buttons: Buttons,
    wheel: Wheel,
    pace: Pace,
}

impl Input {
    /// Of an expert on `platform`.
    pub fn new(platform: Platform) -> Self {
        Self {
            keyboard: Keyboard::new(platform),
            ..Self::default()
        }
    }

    /// Whether control is held and there is a display to use it on.
    pub fn is_active(&self) -> bool {
        self.grant.is_some() && self.epoch.is_some()
    }

    /// Control is given. What an earlier grant may have left held was released with it.
    pub fn grant(&mut self, grant: GrantId) -> Vec<Packet> {
        let out = self.revoke();
        self.grant = Some(grant);
        out
    }

    /// Control is over; comes with the releases, still under the old grant.
    pub fn revoke(&mut self) -> Vec<Packet> {
        let out = self.release_all();
        self.grant = None;
        self.pace.told();
        out
    }

    /// The picture of the display of this number is what the expert sees from now on.
    pub fn display(&mut self, epoch: u16) -> Vec<Packet> {
        if self.epoch.replace(epoch) == Some(epoch) {
            return vec![];
        }
        // Under the new number: what still carries the old one is dropped from now on.
        self.release_all()
    }

    /// A key went down or up on the screen.
    pub fn key(&mut self, stroke: &Stroke) -> Typed {
        if !self.is_active() {
            return Typed::NotOurs;
        }
        match self.keyboard.stroke(stroke) {
            Struck::Send(actions) => Typed::Sent(self.events(actions)),
            Struck::Leave(actions) => Typed::Leave(self.events(actions)),
        }
    }

    /// A combination from the Keys menu.
    pub fn chord(&mut self, codes: &[KeyCode]) -> Vec<Packet> {
        if !self.is_active() {
            return vec![];
        }
        let actions = self.keyboard.chord(codes);
        self.events(actions)
    }

    /// The pointer moved over the screen.
    pub fn moved(&mut self, at: Position) -> Moved {
        if !self.is_active() || at == self.at {
            return Moved::Waits;
        }
        self.at = at;
        match self.pace.moved(at) {
            Paced::Now(at) => self.motion(at).map_or(Moved::Waits, Moved::Send),
            Paced::Later => Moved::Waits,
        }
    }

    /// The animation frame came that [`Moved::Send`] asked for: a motion to send, and then to
    /// ask for the next; or nothing.
    pub fn frame(&mut self) -> Option<Packet> {
        let at = self.pace.frame()?;
        self.motion(at)
    }

    /// Buttons may have changed.
    pub fn press(&mut self, at: Position, press: Press) -> Vec<Packet> {
        if !self.is_active() {
            return vec![];
        }
        let actions = self.buttons.follow(press.buttons, press.may_press);
        if actions.is_empty() {
            return vec![];
        }
        self.place(at);
        let mut all = self.keyboard.sync(press.modifiers);
        all.extend(actions);
        self.events(all)
    }

    /// The wheel turned.
    pub fn wheel(&mut self, at: Position, turn: Turn, modifiers: Modifiers) -> Vec<Packet> {
        if !self.is_active() {
            return vec![];
        }
        let Some(action) = self.wheel.turn(turn) else {
            return vec![];
        };
        self.place(at);
        let mut all = self.keyboard.sync(modifiers);
        all.push(action);
        self.events(all)
    }

    /// Lets go of everything: the screen lost the focus, the tab was hidden, the page goes.
    pub fn release_all(&mut self) -> Vec<Packet> {
        let mut actions = self.keyboard.release_all();
        actions.extend(self.buttons.follow(0, false));
        // Also when nothing is known to be held: the other end may know better.
        if std::mem::take(&mut self.pressed) {
            actions.push(Action::ReleaseAll);
        }
        self.events(actions)
    }

    /// A sign of life, due every [`deskhand_protocol::input::HEARTBEAT`].
    pub fn heartbeat(&mut self) -> Vec<Packet> {
        self.events(vec![Action::Heartbeat])
    }

    fn place(&mut self, at: Position) {
        self.at = at;
        self.pace.told();
    }

    fn motion(&mut self, at: Position) -> Option<Packet> {
        let (grant, epoch) = (self.grant?, self.epoch?);
        self.seq = self.seq.wrapping_add(1);
        Some(Packet::Motion(Motion {
            grant,
            epoch,
            seq: self.seq,
            at,
        }))
    }

    fn events(&mut self, actions: Vec<Action>) -> Vec<Packet> {
        let (Some(grant), Some(epoch)) = (self.grant, self.epoch) else {
            return vec![];
        };
        self.pressed |= actions.iter().any(|action| {
            matches!(
                action,
                Action::Key { down: true, .. } | Action::Button { down: true, .. }
            )
        });
        actions
            .into_iter()
            .map(|action| {
                Packet::Event(InputEvent {
                    grant,
                    epoch,
                    at: self.at,
                    action,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
