//! Which of the novice's screens the expert sees.

use super::*;

const LEFT: Shown = Shown::One(MonitorId(7));
const RIGHT: Shown = Shown::One(MonitorId(8));

fn monitors(names: &[(u32, &str)], shown: Shown) -> Monitors {
    let list = names.iter().zip(0..).map(|((id, name), place)| Monitor {
        id: MonitorId(*id),
        name: Name::new(name),
        x: place * 1280,
        y: 0,
        width: 1280,
        height: 800,
    });
    Monitors::new(list.collect(), shown).unwrap()
}

fn two(shown: Shown) -> Monitors {
    monitors(&[(7, "DP-1"), (8, "HDMI-1")], shown)
}

fn screens(scene: &mut Scene, monitors: Monitors) {
    scene.input(Input::Media(MediaEvent::Monitors(monitors)));
}

fn watched(scene: &Scene) -> Option<String> {
    let Stage::Viewing { watched, .. } = scene.desk.view().stage else {
        panic!("nobody sees anything");
    };
    watched.map(|watched| watched.to_string())
}

#[test]
fn who_has_one_screen_is_told_nothing_about_screens() {
    let mut scene = Scene::new();
    scene.viewing();
    let said = scene.said.len();
    let one = monitors(&[(7, "DP-1")], LEFT);
    screens(&mut scene, one.clone());
    assert_eq!((watched(&scene), scene.said.len()), (None, said));
    assert!(scene.controls().contains(&FromNovice::Monitors(one)));
}

#[test]
fn the_novice_always_knows_which_of_several_screens_is_watched() {
    let mut scene = Scene::new();
    scene.viewing();
    let mut said = |monitors| {
        let before = scene.said.len();
        screens(&mut scene, monitors);
        (watched(&scene), scene.said[before..].join("\n"))
    };
    let one = |place: &str| Some(format!("screen {place}"));
    assert_eq!(
        said(two(RIGHT)),
        (
            one("2 of 2 (HDMI-1)"),
            "Maria is watching screen 2 of 2 (HDMI-1).".into()
        )
    );
    assert_eq!(said(two(RIGHT)), (one("2 of 2 (HDMI-1)"), String::new()));
    assert_eq!(
        said(two(Shown::All)),
        (
            Some("both screens".into()),
            "Maria is watching both screens.".into()
        )
    );
    assert_eq!(
        said(monitors(&[(7, "DP-1")], LEFT)),
        (None, "Maria is watching your only screen.".into())
    );
}

#[test]
fn the_expert_may_look_at_another_screen_without_another_question() {
    let mut scene = Scene::new();
    let show = |scene: &Scene| {
        scene.out.iter().find_map(|output| match output {
            Output::Media(MediaCommand::Show(shown)) => Some(*shown),
            _ => None,
        })
    };
    scene.connecting();
    scene.peer(PeerEvent::Control(FromExpert::Show(RIGHT)));
    assert_eq!(show(&scene), None, "nothing before the picture");

    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::Show(RIGHT)));
    assert_eq!(show(&scene), Some(RIGHT));
    assert!(scene.desk.view().prompt.is_none());
}

#[test]
fn the_hand_and_the_page_learn_of_the_same_display_and_only_the_hand_where_it_lies() {
    let mut scene = Scene::new();
    scene.viewing();
    let scope = Scope {
        display: Display {
            epoch: 9,
            width: 1280,
            height: 800,
        },
        left: 1280,
        top: 0,
    };
    scene.input(Input::Media(MediaEvent::Display(scope)));
    assert!(scene.hand().contains(&Command::Display(scope)));
    let said = FromNovice::Display(scope.display);
    assert!(scene.controls().contains(&said));
    // A hand that starts later is told by the last one.
    scene.out.clear();
    scene.input(Input::Hand(HandEvent::Ready));
    assert_eq!(scene.hand(), [Command::Display(scope)]);
}
