use super::*;

const KEYBOARD: u16 = 7;
const ESC: u32 = 9;
const CTRL: u32 = 37;
const C: u32 = 54;

fn stop() -> StopKeys {
    StopKeys::of(&Layout::default())
}

#[test]
fn esc_stops_when_it_goes_down() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(KEYBOARD, ESC, true, &stop()), Physical::Escape);
    assert_eq!(reader.read(KEYBOARD, ESC, false, &stop()), Physical::Other);
}

#[test]
fn c_stops_only_while_a_person_holds_control() {
    let mut reader = Reader::default();
    let mut press = |key, down| reader.read(KEYBOARD, key, down, &stop());
    assert_eq!(press(C, true), Physical::Other);
    assert_eq!(press(CTRL, true), Physical::Other);
    assert_eq!(press(C, true), Physical::CtrlC);
    assert_eq!(press(CTRL, false), Physical::Other);
    assert_eq!(press(C, true), Physical::Other);
    // Control on one keyboard, C on another.
    assert_eq!(press(CTRL, true), Physical::Other);
    assert_eq!(reader.read(8, C, true, &stop()), Physical::CtrlC);
}

#[test]
fn an_echo_accounts_for_one_report_and_not_forever() {
    let start = Instant::now();
    let later = |ms| start + Duration::from_millis(ms);
    let esc = Echo::Key(ESC, true);
    let mut echoes = Echoes::default();
    echoes.expect([Echo::Motion, esc], start);
    assert!(echoes.take(esc, later(1)), "ours");
    assert!(!echoes.take(esc, later(2)), "somebody else's");
    assert!(!echoes.take(Echo::Motion, later(1500)), "given up");
}
