//! Transcripts, and random ones that must keep the hub's promises.
//!
//! A script names sockets by their first letter: `n…` is a novice's, `e…` an expert's. Routes
//! are single letters, seconds pass with `wait`.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::needless_pass_by_value,
    reason = "expect-test writes them, and its blocks are made where they are used"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use deskhand_protocol::{
    id::{JoinId, Route},
    signal::{
        FromExpert, FromNovice, MAX_TTL_SECS, OwnerToken, Payload, Refusal, ToExpert, ToNovice,
    },
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Bounds, Hub, Input, Output, Role, SocketId};
use crate::token::OwnerProof;

const SMALL: Bounds = Bounds {
    routes: 4,
    routes_per_socket: 3,
    waiting_per_route: 2,
    joins_per_socket: 3,
};

fn route(name: &str) -> Route {
    Route::from_bytes([name.as_bytes()[0]; 32])
}

fn register(route: Route, ttl_secs: u32) -> FromNovice {
    FromNovice::Register {
        route,
        ttl_secs,
        token: None,
    }
}

fn payload(text: &str) -> Payload {
    Payload::new(text.as_bytes().to_vec()).unwrap()
}

/// Runs scripts and writes down what happens.
struct Stage {
    hub: Hub,
    now: Instant,
    names: BTreeMap<SocketId, String>,
    said: String,
}

impl Stage {
    fn new() -> Self {
        Self {
            hub: Hub::new(SMALL, 1),
            now: Instant::now(),
            names: BTreeMap::new(),
            said: String::new(),
        }
    }

    /// The socket of that name; a name is used again once its socket is closed.
    fn socket(&mut self, name: &str) -> SocketId {
        if let Some((id, _)) = self.names.iter().find(|(_, n)| *n == name) {
            return *id;
        }
        let id = SocketId(self.names.last_key_value().map_or(1, |(id, _)| id.0 + 1));
        self.names.insert(id, name.to_owned());
        let role = if name.starts_with('n') {
            Role::Novice
        } else {
            Role::Expert
        };
        self.feed(Input::Connected { socket: id, role });
        id
    }

    fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str| JoinId(text.parse().unwrap());
        let mut proof = None;
        let message = match words[1..] {
            [] if words[0] == "restart" => return self.feed(Input::Shutdown),
            [secs] if words[0] == "wait" => {
                self.now += Duration::from_secs(secs.parse().unwrap());
                return self.feed(Input::Tick);
            }
            ["goes"] => {
                let socket = self.socket(words[0]);
                self.names.remove(&socket);
                return self.feed(Input::Gone { socket });
            }
            ["garbles"] => {
                let socket = self.socket(words[0]);
                let reason = Refusal::Protocol;
                return self.feed(Input::Expel { socket, reason });
            }
            ["joins", name] => {
                return self.expert(words[0], FromExpert::Join { route: route(name) });
            }
            ["says", text] if words[0].starts_with('e') => {
                let payload = payload(text);
                return self.expert(words[0], FromExpert::Relay { payload });
            }
            ["hello"] if words[0].starts_with('e') => {
                return self.expert(words[0], FromExpert::Hello { version: 1 });
            }
            ["hello"] => FromNovice::Hello { version: 1 },
            ["registers", name] => register(route(name), 60),
            ["registers", name, "with", "token"] => {
                proof = Some(OwnerProof::for_test(route(name)));
                register(route(name), 60)
            }
            ["registers", name, "with", "token", "of", other] => {
                proof = Some(OwnerProof::for_test(route(other)));
                register(route(name), 60)
            }
            ["registers", name, "for", secs] => register(route(name), secs.parse().unwrap()),
            ["unregisters", name] => FromNovice::Unregister { route: route(name) },
            ["says", text, "to", join] => FromNovice::Relay {
                join: number(join),
                payload: payload(text),
            },
            ["approves", join] => FromNovice::Approved { join: number(join) },
            ["dismisses", join] => FromNovice::Dismiss { join: number(join) },
            _ => panic!("not understood: {line}"),
        };
        let socket = self.socket(words[0]);
        self.feed(Input::Novice {
            socket,
            message,
            proof,
        });
    }

    fn expert(&mut self, name: &str, message: FromExpert) {
        let socket = self.socket(name);
        self.feed(Input::Expert { socket, message });
    }

    fn feed(&mut self, input: Input) {
        for output in self.hub.handle(input, self.now) {
            self.write(&output);
        }
    }

    fn write(&mut self, output: &Output) {
        use std::fmt::Write as _;
        let letter = |route: &Route| char::from(route.as_bytes()[0]);
        let text = |payload: &Payload| String::from_utf8(payload.as_bytes().to_vec()).unwrap();
        let (socket, what) = match output {
            Output::ToNovice { socket, message } => (
                socket,
                match message {
                    ToNovice::Registered { .. } => unreachable!("the driver says this"),
                    ToNovice::Unregistered { route, reason } => {
                        format!("<- unregistered {}: {reason:?}", letter(route))
                    }
                    ToNovice::Joined { join, route } => {
                        format!("<- joined {} at {}", join.0, letter(route))
                    }
                    ToNovice::Relay { join, payload } => {
                        format!("<- {} from {}", text(payload), join.0)
                    }
                    ToNovice::Left { join } => format!("<- left {}", join.0),
                    ToNovice::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::ToExpert { socket, message } => (
                socket,
                match message {
                    ToExpert::Joined => "<- joined".to_owned(),
                    ToExpert::Relay { payload } => format!("<- {}", text(payload)),
                    ToExpert::Left => "<- left".to_owned(),
                    ToExpert::Closing { reason } => format!("<- closing: {reason:?}"),
                },
            ),
            Output::Registered { socket, route, ttl } => (
                socket,
                format!("<- registered {} for {ttl:?}", letter(route)),
            ),
            Output::Close { socket } => {
                let name = self.names.remove(socket).unwrap();
                writeln!(self.said, "{name} closed").unwrap();
                return;
            }
        };
        writeln!(self.said, "{} {what}", self.names[socket]).unwrap();
    }
}

fn check(script: &str, expected: Expect) {
    let mut stage = Stage::new();
    for line in script.split(';') {
        stage.step(line);
    }
    expected.assert_eq(&stage.said);
}

#[test]
fn an_expert_is_announced_and_both_talk() {
    check(
        "n registers a; e joins a; n says challenge to 1; e says hello; n approves 1; n says offer to 1",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            e <- challenge
            n <- hello from 1
            e <- offer
        "#]],
    );
}

#[test]
fn unknown_ended_and_away_look_alike() {
    check(
        "e1 joins z; n registers a for 5; wait 5; e2 joins a; n registers b; n goes; e3 joins b",
        expect![[r#"
            e1 <- closing: Unavailable
            e1 closed
            n <- registered a for 5s
            n <- unregistered a: Expired
            e2 <- closing: Unavailable
            e2 closed
            n <- registered b for 60s
            e3 <- closing: Unavailable
            e3 closed
        "#]],
    );
}

#[test]
fn a_dismissed_expert_is_told_and_closed() {
    check(
        "n registers a; e joins a; n dismisses 1; n says late to 1",
        expect![[r#"
        n <- registered a for 60s
        n <- joined 1 at a
        e <- joined
        e <- left
        e closed
    "#]],
    );
}

#[test]
fn an_expert_who_goes_has_left() {
    check(
        "n registers a; e joins a; e goes; n says late to 1",
        expect![[r#"
        n <- registered a for 60s
        n <- joined 1 at a
        e <- joined
        n <- left 1
    "#]],
    );
}

#[test]
fn a_novice_who_goes_has_left_and_the_route_waits_for_the_owner() {
    check(
        "n1 registers a; e1 joins a; n1 goes; n2 registers a; n3 registers a with token; e2 joins a",
        expect![[r#"
            n1 <- registered a for 60s
            n1 <- joined 1 at a
            e1 <- joined
            e1 <- left
            e1 closed
            n2 <- unregistered a: NotOwner
            n3 <- registered a for 60s
            n3 <- joined 2 at a
            e2 <- joined
        "#]],
    );
}

#[test]
fn the_owner_replaces_an_old_socket() {
    check(
        "n1 registers a; e1 joins a; n2 registers a with token; e2 joins a",
        expect![[r#"
            n1 <- registered a for 60s
            n1 <- joined 1 at a
            e1 <- joined
            n1 <- closing: Replaced
            n1 closed
            e1 <- left
            e1 closed
            n2 <- registered a for 60s
            n2 <- joined 2 at a
            e2 <- joined
        "#]],
    );
}

#[test]
fn a_token_of_another_route_opens_nothing() {
    check(
        "n1 registers a; n2 registers a with token of b; e joins a",
        expect![[r#"
        n1 <- registered a for 60s
        n2 <- unregistered a: NotOwner
        n1 <- joined 1 at a
        e <- joined
    "#]],
    );
}

#[test]
fn after_a_restart_agents_register_again() {
    check(
        "n registers a; e joins a; restart; n registers a with token; e joins a",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            n <- closing: Restarting
            n closed
            e <- closing: Restarting
            e closed
            n <- registered a for 60s
            n <- joined 2 at a
            e <- joined
        "#]],
    );
}

#[test]
fn a_registration_is_extended_and_shortened_by_its_socket() {
    check(
        "n registers a for 5; n registers a for 10; wait 6; e1 joins a; n registers a for 1; wait 1; e2 joins a",
        expect![[r#"
            n <- registered a for 5s
            n <- registered a for 10s
            n <- joined 1 at a
            e1 <- joined
            n <- registered a for 1s
            n <- unregistered a: Expired
            e2 <- closing: Unavailable
            e2 closed
        "#]],
    );
}

#[test]
fn joins_outlast_their_invitation() {
    check(
        "n registers a for 5; e joins a; wait 5; e says still-here; n says yes to 1",
        expect![[r#"
        n <- registered a for 5s
        n <- joined 1 at a
        e <- joined
        n <- unregistered a: Expired
        n <- still-here from 1
        e <- yes
    "#]],
    );
}

#[test]
fn unregistering_frees_the_route_for_anybody() {
    check(
        "n1 registers a; n2 unregisters a; n1 unregisters a; e joins a; n2 registers a",
        expect![[r#"
        n1 <- registered a for 60s
        e <- closing: Unavailable
        e closed
        n2 <- registered a for 60s
    "#]],
    );
}

#[test]
fn nobody_reaches_into_joins_of_others() {
    check(
        "n1 registers a; e1 joins a; n2 registers b; n2 says forged to 1; n2 dismisses 1; n2 approves 1; e1 says on",
        expect![[r#"
            n1 <- registered a for 60s
            n1 <- joined 1 at a
            e1 <- joined
            n2 <- registered b for 60s
            n1 <- on from 1
        "#]],
    );
}

#[test]
fn out_of_order_closes_the_one_and_disturbs_nobody_else() {
    check(
        "n registers a; e1 joins a; e2 says early; e1 joins a; e3 joins a; e3 hello; e4 joins a; n hello",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e1 <- joined
            e2 <- closing: Protocol
            e2 closed
            e1 <- closing: Protocol
            e1 closed
            n <- left 1
            n <- joined 2 at a
            e3 <- joined
            e3 <- closing: Protocol
            e3 closed
            n <- left 2
            n <- joined 3 at a
            e4 <- joined
            n <- closing: Protocol
            n closed
            e4 <- left
            e4 closed
        "#]],
    );
}

#[test]
fn bad_frames_close_their_sender_only() {
    check(
        "n registers a; e1 joins a; e2 joins a; e1 garbles; e2 says on",
        expect![[r#"
        n <- registered a for 60s
        n <- joined 1 at a
        e1 <- joined
        n <- joined 2 at a
        e2 <- joined
        e1 <- closing: Protocol
        e1 closed
        n <- left 1
        n <- on from 2
    "#]],
    );
}

#[test]
fn lifetimes_are_bounded() {
    check(
        &format!(
            "n1 registers a for 0; n1 registers a for {}; n2 registers a",
            MAX_TTL_SECS + 1
        ),
        expect![[r#"
            n1 <- unregistered a: Expired
            n1 <- closing: Protocol
            n1 closed
            n2 <- registered a for 60s
        "#]],
    );
}

#[test]
fn experts_who_wait_are_bounded_and_approved_ones_wait_no_more() {
    check(
        "n registers a; e1 joins a; e2 joins a; e3 joins a; n approves 1; e4 joins a; n approves 2; e5 joins a",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e1 <- joined
            n <- joined 2 at a
            e2 <- joined
            e3 <- closing: TooMany
            e3 closed
            n <- joined 3 at a
            e4 <- joined
            e5 <- closing: TooMany
            e5 closed
        "#]],
    );
}

#[test]
fn routes_are_bounded_and_those_away_make_room() {
    check(
        "n1 registers a; n1 registers b; n1 registers c; n1 registers d; n2 registers e; n3 registers f; n1 goes; n3 registers f; n3 registers g",
        expect![[r#"
            n1 <- registered a for 60s
            n1 <- registered b for 60s
            n1 <- registered c for 60s
            n1 <- unregistered d: TooMany
            n2 <- registered e for 60s
            n3 <- unregistered f: TooMany
            n3 <- registered f for 60s
            n3 <- registered g for 60s
        "#]],
    );
}

fn any_step() -> impl Strategy<Value = (u8, u8, u8, u8)> {
    (0..16_u8, 0..8_u8, 0..6_u8, 0..12_u8)
}

/// Turns four small numbers into an input. Even sockets are novices, mostly.
fn input((kind, who, which, extra): (u8, u8, u8, u8), hub: &Hub) -> Input {
    let socket = SocketId(who.into());
    let route = Route::from_bytes([which; 32]);
    let join = JoinId(hub.next_join.saturating_sub(extra.into()));
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
            } else {
                Role::Expert
            },
        },
        3 | 4 => novice(register(route, u32::from(extra)), None),
        5 => novice(
            FromNovice::Register {
                route,
                ttl_secs: 60,
                token: Some(OwnerToken(String::new())),
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
        for step in steps {
            now += Duration::from_secs(u64::from(step.3) / 4);
            let input = input(step, &hub);
            match &input {
                // A name is never used twice at a time.
                Input::Connected { socket, .. } if open.contains_key(socket) => continue,
                Input::Connected { socket, role } => drop(open.insert(*socket, *role)),
                Input::Gone { socket } => drop(open.remove(socket)),
                _ => {}
            }
            for output in hub.handle(input, now) {
                match output {
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
                        prop_assert_eq!(open.get(&socket), Some(&Role::Expert));
                    }
                    Output::Close { socket } => {
                        prop_assert!(open.remove(&socket).is_some(), "closed twice");
                    }
                }
            }
            prop_assert!(hub.routes.len() <= SMALL.routes);
            prop_assert_eq!(hub.routes.len(), hub.ends.len());
            prop_assert!(hub.wake_at().is_none_or(|at| at > now), "an end was missed");
            let open_now: Vec<_> = open.keys().collect();
            prop_assert_eq!(hub.peers.keys().collect::<Vec<_>>(), open_now);
            for join in hub.joins.values() {
                prop_assert!(open.contains_key(&join.novice) && open.contains_key(&join.expert));
            }
        }
    }
}
