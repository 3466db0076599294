//! What the browser says about keys, made plain. Pure.
//!
//! Every quirk of a browser or system is handled here, each with a sentence, behind one
//! function: a DOM event goes in, [`Action`]s come out, and every key that went down comes up.

mod place;

use deskhand_protocol::{
    input::Action,
    key::{KeyCode, Keysym},
};

use place::{NO_PLACE, key_name, place};

/// One `keydown` or `keyup`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stroke {
    /// `KeyboardEvent.code`.
    pub code: String,
    /// `KeyboardEvent.key`.
    pub key: String,
    /// `keydown`, or `keyup`.
    pub down: bool,
    /// The system repeats a key that is held.
    pub repeat: bool,
    /// What is held beside it, as the browser sees it.
    pub modifiers: Modifiers,
    /// `Event.timeStamp` in milliseconds.
    pub time: f64,
}

/// Which modifiers the browser sees held. Every key, pointer and wheel event says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "as the DOM has them")]
pub struct Modifiers {
    /// `shiftKey`.
    pub shift: bool,
    /// `ctrlKey`.
    pub ctrl: bool,
    /// `altKey`.
    pub alt: bool,
    /// `metaKey`.
    pub meta: bool,
    /// `getModifierState("AltGraph")`.
    pub alt_graph: bool,
}

/// Whose quirks to expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// macOS and its relatives.
    Mac,
    /// Windows.
    Windows,
    /// Everything else.
    #[default]
    Other,
}

impl Platform {
    /// From `navigator.platform`.
    pub fn from_dom(name: &str) -> Self {
        if name.starts_with("Mac") || name.starts_with("iP") {
            Self::Mac
        } else if name.starts_with("Win") {
            Self::Windows
        } else {
            Self::Other
        }
    }
}

/// What became of a stroke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Struck {
    /// For the novice's desktop.
    Send(Vec<Action>),
    /// Ctrl+Alt+Shift: the expert wants out. Carries the releases of what was held.
    Leave(Vec<Action>),
}

/// The keys that are down at the novice's, and what is known about the expert's keyboard.
#[derive(Debug, Default)]
pub struct Keyboard {
    platform: Platform,
    held: Vec<Held>,
    /// When `ControlLeft` went down, for [`Keyboard::undo_fake_control`].
    control_at: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    code: KeyCode,
    keysym: Option<Keysym>,
}

/// The fake `ControlLeft` of Windows comes within a moment of its `AltRight`.
const FAKE_CONTROL_MS: f64 = 50.0;

