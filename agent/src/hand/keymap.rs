//! Which key types what: a keyboard layout as a value, and the rule that picks keys from it.
//!
//! Pure; [`super::layout_x11`] reads layouts from the display. The model is XKB's: a key has
//! groups (languages), a group has levels, and a type says which modifiers select which level
//! ([XKB protocol §12](https://www.x.org/releases/X11R7.7/doc/kbproto/xkbproto.html)).

use std::collections::BTreeMap;

use deskhand_protocol::key::{KeyCode, Keysym};

use super::held::Scancode;

/// A set of X modifiers.
pub type Mods = u8;
/// Shift.
pub const SHIFT: Mods = 1;
/// Control.
pub const CONTROL: Mods = 4;

const ALT_KEYSYMS: [u32; 4] = [0xffe9, 0xffea, 0xffe7, 0xffe8]; // Alt_L, Alt_R, Meta_L, Meta_R
const SUPER_KEYSYMS: [u32; 2] = [0xffeb, 0xffec]; // Super_L, Super_R
const LEVEL3_SHIFT: u32 = 0xfe03; // ISO_Level3_Shift, on many keyboards called AltGr

/// A keyboard layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Key types, by the numbers that groups name.
    pub types: Vec<KeyType>,
    /// Keys that exist.
    pub keys: BTreeMap<Scancode, Key>,
}

/// How modifiers select a level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyType {
    /// The modifiers that matter.
    pub mask: Mods,
    /// Exactly these of them select that level; any other combination selects level 0.
    pub levels: Vec<(Mods, usize)>,
}

/// A key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// One per language; empty if the key does nothing.
    pub groups: Vec<Group>,
    /// What happens when a language is active that this key does not have.
    pub beyond: Beyond,
    /// The modifiers it holds while it is down.
    pub mods: Mods,
}

/// A key's meanings in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Which [`KeyType`].
    pub kind: usize,
    /// One keysym per level; 0 for none.
    pub keysyms: Vec<u32>,
}

/// What a key does when a language is active that it does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Beyond {
    /// Counts on from the first.
    #[default]
    Wrap,
    /// Uses its last.
    Clamp,
    /// Uses this one.
    Use(usize),
}

/// What the keyboard is doing at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// The active language.
    pub group: usize,
    /// Modifiers in effect that the hand holds, and so can let go of.
    pub ours: Mods,
    /// Modifiers in effect for any other reason: locked, or held by the novice.
    pub others: Mods,
}

/// How to do what the expert's key meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Press this key, and release it when the expert does.
    Hold(Scancode),
    /// Press and release this key under other modifiers than are held now.
    Tap {
        /// The key.
        key: Scancode,
        /// Hold these meanwhile.
        add: Vec<Scancode>,
        /// Let go of what holds these meanwhile.
        lift: Mods,
    },
    /// No key types it: lend it a spare one.
    Lend(Keysym),
    /// Do nothing: the key has no meaning of its own.
    Nothing,
}

impl Layout {
    /// What `key` types under `mods` in language `group`, as it stands in the layout.
    pub fn keysym(&self, key: Scancode, group: usize, mods: Mods) -> Option<u32> {
        let group = self.group(key, group)?;
        let kind = self.types.get(group.kind)?;
        let level = (kind.levels.iter())
            .find(|(combination, _)| *combination == mods & kind.mask)
            .map_or(0, |(_, level)| *level);
        group.keysyms.get(level).copied().filter(|sym| *sym != 0)
    }

    /// What `key` types on its own in language `group`.
    fn plain(&self, key: Scancode, group: usize) -> Option<u32> {
        let first = self.group(key, group)?.keysyms.first().copied()?;
        (first != 0).then_some(first)
    }

    fn group(&self, key: Scancode, group: usize) -> Option<&Group> {
        let key = self.keys.get(&key)?;
        let count = key.groups.len();
        let index = match key.beyond {
            _ if group < count => group,
            _ if count == 0 => return None,
            Beyond::Wrap => group % count,
            Beyond::Clamp => count - 1,
            Beyond::Use(index) if index < count => index,
            Beyond::Use(_) => 0,
        };
        key.groups.get(index)
    }

