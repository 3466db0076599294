//! Several invitations, from made to closed, across sessions, outages and restarts.

use deskhand_protocol::signal::Refusal;

use super::{
    scene::{order, registers, setup, standing},
    *,
};

/// Connected, with one open invitation of that kind.
fn with(channel: front::Channel) -> (Scene, Serial) {
    let mut scene = Scene::with(setup());
    let serial = scene.invite(&order(channel));
    (scene, serial)
}

/// Plays a session up to its end by `event`.
fn session_that_ends_with(scene: &mut Scene, event: PeerEvent) {
    scene.viewing();
    scene.peer(event);
}

/// Plays a session whose connection is lost, and which nobody comes back to.
fn session_that_is_lost(scene: &mut Scene) {
    session_that_ends_with(scene, PeerEvent::Closed);
    scene.pass(2 * MINUTE);
}

#[test]
fn an_invitation_closes_after_its_first_session_unless_it_is_to_stay_open() {
    let (mut scene, serial) = with(front::Channel::Link);
    session_that_ends_with(&mut scene, PeerEvent::Control(FromExpert::End));
    assert_eq!(standing(&scene, serial), Some(Standing::Used));
    assert_eq!(scene.kept().used_by, Some(Name::new("Maria")));
    assert!(scene.kept().secrets.is_none() && scene.kept().token.is_none());
    assert!(scene.done.is_none(), "the window stays");

    let mut scene = Scene::with(setup());
    let serial = scene.invite(&Order {
        keep_open: true,
        ..order(front::Channel::Link)
    });
    session_that_ends_with(&mut scene, PeerEvent::Control(FromExpert::End));
    assert_eq!(standing(&scene, serial), Some(Standing::Open));
    scene.novice(Intent::Dismiss);
    scene.pass(MINUTE);
    assert!(scene.attempt(9, PASSWORD).is_some(), "they can come again");
}

#[test]
fn who_lost_the_connection_can_come_back_for_two_minutes() {
    let (mut scene, serial) = with(front::Channel::Link);
    session_that_is_lost(&mut scene);
    assert_eq!(standing(&scene, serial), Some(Standing::Open));
    scene.pass(MINUTE);
    let expert = scene.attempt(9, PASSWORD);
    scene.server(ToNovice::Left {
        join: expert.unwrap().join,
    });
    scene.pass(MINUTE);
    assert_eq!(standing(&scene, serial), Some(Standing::Used));
}

#[test]
fn coming_back_is_over_in_time_whatever_happens_meanwhile() {
    // Somebody comes through another invitation.
    let (mut scene, first) = with(front::Channel::Link);
    session_that_is_lost(&mut scene);
    let other = scene.invite(&order(front::Channel::Link));
    scene.pass(Duration::from_secs(20));
    scene.viewing();
    scene.pass(2 * MINUTE);
    assert_eq!(standing(&scene, first), Some(Standing::Used));
    assert_eq!(standing(&scene, other), Some(Standing::InUse));

    // The agent is killed in the middle of a session.
    let (mut scene, serial) = with(front::Channel::Link);
    scene.viewing();
    let kept = vec![scene.kept().clone()];
    let mut scene = Scene::restarted(setup(), kept, Serial(2), scene.now);
    scene.pass(MINUTE);
    assert_eq!(standing(&scene, serial), Some(Standing::Open));
    scene.pass(MINUTE);
    assert_eq!(standing(&scene, serial), Some(Standing::Used));

    // They are at the door again when the time is over: nothing spins, and they may go on.
    let (mut scene, serial) = with(front::Channel::Link);
    session_that_is_lost(&mut scene);
    scene.pass(MINUTE + MINUTE / 2);
    scene.asking();
    scene.pass(MINUTE / 2);
    assert!(scene.desk.wake(scene.now) > scene.now.at);
    assert_eq!(standing(&scene, serial), Some(Standing::InUse));
}

#[test]
fn one_helper_at_a_time_over_all_invitations() {
    let (mut scene, _) = with(front::Channel::Link);
    scene.viewing();
    let busy = scene.join(2);
    assert_eq!(scene.to_page(busy), Some(ToPage::Busy));
    scene.novice(Intent::Invite(order(front::Channel::Link)));
    let refused = scene.said.last().unwrap();
    assert!(refused.contains("while somebody sees"), "{refused}");
}