impl Keyboard {
    /// Of an expert on `platform`.
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            ..Self::default()
        }
    }

    /// Translates one event.
    pub fn stroke(&mut self, stroke: &Stroke) -> Struck {
        let Some(code) = place(&stroke.code, &stroke.key) else {
            return Struck::Send(vec![]);
        };
        let keysym = Keysym::from_dom(&stroke.key, Some(code));
        if stroke.down && self.asks_to_leave(code, keysym) {
            return Struck::Leave(self.release_all());
        }
        let mut out = self.drop_stale(stroke.modifiers, Some(code));
        if stroke.down {
            self.undo_fake_control(code, stroke, &mut out);
            if !code.is_modifier() {
                out.extend(self.add_missing(stroke.modifiers));
            }
            self.key_down(code, keysym, stroke, &mut out);
        } else {
            self.key_up(code, keysym, &mut out);
        }
        Struck::Send(out)
    }

    /// Before a click or a turn of the wheel: brings the modifiers in line with what the
    /// browser sees, so that Ctrl held since before the page had the focus still counts.
    pub fn sync(&mut self, seen: Modifiers) -> Vec<Action> {
        let mut out = self.drop_stale(seen, None);
        out.extend(self.add_missing(seen));
        out
    }

    /// Presses the keys in order and releases them in reverse, as by hand. What is already held
    /// stays held.
    pub fn chord(&mut self, codes: &[KeyCode]) -> Vec<Action> {
        let fresh: Vec<_> = codes
            .iter()
            .copied()
            .filter(|code| !self.is_held(*code))
            .collect();
        let mut out = vec![];
        for &code in &fresh {
            self.press(code, Keysym::from_dom(key_name(code), Some(code)), &mut out);
        }
        for &code in fresh.iter().rev() {
            self.release(code, &mut out);
        }
        out
    }

    /// Lets go of everything, the latest first.
    pub fn release_all(&mut self) -> Vec<Action> {
        self.held.drain(..).rev().map(up).collect()
    }

    fn key_down(
        &mut self,
        code: KeyCode,
        keysym: Option<Keysym>,
        stroke: &Stroke,
        out: &mut Vec<Action>,
    ) {
        // A repeat of a key that is not held here began somewhere else, such as Enter on the
        // button that took control.
        if stroke.repeat && !self.is_held(code) {
            return;
        }
        if code == KeyCode::ControlLeft {
            self.control_at = stroke.time;
        }
        // Two characters without a place would share one key; the second lets go of the first.
        if code == NO_PLACE && !stroke.repeat {
            self.release(code, out);
        }
        self.press(code, keysym, out);
        if self.comes_up_unheard(code, stroke) {
            self.release(code, out);
        }
    }

    fn key_up(&mut self, code: KeyCode, keysym: Option<Keysym>, out: &mut Vec<Action>) {
        // Windows says nothing when PrintScreen goes down; macOS says "up" when CapsLock is
        // switched off. Both mean one whole press.
        let only_up = code == KeyCode::PrintScreen
            || (code == KeyCode::CapsLock && self.platform == Platform::Mac);
        if only_up && !self.is_held(code) {
            self.press(code, keysym, out);
        }
        self.release(code, out);
        // While Command is held macOS keeps the releases of other keys to itself, so they end
        // with it at the latest.
        if self.platform == Platform::Mac && is_meta(code) {
            let rest: Vec<_> = self
                .held
                .iter()
                .map(|held| held.code)
                .filter(|held| !held.is_modifier())
                .collect();
            for held in rest {
                self.release(held, out);
            }
        }
    }

    /// Keys whose `keyup` never comes are released right away.
    fn comes_up_unheard(&self, code: KeyCode, stroke: &Stroke) -> bool {
        match self.platform {
            // Command swallows the others' releases; CapsLock says "down" for on, "up" for off.
            Platform::Mac => {
                (stroke.modifiers.meta && !code.is_modifier()) || code == KeyCode::CapsLock
            }
            // The keys that switch a Japanese input method say only "down".
            Platform::Windows => matches!(
                stroke.key.as_str(),
                "Zenkaku"
                    | "Hankaku"
                    | "ZenkakuHankaku"
                    | "Alphanumeric"
                    | "Romaji"
                    | "KanaMode"
                    | "Katakana"
                    | "Hiragana"
            ),
            Platform::Other => false,
        }
    }

    /// `AltGr` on Windows comes as `ControlLeft` (which nobody pressed) and then `AltRight`. The
    /// Ctrl is taken back, or AltGr+E would arrive as Ctrl+€.
    fn undo_fake_control(&mut self, code: KeyCode, stroke: &Stroke, out: &mut Vec<Action>) {
        let alt_graph = code == KeyCode::AltRight && stroke.key == "AltGraph";
        if alt_graph
            && self.platform == Platform::Windows
            && stroke.time - self.control_at < FAKE_CONTROL_MS
        {
            self.release(KeyCode::ControlLeft, out);
        }
    }

    /// Releases modifiers that the browser no longer sees held: their `keyup` went to a window
    /// manager, another program or nowhere. The side that the event itself is about is left to
    /// the event.
    fn drop_stale(&mut self, seen: Modifiers, but: Option<KeyCode>) -> Vec<Action> {
        let stale: Vec<_> = self
            .held
            .iter()
            .filter(|held| {
                Group::of(**held).is_some_and(|group| {
                    !group.is_seen(seen) && but.is_none_or(|code| !group.has(code))
                })
            })
            .map(|held| held.code)
            .collect();
        let mut out = vec![];
        for code in stale {
            self.release(code, &mut out);
        }
        out
    }

    /// Presses modifiers that the browser sees held and that never went down here.
    fn add_missing(&mut self, seen: Modifiers) -> Vec<Action> {
        let mut out = vec![];
        for group in Group::ALL {
            // AltGr shows as Ctrl and Alt on some systems; what it yields is in the keysym.
            let hidden = seen.alt_graph && matches!(group, Group::Ctrl | Group::Alt);
            let held = self.held.iter().any(|held| group.has(held.code));
            if group.is_seen(seen) && !held && !hidden {
                let code = group.left();
                self.press(code, Keysym::from_dom(key_name(code), Some(code)), &mut out);
            }
        }
        out
    }

    /// Ctrl, Alt and Shift together, in any order, and nothing else.
    fn asks_to_leave(&self, code: KeyCode, keysym: Option<Keysym>) -> bool {
        const ALL: [Group; 3] = [Group::Ctrl, Group::Alt, Group::Shift];
        let this = Held { code, keysym };
        let held = || self.held.iter().copied().chain([this]).map(Group::of);
        held().all(|group| group.is_some_and(|group| ALL.contains(&group)))
            && ALL
                .iter()
                .all(|wanted| held().any(|group| group == Some(*wanted)))
    }

    fn is_held(&self, code: KeyCode) -> bool {
        self.held.iter().any(|held| held.code == code)
    }

    fn press(&mut self, code: KeyCode, keysym: Option<Keysym>, out: &mut Vec<Action>) {
        if !self.is_held(code) {
            self.held.push(Held { code, keysym });
        }
        out.push(Action::Key {
            code,
            keysym,
            down: true,
        });
    }

    fn release(&mut self, code: KeyCode, out: &mut Vec<Action>) {
        if let Some(index) = self.held.iter().position(|held| held.code == code) {
            out.push(up(self.held.remove(index)));
        }
    }
}

