use super::*;

/// A keyboard, driven by short notes: `+KeyA=a` presses, `-KeyA=a` releases, `*KeyA=a` repeats;
/// `[ctrl shift]` says which modifiers the browser sees from here on; `@120` sets the clock.
/// What comes out is written the same way, by code and keysym.
fn check(platform: Platform, notes: &str, expected: &str) {
    let mut keyboard = Keyboard::new(platform);
    let mut modifiers = Modifiers::default();
    let mut time = 0.0;
    let mut out = vec![];
    for group in notes.split(';').map(str::trim) {
        if let Some(names) = group.strip_prefix('[') {
            modifiers = seen(names.trim_end_matches(']'));
            continue;
        }
        if let Some(at) = group.strip_prefix('@') {
            time = at.parse().unwrap();
            continue;
        }
        let (sign, rest) = group.split_at(1);
        let (code, key) = rest.split_once('=').unwrap();
        let struck = keyboard.stroke(&Stroke {
            code: code.into(),
            key: key.into(),
            down: sign != "-",
            repeat: sign == "*",
            modifiers,
            time,
        });
        match struck {
            Struck::Send(actions) => out.extend(actions.iter().map(show)),
            Struck::Leave(actions) => {
                out.extend(actions.iter().map(show));
                out.push("leave".into());
            }
        }
    }
    assert_eq!(out.join(" "), expected, "{notes}");
}

fn seen(names: &str) -> Modifiers {
    let has = |name| names.split(' ').any(|n| n == name);
    Modifiers {
        shift: has("shift"),
        ctrl: has("ctrl"),
        alt: has("alt"),
        meta: has("meta"),
        alt_graph: has("altgr"),
    }
}

fn show(action: &Action) -> String {
    let Action::Key { code, keysym, down } = action else {
        panic!("{action:?} is no key")
    };
    let sign = if *down { '+' } else { '-' };
    match keysym {
        Some(Keysym(sym)) => format!("{sign}{}:{sym:x}", code.to_dom()),
        None => format!("{sign}{}", code.to_dom()),
    }
}

#[test]
fn a_key_goes_down_repeats_and_comes_up() {
    check(
        Platform::Other,
        "+KeyA=a; *KeyA=a; -KeyA=a",
        "+KeyA:61 +KeyA:61 -KeyA:61",
    );
}

#[test]
fn a_repeat_or_release_that_began_elsewhere_is_not_ours() {
    check(Platform::Other, "*Enter=Enter; -Enter=Enter", "");
}

#[test]
fn a_release_says_what_the_press_said() {
    check(
        Platform::Other,
        "[shift]; +ShiftLeft=Shift; +KeyA=A; []; -ShiftLeft=Shift; -KeyA=a",
        "+ShiftLeft:ffe1 +KeyA:41 -ShiftLeft:ffe1 -KeyA:41",
    );
}

#[test]
fn ctrl_alt_shift_leaves_and_releases_what_it_pressed() {
    check(
        Platform::Other,
        "[ctrl]; +ControlLeft=Control; [ctrl alt]; +AltLeft=Alt; [ctrl alt shift]; +ShiftLeft=Shift",
        "+ControlLeft:ffe3 +AltLeft:ffe9 -AltLeft:ffe9 -ControlLeft:ffe3 leave",
    );
}

#[test]
fn a_shortcut_with_all_three_is_not_a_wish_to_leave() {
    check(
        Platform::Other,
        "[ctrl alt]; +ControlLeft=Control; +AltLeft=Alt; +KeyX=x; [ctrl alt shift]; +ShiftLeft=Shift",
        "+ControlLeft:ffe3 +AltLeft:ffe9 +KeyX:78 +ShiftLeft:ffe1",
    );
}

#[test]
fn windows_altgr_takes_its_fake_control_back() {
    check(
        Platform::Windows,
        "@10; [ctrl]; +ControlLeft=Control; @11; [ctrl alt altgr]; +AltRight=AltGraph; +KeyE=€; -KeyE=€; []; -ControlLeft=Control; -AltRight=AltGraph",
        "+ControlLeft:ffe3 -ControlLeft:ffe3 +AltRight:fe03 +KeyE:10020ac -KeyE:10020ac -AltRight:fe03",
    );
}

