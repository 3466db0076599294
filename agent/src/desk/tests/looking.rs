//! The expert looks away and back, and chooses how the picture is made.

use super::*;

fn looks(scene: &mut Scene, looking: bool) {
    scene.peer(PeerEvent::Control(FromExpert::Looking(looking)));
}

/// What the picture was told.
fn media(scene: &Scene) -> Vec<String> {
    let commands = scene.out.iter().filter_map(|output| match output {
        Output::Media(command) => Some(format!("{command:?}")),
        _ => None,
    });
    commands.collect()
}

#[test]
fn nothing_is_made_while_nobody_looks_and_the_novice_is_told() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.out.clear();
    scene.said.clear();
    looks(&mut scene, true);
    assert!(scene.out.is_empty(), "as it was");

    looks(&mut scene, false);
    assert_eq!(media(&scene), ["Look(false)"]);
    assert!(scene.said[0].ends_with("is looking at something else right now."));
    let Stage::Viewing { looking: false, .. } = scene.desk.view().stage else {
        panic!("{:?}", scene.desk.view().stage)
    };
    scene.pass(HOUR);
    assert!(scene.ended().is_none(), "and it lasts");

    looks(&mut scene, true);
    assert_eq!(media(&scene), ["Look(false)", "Look(true)"]);
    let said = scene.said.last().unwrap();
    assert!(said.ends_with("is looking at your screen again."), "{said}");
}

#[test]
fn looking_away_and_a_pause_are_independent() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.out.clear();
    looks(&mut scene, false);
    scene.novice(Intent::Pause(true));
    looks(&mut scene, true);
    scene.novice(Intent::Pause(false));
    let expected = ["Look(false)", "Pause(true)", "Look(true)", "Pause(false)"];
    assert_eq!(media(&scene), expected);
}

#[test]
fn who_looks_away_keeps_control_and_can_be_talked_to() {
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    looks(&mut scene, false);
    let forwarded = scene.forwarded();
    scene.key(grant);
    assert_eq!(scene.forwarded(), forwarded + 1);
    scene.novice(Intent::Chat(ChatText::new("Are you there?")));
    let said = FromNovice::Chat(ChatText::new("Are you there?"));
    assert!(scene.controls().contains(&said));
}

#[test]
fn who_looks_away_and_back_faster_than_anybody_can_is_sent_away() {
    let mut scene = Scene::new();
    scene.viewing();
    for n in 0..100 {
        looks(&mut scene, n % 2 == 1);
    }
    assert!(
        scene
            .ended()
            .is_some_and(|why| why.contains("more messages"))
    );
}

#[test]
fn what_the_expert_prefers_reaches_the_picture() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.out.clear();
    let wish = FromExpert::Quality(Quality::SharpText);
    scene.peer(PeerEvent::Control(wish));
    assert_eq!(media(&scene), ["Prefer(SharpText)"]);
}