    /// The modifiers that keys with one of these meanings hold.
    fn mods_of(&self, keysyms: &[u32]) -> Mods {
        self.keys
            .iter()
            .filter(|(code, _)| self.plain(**code, 0).is_some_and(|s| keysyms.contains(&s)))
            .fold(0, |mods, (_, key)| mods | key.mods)
    }

    /// Modifiers under which a key is a command rather than a character.
    fn command_mods(&self) -> Mods {
        let alt = self.mods_of(&ALT_KEYSYMS) | self.mods_of(&SUPER_KEYSYMS);
        CONTROL | (alt & !self.mods_of(&[LEVEL3_SHIFT]))
    }

    /// The modifiers `scancode` holds while it is down.
    pub fn mods(&self, scancode: Scancode) -> Mods {
        self.keys.get(&scancode).map_or(0, |key| key.mods)
    }

    /// Keys that mean `keysym` in any language, with or without Shift.
    pub fn keys_meaning(&self, keysym: u32) -> impl Iterator<Item = Scancode> {
        let wanted = canonical(keysym);
        self.keys.iter().filter_map(move |(code, key)| {
            let means = |group: &Group| {
                let plain = group.keysyms.iter().take(2);
                plain.copied().any(|sym| canonical(sym) == wanted)
            };
            key.groups.iter().any(means).then_some(*code)
        })
    }

    /// Keys that hold Control.
    pub fn control_keys(&self) -> impl Iterator<Item = Scancode> {
        let holds = |key: &Key| key.mods & CONTROL != 0;
        (self.keys.iter()).filter_map(move |(code, key)| holds(key).then_some(*code))
    }

    /// Keys without any meaning, which can be lent one; the highest first, since the lowest
    /// belong to real keys of rare keyboards.
    pub fn spare_keys(&self) -> Vec<Scancode> {
        let used = |code: &Scancode| {
            self.keys.get(code).is_some_and(|key| {
                let groups = key.groups.iter();
                key.mods != 0 || groups.flat_map(|g| &g.keysyms).any(|sym| *sym != 0)
            })
        };
        // 8 is no key on Linux: programs that subtract 8 from it get "none".
        (9..=255).rev().filter(|code| !used(code)).collect()
    }

    /// How to do what the expert's key meant.
    ///
    /// With Ctrl, Alt or Super: the key of that letter on this layout, else the same physical
    /// key. Otherwise: the physical key if it means the same here; else any key that does,
    /// under whichever modifiers it needs; else a lent key.
    pub fn plan(&self, moment: Moment, code: KeyCode, keysym: Option<Keysym>) -> Plan {
        let physical = scancode(code);
        let now = moment.ours | moment.others;
        let command = now & self.command_mods() != 0;
        let Some(Keysym(keysym)) = keysym else {
            // A dead key, or an input method at work: the letter follows with its meaning.
            let hold = command || !writes(code);
            return if hold {
                Plan::Hold(physical)
            } else {
                Plan::Nothing
            };
        };
        let wanted = canonical(keysym);
        if is_modifier(keysym) {
            return self.plan_modifier(moment.group, physical, wanted);
        }
        let means = |key, mods| {
            let found = self.keysym(key, moment.group, mods);
            found.is_some_and(|sym| canonical(sym) == wanted)
        };
        let letter = to_char(keysym).filter(|c| c.is_alphabetic());
        if let (true, Some(letter)) = (command, letter) {
            return Plan::Hold(self.letter_key(moment.group, physical, letter));
        }
        if means(physical, now) {
            return Plan::Hold(physical);
        }
        if let Some(key) = self.keys.keys().copied().find(|key| means(*key, now)) {
            return Plan::Hold(key);
        }
        if let Some(tap) = self.plan_tap(moment, physical, means) {
            return tap;
        }
        match to_char(keysym) {
            Some(_) if !command => Plan::Lend(Keysym(keysym)),
            _ => Plan::Hold(physical),
        }
    }

    /// Modifiers are matched by their plain meaning: Shift must not turn Alt into Meta.
    fn plan_modifier(&self, group: usize, physical: Scancode, wanted: u32) -> Plan {
        let means = |key: &Scancode| self.plain(*key, group) == Some(wanted);
        if means(&physical) {
            return Plan::Hold(physical);
        }
        match self.keys.keys().copied().find(means) {
            Some(key) => Plan::Hold(key),
            // Where nothing is on a third level, AltGr has nothing to do; Alt would open menus.
            None if wanted == LEVEL3_SHIFT => Plan::Nothing,
            None => Plan::Hold(physical),
        }
    }

