use super::*;

const TWO_LEVEL: usize = 0;
const ALPHABETIC: usize = 1;
const FOUR_LEVEL: usize = 2;
const KEYPAD_TYPE: usize = 3;
const ONE_LEVEL: usize = 4;

const LOCK: Mods = 2;
const ALT: Mods = 8;
const NUM: Mods = 16;
const LEVEL3: Mods = 128;

const SHIFT_KEY: Scancode = 50;
const LEVEL3_KEY: Scancode = 92;

fn types() -> Vec<KeyType> {
    let of = |mask, levels: &[(Mods, usize)]| KeyType {
        mask,
        levels: levels.to_vec(),
    };
    vec![
        of(SHIFT, &[(SHIFT, 1)]),
        of(SHIFT | LOCK, &[(SHIFT, 1), (LOCK, 1)]),
        of(
            SHIFT | LEVEL3,
            &[(SHIFT, 1), (LEVEL3, 2), (SHIFT | LEVEL3, 3)],
        ),
        of(SHIFT | NUM, &[(SHIFT, 1), (NUM, 1)]),
        of(0, &[]),
    ]
}

/// `rows`: which keys, and per key its levels as characters.
fn layout(languages: &[&[(KeyCode, usize, &str)]]) -> Layout {
    let mut layout = Layout {
        types: types(),
        ..Layout::default()
    };
    let named = |keysym| Group {
        kind: ONE_LEVEL,
        keysyms: vec![keysym],
    };
    for (code, keysym, mods) in [
        (SHIFT_KEY, 0xffe1, SHIFT),
        (37, 0xffe3, CONTROL),
        (LEVEL3_KEY, LEVEL3_SHIFT, LEVEL3),
        (scancode(KeyCode::Escape), 0xff1b, 0),
        (scancode(KeyCode::ArrowUp), 0xff52, 0),
    ] {
        let groups = vec![named(keysym)];
        let key = Key {
            groups,
            mods,
            ..Key::default()
        };
        layout.keys.insert(code, key);
    }
    let alt = Group {
        kind: TWO_LEVEL,
        keysyms: vec![0xffe9, 0xffe7],
    };
    layout.keys.insert(
        64,
        Key {
            groups: vec![alt],
            mods: ALT,
            ..Key::default()
        },
    );
    for rows in languages {
        for (code, kind, levels) in *rows {
            let keysyms = levels
                .chars()
                .map(|c| xkeysym::Keysym::from_char(c).raw())
                .collect();
            let group = Group {
                kind: *kind,
                keysyms,
            };
            let key = layout.keys.entry(scancode(*code)).or_default();
            key.groups.push(group);
        }
    }
    layout
}

const US: &[(KeyCode, usize, &str)] = &[
    (KeyCode::Digit1, TWO_LEVEL, "1!"),
    (KeyCode::Digit2, TWO_LEVEL, "2@"),
    (KeyCode::Digit7, TWO_LEVEL, "7&"),
    (KeyCode::KeyQ, ALPHABETIC, "qQ"),
    (KeyCode::KeyY, ALPHABETIC, "yY"),
    (KeyCode::KeyZ, ALPHABETIC, "zZ"),
    (KeyCode::KeyC, ALPHABETIC, "cC"),
    (KeyCode::Equal, TWO_LEVEL, "=+"),
    (KeyCode::BracketRight, TWO_LEVEL, "]}"),
    (KeyCode::Slash, TWO_LEVEL, "/?"),
];
const DE: &[(KeyCode, usize, &str)] = &[
    (KeyCode::Digit2, FOUR_LEVEL, "2\"²"),
    (KeyCode::Digit7, FOUR_LEVEL, "7/{"),
    (KeyCode::KeyQ, FOUR_LEVEL, "qQ@"),
    (KeyCode::KeyE, FOUR_LEVEL, "eE€"),
    (KeyCode::KeyZ, ALPHABETIC, "yY"),
    (KeyCode::KeyY, ALPHABETIC, "zZ"),
    (KeyCode::BracketRight, TWO_LEVEL, "+*"),
];
const RU: &[(KeyCode, usize, &str)] = &[
    (KeyCode::KeyC, ALPHABETIC, "сС"),
    (KeyCode::KeyQ, ALPHABETIC, "йЙ"),
];

fn hold(code: KeyCode) -> Plan {
    Plan::Hold(scancode(code))
}

