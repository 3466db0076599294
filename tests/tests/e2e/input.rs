//! What the expert does arrives in a real program.

use deskhand_tests::{
    browser::Role,
    keys::{ALT, CONTROL, DOWN, ENTER, ESCAPE, F5, SHIFT, TAB},
    probe::{Event, Probe, typed},
    scene::Scene,
    wait::PATIENCE,
};

/// Keysyms of what has no character.
const X_ESCAPE: u32 = 0xff1b;
const X_ENTER: u32 = 0xff0d;
const X_TAB: u32 = 0xff09;
const X_DOWN: u32 = 0xff54;
const X_F5: u32 = 0xffc2;

/// Modifier bits of an X event.
const WITH_SHIFT: u16 = 1;
const WITH_CONTROL: u16 = 4;
const WITH_ALT: u16 = 8;

async fn goes_down(probe: &Probe, keysym: u32, modifiers: u16) {
    let what = format!("key {keysym:x} with {modifiers}");
    probe
        .wait(&what, |events| {
            let fits = |event: &&Event| {
                matches!(event, Event::Key { state, .. } if state & 0xf == modifiers)
                    && event.is_key(keysym, true)
            };
            events.iter().find(fits).map(|_| ())
        })
        .await;
    probe
        .wait(&format!("release of key {keysym:x}"), |events| {
            events
                .iter()
                .any(|event| event.is_key(keysym, false))
                .then_some(())
        })
        .await;
}

#[tokio::test]
async fn typing_shortcuts_and_named_keys_arrive() {
    let mut scene = Scene::controlling().await;
    scene.expert.types("hello, world. 42").await;
    scene.expert.chord(&[SHIFT, 'H']).await;
    scene.expert.chord(&[SHIFT, '!']).await;
    scene
        .probe
        .wait("typing", |events| {
            (typed(events) == "hello, world. 42H!").then_some(())
        })
        .await;

    for (key, keysym) in [
        (ENTER, X_ENTER),
        (TAB, X_TAB),
        (DOWN, X_DOWN),
        (F5, X_F5),
        // Goes to the desktop and stops nothing: only the novice's own Esc does.
        (ESCAPE, X_ESCAPE),
    ] {
        scene.probe.forget();
        scene.expert.chord(&[key]).await;
        goes_down(&scene.probe, keysym, 0).await;
    }
    for (keys, keysym, modifiers) in [
        (&[CONTROL, 'c'][..], u32::from('c'), WITH_CONTROL),
        (
            &[CONTROL, SHIFT, 'T'],
            u32::from('T'),
            WITH_CONTROL | WITH_SHIFT,
        ),
        (
            &[CONTROL, ALT, 'x'],
            u32::from('x'),
            WITH_CONTROL | WITH_ALT,
        ),
    ] {
        scene.probe.forget();
        scene.expert.chord(keys).await;
        goes_down(&scene.probe, keysym, modifiers).await;
    }
    scene.expert.has_control().await;
    scene
        .desktop
        .all_released(deskhand_tests::wait::PATIENCE)
        .await;
    scene.close().await;
}

#[tokio::test]
async fn characters_that_no_key_of_the_novice_has_arrive() {
    let scene = Scene::controlling().await;
    // The probe learns of a changed keyboard a moment after the key: keysyms may repeat, but
    // the last of them must be right.
    scene.types_through("aéßaж").await;
    scene.expert.has_control().await;
    scene
        .desktop
        .all_released(deskhand_tests::wait::PATIENCE)
        .await;
    scene.close().await;
}

#[tokio::test]
async fn clicks_drag_and_wheel_arrive_where_the_expert_points() {
    let mut scene = Scene::controlling().await;
    let [left, top, ..] = scene.probe.place;
    for (dom, x) in [(0, 1), (1, 2), (2, 3)] {
        let place = (left + 50 + 40 * u16::from(x), top + 70);
        scene.probe.forget();
        scene.expert.clicks(place, dom).await;
        for down in [true, false] {
            let at = scene
                .probe
                .wait(&format!("button {x}, down: {down}"), |events| {
                    events
                        .iter()
                        .find(|e| e.is_button(x, down))
                        .and_then(place_of)
                })
                .await;
            assert!(is_close(at, place), "button {x} at {at:?}, not {place:?}");
        }
    }

    let (from, to) = ((left + 30, top + 40), (left + 300, top + 200));
    scene.probe.forget();
    scene.expert.drags(from, to).await;
    let events = scene
        .probe
        .wait("drag", |events| {
            events
                .iter()
                .any(|e| e.is_button(1, false))
                .then(|| events.to_vec())
        })
        .await;
    let steps: Vec<&Event> = events
        .iter()
        .skip_while(|e| !e.is_button(1, true))
        .filter(|e| place_of(e).is_some_and(|at| is_close(at, from) || is_close(at, to)))
        .collect();
    assert!(
        steps.first().is_some_and(|e| e.is_button(1, true)),
        "{events:?}"
    );
    assert!(
        steps
            .iter()
            .any(|e| matches!(e, Event::Move { at, .. } if is_close(*at, to))),
        "the pointer moved while the button was down: {events:?}"
    );
    assert!(
        steps.last().is_some_and(|e| e.is_button(1, false)),
        "{events:?}"
    );

    for (delta, button, opposite) in [((0, 240), 5, 4), ((0, -240), 4, 5), ((240, 0), 7, 6)] {
        scene.probe.forget();
        scene.expert.turns_wheel(scene.probe.middle(), delta).await;
        let events = scene
            .probe
            .wait(&format!("wheel {delta:?}"), |events| {
                events
                    .iter()
                    .any(|e| e.is_button(button, false))
                    .then(|| events.to_vec())
            })
            .await;
        assert!(
            !events.iter().any(|e| e.is_button(opposite, true)),
            "{events:?}"
        );
    }
    scene.close().await;
}

#[tokio::test]
async fn keys_are_released_when_the_page_loses_focus_or_sight() {
    let mut scene = Scene::controlling().await;
    scene.holds_keys().await;
    let message = scene.expert.browser.find(Role::TextBox, "Message").await;
    message.click().await.unwrap();
    scene.desktop.all_released(PATIENCE).await;
    scene.expert.has_control().await;

    scene.expert.browser.lets_go().await;
    scene.probe.forget();
    scene.expert_reaches_probe().await;
    scene.holds_keys().await;
    let page = scene.expert.browser.hide_behind_a_tab().await;
    scene.desktop.all_released(PATIENCE).await;
    scene.expert.browser.show(page).await;
    scene.expert.has_control().await;
    scene.close().await;
}

fn place_of(event: &Event) -> Option<(u16, u16)> {
    match event {
        Event::Button { at, .. } | Event::Move { at, .. } => Some(*at),
        Event::Key { .. } => None,
    }
}

/// The picture may be shown smaller than it is, so that a browser's pixel is more than one.
fn is_close(a: (u16, u16), b: (u16, u16)) -> bool {
    a.0.abs_diff(b.0) <= 2 && a.1.abs_diff(b.1) <= 2
}
