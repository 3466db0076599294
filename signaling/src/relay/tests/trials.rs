//! What somebody may do who only tries the relay out.

use super::*;

impl Stage {
    fn trial(&mut self, address: &str, name: &str) -> Option<End> {
        let login = self.relay.lend_trial(login(name), self.now)?;
        Some(self.stranger(udp(address), login))
    }
}

#[test]
fn a_trial_reaches_itself_and_nobody_else() {
    let mut stage = Stage::new();
    let session = stage.end("25.1.0.9:4000", 1);
    let theirs = stage.allocate(&session).unwrap();
    let one = stage.trial("25.1.0.1:4000", "trial").unwrap();
    let other = stage.stranger(udp("25.1.0.1:4001"), one.login.clone());
    let (at_one, at_other) = (
        stage.allocate(&one).unwrap(),
        stage.allocate(&other).unwrap(),
    );

    for peer in [
        "25.1.0.2:5000",
        "1.1.1.1:5000",
        "10.0.0.1:5000",
        "127.0.0.1:5000",
    ] {
        assert_eq!(stage.permit(&one, addr(peer)), 403, "{peer}");
        assert_eq!(stage.bind(&one, 0x4002, addr(peer)), 403, "{peer}");
    }
    assert_eq!(stage.bind(&one, 0x4000, at_other), 0);
    assert_eq!(stage.bind(&other, 0x4001, at_one), 0);
    let Step::Deliver { to, packet } = stage.send(one.client, b"\x40\0\0\x02hi") else {
        panic!("it does not arrive");
    };
    assert_eq!(
        (SocketAddr::new(at_other.ip(), to), &packet[..]),
        (at_other, &b"\x40\x01\0\x02hi"[..])
    );

    // What is a session's stays out of reach, though it is at the same address.
    assert_eq!(stage.bind(&one, 0x4003, theirs), 0);
    let said = stage.send(one.client, b"\x40\x03\0\x02hi");
    assert!(matches!(said, Step::Nothing), "{said:?}");
    // Nor does anybody outside reach a trial.
    let from = addr("25.1.0.2:5000");
    assert!(
        stage
            .relay
            .peer_said(at_one, from, b"hi", stage.now)
            .is_none()
    );
}

#[test]
fn a_trial_is_short_and_few_have_one_at_a_time() {
    let mut stage = Stage::new();
    let one = stage.trial("25.1.0.1:4000", "one").unwrap();
    stage.allocate(&one).unwrap();
    stage.pass(Duration::from_secs(10));
    assert!(stage.trial("25.1.0.2:4000", "two").is_some());
    assert!(stage.trial("25.1.0.3:4000", "three").is_none());

    stage.pass(Duration::from_secs(20));
    assert!(!stage.relay.serves(one.client), "what it had is gone");
    assert_eq!(stage.allocate(&one), Err(401));
    assert!(stage.trial("25.1.0.3:4000", "three").is_some());
}

#[test]
fn a_trial_carries_only_a_little() {
    let mut stage = Stage::new();
    let one = stage.trial("25.1.0.1:4000", "one").unwrap();
    let at = stage.allocate(&one).unwrap();
    assert_eq!(stage.bind(&one, 0x4000, at), 0);
    // With its headers, 1,000 bytes on the wire.
    let message = channel(0x4000, &[0; 972]);
    let passed = (0..100).filter(|_| {
        let said = stage.send(one.client, &message);
        matches!(said, Step::Deliver { .. })
    });
    assert_eq!(passed.count(), 16);
}
