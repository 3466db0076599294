//! Invitations that are said aloud.

use deskhand_protocol::{invitation::Number, signal::Refusal};

use super::{
    scene::{order, registers, setup, standing},
    *,
};

fn reserves(scene: &Scene) -> usize {
    let reserve = |output: &&Output| matches!(output, Output::Server(ToServer::Reserve));
    scene.out.iter().filter(reserve).count()
}

/// A spoken invitation that is open, and its number.
fn spoken() -> (Scene, Serial, Number) {
    let mut scene = Scene::with(setup());
    scene.novice(Intent::Invite(Order {
        password: None,
        ..order(front::Channel::Spoken)
    }));
    assert!(scene.desk.view().invitations.is_empty(), "no number yet");
    assert_eq!(reserves(&scene), 1);
    let number = Number::new(123_456_789).unwrap();
    scene.server(ToNovice::Reserved { number });
    scene.number = Some(number);
    scene.route = number.route();
    let made = scene.desk.view().invitations[0].clone();
    assert_eq!(made.number.as_deref(), Some("123 456 789"));
    assert!(made.link.is_none());
    let (route, token) = (number.route(), OwnerToken("t".into()));
    scene.server(ToNovice::Registered { route, token });
    (scene, made.serial, number)
}

fn words(scene: &Scene, serial: Serial) -> String {
    match &scene.desk.view().invitation(serial).unwrap().password {
        front::Password::Known(words) => words.clone(),
        _ => panic!("words to read out"),
    }
}

#[test]
fn a_number_and_four_words_are_enough() {
    let (mut scene, serial, number) = spoken();
    assert_eq!(registers(&scene)[0], (number.route(), false, Some(number)));
    let words = words(&scene, serial);
    assert_eq!(words.split(' ').count(), 4);
    assert!(scene.attempt(1, &words.to_uppercase()).is_some());
}

#[test]
fn a_locked_number_is_replaced_and_the_novice_is_told() {
    let (mut scene, old, _) = spoken();
    let ends = scene.desk.view().invitation(old).unwrap().ends;
    scene.pass(MINUTE);
    for attempt in 1..=5 {
        scene.attempt(attempt, "wrong words are these");
        scene.pass(Duration::from_secs(20));
    }
    assert_eq!(standing(&scene, old), Some(Standing::Locked));
    assert_eq!(reserves(&scene), 2, "another number is asked for");
    let number = Number::new(987_654_321).unwrap();
    scene.server(ToNovice::Reserved { number });
    let new = scene.desk.view().invitations[0].clone();
    assert_eq!((new.standing, new.ends), (Standing::Open, ends));
    assert!(
        scene
            .said
            .iter()
            .any(|said| said.contains("takes its place"))
    );
    (scene.number, scene.route) = (Some(number), number.route());
    let words = words(&scene, new.serial);
    assert!(scene.attempt(9, &words).is_some());
}

#[test]
fn a_number_is_not_replaced_for_ever() {
    let (mut scene, ..) = spoken();
    for round in 0..10 {
        let number = Number::new(200_000_000 + round).unwrap();
        scene.server(ToNovice::Reserved { number });
        let route = scene.desk.view().invitations[0]
            .number
            .as_ref()
            .map(|text| Number::parse(text).unwrap().route());
        let Some(route) = route else { break };
        let reason = Refusal::NotOwner;
        scene.server(ToNovice::Unregistered { route, reason });
    }
    assert_eq!(reserves(&scene), 4, "one, and three in its place");
    assert_eq!(scene.desk.view().invitations.len(), 4);
}

#[test]
fn a_number_that_somebody_else_has_is_replaced_too() {
    let (mut scene, old, number) = spoken();
    scene.server(ToNovice::Unregistered {
        route: number.route(),
        reason: Refusal::NotOwner,
    });
    assert_eq!(standing(&scene, old), Some(Standing::Revoked));
    assert_eq!(reserves(&scene), 2);
}

#[test]
fn a_server_that_gives_no_number_is_not_waited_for_long() {
    let mut scene = Scene::with(setup());
    scene.input(Input::Server(ServerEvent::Down));
    scene.novice(Intent::Invite(order(front::Channel::Spoken)));
    scene.pass(Duration::from_secs(15));
    let said = scene.said.last().unwrap();
    assert!(said.contains("in another way"), "{said}");
    assert!(scene.desk.view().invitations.is_empty());
}
