//! Whatever else comes.

use proptest::prelude::*;

use super::*;

/// A relay with a session that uses it.
fn busy() -> (Stage, End, SocketAddr) {
    let mut stage = Stage::new();
    let end = stage.end("25.1.0.1:4000", 1);
    let relayed = stage.allocate(&end).unwrap();
    assert_eq!(stage.bind(&end, 0x4000, addr("25.2.0.1:5000")), 0);
    (stage, end, relayed)
}

fn still_works(stage: &mut Stage, end: &End) {
    stage.pass(Duration::from_secs(2));
    assert!(matches!(
        stage.send(end.client, &channel(0x4000, b"on")),
        Step::Send { .. }
    ));
    assert_eq!(stage.refresh(end, 600), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn noise_is_ignored(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let (mut stage, end, _) = busy();
        for client in [end.client, udp("25.9.0.1:1")] {
            let step = stage.send(client, &bytes);
            prop_assert!(!matches!(step, Step::Open(_)), "{step:?}");
        }
        still_works(&mut stage, &end);
    }

    /// A good request with a few bytes changed opens nothing and ends nothing.
    #[test]
    fn damaged_requests_do_nothing(
        method in 0..4_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let (mut stage, end, _) = busy();
        let fresh = stage.stranger(udp("25.1.0.9:4000"), end.login.clone());
        let mut bytes = match method {
            0 => fresh.request(Method::Allocate, udp_wanted),
            1 => end.request(Method::Refresh, |w| w.attribute(attribute::LIFETIME, &[0; 4])),
            2 => end.request(Method::CreatePermission, |w| {
                w.address(attribute::XOR_PEER_ADDRESS, addr("25.3.0.1:5000"))
            }),
            _ => send_to(addr("26.99.9.9:5000"), b"x"),
        };
        for (at, by) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= by;
        }
        let client = if method == 0 { fresh.client } else { end.client };
        let good = Message::parse(&bytes).is_ok_and(|m| m.is_signed_by(&end.key()));
        let step = stage.send(client, &bytes);
        if !good {
            prop_assert!(!matches!(step, Step::Open(_) | Step::Send { .. }), "{step:?}");
            still_works(&mut stage, &end);
        }
    }

    #[test]
    fn whatever_peers_send_is_data(bytes in proptest::collection::vec(any::<u8>(), 0..1_500)) {
        let (mut stage, end, relayed) = busy();
        let from = addr("25.2.0.1:5000");
        let (_, told) = stage.relay.peer_said(relayed, from, &bytes, stage.now).unwrap();
        prop_assert_eq!(told, channel(0x4000, &bytes));
        still_works(&mut stage, &end);
    }
}
