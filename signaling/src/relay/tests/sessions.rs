//! Who may use the relay, for what, and until when.

use super::*;

#[test]
fn anybody_learns_their_own_address() {
    let mut stage = Stage::new();
    let client = udp("25.1.0.1:4000");
    let request = Writer::new(Class::Request, Method::Binding, &[9; 12]).finish();
    let answer = stage.answer(client, &request);
    let message = Message::parse(&answer).unwrap();
    assert_eq!(
        (message.class, message.transaction),
        (Class::Success, [9; 12])
    );
    let mapped: Vec<_> = message.addresses(attribute::XOR_MAPPED_ADDRESS).collect();
    assert_eq!(mapped, [Some(client.address)]);
}

#[test]
fn nobody_but_a_session_gets_more() {
    let mut stage = Stage::new();
    let good = stage.end("25.1.0.1:4000", 1);

    let unknown = stage.stranger(udp("25.1.0.2:4000"), login("nobody"));
    assert_eq!(stage.allocate(&unknown), Err(401));
    let mut guessing = good.clone();
    guessing.login.password = Credential("guess".into());
    assert_eq!(stage.allocate(&guessing), Err(401));
    let mut elsewhere = good.clone();
    elsewhere.client = udp("25.1.0.3:4000");
    assert_eq!(
        stage.allocate(&elsewhere),
        Err(438),
        "the nonce is another client's"
    );
    let mut invented = good.clone();
    invented.nonce = "0".repeat(40);
    assert_eq!(stage.allocate(&invented), Err(438));
    let unsigned = Writer::new(Class::Request, Method::Refresh, &[2; 12]).finish();
    assert_eq!(stage.ask(&good, &unsigned), 401);
    let nameless = Writer::new(Class::Request, Method::Allocate, &[2; 12]);
    assert_eq!(stage.ask(&good, &nameless.sign(&good.key()).finish()), 400);

    assert_eq!(stage.allocate(&good), Ok(addr("25.64.0.1:50001")));
}

/// Whoever asks again and again without a good password, or for somebody else's address.
#[test]
fn strangers_are_answered_so_often_and_sessions_always() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    stage.allocate(&end).unwrap();
    stage.pass(Duration::from_secs(1));
    let mut guessing = end.clone();
    guessing.login.password = Credential("guess".into());
    let binding = Writer::new(Class::Request, Method::Binding, &[1; 12]).finish();
    let guess = guessing.request(Method::Refresh, |writer| writer);
    for asked in [&guess, &binding] {
        let answers = |stage: &mut Stage, client| {
            let answered = |_: &usize| matches!(stage.send(client, asked), Step::Answer(_));
            (0..2_000).filter(answered).count()
        };
        let first = answers(&mut stage, end.client);
        assert!((200..1_200).contains(&first), "{first}");
        let port = udp("25.1.0.1:4001");
        assert_eq!(answers(&mut stage, port), 0, "the same address");
        assert_eq!(stage.refresh(&end, 600), 0, "who has a password is heard");
        assert_eq!(answers(&mut stage, udp("25.1.0.2:4000")), first);
        stage.pass(Duration::from_secs(1));
        assert_eq!(answers(&mut stage, end.client), first, "a second later");
        stage.pass(Duration::from_secs(1));
    }
}

#[test]
fn an_old_nonce_is_replaced() {
    let mut stage = Stage::new();
    let mut end = stage.end("25.1.0.1:4000", 1);
    stage.pass(Duration::from_mins(59));
    stage.relay.lend(JoinId(1), login("another"), stage.now);
    stage.pass(Duration::from_mins(1));
    let answer = stage.answer(end.client, &end.request(Method::Allocate, udp_wanted));
    assert_eq!(code(&answer), 438);
    let message = Message::parse(&answer).unwrap();
    end.nonce = message.text(attribute::NONCE).unwrap().to_owned();
    assert!(stage.allocate(&end).is_ok());
}

