//! Whether a click or a key came from a person's own mouse or keyboard.
//!
//! A program can send clicks, too (XTEST on X11), and so can the hand. A question must never be
//! answered by them, so Allow counts only if the press that made it up came from a physical
//! device.

use crate::{
    front::PromptId,
    hand::{XError, physical::Watcher},
};

/// Knows where presses come from, while a question is open.
pub trait PersonCheck {
    /// A question opens: presses count from here on.
    fn begin(&mut self);
    /// The question is closed.
    fn end(&mut self);
    /// Whether there was a press since the last call, and all of them came from physical
    /// devices.
    ///
    /// INVARIANT: every press that any program has been given by now is taken into account.
    /// False when in doubt.
    fn only_people_pressed(&mut self) -> bool;
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

    fn only_people_pressed(&mut self) -> bool {
        self.watcher
            .as_mut()
            .is_some_and(Watcher::last_press_was_physical)
    }
}

/// Follows the presses that reach the window while a question is open.
pub(super) struct Presses {
    check: Box<dyn PersonCheck>,
    question: Option<PromptId>,
    by_a_person: bool,
}

impl Presses {
    pub(super) fn new(check: Box<dyn PersonCheck>) -> Self {
        Self {
            check,
            question: None,
            by_a_person: false,
        }
    }

    /// Which question is open from now on, if any.
    pub(super) fn set_question(&mut self, question: Option<PromptId>) {
        if question == self.question {
            return;
        }
        self.question = question;
        self.by_a_person = false;
        if question.is_some() {
            self.check.begin();
        } else {
            self.check.end();
        }
    }

    /// To be told of everything that reaches the window, before it is acted upon.
    pub(super) fn observe(&mut self, events: &[egui::Event]) {
        if self.question.is_none() {
            return;
        }
        let pressed = events.iter().any(|event| {
            matches!(
                event,
                egui::Event::PointerButton { pressed: true, .. }
                    | egui::Event::Key { pressed: true, .. }
            )
        });
        // Touch and assistive technology carry no evidence of a device.
        let elsewise = events.iter().any(|event| {
            matches!(
                event,
                egui::Event::Touch { .. } | egui::Event::AccessKitActionRequest(_)
            )
        });
        if pressed {
            self.by_a_person = self.check.only_people_pressed();
        }
        self.by_a_person &= !elsewise;
    }

    /// Whether what was just done, a person did.
    pub(super) fn by_a_person(&self) -> bool {
        self.by_a_person
    }
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

        fn only_people_pressed(&mut self) -> bool {
            self.watching.get() && self.physical.get()
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
        presses.set_question(Some(PromptId(1)));
        assert!(!presses.by_a_person(), "nothing was pressed");
        for physical in [true, false, true] {
            switch.physical.set(physical);
            presses.observe(&[button(true)]);
            presses.observe(&[button(false)]);
            assert_eq!(presses.by_a_person(), physical);
        }
    }

    #[test]
    fn a_press_answers_one_question_at_most() {
        let switch = Switch::default();
        switch.physical.set(true);
        let mut presses = Presses::new(Box::new(switch.clone()));
        presses.observe(&[button(true)]);
        assert!(!presses.by_a_person(), "no question was open");
        for question in 1..4 {
            presses.set_question(Some(PromptId(question)));
            assert!(!presses.by_a_person(), "question {question}");
            presses.observe(&[button(true)]);
            assert!(presses.by_a_person());
        }
        presses.set_question(None);
        assert!(!presses.by_a_person() && !switch.watching.get());
    }

    #[test]
    fn touch_and_assistive_technology_are_no_evidence() {
        let switch = Switch::default();
        switch.physical.set(true);
        let mut presses = Presses::new(Box::new(switch));
        presses.set_question(Some(PromptId(1)));
        presses.observe(&[
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
}