fn tap(code: KeyCode, add: &[Scancode], lift: Mods) -> Plan {
    Plan::Tap {
        key: scancode(code),
        add: add.to_vec(),
        lift,
    }
}

fn plan(layout: &Layout, ours: Mods, code: KeyCode, c: char) -> Plan {
    let moment = Moment {
        ours,
        ..Moment::default()
    };
    layout.plan(moment, code, Keysym::from_char(c))
}

#[test]
fn the_same_key_is_used_where_it_means_the_same() {
    let us = layout(&[US]);
    assert_eq!(plan(&us, 0, KeyCode::KeyQ, 'q'), hold(KeyCode::KeyQ));
    assert_eq!(plan(&us, SHIFT, KeyCode::KeyQ, 'Q'), hold(KeyCode::KeyQ));
    assert_eq!(
        plan(&us, SHIFT, KeyCode::Digit1, '!'),
        hold(KeyCode::Digit1)
    );
}

#[test]
fn another_key_is_used_where_layouts_differ() {
    let us = layout(&[US]);
    let de = layout(&[DE]);
    // A German expert types z, whose key is y here; and the other way round.
    assert_eq!(plan(&us, 0, KeyCode::KeyY, 'z'), hold(KeyCode::KeyZ));
    assert_eq!(plan(&de, 0, KeyCode::KeyZ, 'z'), hold(KeyCode::KeyY));
}

#[test]
fn modifiers_are_added_and_lifted_around_one_character() {
    let us = layout(&[US]);
    // A German expert's Shift+7 is a slash, which needs no Shift here.
    assert_eq!(
        plan(&us, SHIFT, KeyCode::Digit7, '/'),
        tap(KeyCode::Slash, &[], SHIFT)
    );
    // A French expert's exclamation mark needs no Shift there, but does here.
    assert_eq!(
        plan(&us, 0, KeyCode::Slash, '!'),
        tap(KeyCode::Digit1, &[SHIFT_KEY], 0)
    );
    // A German expert's AltGr+Q is an at sign: Shift+2 here, where AltGr makes no difference.
    assert_eq!(
        plan(&us, LEVEL3, KeyCode::KeyQ, '@'),
        tap(KeyCode::Digit2, &[SHIFT_KEY], 0)
    );
    // And an American expert's Shift+2 is AltGr+Q there.
    let de = layout(&[DE]);
    assert_eq!(
        plan(&de, SHIFT, KeyCode::Digit2, '@'),
        tap(KeyCode::KeyQ, &[LEVEL3_KEY], SHIFT)
    );
}

#[test]
fn what_the_novice_holds_cannot_be_lifted() {
    let us = layout(&[US]);
    let moment = Moment {
        others: SHIFT,
        ..Moment::default()
    };
    let slash = Keysym::from_char('/');
    assert_eq!(
        us.plan(moment, KeyCode::Digit7, slash),
        Plan::Lend(slash.unwrap())
    );
}

#[test]
fn caps_lock_on_the_novices_side_changes_nothing() {
    let us = layout(&[US]);
    let moment = Moment {
        others: LOCK,
        ..Moment::default()
    };
    assert_eq!(
        us.plan(moment, KeyCode::KeyQ, Keysym::from_char('q')),
        tap(KeyCode::KeyQ, &[SHIFT_KEY], 0),
        "Shift undoes it"
    );
    assert_eq!(
        us.plan(moment, KeyCode::KeyQ, Keysym::from_char('Q')),
        hold(KeyCode::KeyQ)
    );
}

#[test]
fn what_no_key_types_is_lent_a_key() {
    let us = layout(&[US]);
    for c in ['é', 'Ж', '€', '😀'] {
        assert_eq!(
            plan(&us, 0, KeyCode::KeyE, c),
            Plan::Lend(Keysym::from_char(c).unwrap())
        );
    }
}

#[test]
fn old_and_new_keysyms_of_one_character_are_the_same() {
    let ru = layout(&[US, RU]);
    let moment = Moment {
        group: 1,
        ..Moment::default()
    };
    assert_eq!(ru.keysym(scancode(KeyCode::KeyC), 1, 0), Some(0x6d3));
    assert_eq!(
        ru.plan(moment, KeyCode::KeyC, Keysym::from_char('с')),
        hold(KeyCode::KeyC)
    );
}

