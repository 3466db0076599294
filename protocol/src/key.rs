//! Keys, as physical place and as meaning.
//!
//! The wire carries both: the [`KeyCode`] says which key was pressed, the [`Keysym`] what it
//! meant on the expert's layout. Platform scancodes exist at the edges only.

use serde::{Deserialize, Serialize};

macro_rules! key_codes {
    ($($name:ident = $evdev:literal),* $(,)?) => {
        /// A physical key, named as DOM `KeyboardEvent.code`
        /// ([UI Events code values](https://www.w3.org/TR/uievents-code/)).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each name is its own documentation")]
        pub enum KeyCode { $($name),* }

        impl KeyCode {
            /// Every key there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// From `KeyboardEvent.code`.
            pub fn from_dom(code: &str) -> Option<Self> {
                match code {
                    $(stringify!($name) => Some(Self::$name),)*
                    // Older names, still sent by some browsers.
                    "OSLeft" => Some(Self::MetaLeft),
                    "OSRight" => Some(Self::MetaRight),
                    _ => None,
                }
            }

            /// As `KeyboardEvent.code`.
            pub const fn to_dom(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The number Linux gives this place (`input-event-codes.h`); an X11 keycode is
            /// this plus 8 on every evdev-style server.
            pub const fn evdev(self) -> u16 {
                match self { $(Self::$name => $evdev),* }
            }
        }
    };
}

key_codes! {
    Escape = 1, Digit1 = 2, Digit2 = 3, Digit3 = 4, Digit4 = 5, Digit5 = 6, Digit6 = 7,
    Digit7 = 8, Digit8 = 9, Digit9 = 10, Digit0 = 11, Minus = 12, Equal = 13, Backspace = 14,
    Tab = 15, KeyQ = 16, KeyW = 17, KeyE = 18, KeyR = 19, KeyT = 20, KeyY = 21, KeyU = 22,
    KeyI = 23, KeyO = 24, KeyP = 25, BracketLeft = 26, BracketRight = 27, Enter = 28,
    ControlLeft = 29, KeyA = 30, KeyS = 31, KeyD = 32, KeyF = 33, KeyG = 34, KeyH = 35,
    KeyJ = 36, KeyK = 37, KeyL = 38, Semicolon = 39, Quote = 40, Backquote = 41, ShiftLeft = 42,
    Backslash = 43, KeyZ = 44, KeyX = 45, KeyC = 46, KeyV = 47, KeyB = 48, KeyN = 49, KeyM = 50,
    Comma = 51, Period = 52, Slash = 53, ShiftRight = 54, NumpadMultiply = 55, AltLeft = 56,
    Space = 57, CapsLock = 58, F1 = 59, F2 = 60, F3 = 61, F4 = 62, F5 = 63, F6 = 64, F7 = 65,
    F8 = 66, F9 = 67, F10 = 68, NumLock = 69, ScrollLock = 70, Numpad7 = 71, Numpad8 = 72,
    Numpad9 = 73, NumpadSubtract = 74, Numpad4 = 75, Numpad5 = 76, Numpad6 = 77, NumpadAdd = 78,
    Numpad1 = 79, Numpad2 = 80, Numpad3 = 81, Numpad0 = 82, NumpadDecimal = 83,
    Lang5 = 85, IntlBackslash = 86, F11 = 87, F12 = 88, IntlRo = 89, Convert = 92,
    KanaMode = 93, NonConvert = 94, NumpadEnter = 96, ControlRight = 97, NumpadDivide = 98,
    PrintScreen = 99, AltRight = 100, Home = 102, ArrowUp = 103, PageUp = 104, ArrowLeft = 105,
    ArrowRight = 106, End = 107, ArrowDown = 108, PageDown = 109, Insert = 110, Delete = 111,
    AudioVolumeMute = 113, AudioVolumeDown = 114, AudioVolumeUp = 115, Power = 116,
    NumpadEqual = 117, Pause = 119, NumpadComma = 121, Lang1 = 122, Lang2 = 123, IntlYen = 124,
    MetaLeft = 125, MetaRight = 126, ContextMenu = 127, BrowserStop = 128, Again = 129,
    Undo = 131, Copy = 133, Open = 134, Paste = 135, Find = 136, Cut = 137, Help = 138,
    Sleep = 142, WakeUp = 143, BrowserFavorites = 156, BrowserBack = 158, BrowserForward = 159,
    MediaTrackNext = 163, MediaPlayPause = 164, MediaTrackPrevious = 165, MediaStop = 166,
    BrowserHome = 172, BrowserRefresh = 173, NumpadParenLeft = 179, NumpadParenRight = 180,
    F13 = 183, F14 = 184, F15 = 185, F16 = 186, F17 = 187, F18 = 188, F19 = 189, F20 = 190,
    F21 = 191, F22 = 192, F23 = 193, F24 = 194, BrowserSearch = 217,
}

impl KeyCode {
    /// Whether the key is held to change others, and so is not typed by itself.
    pub const fn is_modifier(self) -> bool {
        matches!(
            self,
            Self::ShiftLeft
                | Self::ShiftRight
                | Self::ControlLeft
                | Self::ControlRight
                | Self::AltLeft
                | Self::AltRight
                | Self::MetaLeft
                | Self::MetaRight
        )
    }
}

/// What a key meant, as an X keysym
/// ([X11 protocol, appendix A](https://www.x.org/releases/X11R7.7/doc/xproto/x11protocol.html#keysym_encoding)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keysym(pub u32);

impl Keysym {
    /// The keysym of one character; control characters have none.
    pub fn from_char(c: char) -> Option<Self> {
        match c as u32 {
            0x20..=0x7e | 0xa0..=0xff => Some(Self(c as u32)),
            0..=0x1f | 0x7f..=0x9f => None,
            point => Some(Self(0x0100_0000 | point)),
        }
    }

    /// The character this keysym types, if it types one.
    pub fn to_char(self) -> Option<char> {
        match self.0 {
            point @ (0x20..=0x7e | 0xa0..=0xff) => char::from_u32(point),
            point if point & 0xff00_0000 == 0x0100_0000 => char::from_u32(point & 0x00ff_ffff),
            _ => None,
        }
    }

    /// From `KeyboardEvent.key`: one character, or a named key
    /// ([UI Events key values](https://www.w3.org/TR/uievents-key/)). `code` tells left from
    /// right and the numeric pad from the rest.
    pub fn from_dom(key: &str, code: Option<KeyCode>) -> Option<Self> {
        let mut chars = key.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Self::from_char(c);
        }
        use KeyCode as C;
        let right = matches!(
            code,
            Some(C::ShiftRight | C::ControlRight | C::AltRight | C::MetaRight)
        );
        let sided = |left: u32| Some(Self(left + u32::from(right)));
        Some(Self(match key {
            "Shift" => return sided(0xffe1),
            "Control" => return sided(0xffe3),
            "Alt" => return sided(0xffe9),
            "Meta" | "OS" | "Super" => return sided(0xffeb),
            "AltGraph" => 0xfe03,
            "CapsLock" => 0xffe5,
            "NumLock" => 0xff7f,
            "ScrollLock" => 0xff14,
            "Backspace" => 0xff08,
            "Tab" => 0xff09,
            "Enter" if code == Some(C::NumpadEnter) => 0xff8d,
            "Enter" => 0xff0d,
            "Pause" => 0xff13,
            "Escape" => 0xff1b,
            "Delete" => 0xffff,
            "Home" => 0xff50,
            "ArrowLeft" => 0xff51,
            "ArrowUp" => 0xff52,
            "ArrowRight" => 0xff53,
            "ArrowDown" => 0xff54,
            "PageUp" => 0xff55,
            "PageDown" => 0xff56,
            "End" => 0xff57,
            "PrintScreen" => 0xff61,
            "Insert" => 0xff63,
            "Undo" => 0xff65,
            "Again" | "Redo" => 0xff66,
            "ContextMenu" => 0xff67,
            "Find" => 0xff68,
            "Help" => 0xff6a,
            "AudioVolumeDown" => 0x1008_ff11,
            "AudioVolumeMute" => 0x1008_ff12,
            "AudioVolumeUp" => 0x1008_ff13,
            "MediaPlayPause" => 0x1008_ff14,
            "MediaStop" => 0x1008_ff15,
            "MediaTrackPrevious" => 0x1008_ff16,
            "MediaTrackNext" => 0x1008_ff17,
            name => {
                let number: u32 = name.strip_prefix('F')?.parse().ok()?;
                (1..=24).contains(&number).then_some(0xffbd + number)?
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_name_and_scancode() {
        let mut numbers = std::collections::BTreeSet::new();
        for &code in KeyCode::ALL {
            assert_eq!(KeyCode::from_dom(code.to_dom()), Some(code));
            assert!(numbers.insert(code.evdev()), "{code:?} shares its scancode");
            assert!(code.evdev() + 8 <= 255, "{code:?} fits no X11 keycode");
        }
        assert_eq!(KeyCode::from_dom("Unidentified"), None);
    }

    #[test]
    fn meanings_become_keysyms() {
        let of = |key| Keysym::from_dom(key, None).map(|k| k.0);
        assert_eq!(of("a"), Some(0x61));
        assert_eq!(of("é"), Some(0xe9));
        assert_eq!(of("Ж"), Some(0x0100_0416));
        assert_eq!(of("F1"), Some(0xffbe));
        assert_eq!(of("F24"), Some(0xffd5));
        assert_eq!(of("F25"), None);
        assert_eq!(of("Dead"), None);
        assert_eq!(of("Shift"), Some(0xffe1));
        assert_eq!(
            Keysym::from_dom("Shift", Some(KeyCode::ShiftRight)),
            Some(Keysym(0xffe2))
        );
        for c in ['a', 'é', 'Ж', '😀'] {
            assert_eq!(Keysym::from_char(c).and_then(Keysym::to_char), Some(c));
        }
    }
}
