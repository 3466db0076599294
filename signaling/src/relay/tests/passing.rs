//! What passes, between whom, and how much of it.

use super::*;

const PEER: &str = "25.2.0.1:5000";

/// An end with an allocation.
fn allocated(stage: &mut Stage, address: &str, join: u64) -> (End, SocketAddr) {
    let end = stage.end(address, join);
    let relayed = stage.allocate(&end).unwrap();
    (end, relayed)
}

#[test]
fn nobody_inside_is_reached() {
    let mut stage = Stage::new();
    let (end, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    for peer in [
        "127.0.0.1:5000",
        "10.0.0.1:5000",
        "192.168.1.1:5000",
        "169.254.169.254:5000",
        "100.64.0.1:5000",
        "224.0.0.1:5000",
        "255.255.255.255:5000",
        "0.0.0.0:5000",
        "25.64.0.2:5000", // this computer's own
    ] {
        assert_eq!(stage.permit(&end, addr(peer)), 403, "{peer}");
        assert_eq!(stage.bind(&end, 0x4000, addr(peer)), 403, "{peer}");
    }
    assert_eq!(stage.permit(&end, addr("[::ffff:10.0.0.1]:5000")), 443);
    // One that is forbidden spoils the request.
    let both = end.request(Method::CreatePermission, |writer| {
        writer
            .address(attribute::XOR_PEER_ADDRESS, addr(PEER))
            .address(attribute::XOR_PEER_ADDRESS, addr("10.0.0.1:5000"))
    });
    assert_eq!(stage.ask(&end, &both), 403);
    assert!(matches!(
        stage.send(end.client, &send_to(addr(PEER), b"x")),
        Step::Nothing
    ));
}

#[test]
fn nobody_inside_is_reached_over_version_six() {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let request = end.request(Method::Allocate, |w| {
        udp_wanted(w).attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])
    });
    stage.allocate_with(&end, &request).unwrap();
    for peer in [
        "[::1]:5000",
        "[::]:5000",
        "[::ffff:127.0.0.1]:5000",
        "[::127.0.0.1]:5000",
        "[2002:7f00:1::]:5000",
        "[64:ff9b::7f00:1]:5000",
        "[64:ff9b:1::a00:1]:5000",
        "[2001:0:7f00:1::]:5000",
        "[fd00::1]:5000",
        "[fe80::1]:5000",
        "[ff02::1]:5000",
    ] {
        assert_eq!(stage.permit(&end, addr(peer)), 403, "{peer}");
    }
}

#[test]
fn data_passes_both_ways_once_a_peer_is_permitted() {
    let mut stage = Stage::new();
    let (end, relayed) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let peer = addr(PEER);
    let packet = send_to(peer, b"hello");
    assert!(matches!(stage.send(end.client, &packet), Step::Nothing));
    assert!(
        stage
            .relay
            .peer_said(relayed, peer, b"hi", stage.now)
            .is_none()
    );

    assert_eq!(stage.permit(&end, peer), 0);
    match stage.send(end.client, &packet) {
        Step::Send { through, to, data } => {
            assert_eq!((through, to, data), (relayed.port(), peer, &b"hello"[..]));
        }
        other => panic!("{other:?}"),
    }
    let (carrier, told) = stage
        .relay
        .peer_said(relayed, peer, b"hi", stage.now)
        .unwrap();
    assert_eq!(carrier, relayed.port());
    let told = Message::parse(&told).unwrap();
    assert_eq!((told.class, told.method), (Class::Indication, Method::Data));
    assert_eq!(
        told.addresses(attribute::XOR_PEER_ADDRESS).next(),
        Some(Some(peer))
    );
    assert_eq!(told.get(attribute::DATA), Some(&b"hi"[..]));

    // Another port of that host may speak; another host may not.
    assert!(
        stage
            .relay
            .peer_said(relayed, addr("25.2.0.1:9"), b"hi", stage.now)
            .is_some()
    );
    assert!(
        stage
            .relay
            .peer_said(relayed, addr("25.2.0.2:5000"), b"hi", stage.now)
            .is_none()
    );
    stage.pass(Duration::from_mins(5));
    assert!(
        matches!(stage.send(end.client, &packet), Step::Nothing),
        "no longer"
    );
}

