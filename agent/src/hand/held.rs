//! What the hand holds down right now.
//!
//! INVARIANT: whatever went down is in here until it came up, so that one call lists what must
//! be released. Nothing is ever down twice.

use deskhand_protocol::{input::Button, key::KeyCode};

/// A platform's number for a key: on X11 the keycode, 8 to 255.
pub type Scancode = u8;

/// The ledger.
#[derive(Debug, Default)]
pub struct Held {
    /// In the order they went down.
    keys: Vec<Key>,
    buttons: Vec<Button>,
}

#[derive(Debug)]
struct Key {
    /// Which key of the expert's holds it; none for a modifier held for one character only.
    code: Option<KeyCode>,
    scancode: Scancode,
}

/// One thing to release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// A pointer button.
    Button(Button),
    /// A key.
    Key(Scancode),
}

impl Held {
    /// The most keys that can be down at once: more than fingers, and few enough that
    /// releasing them all takes no time that a person notices.
    pub const MAX_KEYS: usize = 24;

    /// Whether this key is down.
    pub fn has(&self, scancode: Scancode) -> bool {
        self.keys.iter().any(|key| key.scancode == scancode)
    }

    /// The key that is down on behalf of the expert's `code`.
    pub fn scancode_of(&self, code: KeyCode) -> Option<Scancode> {
        let key = self.keys.iter().find(|key| key.code == Some(code))?;
        Some(key.scancode)
    }

    /// All keys that are down, in the order they went down.
    pub fn keys(&self) -> impl Iterator<Item = Scancode> {
        self.keys.iter().map(|key| key.scancode)
    }

    /// Notes that a key is about to go down; false if it is down already or too many are.
    #[must_use]
    pub fn press(&mut self, code: Option<KeyCode>, scancode: Scancode) -> bool {
        let free = self.keys.len() < Self::MAX_KEYS && !self.has(scancode);
        if free {
            self.keys.push(Key { code, scancode });
        }
        free
    }

    /// Notes that a key came up.
    pub fn lift(&mut self, scancode: Scancode) {
        self.keys.retain(|key| key.scancode != scancode);
    }

    /// Notes that a button is about to go down; false if it is down already.
    #[must_use]
    pub fn press_button(&mut self, button: Button) -> bool {
        let free = !self.has_button(button);
        if free {
            self.buttons.push(button);
        }
        free
    }

    /// Whether this button is down.
    pub fn has_button(&self, button: Button) -> bool {
        self.buttons.contains(&button)
    }

    /// Notes that a button came up.
    pub fn lift_button(&mut self, button: Button) {
        self.buttons.retain(|held| *held != button);
    }

    /// Everything that is down, in the order to release it: buttons first, so that a drag ends
    /// under the modifiers it was made with; then keys, the latest first.
    pub fn to_release(&self) -> Vec<Release> {
        let buttons = self.buttons.iter().rev().map(|b| Release::Button(*b));
        let keys = self.keys.iter().rev().map(|key| Release::Key(key.scancode));
        buttons.chain(keys).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_come_up_first_and_keys_in_reverse() {
        let mut held = Held::default();
        assert!(held.press(Some(KeyCode::ControlLeft), 37));
        assert!(held.press(Some(KeyCode::KeyA), 38));
        assert!(held.press_button(Button::Left));
        assert_eq!(
            held.to_release(),
            [
                Release::Button(Button::Left),
                Release::Key(38),
                Release::Key(37)
            ]
        );
    }

    #[test]
    fn nothing_is_down_twice() {
        let mut held = Held::default();
        assert!(held.press(Some(KeyCode::KeyA), 38));
        assert!(!held.press(Some(KeyCode::KeyB), 38), "same key, other code");
        assert!(held.press_button(Button::Left));
        assert!(!held.press_button(Button::Left));
        held.lift(38);
        held.lift_button(Button::Left);
        assert_eq!(held.to_release(), []);
    }

    #[test]
    fn more_keys_than_fingers_are_refused() {
        let mut held = Held::default();
        let pressed = (8..=255).filter(|code| held.press(None, *code)).count();
        assert_eq!(pressed, Held::MAX_KEYS);
    }
}
