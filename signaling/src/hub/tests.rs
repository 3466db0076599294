//! The hub by its transcripts; see [`stage`] for their language.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::needless_pass_by_value,
    reason = "expect-test writes them, and its blocks are made where they are used"
)]

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use deskhand_protocol::{
    id::{JoinId, Route},
    invitation::Number,
    signal::{
        FromExpert, FromNovice, MAX_TTL_SECS, OwnerToken, Payload, Refusal, ToExpert, ToNovice,
    },
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Bounds, Errand, Hub, Input, News, Output, Page, Role, SocketId};
use crate::token::OwnerProof;

const SMALL: Bounds = Bounds {
    routes: 4,
    routes_per_socket: 3,
    waiting_per_route: 2,
    joins_per_route_per_minute: 6,
    joins_per_socket: 3,
    reserved_per_socket: 2,
    unknown_numbers_per_minute: 3,
};

fn route(name: &str) -> Route {
    Route::from_bytes([name.as_bytes()[0]; 32])
}

fn register(route: Route, ttl_secs: u32) -> FromNovice {
    FromNovice::Register {
        route,
        ttl_secs,
        token: None,
        file: false,
        number: None,
    }
}

/// Script numbers are single digits.
fn number(name: &str) -> Number {
    Number::new(100_000_000 + name.parse::<u32>().unwrap()).unwrap()
}

fn register_number(number: Number) -> FromNovice {
    FromNovice::Register {
        route: number.route(),
        ttl_secs: 60,
        token: None,
        file: false,
        number: Some(number),
    }
}

fn payload(text: &str) -> Payload {
    Payload::new(text.as_bytes().to_vec()).unwrap()
}

mod bus;
mod knocks;
mod lent;
mod nodes;
mod numbers;
mod properties;
mod stage;
mod together;

use stage::Stage;

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
            e <- relays
            n <- relays for 1
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
        "n1 registers a; n1 registers a with token; e1 joins a; n1 goes; n2 registers a; n3 registers a with token; e2 joins a",
        expect![[r#"
            n1 <- registered a for 60s
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
fn a_token_that_never_arrived_locks_nobody_out() {
    check(
        "n1 registers a; n1 goes; n2 registers a; n3 registers a; e joins a",
        expect![[r#"
            n1 <- registered a for 60s
            n2 <- registered a for 60s
            n2 <- closing: Replaced
            n2 closed
            n3 <- registered a for 60s
            n3 <- joined 1 at a
            e <- joined
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
        "n1 registers a; n1 registers a with token; n2 registers a with token of b; e joins a",
        expect![[r#"
            n1 <- registered a for 60s
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
fn who_floods_before_approval_is_expelled_and_not_the_novice() {
    check(
        "n registers a; e joins a; e says 1; e says 2; e says 3; e says 4; e says 5; e says 6; e says 7",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            n <- 1 from 1
            n <- 2 from 1
            n <- 3 from 1
            n <- 4 from 1
            n <- 5 from 1
            n <- 6 from 1
            e <- closing: Protocol
            e closed
            n <- left 1
        "#]],
    );
    check(
        "n registers a; e joins a; n approves 1; e says 1; e says 2; e says 3; e says 4; e says 5; e says 6; e says 7",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            e <- relays
            n <- relays for 1
            n <- 1 from 1
            n <- 2 from 1
            n <- 3 from 1
            n <- 4 from 1
            n <- 5 from 1
            n <- 6 from 1
            n <- 7 from 1
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
            e1 <- relays
            n <- relays for 1
            n <- joined 3 at a
            e4 <- joined
            e2 <- relays
            n <- relays for 2
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
