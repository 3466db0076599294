//! Which physical key an event is about, also when the browser does not say.

use deskhand_protocol::key::KeyCode;

/// For characters that come without a place: a key that types nothing by itself, so that the
/// novice's side has only the meaning to go by.
pub(super) const NO_PLACE: KeyCode = KeyCode::F24;

/// Which key it was. On-screen keyboards and input tools may leave `code` empty and give only
/// the meaning; then it is the key that has this meaning on a US keyboard.
///
/// Keys of an input method in the middle of a word ("Process") and dead keys have a code and no
/// meaning: they travel as places, and compose at the novice's.
pub(super) fn place(code: &str, key: &str) -> Option<KeyCode> {
    KeyCode::from_dom(code).or_else(|| us_place(key))
}

fn us_place(key: &str) -> Option<KeyCode> {
    use KeyCode as C;
    let mut chars = key.chars();
    let (Some(first), None) = (chars.next(), chars.next()) else {
        return match key {
            "Shift" => Some(C::ShiftLeft),
            "Control" => Some(C::ControlLeft),
            "Alt" => Some(C::AltLeft),
            "AltGraph" => Some(C::AltRight),
            "Meta" | "OS" | "Super" => Some(C::MetaLeft),
            // Most named keys are called like their place.
            name => C::from_dom(name),
        };
    };
    Some(match first {
        'a'..='z' | 'A'..='Z' => {
            return C::from_dom(&format!("Key{}", first.to_ascii_uppercase()));
        }
        '0'..='9' => return C::from_dom(&format!("Digit{first}")),
        ' ' => C::Space,
        '!' => C::Digit1,
        '@' => C::Digit2,
        '#' => C::Digit3,
        '$' => C::Digit4,
        '%' => C::Digit5,
        '^' => C::Digit6,
        '&' => C::Digit7,
        '*' => C::Digit8,
        '(' => C::Digit9,
        ')' => C::Digit0,
        '-' | '_' => C::Minus,
        '=' | '+' => C::Equal,
        '[' | '{' => C::BracketLeft,
        ']' | '}' => C::BracketRight,
        '\\' | '|' => C::Backslash,
        ';' | ':' => C::Semicolon,
        '\'' | '"' => C::Quote,
        '`' | '~' => C::Backquote,
        ',' | '<' => C::Comma,
        '.' | '>' => C::Period,
        '/' | '?' => C::Slash,
        _ => NO_PLACE,
    })
}

/// `KeyboardEvent.key` of keys that we press ourselves.
pub(super) fn key_name(code: KeyCode) -> &'static str {
    use KeyCode as C;
    match code {
        C::ShiftLeft | C::ShiftRight => "Shift",
        C::ControlLeft | C::ControlRight => "Control",
        C::AltLeft | C::AltRight => "Alt",
        C::MetaLeft | C::MetaRight => "Meta",
        other => other.to_dom(),
    }
}