#[test]
fn the_novice_closes_one_with_the_server_away_and_nobody_comes_through_it() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.input(Input::Server(ServerEvent::Down));
    scene.novice(Intent::Expire(serial));
    assert_eq!(standing(&scene, serial), Some(Standing::Revoked));
    assert_eq!(scene.kept().standing, Standing::Revoked);
    scene.out.clear();
    scene.input(Input::Server(ServerEvent::Up));
    assert_eq!(registers(&scene), [], "the server never hears of it again");
    let join = scene.join(5);
    assert_eq!(scene.to_page(join), Some(ToPage::Refused));
}

#[test]
fn closing_one_sends_away_whoever_stands_at_the_door_with_it() {
    let (mut scene, serial) = with(front::Channel::Link);
    let join = scene.join(1);
    let waiting = scene.hello(join, PASSWORD).unwrap();
    let Some(ToPage::Ke2(ke2)) = scene.to_page(join) else {
        panic!("an answer")
    };
    let (_, ke3) = waiting.finish(&ke2, &mut scene.rng).unwrap();
    scene.novice(Intent::Expire(serial));
    assert!(scene.dismissed(join));
    scene.relay_from_page(join, &ToAgent::Ke3(ke3));
    assert!(scene.desk.view().prompt.is_none(), "too late");
}

#[test]
fn more_time_is_given_up_to_the_administrators_bound() {
    let mut scene = Scene::with(Setup {
        rules: Rules {
            longest: Some(2 * HOUR),
            ..Rules::default()
        },
        ..setup()
    });
    let serial = scene.invite(&order(front::Channel::Link));
    scene.out.clear();
    scene.novice(Intent::Extend(serial, 24 * HOUR));
    let ends = scene.desk.view().invitation(serial).unwrap().ends;
    let made = scene.kept().made;
    assert_eq!(ends, made + 2 * HOUR);
    scene.pass(HOUR);
    scene.novice(Intent::Extend(serial, HOUR));
    let again = scene.desk.view().invitation(serial).unwrap().ends;
    assert_eq!(again, ends, "counted from when it was made");
    assert_eq!(scene.kept().expiry.wall(), ends);
    assert!(!registers(&scene).is_empty(), "and the server is told");

    scene.novice(Intent::Invite(Order {
        life: 3 * HOUR,
        ..order(front::Channel::Link)
    }));
    assert!(
        scene.said.last().unwrap().contains("2h"),
        "{:?}",
        scene.said
    );
}

#[test]
fn one_that_cannot_be_written_down_was_never_made() {
    let mut scene = Scene::with(setup());
    scene.disk = Disk::Full;
    scene.novice(Intent::Invite(order(front::Channel::Link)));
    assert!(scene.desk.view().invitations.is_empty());
    assert_eq!(registers(&scene), []);
    assert!(scene.said.last().unwrap().contains("full"));
}

#[test]
fn what_could_not_be_written_down_is_written_later() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.disk = Disk::Full;
    scene.novice(Intent::Expire(serial));
    assert_eq!(standing(&scene, serial), Some(Standing::Revoked), "at once");
    assert_eq!(scene.kept().standing, Standing::Open);
    let warned = |said: &String| said.contains("full") && said.contains("open again");
    assert!(scene.said.iter().any(warned), "{:?}", scene.said);
    scene.disk = Disk::Writable;
    scene.pass(MINUTE);
    assert_eq!(scene.kept().standing, Standing::Revoked);
}

#[test]
fn a_restart_forgets_no_attempt_and_shows_the_token() {
    let (mut scene, serial) = with(front::Channel::Link);
    for number in 1..=3 {
        scene.attempt(number, "wrong");
        scene.pass(Duration::from_secs(20));
    }
    let (link, route) = (scene.link.clone(), scene.route);
    let kept = vec![scene.kept().clone()];
    let mut scene = Scene::restarted(setup(), kept, Serial(2), scene.now);
    (scene.link, scene.route) = (link, route);
    let shown = scene.desk.view().invitation(serial).unwrap().clone();
    assert_eq!(shown.failed, 3);
    assert_eq!(shown.password, front::Password::Forgotten);
    assert!(shown.link.is_some(), "the link can be shown again");
    let shows_token = scene.out.iter().any(|output| {
        matches!(
            output,
            Output::Server(ToServer::Register { token: Some(_), .. })
        )
    });
    assert!(shows_token, "so that the server knows whose it is");
    for number in 1..=2 {
        scene.attempt(number, "wrong");
        scene.pass(Duration::from_secs(20));
    }
    assert_eq!(standing(&scene, serial), Some(Standing::Locked));
}