#[test]
fn only_datagrams_are_relayed_and_only_what_is_understood() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let ask = |kind, value: &'static [u8]| {
        end.request(Method::Allocate, move |w| {
            udp_wanted(w).attribute(kind, value)
        })
    };
    let bare = end.request(Method::Allocate, |w| w);
    assert_eq!(stage.allocate_with(&end, &bare), Err(400));
    let tcp = end.request(Method::Allocate, |w| {
        w.attribute(attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0])
    });
    assert_eq!(stage.allocate_with(&end, &tcp), Err(442));
    for kind in [0x0018, 0x001a, 0x0022, 0x7fff] {
        assert_eq!(stage.allocate_with(&end, &ask(kind, &[0; 8])), Err(420));
    }
    let family = attribute::REQUESTED_ADDRESS_FAMILY;
    assert_eq!(
        stage.allocate_with(&end, &ask(family, &[9, 0, 0, 0])),
        Err(440)
    );
    assert_eq!(stage.allocate_with(&end, &ask(family, &[1])), Err(400));
    assert_eq!(
        stage.ask(&end, &end.request(Method::Other(0x00a), |w| w)),
        400
    );
    // What may be ignored is.
    assert!(stage.allocate_with(&end, &ask(0x8022, b"any")).is_ok());
}

#[test]
fn both_families_are_to_be_had_where_the_relay_has_them() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let six = |end: &End| {
        end.request(Method::Allocate, |w| {
            udp_wanted(w).attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])
        })
    };
    let request = six(&end);
    assert_eq!(
        stage.allocate_with(&end, &request),
        Ok(addr("[2a00::1]:50001"))
    );
    assert_eq!(stage.permit(&end, addr("25.2.0.1:5000")), 443);
    assert_eq!(stage.permit(&end, addr("[2a00::2]:5000")), 0);

    let public = Public {
        v4: Some(PUBLIC.parse().unwrap()),
        v6: None,
    };
    let mut four = Stage::at(public);
    let end = four.end("25.1.0.1:4000", 1);
    let request = six(&end);
    assert_eq!(four.allocate_with(&end, &request), Err(440));
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_another_one_none() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let first = stage.allocate(&end).unwrap();
    assert_eq!(stage.allocate(&end), Ok(first));
    let another = end.request_named(Method::Allocate, [5; 12], udp_wanted);
    assert_eq!(stage.allocate_with(&end, &another), Err(437));
}

#[test]
fn what_a_session_has_is_nobody_elses() {
    let mut stage = Stage::new();
    let a = stage.end("25.1.0.1:4000", 1);
    let mut b = stage.end("25.1.0.2:4000", 2);
    stage.allocate(&a).unwrap();
    // The other session's login, from the first one's address.
    b.client = a.client;
    b.nonce.clone_from(&a.nonce);
    assert_eq!(stage.refresh(&b, 0), 441);
    assert_eq!(stage.permit(&b, addr("25.2.0.1:5000")), 441);
    assert_eq!(stage.bind(&b, 0x4000, addr("25.2.0.1:5000")), 441);
    assert_eq!(stage.allocate(&b), Err(437));
    assert_eq!(stage.refresh(&a, 600), 0);
}

#[test]
fn allocations_are_bounded_for_each_session_and_for_all() {
    let mut stage = Stage::new();
    let ends = |stage: &mut Stage, join: u64| -> Vec<End> {
        let address = |n| format!("25.1.{join}.{n}:4000");
        (1..=4).map(|n| stage.end(&address(n), join)).collect()
    };
    let a = ends(&mut stage, 1);
    for end in &a[..3] {
        stage.allocate(end).unwrap();
    }
    assert_eq!(stage.allocate(&a[3]), Err(486));
    let b = ends(&mut stage, 2);
    stage.allocate(&b[0]).unwrap();
    stage.allocate(&b[1]).unwrap();
    assert_eq!(stage.allocate(&b[2]), Err(508));

    assert_eq!(stage.refresh(&a[0], 0), 0);
    assert_eq!(stage.refresh(&a[0], 0), 437, "it is gone");
    stage.allocate(&a[3]).unwrap();
}

/// Sockets are opened beside the relay, so several may be wanted at a time.
#[test]
fn what_is_opened_late_keeps_to_the_bounds_as_well() {
    let mut stage = Stage::new();
    let ends: Vec<End> = (1..=4)
        .map(|n| stage.end(&format!("25.1.0.{n}:4000"), 1))
        .collect();
    let want = |stage: &mut Stage, end: &End| {
        let request = end.request(Method::Allocate, udp_wanted);
        match stage.send(end.client, &request) {
            Step::Open(wanted) => wanted,
            other => panic!("{other:?}"),
        }
    };
    let twice = want(&mut stage, &ends[0]);
    let wanted: Vec<Wanted> = ends.iter().map(|end| want(&mut stage, end)).collect();
    let mut port = 50_000;
    let mut open = |stage: &mut Stage, wanted| {
        port += 1;
        code(&stage.relay.opened(wanted, port, port, stage.now))
    };
    let answers: Vec<u16> = wanted
        .into_iter()
        .map(|wanted| open(&mut stage, wanted))
        .collect();
    assert_eq!(answers, [0, 0, 0, 486]);
    assert_eq!(open(&mut stage, twice), 437, "it has one");

    let other = stage.end("25.1.0.9:4000", 2);
    let late = want(&mut stage, &other);
    stage.relay.reclaim(JoinId(2), stage.now, stage.now);
    assert_eq!(open(&mut stage, late), 401, "its session is over");
    assert!(!stage.relay.serves(other.client));
}

