//! How the page is reached once the novice has said yes.

use deskhand_protocol::{
    dial::{HELP, TRY},
    ice::{Credential, IceServer, MAX_SERVERS},
};

use super::*;

#[test]
fn a_stuck_connection_is_made_afresh_three_times() {
    let mut scene = Scene::new();
    scene.connecting();
    for _ in 0..3 {
        scene.peer(PeerEvent::Stuck);
    }
    assert_eq!(scene.starts().len(), 3);
    assert!(
        matches!(scene.desk.view().stage, Stage::Home),
        "and then it may be tried again"
    );
}

#[test]
fn each_of_the_three_has_its_full_time_even_through_a_slow_relay() {
    let mut scene = Scene::new();
    let expert = scene.asking();
    scene.answer(Answer::Allow);
    scene.pass(HELP);
    for tries in 1..=3 {
        assert_eq!(scene.starts().len(), tries);
        scene.pass(TRY.saturating_sub(Duration::from_millis(1)));
        assert!(matches!(scene.desk.view().stage, Stage::Connecting { .. }));
        scene.peer(PeerEvent::Stuck);
    }
    assert!(scene.dismissed(expert.join));
}

/// Something that helps.
fn ice_server() -> IceServer {
    IceServer {
        url: "turn:turn.example.org".parse().unwrap(),
        username: "u".into(),
        credential: Credential("p".into()),
    }
}

#[test]
fn the_connection_is_made_with_the_help_that_the_server_names() {
    let mut scene = Scene::new();
    let expert = scene.asking();
    scene.answer(Answer::Allow);
    let join = expert.join;
    let servers = vec![ice_server()];
    let other = JoinId(99);
    scene.server(ToNovice::IceServers {
        join: other,
        servers: servers.clone(),
    });
    assert_eq!(scene.starts().len(), 0, "that was for somebody else");
    let many = vec![ice_server(); 100];
    scene.server(ToNovice::IceServers {
        join,
        servers: many,
    });
    assert_eq!(scene.starts(), [vec![ice_server(); MAX_SERVERS]]);
    scene.server(ToNovice::IceServers { join, servers });
    assert_eq!(scene.starts().len(), 1, "that was said already");
    scene.peer(PeerEvent::Stuck);
    assert_eq!(scene.starts().len(), 2);
    assert_eq!(scene.starts()[1], scene.starts()[0], "the same help again");
}

#[test]
fn a_server_that_names_no_help_is_not_waited_for() {
    let mut scene = Scene::new();
    let mut expert = scene.asking();
    scene.answer(Answer::Allow);
    scene.pass(Duration::from_secs(2));
    assert_eq!(scene.starts().len(), 0);
    scene.pass(Duration::from_secs(1));
    assert_eq!(scene.starts(), [vec![]]);
    let (join, servers) = (expert.join, vec![ice_server()]);
    scene.server(ToNovice::IceServers { join, servers });
    assert_eq!(scene.starts().len(), 1, "that was too late");
    scene.peer(PeerEvent::Connected(FP_E));
    assert!(scene.started_media());
    scene.sealed(&mut expert, &SealedToAgent::Leave);
}