#[test]
fn a_control_that_was_really_held_stays_with_altgr() {
    check(
        Platform::Windows,
        "@10; [ctrl]; +ControlLeft=Control; @400; [ctrl alt altgr]; +AltRight=AltGraph",
        "+ControlLeft:ffe3 +AltRight:fe03",
    );
}

#[test]
fn altgr_on_linux_shows_in_no_flag_and_still_stays_held() {
    check(
        Platform::Other,
        "+AltRight=AltGraph; +KeyQ=@; -KeyQ=@; -AltRight=AltGraph",
        "+AltRight:fe03 +KeyQ:40 -KeyQ:40 -AltRight:fe03",
    );
}

#[test]
fn command_on_a_mac_swallows_releases() {
    check(
        Platform::Mac,
        "[meta]; +MetaLeft=Meta; +KeyC=c; []; -MetaLeft=Meta",
        "+MetaLeft:ffeb +KeyC:63 -KeyC:63 -MetaLeft:ffeb",
    );
    check(
        Platform::Mac,
        "+KeyA=a; [meta]; +MetaLeft=Meta; []; -MetaLeft=Meta",
        "+KeyA:61 +MetaLeft:ffeb -MetaLeft:ffeb -KeyA:61",
    );
}

#[test]
fn caps_lock_is_one_press_whether_switched_on_or_off() {
    let press = "+CapsLock:ffe5 -CapsLock:ffe5";
    check(Platform::Mac, "+CapsLock=CapsLock", press);
    check(Platform::Mac, "-CapsLock=CapsLock", press);
    check(
        Platform::Other,
        "+CapsLock=CapsLock; -CapsLock=CapsLock",
        press,
    );
}

#[test]
fn print_screen_is_a_press_although_only_its_release_is_heard() {
    check(
        Platform::Windows,
        "-PrintScreen=PrintScreen",
        "+PrintScreen:ff61 -PrintScreen:ff61",
    );
}

#[test]
fn dead_and_composing_keys_travel_as_places() {
    check(
        Platform::Other,
        "+Quote=Dead; -Quote=Dead; +KeyE=Process; -KeyE=Process",
        "+Quote -Quote +KeyE -KeyE",
    );
}

#[test]
fn a_meaning_without_a_place_finds_one() {
    check(Platform::Other, "+=a; -=a", "+KeyA:61 -KeyA:61");
    check(Platform::Other, "+=?; -=?", "+Slash:3f -Slash:3f");
    check(
        Platform::Other,
        "+Unidentified=Enter; -=Enter",
        "+Enter:ff0d -Enter:ff0d",
    );
    check(Platform::Other, "+=Unidentified; -=Unidentified", "");
    check(
        Platform::Other,
        "+=é; +=è; -=é; -=è",
        "+F24:e9 -F24:e9 +F24:e8 -F24:e8",
    );
}

#[test]
fn modifiers_follow_what_the_browser_sees() {
    // The release of Ctrl went to the window manager.
    check(
        Platform::Other,
        "[ctrl]; +ControlLeft=Control; []; +KeyA=a",
        "+ControlLeft:ffe3 -ControlLeft:ffe3 +KeyA:61",
    );
    // Ctrl went down before the screen had the focus.
    check(
        Platform::Other,
        "[ctrl]; +KeyV=v; -KeyV=v; []; -ControlLeft=Control",
        "+ControlLeft:ffe3 +KeyV:76 -KeyV:76 -ControlLeft:ffe3",
    );
}

#[test]
fn a_chord_is_pressed_in_order_and_released_in_reverse() {
    let mut keyboard = Keyboard::new(Platform::Other);
    let actions = keyboard.chord(&[KeyCode::ControlLeft, KeyCode::AltLeft, KeyCode::Delete]);
    assert_eq!(
        actions.iter().map(show).collect::<Vec<_>>().join(" "),
        "+ControlLeft:ffe3 +AltLeft:ffe9 +Delete:ffff -Delete:ffff -AltLeft:ffe9 -ControlLeft:ffe3"
    );
    assert_eq!(keyboard.release_all(), []);
}
