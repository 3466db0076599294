//! Whether a click or a key came from a person's own mouse or keyboard.
//!
//! A program can send clicks, too (XTEST on X11), and so can the hand. A question must never be
//! answered by them, so Allow counts only if the press that made it up came from a physical
//! device. While control is shared the hand keeps away from this window; should a key of its
//! get here all the same (the focus can move while it is held), it does nothing here.

use egui::Event;

use crate::{
    front::PromptId,
    hand::{
        XError,
        physical::{self, Watcher},
    },
};

/// Knows where presses come from, while somebody asks.
pub trait PersonCheck {
    /// Presses count from here on.
    fn begin(&mut self);
    /// Nobody asks any more.
    fn end(&mut self);
    /// The presses since the last call.
    ///
    /// INVARIANT: every press that any program has been given by now is among them. When in
    /// doubt, none are.
    fn presses(&mut self) -> physical::Presses;
}

/// The devices of an X display.
pub struct DisplayDevices {
    display: String,
    watcher: Option<Watcher>,
}

impl DisplayDevices {
    /// Watches nothing yet. Fails if this display could not be watched, so that the novice is
    /// told before anybody is invited, rather than when Allow does nothing.
    pub fn new(display: &str) -> Result<Self, XError> {
        Watcher::open(display)?;
        Ok(Self {
            display: display.to_owned(),
            watcher: None,
        })
    }
}

impl PersonCheck for DisplayDevices {
    fn begin(&mut self) {
        self.watcher = Watcher::open(&self.display)
            .inspect_err(|error| tracing::warn!(%error, "Nobody can tell people from programs"))
            .ok();
    }

    fn end(&mut self) {
        self.watcher = None;
    }

    fn presses(&mut self) -> physical::Presses {
        let presses = self.watcher.as_mut().map(Watcher::presses);
        presses.and_then(Result::ok).unwrap_or_default()
    }
}

/// When it matters who presses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Watched {
    /// It does not: nobody but the novice has mouse and keyboard.
    #[default]
    Nothing,
    /// A question is open.
    Question(PromptId),
    /// Control is shared.
    Control,
}

/// Follows the presses that reach the window.
pub(super) struct Presses {
    check: Box<dyn PersonCheck>,
    watched: Watched,
    by_a_person: bool,
    injected: bool,
}

impl Presses {
    pub(super) fn new(check: Box<dyn PersonCheck>) -> Self {
        Self {
            check,
            watched: Watched::Nothing,
            by_a_person: false,
            injected: false,
        }
    }

    /// What matters from now on.
    pub(super) fn watch(&mut self, watched: Watched) {
        if watched == self.watched {
            return;
        }
        self.watched = watched;
        self.by_a_person = false;
        self.injected = false;
        if watched == Watched::Nothing {
            self.check.end();
        } else {
            self.check.begin();
        }
    }

    /// To be told of everything that reaches the window, before it is acted upon. Takes out what
    /// a program typed while control is shared.
    pub(super) fn observe(&mut self, events: &mut Vec<Event>) {
        match self.watched {
            Watched::Nothing => {}
            Watched::Question(_) => {
                if events.iter().any(is_press) {
                    self.by_a_person = self.check.presses().are_all_by_people();
                }
                // Touch and assistive technology carry no evidence of a device.
                self.by_a_person &= !events.iter().any(|event| {
                    matches!(
                        event,
                        Event::Touch { .. } | Event::AccessKitActionRequest(_)
                    )
                });
            }
            Watched::Control => {
                if events.iter().any(is_press) {
                    // The expert's hand rests for a moment after the novice's own, so the last
                    // press tells; a key that merely repeats is pressed by nobody.
                    self.injected = self.check.presses().last_by_person != Some(true)
                        && !events
                            .iter()
                            .all(|event| !is_press(event) || is_repeat(event));
                }
                if self.injected {
                    events.retain(|event| !types(event));
                }
            }
        }
    }

    /// Whether what was just done, a person did; while a question is open.
    pub(super) fn by_a_person(&self) -> bool {
        self.by_a_person
    }

    /// Whether what was just done, a program did; while control is shared.
    pub(super) fn injected(&self) -> bool {
        self.injected
    }
}