#[test]
fn no_port_left_is_said_so() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let request = end.request(Method::Allocate, udp_wanted);
    let Step::Open(wanted) = stage.send(end.client, &request) else {
        panic!("nothing is wanted");
    };
    assert_eq!(code(&Relay::<u16>::not_opened(&wanted)), 508);
    assert!(stage.allocate(&end).is_ok(), "later there is one");
}

#[test]
fn an_allocation_ends_unless_it_is_refreshed() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    stage.allocate(&end).unwrap();
    stage.pass(Duration::from_secs(599));
    assert_eq!(stage.refresh(&end, 1), 0, "at least ten minutes");
    stage.pass(Duration::from_secs(599));
    assert_eq!(stage.refresh(&end, 1_000_000), 0, "at most an hour");
    stage.pass(Duration::from_secs(2_000));
    assert!(stage.relay.serves(end.client));
    stage.pass(Duration::from_secs(1_600));
    assert!(!stage.relay.serves(end.client));
}

#[test]
fn everything_ends_with_its_session() {
    let mut stage = Stage::new();
    let (a, b) = (stage.end("25.1.0.1:4000", 1), stage.end("25.1.0.2:4000", 2));
    let relayed = stage.allocate(&a).unwrap();
    stage.allocate(&b).unwrap();
    let peer = addr("25.2.0.1:5000");
    assert_eq!(stage.permit(&a, peer), 0);
    stage.relay.reclaim(JoinId(1), stage.now, stage.now);
    assert!(!stage.relay.serves(a.client));
    assert!(
        stage
            .relay
            .peer_said(relayed, peer, b"late", stage.now)
            .is_none()
    );
    assert_eq!(stage.allocate(&a), Err(401));
    assert_eq!(stage.refresh(&b, 600), 0, "others stay");
}

#[test]
fn a_session_that_may_come_back_keeps_what_it_has_and_gets_no_more() {
    let mut stage = Stage::new();
    let a = stage.end("25.1.0.1:4000", 1);
    let other = stage.end("25.1.0.2:4000", 1);
    let relayed = stage.allocate(&a).unwrap();
    let peer = addr("25.2.0.1:5000");
    assert_eq!(stage.permit(&a, peer), 0);
    let end = stage.now + Duration::from_mins(2);
    stage.relay.reclaim(JoinId(1), end, stage.now);
    assert_eq!(stage.allocate(&other), Err(401));
    stage.pass(Duration::from_secs(119));
    assert!(
        stage
            .relay
            .peer_said(relayed, peer, b"on", stage.now)
            .is_some()
    );
    assert_eq!(stage.refresh(&a, 600), 0);
    stage.pass(Duration::from_secs(1));
    assert!(
        !stage.relay.serves(a.client),
        "however long it was refreshed for"
    );
}

#[test]
fn a_login_begins_things_for_an_hour_unless_it_is_lent_again() {
    let mut stage = Stage::new();
    stage.end("25.1.0.1:4000", 1);
    stage.pass(Duration::from_mins(50));
    let again = stage.end("25.1.0.2:4000", 1);
    assert_eq!(
        again.login.username, "session 1",
        "both ends keep what they know"
    );
    stage.pass(Duration::from_mins(50));
    let late = stage.stranger(udp("25.1.0.3:4000"), again.login.clone());
    stage.allocate(&late).unwrap();
    stage.pass(Duration::from_mins(9));
    let still = stage.stranger(late.client, again.login.clone());
    assert_eq!(stage.refresh(&still, 3_600), 0);
    stage.pass(Duration::from_mins(2));
    let too_late = stage.stranger(udp("25.1.0.4:4000"), again.login);
    assert_eq!(stage.allocate(&too_late), Err(401));
    assert_eq!(stage.refresh(&still, 600), 0, "what it has stays");
}
