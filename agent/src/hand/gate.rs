//! The gate: decides what may be injected, and when control is over.
//!
//! Pure: time comes in as an argument, and what it returns is all it does. It trusts neither
//! the expert's page nor the agent's session: a number that it has closed stays closed.
//!
//! INVARIANTS
//! - Nothing that begins something (a press, a motion, a turn of the wheel) is let through
//!   unless a grant is open, the event names it, no prompt is open, the novice's own hand is
//!   at rest, and the event was aimed at the present display.
//! - Releases are let through as long as their grant is open.
//! - [`Event::Closed`] comes after [`Output::ReleaseAll`], and nothing comes after it until
//!   another grant with a higher number opens.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::StopCause,
    id::GrantId,
    input::{Action, Button, InputEvent, Motion, Position},
    key::{KeyCode, Keysym},
};

use super::{
    local::LocalHand,
    wire::{Command, Event},
};
use crate::{rate::Rate, scope::Scope};

/// Control ends when nothing was heard from the page for so long: four heartbeats.
pub const SILENCE: Duration = Duration::from_secs(1);
/// The first word from the page may take longer: it has yet to learn that it has control.
pub const FIRST_WORD: Duration = Duration::from_secs(3);
/// Keys that type are released when nothing was heard for so long. A lost packet may hold
/// back the message that a key came up; the desktop's own key repeat, which starts after half
/// a second, must not fill the wait with letters. A key that is really held comes down again
/// with the page's next repeat.
pub const STALL: Duration = Duration::from_millis(350);
/// Far above any hand, far below what floods a desktop.
const EVENTS_PER_SECOND: u32 = 1000;
const EVENTS_AT_ONCE: u32 = 200;
/// The most that one event may turn the wheel: ten notches.
const MOST_TURN: i16 = 1200;

/// A place on the desktop, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pixel {
    /// From the left edge.
    pub x: u16,
    /// From the top edge.
    pub y: u16,
}

/// What a person in front of the screen did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical {
    /// Pressed Esc.
    Escape,
    /// Pressed Ctrl+C.
    CtrlC,
    /// Anything else: a key, a button, the wheel, the mouse, a touch.
    Other,
}

/// What the gate hears.
#[derive(Debug, Clone)]
pub enum Input {
    /// From the agent.
    Command(Command),
    /// From the devices.
    Physical(Physical),
    /// Time has passed; see [`Gate::wake`].
    Tick,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Move the pointer.
    Move(Pixel),
    /// Press a key, or its repeat.
    KeyDown {
        /// Which key.
        code: KeyCode,
        /// What it means.
        keysym: Option<Keysym>,
    },
    /// Release a key.
    KeyUp(KeyCode),
    /// Press a button there.
    ButtonDown(Button, Pixel),
    /// Release a button, there if it is known and may be used.
    ButtonUp(Button, Option<Pixel>),
    /// Turn the wheel there, in 1/120 of a notch; positive is right and down.
    Wheel {
        /// Sideways.
        dx: i16,
        /// Along.
        dy: i16,
        /// Where.
        at: Pixel,
    },
    /// Release the keys that type; modifiers and buttons stay.
    ReleaseTyping,
    /// Release everything.
    ReleaseAll,
    /// These windows are the agent's own.
    Own(Vec<u32>),
    /// Tell the agent.
    Tell(Event),
}

/// The gate. See the module's invariants.
#[derive(Debug, Default)]
pub struct Gate {
    scope: Option<Scope>,
    open: Option<Open>,
    /// The highest number ever opened: only higher ones open.
    highest: Option<GrantId>,
    prompt: bool,
    local: LocalHand,
}

/// The open grant.
#[derive(Debug)]
struct Open {
    grant: GrantId,
    /// Control ends here unless something is heard.
    silent_at: Instant,
    /// Keys that type are released here unless something is heard; `None` when they were.
    stalled_at: Option<Instant>,
    /// The latest motion so far.
    motion: Option<u32>,
    rate: Rate,
    /// The agent was told that the novice's hand has precedence.
    told_local: bool,
}

impl Open {
    fn heard(&mut self, now: Instant) {
        self.silent_at = now + SILENCE;
        self.stalled_at = Some(now + STALL);
    }
}