    /// The key of a shortcut's letter: Ctrl+C is Ctrl with the key that types c here.
    fn letter_key(&self, group: usize, physical: Scancode, letter: char) -> Scancode {
        let lower: Vec<char> = letter.to_lowercase().collect();
        let types = |key: Scancode| {
            let plain = self.plain(key, group).and_then(to_char);
            plain.is_some_and(|c| [c] == lower[..])
        };
        if types(physical) {
            return physical;
        }
        let found = self.keys.keys().copied().find(|key| types(*key));
        found.unwrap_or(physical)
    }

    /// A key that means it under other modifiers than now; as few changes as possible.
    fn plan_tap(
        &self,
        moment: Moment,
        physical: Scancode,
        means: impl Fn(Scancode, Mods) -> bool,
    ) -> Option<Plan> {
        let level3 = self.mods_of(&[LEVEL3_SHIFT]);
        let holder = |mods: Mods| {
            let holds = |(_, key): &(&Scancode, &Key)| mods != 0 && key.mods == mods;
            self.keys.iter().find(holds).map(|(code, _)| *code)
        };
        let now = moment.ours | moment.others;
        let toggle = SHIFT | level3;
        let mut wishes: Vec<Mods> = [0, SHIFT, level3, SHIFT | level3]
            .into_iter()
            .filter(|wish| moment.others & toggle & !wish == 0)
            .collect();
        wishes.sort_by_key(|wish| (wish ^ (now & toggle)).count_ones());
        for wish in wishes {
            let mods = (now & !toggle) | wish;
            let candidates = std::iter::once(physical).chain(self.keys.keys().copied());
            let Some(key) = candidates.into_iter().find(|key| means(*key, mods)) else {
                continue;
            };
            let missing = wish & !now;
            let add: Option<Vec<Scancode>> = [missing & SHIFT, missing & level3]
                .into_iter()
                .filter(|mods| *mods != 0)
                .map(holder)
                .collect();
            if let Some(add) = add {
                let lift = now & toggle & !wish;
                return Some(Plan::Tap { key, add, lift });
            }
        }
        None
    }
}

/// The X keycode of a physical key, on every evdev-style server.
pub fn scancode(code: KeyCode) -> Scancode {
    // Every code fits: the protocol's own tests say so.
    Scancode::try_from(code.evdev() + 8).unwrap_or(Scancode::MAX)
}

/// One number per meaning: old keysyms of a character become its Unicode keysym, and the
/// numeric pad's become the ordinary ones, since the page does not tell them apart either.
pub fn canonical(keysym: u32) -> u32 {
    match keysym {
        0xff8d => 0xff0d, // KP_Enter
        0xff95..=0xff9c => KEYPAD[(keysym - 0xff95) as usize],
        0xff9e => 0xff63, // KP_Insert
        0xff9f => 0xffff, // KP_Delete
        0xfe20 => 0xff09, // ISO_Left_Tab: Shift+Tab
        other => to_char(other)
            .and_then(Keysym::from_char)
            .map_or(other, |k| k.0),
    }
}

/// The numeric pad's Home, Left, Up, Right, Down, Page Up, Page Down and End.
const KEYPAD: [u32; 8] = [
    0xff50, 0xff51, 0xff52, 0xff53, 0xff54, 0xff55, 0xff56, 0xff57,
];

/// The character a keysym types, if it types one that can be seen.
fn to_char(keysym: u32) -> Option<char> {
    let c = xkeysym::Keysym::new(keysym).key_char()?;
    (!c.is_control()).then_some(c)
}

fn is_modifier(keysym: u32) -> bool {
    keysym == LEVEL3_SHIFT || (0xffe1..=0xffee).contains(&keysym)
}

/// Whether a key types characters on some layout, and so may be a dead key on one.
fn writes(code: KeyCode) -> bool {
    use KeyCode as C;
    matches!(code.evdev(), 2..=13 | 16..=27 | 30..=41 | 43..=53 | 57)
        || matches!(code, C::IntlBackslash | C::IntlRo | C::IntlYen)
}

#[cfg(test)]
mod tests;