#[test]
fn shortcuts_go_by_letter_and_else_by_place() {
    let de = layout(&[DE]);
    // Ctrl+Z of an American expert: the key that types z there.
    assert_eq!(plan(&de, CONTROL, KeyCode::KeyZ, 'z'), hold(KeyCode::KeyY));
    // With Shift as well: still the key of the letter.
    assert_eq!(
        plan(&de, CONTROL | SHIFT, KeyCode::KeyZ, 'Z'),
        hold(KeyCode::KeyY)
    );
    assert_eq!(plan(&de, ALT, KeyCode::KeyZ, 'z'), hold(KeyCode::KeyY));
    // Ctrl+C while the novice writes Russian: no key types c, so the place counts.
    let ru = layout(&[US, RU]);
    let moment = Moment {
        group: 1,
        ours: CONTROL,
        others: 0,
    };
    assert_eq!(
        ru.plan(moment, KeyCode::KeyC, Keysym::from_char('c')),
        hold(KeyCode::KeyC)
    );
    // Ctrl and a German plus sign: Shift is added here, so that it stays a plus.
    let us = layout(&[US]);
    assert_eq!(
        plan(&us, CONTROL, KeyCode::BracketRight, '+'),
        tap(KeyCode::Equal, &[SHIFT_KEY], 0)
    );
}

#[test]
fn keys_without_meaning_type_nothing_unless_they_are_commands() {
    let us = layout(&[US]);
    let none = |ours, code| {
        let moment = Moment {
            ours,
            ..Moment::default()
        };
        us.plan(moment, code, None)
    };
    assert_eq!(none(0, KeyCode::Quote), Plan::Nothing, "a dead key");
    assert_eq!(none(CONTROL, KeyCode::Quote), hold(KeyCode::Quote));
    assert_eq!(none(0, KeyCode::Convert), hold(KeyCode::Convert));
}

#[test]
fn modifiers_go_by_meaning_too() {
    let us = layout(&[US]);
    let meant = |ours, code, keysym| {
        let moment = Moment {
            ours,
            ..Moment::default()
        };
        us.plan(moment, code, Some(Keysym(keysym)))
    };
    assert_eq!(
        meant(0, KeyCode::ShiftLeft, 0xffe1),
        hold(KeyCode::ShiftLeft)
    );
    assert_eq!(
        meant(SHIFT, KeyCode::AltLeft, 0xffe9),
        hold(KeyCode::AltLeft),
        "Shift makes it no other key"
    );
    assert_eq!(
        meant(0, KeyCode::CapsLock, 0xffe3),
        hold(KeyCode::ControlLeft),
        "an expert who has Control there"
    );
    assert_eq!(
        meant(0, KeyCode::AltRight, LEVEL3_SHIFT),
        Plan::Hold(LEVEL3_KEY)
    );
    let mut bare = us.clone();
    bare.keys.remove(&LEVEL3_KEY);
    assert_eq!(
        bare.plan(
            Moment::default(),
            KeyCode::AltRight,
            Some(Keysym(LEVEL3_SHIFT))
        ),
        Plan::Nothing
    );
}

#[test]
fn the_numeric_pad_means_what_the_expert_saw() {
    let pad: &[(KeyCode, usize, &str)] = &[(KeyCode::Digit8, TWO_LEVEL, "8*")];
    let mut us = layout(&[pad]);
    us.keys.insert(
        scancode(KeyCode::Numpad8),
        Key {
            groups: vec![Group {
                kind: KEYPAD_TYPE,
                keysyms: vec![0xff97, 0xffb8],
            }],
            ..Key::default()
        },
    );
    let with = |others| Moment {
        others,
        ..Moment::default()
    };
    let eight = Keysym::from_char('8');
    let up = Some(Keysym(0xff52));
    let code = KeyCode::Numpad8;
    assert_eq!(us.plan(with(NUM), code, eight), hold(code));
    assert_eq!(us.plan(with(0), code, eight), hold(KeyCode::Digit8));
    assert_eq!(us.plan(with(0), code, up), hold(code));
    assert_eq!(us.plan(with(NUM), code, up), hold(KeyCode::ArrowUp));
}

#[test]
fn only_keys_without_any_use_are_spare() {
    let us = layout(&[US]);
    let spare = us.spare_keys();
    assert!(!spare.contains(&scancode(KeyCode::KeyQ)));
    assert!(!spare.contains(&SHIFT_KEY));
    assert!(!spare.contains(&8));
    assert_eq!(spare.first(), Some(&255));
}