impl Gate {
    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, input: Input, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        // What is due comes first: an event that arrives after the silence changes nothing.
        self.due(now, &mut out);
        match input {
            Input::Command(command) => self.command(command, now, &mut out),
            Input::Physical(what) => self.physical(what, now, &mut out),
            Input::Tick => {}
        }
        out
    }

    /// When to call with [`Input::Tick`] at the latest.
    pub fn wake(&self) -> Option<Instant> {
        let open = self.open.as_ref()?;
        let local = open.told_local.then(|| self.local.until()).flatten();
        [Some(open.silent_at), open.stalled_at, local]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether a grant is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Closes the gate for a reason that the gate itself cannot know.
    pub fn close(&mut self, cause: StopCause) -> Vec<Output> {
        let mut out = Vec::new();
        self.shut(cause, &mut out);
        out
    }

    fn due(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(open) = &mut self.open else { return };
        if open.silent_at <= now {
            self.shut(StopCause::Silence, out);
            return;
        }
        if open.stalled_at.is_some_and(|at| at <= now) {
            open.stalled_at = None;
            out.push(Output::ReleaseTyping);
        }
        if open.told_local && !self.local.wins(now) {
            open.told_local = false;
            out.push(Output::Tell(Event::LocalHand(false)));
        }
    }

    fn physical(&mut self, what: Physical, now: Instant, out: &mut Vec<Output>) {
        match what {
            Physical::Escape => self.shut(StopCause::Escape, out),
            Physical::CtrlC => self.shut(StopCause::CtrlC, out),
            Physical::Other => {}
        }
        let begins = self.local.seen(now);
        if begins && self.open.is_some() {
            out.push(Output::ReleaseAll);
            self.tell_local(now, out);
        }
    }

    fn command(&mut self, command: Command, now: Instant, out: &mut Vec<Output>) {
        match command {
            Command::Display(scope) => self.scope = Some(scope),
            Command::Open(grant) => self.open(grant, now, out),
            // The agent knows whether the button or the expert asked for it.
            Command::Close => self.shut(StopCause::Button, out),
            Command::Prompt(open) => {
                self.prompt = open;
                if open {
                    out.push(Output::ReleaseAll);
                }
            }
            Command::OwnWindows(windows) => out.push(Output::Own(windows)),
            Command::Input(event) => self.input(&event, now, out),
            Command::Motion(motion) => self.motion(&motion, now, out),
        }
    }

    fn open(&mut self, grant: GrantId, now: Instant, out: &mut Vec<Output>) {
        if self.highest.is_some_and(|highest| grant <= highest) {
            // Also the answer when it is the open one: asking twice is a fault of the agent's.
            if self.open.as_ref().is_none_or(|open| open.grant != grant) {
                let cause = StopCause::Broken;
                out.push(Output::Tell(Event::Closed { grant, cause }));
            }
            return;
        }
        self.shut(StopCause::Released, out);
        self.highest = Some(grant);
        self.open = Some(Open {
            grant,
            silent_at: now + FIRST_WORD,
            stalled_at: None,
            motion: None,
            rate: Rate::new(EVENTS_PER_SECOND, EVENTS_AT_ONCE),
            told_local: false,
        });
        out.push(Output::Tell(Event::Opened(grant)));
        self.tell_local(now, out);
    }

    fn shut(&mut self, cause: StopCause, out: &mut Vec<Output>) {
        if let Some(Open { grant, .. }) = self.open.take() {
            out.push(Output::ReleaseAll);
            out.push(Output::Tell(Event::Closed { grant, cause }));
        }
    }

    fn tell_local(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Some(open) = &mut self.open
            && self.local.wins(now)
            && !open.told_local
        {
            open.told_local = true;
            out.push(Output::Tell(Event::LocalHand(true)));
        }
    }

    fn input(&mut self, event: &InputEvent, now: Instant, out: &mut Vec<Output>) {
        let at = self.pixel(event.epoch, event.at);
        let Some(open) = self.open.as_mut().filter(|open| open.grant == event.grant) else {
            return;
        };
        open.heard(now);
        if self.prompt {
            return;
        }
        let local = self.local.wins(now);
        match (event.action, at) {
            (Action::ReleaseAll, _) => out.push(Output::ReleaseAll),
            (
                Action::Key {
                    code, down: false, ..
                },
                _,
            ) => out.push(Output::KeyUp(code)),
            (
                Action::Button {
                    button,
                    down: false,
                },
                at,
            ) => out.push(Output::ButtonUp(button, at.filter(|_| !local))),
            // From here on something would begin; aimed at another display, it does not.
            (Action::Heartbeat, _) | (_, None) => {}
            (_, Some(_)) if local || !open.rate.admits(now) => {}
            (Action::Key { code, keysym, .. }, Some(_)) => {
                out.push(Output::KeyDown { code, keysym });
            }
            (Action::Button { button, .. }, Some(at)) => out.push(Output::ButtonDown(button, at)),
            (Action::Wheel { dx, dy }, Some(at)) => out.push(Output::Wheel {
                dx: dx.clamp(-MOST_TURN, MOST_TURN),
                dy: dy.clamp(-MOST_TURN, MOST_TURN),
                at,
            }),
        }
    }

    fn motion(&mut self, motion: &Motion, now: Instant, out: &mut Vec<Output>) {
        let Some(at) = self.pixel(motion.epoch, motion.at) else {
            return;
        };
        let Some(open) = self.open.as_mut().filter(|open| open.grant == motion.grant) else {
            return;
        };
        if open.motion.is_some_and(|latest| motion.seq <= latest) {
            return;
        }
        open.motion = Some(motion.seq);
        if !self.prompt && !self.local.wins(now) && open.rate.admits(now) {
            out.push(Output::Move(at));
        }
    }

    fn pixel(&self, epoch: u16, at: Position) -> Option<Pixel> {
        let scope = self.scope.filter(|scope| scope.display.epoch == epoch)?;
        let (x, y) = scope.pixel(at);
        Some(Pixel { x, y })
    }
}

#[cfg(test)]
mod tests;
