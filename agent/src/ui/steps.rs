//! Keys in the order in which they were pressed.
//!
//! egui moves the focus at the end of a frame. On a slow machine several keys come with one
//! frame, and a space bar pressed after Tab would press the button that Tab has just left.

use egui::{Event, Key};

/// Holds back what was pressed after the focus moved, until the next frame.
#[derive(Debug, Default)]
pub(super) struct Steps {
    later: Vec<Event>,
}

impl Steps {
    /// Leaves in `events` what belongs into this frame, earlier frames' rest first.
    pub(super) fn take_turns(&mut self, events: &mut Vec<Event>) {
        self.later.append(events);
        let moved = self.later.iter().position(moves_focus);
        let rest = moved.map_or(self.later.len(), |at| at + 1);
        events.extend(self.later.drain(..rest));
    }

    /// Whether something waits for the next frame.
    pub(super) fn more(&self) -> bool {
        !self.later.is_empty()
    }
}

fn moves_focus(event: &Event) -> bool {
    matches!(
        event,
        Event::Key {
            key: Key::Tab,
            pressed: true,
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use egui::Modifiers;

    use super::*;

    fn key(key: Key, pressed: bool) -> Event {
        Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::default(),
        }
    }

    #[test]
    fn what_follows_a_tab_waits_for_the_focus_to_move() {
        let (tab, space) = (key(Key::Tab, true), key(Key::Space, true));
        let mut steps = Steps::default();
        let mut frame = vec![
            tab.clone(),
            key(Key::Tab, false),
            tab.clone(),
            space.clone(),
        ];
        steps.take_turns(&mut frame);
        assert_eq!(frame, std::slice::from_ref(&tab));
        let mut frame = vec![key(Key::Space, false)];
        steps.take_turns(&mut frame);
        assert_eq!(frame, [key(Key::Tab, false), tab]);
        let mut frame = vec![];
        steps.take_turns(&mut frame);
        assert_eq!(frame, [space, key(Key::Space, false)]);
        assert!(!steps.more());
    }
}
