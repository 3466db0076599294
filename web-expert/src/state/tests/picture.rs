//! What the expert wants to see, and how.

use super::*;

fn monitors(ids: &[u32], shown: Shown) -> Event {
    let list = ids.iter().map(|id| Monitor {
        id: MonitorId(*id),
        name: Name::new(&format!("DP-{id}")),
        x: 0,
        y: 0,
        width: 1920,
        height: 1080,
    });
    let monitors = Monitors::new(list.collect(), shown).unwrap();
    Event::Novice(FromNovice::Monitors(monitors))
}

fn alert(state: &State) -> Option<&str> {
    let Screen::Console(console) = &state.screen else {
        panic!("no session")
    };
    console.alert.as_deref()
}

#[test]
fn the_expert_chooses_a_screen_and_the_novice_says_what_is_shown() {
    let mut state = in_session();
    let (first, second) = (Shown::One(MonitorId(1)), Shown::One(MonitorId(2)));
    run(&mut state, [monitors(&[1, 2], first)]);
    let effects = run(&mut state, [Event::Show(second)]);
    let show = control::FromExpert::Show(second);
    assert_eq!(effects, [Effect::Send(show)]);
    let shown = |state: &State| {
        let Screen::Console(console) = &state.screen else {
            panic!("no session")
        };
        console.monitors.as_ref().map(Monitors::shown)
    };
    assert_eq!(shown(&state), Some(first), "not before it is so");
    run(&mut state, [monitors(&[1, 2], second)]);
    assert_eq!(shown(&state), Some(second));
    run(&mut state, [monitors(&[1, 2, 3], second)]);
    assert_eq!(alert(&state), None);
}

#[test]
fn the_expert_is_told_when_the_screen_that_they_watch_is_disconnected() {
    let mut state = in_session();
    let one = |id| Shown::One(MonitorId(id));
    run(&mut state, [monitors(&[1, 2], one(2))]);
    run(&mut state, [monitors(&[1], one(1))]);
    assert_eq!(
        alert(&state),
        Some("The screen that you watched was disconnected. You see DP-1 now.")
    );
    run(&mut state, [Event::Dismiss, monitors(&[1, 2], Shown::All)]);
    run(&mut state, [monitors(&[1], Shown::All)]);
    assert_eq!(alert(&state), None, "all screens are still all screens");
}

/// What the novice's computer says first.
fn shared() -> Event {
    Event::Novice(FromNovice::Display(control::Display {
        epoch: 1,
        width: 1280,
        height: 800,
    }))
}

fn sent(effects: &[Effect]) -> Vec<FromExpert> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send(message) => Some(message.clone()),
        _ => None,
    });
    sent.collect()
}

#[test]
fn a_page_that_is_hidden_says_so_and_does_nothing_until_it_is_seen() {
    let mut state = in_session();
    run(&mut state, [shared()]);
    for looking in [false, true] {
        let effects = run(&mut state, [Event::Looking(looking)]);
        assert_eq!(
            effects,
            [
                Effect::Look(looking),
                Effect::Send(FromExpert::Looking(looking))
            ]
        );
        assert_eq!(run(&mut state, [Event::Looking(looking)]), []);
    }
}

#[test]
fn what_was_chosen_and_hidden_before_is_said_once_somebody_hears_it() {
    let mut state = page();
    let chosen = [Event::Prefer(Quality::SharpText), Event::Looking(false)];
    let effects = run(&mut state, chosen);
    assert_eq!(
        effects,
        [
            Effect::RememberQuality(Quality::SharpText),
            Effect::Look(false)
        ]
    );
    run(&mut state, offered());
    run(&mut state, [Event::Line(Line::Up)]);
    let wishes = [
        FromExpert::Quality(Quality::SharpText),
        FromExpert::Looking(false),
    ];
    assert_eq!(sent(&run(&mut state, [shared()])), wishes);
    assert_eq!(sent(&run(&mut state, [shared()])), [], "once");
    let auto = run(&mut state, [Event::Prefer(Quality::Auto)]);
    assert_eq!(sent(&auto), [FromExpert::Quality(Quality::Auto)]);
}