#[test]
fn what_is_closed_stays_closed_after_a_restart() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.novice(Intent::Expire(serial));
    let (link, route) = (scene.link.clone(), scene.route);
    let kept = vec![scene.kept().clone()];
    let mut scene = Scene::restarted(setup(), kept, Serial(2), scene.now);
    (scene.link, scene.route) = (link, route);
    assert_eq!(standing(&scene, serial), Some(Standing::Revoked));
    assert_eq!(registers(&scene), []);
    assert!(scene.attempt(1, PASSWORD).is_none());
    scene.novice(Intent::Extend(serial, HOUR));
    assert_eq!(standing(&scene, serial), Some(Standing::Revoked));
    scene.novice(Intent::Forget(serial));
    assert!(scene.desk.view().invitations.is_empty());
}

#[test]
fn only_closed_ones_are_forgotten_and_only_so_many_are_open() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.novice(Intent::Forget(serial));
    assert_eq!(standing(&scene, serial), Some(Standing::Open));
    for _ in 0..20 {
        scene.novice(Intent::Invite(order(front::Channel::Link)));
    }
    assert_eq!(scene.desk.view().invitations.len(), crate::book::MAX_OPEN);
}

#[test]
fn pages_from_files_are_expected_only_where_a_file_was_made() {
    for (channel, expected) in [
        (front::Channel::Link, false),
        (front::Channel::File, true),
        (front::Channel::Mail, true),
    ] {
        let (scene, _) = with(channel);
        assert!(
            registers(&scene)
                .iter()
                .all(|(_, file, _)| *file == expected)
        );
    }
}

#[test]
fn a_kill_switch_counts_at_once() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.invite(&order(front::Channel::Link));
    scene.viewing();
    let forbidden = Some("Remote assistance is disabled by your administrator.".to_owned());
    scene.input(Input::Rules(Rules {
        forbidden: forbidden.clone(),
        ..Rules::default()
    }));
    assert!(matches!(scene.desk.view().stage, Stage::Ended { .. }));
    assert_eq!(scene.said.last(), forbidden.as_ref());
    let join = scene.join(5);
    assert!(scene.dismissed(join));
    assert_eq!(
        scene.to_page(join),
        Some(ToPage::Refused),
        "as if there were none"
    );
    scene.novice(Intent::Invite(order(front::Channel::Link)));
    assert_eq!(scene.said.last(), forbidden.as_ref());
    assert_eq!(scene.desk.view().invitations.len(), 2);
    scene.out.clear();
    scene.input(Input::Server(ServerEvent::Up));
    assert_eq!(registers(&scene), []);

    // It is lifted: what was open is reachable again.
    scene.input(Input::Rules(Rules::default()));
    assert_eq!(standing(&scene, serial), Some(Standing::Open));
    assert_eq!(registers(&scene).len(), 1);
}

#[test]
fn where_only_viewing_is_allowed_control_is_never_asked_for() {
    let mut scene = Scene::with(Setup {
        rules: Rules {
            view_only: true,
            ..Rules::default()
        },
        ..setup()
    });
    scene.invite(&order(front::Channel::Link));
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    assert!(scene.desk.view().prompt.is_none());
    assert!(scene.said.last().unwrap().contains("administrator"));
}

#[test]
fn without_a_server_nobody_is_invited_until_one_is_named() {
    let mut scene = Scene::restarted(
        Setup {
            server: None,
            ..setup()
        },
        vec![],
        Serial(1),
        Now::read(),
    );
    scene.input(Input::Server(ServerEvent::Unfit("Nobody is there.".into())));
    let problem = Some("Nobody is there.".to_owned());
    assert_eq!(scene.desk.view().server, Server::Unnamed { problem });
    scene.novice(Intent::Invite(order(front::Channel::Link)));
    assert!(scene.desk.view().invitations.is_empty());
    scene.input(Input::Server(ServerEvent::Named(
        "https://h.example".into(),
    )));
    scene.input(Input::Server(ServerEvent::Up));
    scene.invite(&order(front::Channel::Link));
}

#[test]
fn quitting_tells_the_helper_and_keeps_what_is_open() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.novice(Intent::Quit);
    assert!(scene.desk.view().over);
    assert_eq!(scene.done, Some(Outcome::Finished));
    assert!(scene.said.last().unwrap().contains("kept"));
    assert_eq!(
        scene.kept().standing,
        Standing::Open,
        "it is only not waited"
    );
    assert_eq!(standing(&scene, serial), Some(Standing::Open));

    let (mut scene, _) = with(front::Channel::Link);
    scene.viewing();
    scene.novice(Intent::Quit);
    assert!(
        scene
            .controls()
            .contains(&FromNovice::Ended(EndReason::Novice))
    );
    assert_eq!(scene.kept().standing, Standing::Used);
}