/// A release says what the press said, also when Shift was let go first.
fn up(held: Held) -> Action {
    Action::Key {
        code: held.code,
        keysym: held.keysym,
        down: false,
    }
}

fn is_meta(code: KeyCode) -> bool {
    matches!(code, KeyCode::MetaLeft | KeyCode::MetaRight)
}

/// Both sides of a modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Shift,
    Ctrl,
    Alt,
    Meta,
}

impl Group {
    const ALL: [Self; 4] = [Self::Shift, Self::Ctrl, Self::Alt, Self::Meta];

    /// `AltRight` that means `AltGr` belongs to none: no flag of the browser shows it reliably.
    fn of(held: Held) -> Option<Self> {
        const ALT_GRAPH: Option<Keysym> = Some(Keysym(0xfe03));
        if held.keysym == ALT_GRAPH {
            return None;
        }
        Self::ALL.into_iter().find(|group| group.has(held.code))
    }

    fn sides(self) -> [KeyCode; 2] {
        match self {
            Self::Shift => [KeyCode::ShiftLeft, KeyCode::ShiftRight],
            Self::Ctrl => [KeyCode::ControlLeft, KeyCode::ControlRight],
            Self::Alt => [KeyCode::AltLeft, KeyCode::AltRight],
            Self::Meta => [KeyCode::MetaLeft, KeyCode::MetaRight],
        }
    }

    fn left(self) -> KeyCode {
        self.sides()[0]
    }

    fn has(self, code: KeyCode) -> bool {
        self.sides().contains(&code)
    }

    fn is_seen(self, seen: Modifiers) -> bool {
        match self {
            Self::Shift => seen.shift,
            Self::Ctrl => seen.ctrl,
            Self::Alt => seen.alt,
            Self::Meta => seen.meta,
        }
    }
}

#[cfg(test)]
mod tests;
