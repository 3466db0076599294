//! What a hostile server, and an expert who knows the password, cannot do.

use deskhand_protocol::{envelope::Candidate, signal::Refusal, text::CandidateText};

use super::*;

#[test]
fn nothing_the_server_says_ends_a_session() {
    let mut scene = Scene::new();
    scene.viewing();
    let route = scene.route;
    for reason in [
        Refusal::NotOwner,
        Refusal::TooMany,
        Refusal::Expired,
        Refusal::Version,
        Refusal::Replaced,
    ] {
        scene.server(ToNovice::Unregistered { route, reason });
        scene.server(ToNovice::Closing { reason });
    }
    scene.input(Input::Server(ServerEvent::Down));
    assert_eq!(scene.ended(), None);
    scene.grant();
}

#[test]
fn a_session_that_outlasts_its_invitation_sleeps_and_registers_nothing_but_itself() {
    let mut scene = Scene::new();
    let own = scene.viewing().resume.route();
    scene.pass(HOUR + HOUR);
    assert_eq!(scene.ended(), None);
    let wake = scene.desk.wake(scene.now);
    assert!(wake >= scene.now.at + Duration::from_secs(30));
    scene.out.clear();
    scene.input(Input::Server(ServerEvent::Up));
    let routes = scene.out.iter().filter_map(|output| match output {
        Output::Server(ToServer::Register { route, .. }) => Some(*route),
        _ => None,
    });
    assert_eq!(routes.collect::<Vec<_>>(), [own]);
}

#[test]
fn only_a_handful_of_candidates_count() {
    let candidates = |scene: &mut Scene, expert: &mut Expert| {
        for port in 0..100 {
            let line = format!("candidate:1 1 udp 1 192.0.2.1 {port} typ host");
            let candidate = Candidate {
                candidate: CandidateText::new(&line),
                mid: None,
                line: Some(0),
            };
            scene.sealed(expert, &SealedToAgent::Candidate(candidate));
        }
    };
    let checked = |scene: &Scene| {
        let checks = |output: &&Output| matches!(output, Output::Peer(PeerCommand::Candidate(_)));
        scene.out.iter().filter(checks).count()
    };
    let mut scene = Scene::new();
    let mut expert = scene.connecting();
    candidates(&mut scene, &mut expert);
    scene.peer(PeerEvent::Connected(FP_E));
    candidates(&mut scene, &mut expert);
    assert!(checked(&scene) <= 32, "{}", checked(&scene));

    let mut scene = Scene::new();
    let mut expert = scene.viewing();
    candidates(&mut scene, &mut expert);
    assert_eq!(checked(&scene), 32);
}

#[test]
fn who_asks_and_leaves_has_to_wait_before_the_next_question() {
    let mut scene = Scene::new();
    let expert = scene.asking();
    scene.server(ToNovice::Left { join: expert.join });
    assert!(scene.desk.view().prompt.is_none());
    let said = |output: &Output| matches!(output, Output::Tell(Notice::HelperLeft { open: true }));
    assert!(scene.out.iter().any(said), "a question never just vanishes");
    let join = scene.join(2);
    assert!(matches!(scene.to_page(join), Some(ToPage::Wait(1..))));
}

#[test]
fn challenges_collected_beforehand_are_no_way_around_the_wait() {
    let mut scene = Scene::new();
    let joins: Vec<JoinId> = (1..=8).map(|number| scene.join(number)).collect();
    for &join in &joins {
        if scene.hello(join, "wrong").is_some() {
            scene.server(ToNovice::Left { join });
        }
    }
    // The first may be repeated at once; then the waits grow.
    assert_eq!(scene.durable, 2, "no more than without them");
    assert!(matches!(scene.to_page(joins[7]), Some(ToPage::Wait(1..))));
}

#[test]
fn a_flood_of_messages_ends_the_session_before_it_buries_the_window() {
    let mut scene = Scene::new();
    scene.viewing();
    let chat = || PeerEvent::Control(FromExpert::Chat(ChatText::new("hello")));
    for _ in 0..30 {
        scene.peer(chat());
    }
    assert_eq!(scene.ended(), None, "a fast typist is heard");
    scene.pass(Duration::from_secs(1));
    for _ in 0..100 {
        scene.peer(chat());
    }
    assert!(scene.ended().is_some());
}

#[test]
fn a_challenge_kept_back_is_no_way_around_the_kill_switch() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    scene.input(Input::Rules(Rules {
        forbidden: Some("Not here.".into()),
        ..Rules::default()
    }));
    assert!(scene.hello(join, PASSWORD).is_some());
    assert_eq!(scene.to_page(join), Some(ToPage::Refused));
    assert!(scene.dismissed(join));
    assert_eq!(scene.durable, 0);
}