#[test]
fn the_novice_is_not_told_that_a_closed_one_is_open() {
    let (mut scene, _) = with(front::Channel::Link);
    scene.pass(Duration::from_secs(3590));
    scene.asking();
    scene.pass(Duration::from_secs(20));
    scene.answer(Answer::Refuse);
    let said = scene.said.last().unwrap();
    assert!(
        said.contains("did not let them") && !said.contains("open"),
        "{said}"
    );
}

#[test]
fn expiring_one_that_is_in_use_puts_its_helper_out() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.viewing();
    scene.novice(Intent::Expire(serial));
    assert!(matches!(scene.desk.view().stage, Stage::Ended { .. }));
    assert!(
        scene
            .controls()
            .contains(&FromNovice::Ended(EndReason::Novice))
    );
    assert_eq!(scene.kept().standing, Standing::Revoked);
}

#[test]
fn who_asks_and_leaves_again_and_again_has_to_wait_longer_and_longer() {
    let (mut scene, _) = with(front::Channel::Link);
    let mut asked = 0;
    for _ in 0..120 {
        if let Some(mut expert) = scene.attempt(asked, PASSWORD) {
            let name = Name::new("Maria");
            scene.sealed(&mut expert, &SealedToAgent::Introduce { name });
            scene.server(ToNovice::Left { join: expert.join });
            asked += 1;
        }
        scene.pass(Duration::from_secs(10));
    }
    assert!(asked < 10, "{asked} questions in twenty minutes");
}

#[test]
fn what_the_server_had_no_room_for_is_registered_later() {
    let (mut scene, serial) = with(front::Channel::Link);
    let (route, reason) = (scene.route, Refusal::TooMany);
    scene.server(ToNovice::Unregistered { route, reason });
    let reach = |scene: &Scene| scene.desk.view().invitation(serial).unwrap().reach;
    assert_eq!(reach(&scene), front::Reach::NotYet);
    scene.out.clear();
    scene.pass(MINUTE);
    assert_eq!(registers(&scene).len(), 1);
    let token = OwnerToken("t".into());
    scene.server(ToNovice::Registered { route, token });
    assert_eq!(reach(&scene), front::Reach::Ready);
}

#[test]
fn a_server_that_shuts_us_out_is_not_asked_again() {
    let (mut scene, _) = with(front::Channel::Link);
    let reason = Refusal::Replaced;
    scene.server(ToNovice::Closing { reason });
    scene.input(Input::Server(ServerEvent::Down));
    scene.out.clear();
    scene.input(Input::Server(ServerEvent::Up));
    assert_eq!(registers(&scene), []);
    assert_eq!(scene.desk.view().server, Server::Down);
    assert!(scene.said.iter().any(|said| said.contains("took over")));
}

#[test]
fn an_invitation_of_another_server_is_told_apart() {
    let (scene, serial) = with(front::Channel::Link);
    let kept = vec![scene.kept().clone()];
    let elsewhere = Setup {
        server: Some("https://other.example".into()),
        ..setup()
    };
    let scene = Scene::restarted(elsewhere, kept, Serial(2), scene.now);
    assert_eq!(registers(&scene), []);
    let shown = scene.desk.view().invitation(serial).unwrap().clone();
    assert_eq!(shown.reach, front::Reach::Elsewhere);
    assert!(shown.link.unwrap().starts_with("https://h.example/"));
}

#[test]
fn a_clock_set_back_shows_the_end_that_will_come() {
    let (mut scene, serial) = with(front::Channel::Link);
    scene.now.wall -= 24 * HOUR;
    scene.pass(MINUTE);
    let left = scene
        .desk
        .view()
        .invitation(serial)
        .unwrap()
        .ends
        .duration_since(scene.now.wall);
    assert!(left.unwrap() <= HOUR);
    scene.pass(HOUR);
    assert_eq!(standing(&scene, serial), Some(Standing::Expired));
}

#[test]
fn viewing_only_takes_control_back_at_once() {
    let (mut scene, _) = with(front::Channel::Link);
    scene.viewing();
    scene.grant();
    scene.input(Input::Rules(Rules {
        view_only: true,
        ..Rules::default()
    }));
    assert!(scene.hand().contains(&Command::Close));
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    assert!(scene.desk.view().prompt.is_none());
}
