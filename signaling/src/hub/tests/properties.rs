//! Random transcripts that must keep the hub's promises.

use super::{
    super::{Ends, Peer},
    *,
};

fn any_step() -> impl Strategy<Value = (u8, u8, u8, u8)> {
    (0..20_u8, 0..8_u8, 0..6_u8, 0..12_u8)
}

/// Turns four small numbers into an input. Even sockets are novices, mostly.
fn input((kind, who, which, extra): (u8, u8, u8, u8), hub: &Hub) -> Input {
    let socket = SocketId(who.into());
    let route = Route::from_bytes([which; 32]);
    let join = JoinId(hub.next_join.saturating_sub(extra.into()));
    let spoken = number(&which.to_string());
    let novice = |message, proof| Input::Novice {
        socket,
        message,
        proof,
    };
    match kind {
        0..=2 => Input::Connected {
            socket,
            role: if who % 2 == 0 {
                Role::Novice
            } else if who == 7 {
                Role::Expert(Page::File)
            } else {
                Role::Expert(Page::Served)
            },
        },
        3 | 4 => novice(register(route, u32::from(extra)), None),
        5 => novice(
            FromNovice::Register {
                route,
                ttl_secs: 60,
                token: Some(OwnerToken(String::new())),
                file: true,
                number: None,
            },
            Some(OwnerProof::for_test(route)),
        ),
        6 => novice(FromNovice::Unregister { route }, None),
        7 => novice(
            FromNovice::Relay {
                join,
                payload: payload("x"),
            },
            None,
        ),
        8 => novice(FromNovice::Approved { join }, None),
        9 => novice(FromNovice::Dismiss { join }, None),
        10 | 11 => Input::Expert {
            socket,
            message: FromExpert::Join { route },
        },
        12 => Input::Expert {
            socket,
            message: FromExpert::Relay {
                payload: payload("x"),
            },
        },
        13 => Input::Gone { socket },
        16 => novice(FromNovice::Reserve, None),
        17 => novice(register_number(spoken), None),
        18 => novice(
            register_number(spoken),
            Some(OwnerProof::for_number(spoken)),
        ),
        19 => Input::Expert {
            socket,
            message: FromExpert::JoinNumber { number: spoken },
        },
        14 if extra == 0 => Input::Shutdown,
        14 => Input::Expel {
            socket,
            reason: Refusal::Slow,
        },
        _ => Input::Tick,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens: nothing is said to a socket that is gone or closed, nothing of one
    /// role to a socket of the other, and every map stays within its bounds.
    #[test]
    fn the_hub_keeps_its_promises(steps in proptest::collection::vec(any_step(), 0..200)) {
        let mut hub = Hub::new(SMALL, 1);
        let mut now = Instant::now();
        let mut open: BTreeMap<SocketId, Role> = BTreeMap::new();
        let mut joined = BTreeSet::new();
        let mut lent = BTreeSet::new();
        for step in steps {
            now += Duration::from_secs(u64::from(step.3) / 4);
            let input = input(step, &hub);
            if let Input::Shutdown = input {
                lent.clear(); // the relay goes down, too
            }
            match &input {
                // A name is never used twice at a time.
                Input::Connected { socket, .. } if open.contains_key(socket) => continue,
                Input::Connected { socket, role } => drop(open.insert(*socket, *role)),
                Input::Gone { socket } => drop(open.remove(socket)),
                _ => {}
            }
            let mut outputs = VecDeque::from(hub.handle(input, now));
            let mut lots = 0..100;
            while let Some(output) = outputs.pop_front() {
                match output {
                    Output::Draw { socket } => {
                        let number = number(&lots.next().unwrap().to_string());
                        outputs.extend(hub.handle(Input::Drawn { socket, number }, now));
                    }
                    Output::Lend { join } => {
                        lent.insert(join);
                        outputs.extend(hub.handle(Input::Lent { join, servers: vec![] }, now));
                    }
                    Output::Reclaim { join, .. } => {
                        prop_assert!(lent.remove(&join), "it had nothing");
                    }
                    Output::ToNovice { socket, message: ToNovice::Reserved { number } } => {
                        prop_assert_eq!(open.get(&socket), Some(&Role::Novice));
                        prop_assert!(!hub.routes.contains_key(&number.route()), "it is taken");
                        prop_assert!(hub.has_reserved(socket, number, now));
                    }
                    Output::ToNovice { socket, message } => {
                        prop_assert_eq!(open.get(&socket), Some(&Role::Novice));
                        if let ToNovice::Joined { join, .. } = message {
                            prop_assert!(joined.insert(join), "a join's name is used twice");
                        }
                    }
                    Output::Registered { socket, .. } => {
                        prop_assert_eq!(open.get(&socket), Some(&Role::Novice));
                    }
                    Output::ToExpert { socket, .. } => {
                        prop_assert!(matches!(open.get(&socket), Some(Role::Expert(_))));
                    }
                    Output::Others(errand) => {
                        return Err(TestCaseError::fail(format!("nobody else is there: {errand:?}")));
                    }
                    Output::Close { socket } => {
                        prop_assert!(open.remove(&socket).is_some(), "closed twice");
                    }
                }
            }
            let approved = hub.joins.iter().filter(|(_, join)| join.approved);
            let approved: BTreeSet<_> = approved.map(|(join, _)| *join).collect();
            prop_assert_eq!(&approved, &lent, "what is lent is taken back, once");
            prop_assert!(hub.routes.len() <= SMALL.routes);
            prop_assert_eq!(hub.routes.len(), hub.ends.len());
            prop_assert!(hub.wake_at().is_none_or(|at| at > now), "an end was missed");
            let open_now: Vec<_> = open.keys().collect();
            prop_assert_eq!(hub.peers.keys().collect::<Vec<_>>(), open_now);
            prop_assert!(hub.reserved.len() <= SMALL.reserved_per_socket * open.len());
            for (number, held) in &hub.reserved {
                let Some(Peer::Novice { reserved, .. }) = hub.peers.get(&held.socket) else {
                    return Err(TestCaseError::fail("a number is kept for nobody"));
                };
                prop_assert!(reserved.contains(number));
            }
            for join in hub.joins.values() {
                let Ends::Here { novice, expert } = join.ends else {
                    return Err(TestCaseError::fail("a join with nobody"));
                };
                prop_assert!(open.contains_key(&novice) && open.contains_key(&expert));
            }
        }
    }
}