#[test]
fn channels_shorten_what_passes() {
    let mut stage = Stage::new();
    let (end, relayed) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let (peer, other) = (addr(PEER), addr("25.2.0.9:5000"));
    assert!(matches!(
        stage.send(end.client, &channel(0x4001, b"hello")),
        Step::Nothing
    ));
    assert_eq!(stage.bind(&end, 0x4001, peer), 0);
    assert_eq!(stage.bind(&end, 0x4001, peer), 0, "again");
    assert_eq!(stage.bind(&end, 0x4001, other), 400, "the number is taken");
    assert_eq!(stage.bind(&end, 0x4002, peer), 400, "the peer has one");
    assert_eq!(stage.bind(&end, 0x3fff, other), 400, "no channel");
    // Padding may follow over datagrams, too.
    for packet in [
        channel(0x4001, b"hello"),
        [channel(0x4001, b"hello"), vec![0; 3]].concat(),
    ] {
        match stage.send(end.client, &packet) {
            Step::Send { to, data, .. } => assert_eq!((to, data), (peer, &b"hello"[..])),
            other => panic!("{other:?}"),
        }
    }
    let (_, told) = stage
        .relay
        .peer_said(relayed, peer, b"hi", stage.now)
        .unwrap();
    assert_eq!(told, channel(0x4001, b"hi"));
    stage.pass(Duration::from_mins(10) - Duration::from_secs(1));
    assert_eq!(stage.refresh(&end, 600), 0);
    stage.pass(Duration::from_secs(1));
    assert!(matches!(
        stage.send(end.client, &channel(0x4001, b"hello")),
        Step::Nothing
    ));
}

#[test]
fn a_stream_gets_whole_words() {
    for way in [Way::Tcp, Way::Tls] {
        let mut stage = Stage::new();
        let end = stage.end("25.1.0.1:4000", 1);
        let client = Client { way, ..end.client };
        let end = End { client, ..end };
        let relayed = stage.allocate(&end).unwrap();
        assert_eq!(stage.bind(&end, 0x4000, addr(PEER)), 0);
        let (_, told) = stage
            .relay
            .peer_said(relayed, addr(PEER), b"hello", stage.now)
            .unwrap();
        assert_eq!(told, [&channel(0x4000, b"hello")[..], &[0; 3]].concat());
    }
}

