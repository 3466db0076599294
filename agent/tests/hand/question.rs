//! While a question is open, nothing is injected, whatever the expert sends.

use deskhand_agent::hand::wire::Command;
use deskhand_protocol::{
    input::{Action, Button},
    key::KeyCode,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::support::{Display, HEIGHT, Led, Observer, WIDTH, What, meaning};

const EVENTS: u32 = 1000;
const MARKER: (i16, i16) = (17, 23);

#[tokio::test]
async fn a_thousand_injected_events_do_nothing_while_a_question_is_open() {
    let display = Display::start();
    let observer = Observer::open(&display);
    let mut led = Led::start(&display).await;
    led.open().await;
    led.key(KeyCode::ShiftLeft, None, true);
    observer
        .until_held(1, std::time::Duration::from_secs(2))
        .await;

    led.hand.send(Command::Prompt(true)).unwrap();
    // What was held comes up: nothing that began before the question ends in it.
    observer
        .until_held(0, std::time::Duration::from_secs(2))
        .await;
    observer.seen();
    let mut random = ChaCha20Rng::seed_from_u64(7);
    let mut below = |n: u32| random.next_u32() % n;
    for event in 0..EVENTS {
        let mut place = |size: u16| u16::try_from(below(size.into())).unwrap();
        let at = (place(WIDTH), place(HEIGHT));
        let button = [Button::Left, Button::Middle, Button::Right][below(3) as usize];
        let (code, c) = [
            (KeyCode::KeyY, Some('y')),
            (KeyCode::Space, Some(' ')),
            (KeyCode::Tab, None),
            (KeyCode::Enter, None),
        ][below(4) as usize];
        match below(4) {
            0 => led.motion(at),
            1 => {
                let down = below(2) == 0;
                led.act(at, Action::Button { button, down });
            }
            2 => led.tap(code, c.and_then(meaning)),
            _ => led.act(at, Action::Wheel { dx: 120, dy: -120 }),
        }
        if event % 50 == 0 {
            // Lets the pipe take what waits.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    led.hand.send(Command::Prompt(false)).unwrap();
    led.tap(KeyCode::KeyA, meaning('a'));
    led.done(&observer, MARKER).await;
    let arrived = observer.injected();
    assert!(
        matches!(
            arrived[..],
            [What::Key(38, true), What::Key(38, false), What::Motion]
        ),
        "only what came after the answer: {arrived:?}"
    );
}