fn is_press(event: &Event) -> bool {
    matches!(
        event,
        Event::PointerButton { pressed: true, .. } | Event::Key { pressed: true, .. }
    )
}

fn is_repeat(event: &Event) -> bool {
    matches!(event, Event::Key { repeat: true, .. })
}

/// Whether it is of the keyboard and begins something.
fn types(event: &Event) -> bool {
    matches!(
        event,
        Event::Key { pressed: true, .. } | Event::Text(_) | Event::Paste(_) | Event::Ime(_)
    )
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use egui::{Event, Modifiers, PointerButton, Pos2};

    use super::*;

    #[derive(Clone, Default)]
    struct Switch {
        physical: Rc<Cell<bool>>,
        watching: Rc<Cell<bool>>,
    }

    impl PersonCheck for Switch {
        fn begin(&mut self) {
            self.watching.set(true);
        }

        fn end(&mut self) {
            self.watching.set(false);
        }

        fn presses(&mut self) -> physical::Presses {
            let by_person = self.watching.get() && self.physical.get();
            physical::Presses {
                physical: by_person.into(),
                injected: (!by_person).into(),
                last_by_person: Some(by_person),
            }
        }
    }

    fn button(pressed: bool) -> Event {
        Event::PointerButton {
            pos: Pos2::ZERO,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::default(),
        }
    }

    #[test]
    fn only_a_persons_press_counts() {
        let switch = Switch::default();
        let mut presses = Presses::new(Box::new(switch.clone()));
        presses.watch(Watched::Question(PromptId(1)));
        assert!(!presses.by_a_person(), "nothing was pressed");
        for physical in [true, false, true] {
            switch.physical.set(physical);
            presses.observe(&mut vec![button(true)]);
            presses.observe(&mut vec![button(false)]);
            assert_eq!(presses.by_a_person(), physical);
        }
    }

    #[test]
    fn a_press_answers_one_question_at_most() {
        let switch = Switch::default();
        switch.physical.set(true);
        let mut presses = Presses::new(Box::new(switch.clone()));
        presses.observe(&mut vec![button(true)]);
        assert!(!presses.by_a_person(), "no question was open");
        for question in 1..4 {
            presses.watch(Watched::Question(PromptId(question)));
            assert!(!presses.by_a_person(), "question {question}");
            presses.observe(&mut vec![button(true)]);
            assert!(presses.by_a_person());
        }
        presses.watch(Watched::Nothing);
        assert!(!presses.by_a_person() && !switch.watching.get());
    }

    #[test]
    fn touch_and_assistive_technology_are_no_evidence() {
        let switch = Switch::default();
        switch.physical.set(true);
        let mut presses = Presses::new(Box::new(switch));
        presses.watch(Watched::Question(PromptId(1)));
        presses.observe(&mut vec![
            button(true),
            Event::Touch {
                device_id: egui::TouchDeviceId(0),
                id: egui::TouchId(0),
                phase: egui::TouchPhase::Start,
                pos: Pos2::ZERO,
                force: None,
            },
        ]);
        assert!(!presses.by_a_person());
    }

    #[test]
    fn while_control_is_shared_what_a_program_types_does_not_arrive() {
        let key = |key, repeat| Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat,
            modifiers: Modifiers::default(),
        };
        let typed = || vec![key(egui::Key::Space, false), Event::Text(" ".into())];
        let switch = Switch::default();
        let mut presses = Presses::new(Box::new(switch.clone()));
        presses.watch(Watched::Control);
        for physical in [true, false, true] {
            switch.physical.set(physical);
            let mut events = typed();
            presses.observe(&mut events);
            assert_eq!(events.len(), if physical { 2 } else { 0 });
            assert_eq!(presses.injected(), !physical);
        }
        // What the novice holds down goes on, what the expert holds down does not begin.
        switch.physical.set(false);
        let mut events = vec![key(egui::Key::Backspace, true)];
        presses.observe(&mut events);
        assert_eq!(events.len(), 1);
        // The button that stops control is heard, whoever presses it.
        let mut events = vec![button(true)];
        presses.observe(&mut events);
        assert_eq!(events.len(), 1);
    }
}