#[test]
fn two_allocations_of_a_session_always_reach_each_other() {
    for public in [PUBLIC, "192.168.7.1", "127.0.0.1"] {
        let mut stage = Stage::at(Public {
            v4: Some(public.parse().unwrap()),
            v6: None,
        });
        let (a, at_a) = allocated(&mut stage, "25.1.0.1:4000", 1);
        let (b, at_b) = allocated(&mut stage, "25.1.0.2:4000", 1);
        assert_eq!(stage.permit(&a, at_b), 0);
        let packet = send_to(at_b, b"hello");
        assert!(
            matches!(stage.send(a.client, &packet), Step::Nothing),
            "b has not permitted it"
        );
        assert_eq!(stage.bind(&b, 0x4000, at_a), 0);
        match stage.send(a.client, &packet) {
            Step::Deliver { to, packet } => {
                assert_eq!((to, packet), (at_b.port(), channel(0x4000, b"hello")));
            }
            other => panic!("{other:?}"),
        }
        match stage.send(b.client, &channel(0x4000, b"hi")) {
            Step::Deliver { to, packet } => {
                assert_eq!(to, at_a.port());
                let told = Message::parse(&packet).unwrap();
                assert_eq!(
                    told.addresses(attribute::XOR_PEER_ADDRESS).next(),
                    Some(Some(at_b))
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn under_the_relays_own_address_nothing_else_is_reached() {
    let mut stage = Stage::new();
    let (a, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let (b, at_b) = allocated(&mut stage, "25.1.0.2:4000", 2);
    assert_eq!(stage.permit(&b, addr("25.64.0.1:1")), 0);
    for peer in [at_b, addr("25.64.0.1:3478"), addr("25.64.0.1:8080")] {
        assert_eq!(stage.permit(&a, peer), 0, "it might be the other end");
        assert!(
            matches!(stage.send(a.client, &send_to(peer, b"x")), Step::Nothing),
            "{peer}"
        );
    }
    // Nor does anything come from there over a network.
    let from = addr("25.64.0.1:8080");
    assert!(stage.relay.peer_said(at_b, from, b"x", stage.now).is_none());
}

#[test]
fn services_of_others_are_left_alone() {
    let mut stage = Stage::new();
    let (end, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let dns = addr("25.2.0.1:53");
    assert_eq!(stage.permit(&end, dns), 0);
    assert_eq!(stage.bind(&end, 0x4000, dns), 0);
    assert!(matches!(
        stage.send(end.client, &send_to(dns, b"x")),
        Step::Nothing
    ));
    assert!(matches!(
        stage.send(end.client, &channel(0x4000, b"x")),
        Step::Nothing
    ));
}

#[test]
fn peers_of_an_allocation_are_bounded() {
    let mut stage = Stage::new();
    let (end, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let peer = |n: u8| SocketAddr::from(([25, 2, 0, n], 5000));
    for n in 1..=4 {
        assert_eq!(stage.bind(&end, 0x4000 + u16::from(n), peer(n)), 0);
    }
    assert_eq!(stage.permit(&end, peer(5)), 508);
    assert_eq!(stage.bind(&end, 0x4009, peer(5)), 508);
    assert_eq!(stage.permit(&end, peer(1)), 0, "a known one");
    let request = end.request(Method::CreatePermission, |w| w);
    assert_eq!(stage.ask(&end, &request), 400, "nobody");
}

/// To look at one peer is a matter of some system calls, and one request has room for thousands.
#[test]
fn too_many_peers_at_once_are_not_looked_at() {
    let mut stage = Stage::new();
    let (end, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let asked = |names: std::ops::Range<u8>| {
        end.request(Method::CreatePermission, |writer| {
            names.fold(writer, |writer, n| {
                let peer = SocketAddr::from(([25, 2, 0, n], 5000));
                writer.address(attribute::XOR_PEER_ADDRESS, peer)
            })
        })
    };
    let looked = std::cell::Cell::new(0);
    let count = |_| {
        looked.set(looked.get() + 1);
        false
    };
    for (names, code_of_answer, looks) in [(0..5, 508, 0), (0..3, 0, 3)] {
        looked.set(0);
        let request = asked(names);
        let step = stage
            .relay
            .client_said(end.client, &request, count, stage.now);
        let Step::Answer(answer) = step else {
            panic!("{step:?}");
        };
        assert_eq!((code(&answer), looked.get()), (code_of_answer, looks));
    }
    // The same ones again and again are few.
    looked.set(0);
    let request = end.request(Method::CreatePermission, |writer| {
        (0..100).fold(writer, |writer, _| {
            writer.address(attribute::XOR_PEER_ADDRESS, addr(PEER))
        })
    });
    let step = stage
        .relay
        .client_said(end.client, &request, count, stage.now);
    assert!(matches!(step, Step::Answer(answer) if code(&answer) == 0));
    assert_eq!(looked.get(), 1);
}

/// Both ways, and over all allocations of the session.
#[test]
fn what_passes_for_a_session_is_bounded() {
    let mut stage = Stage::new();
    let (a, at_a) = allocated(&mut stage, "25.1.0.1:4000", 1);
    let (b, _) = allocated(&mut stage, "25.1.0.2:4000", 1);
    let (c, _) = allocated(&mut stage, "25.1.0.3:4000", 2);
    let peer = addr(PEER);
    for end in [&a, &b, &c] {
        assert_eq!(stage.permit(end, peer), 0);
    }
    // With its headers, 1,000 bytes on the wire.
    let packet = send_to(peer, &[0; 972]);
    let mut passed = 0;
    for _ in 0..20 {
        passed += usize::from(matches!(stage.send(a.client, &packet), Step::Send { .. }));
        passed += usize::from(matches!(stage.send(b.client, &packet), Step::Send { .. }));
        let heard = stage.relay.peer_said(at_a, peer, &[0; 972], stage.now);
        passed += usize::from(heard.is_some());
    }
    assert_eq!(passed, 10);
    assert!(
        matches!(stage.send(c.client, &packet), Step::Send { .. }),
        "others have their own"
    );
    stage.pass(Duration::from_millis(100));
    assert!(
        matches!(stage.send(a.client, &packet), Step::Send { .. }),
        "and it comes back"
    );
}

/// Datagrams are work without a word in them, too.
#[test]
fn how_often_something_passes_is_bounded_as_well() {
    let mut stage = Stage::new();
    let (end, _) = allocated(&mut stage, "25.1.0.1:4000", 1);
    assert_eq!(stage.permit(&end, addr(PEER)), 0);
    let empty = send_to(addr(PEER), &[]);
    let passed = (0..1_000).filter(|_| matches!(stage.send(end.client, &empty), Step::Send { .. }));
    assert_eq!(passed.count(), 10_000 / 28);
}
