//! Several nodes that act as one.

use super::*;

#[test]
fn an_expert_at_another_node_is_announced_and_both_talk() {
    check(
        "nodes a b; n@a registers x; e@b joins x; n@a says challenge to 1; e@b says hello; n@a approves 1; n@a says offer to 1; n@a dismisses 1; n@a says late to 1",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e@b <- joined
            e@b <- challenge
            n@a <- hello from 1
            n@a <- relays for 1
            e@b <- relays
            e@b <- offer
            1 has no relays at once
            101 has no relays at once
            e@b <- left
            e@b closed
        "#]],
    );
}

#[test]
fn an_expert_at_another_node_who_goes_has_left() {
    check(
        "nodes a b; n@a registers x; e@b joins x; e@b goes; n@a says late to 1; e@b joins x; e@b garbles",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e@b <- joined
            n@a <- left 1
            n@a <- joined 2 at x
            e@b <- joined
            e@b <- closing: Protocol
            e@b closed
            n@a <- left 2
        "#]],
    );
}

#[test]
fn unknown_ended_away_and_not_for_files_look_alike_from_elsewhere() {
    check(
        "nodes a b; e1@b joins z; n@a registers x for 5; wait 5; e2@b joins x; n@a registers y; f@b joins y; n@a goes; e3@b joins y",
        expect![[r#"
            e1@b <- closing: Unavailable
            e1@b closed
            n@a <- registered x for 5s
            n@a <- unregistered x: Expired
            e2@b <- closing: Unavailable
            e2@b closed
            n@a <- registered y for 60s
            f@b <- closing: Unavailable
            f@b closed
            e3@b <- closing: Unavailable
            e3@b closed
        "#]],
    );
}

#[test]
fn pages_from_files_join_elsewhere_what_waits_for_a_file() {
    check(
        "nodes a b; n@a registers x for a file; f@b joins x; e@b joins x",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            f@b <- joined
            n@a <- joined 2 at x
            e@b <- joined
        "#]],
    );
}

#[test]
fn the_owner_goes_on_at_another_node_and_nobody_else_can() {
    check(
        "nodes a b; n1@a registers x; n1@a registers x with token; e1@b joins x; n2@b registers x; n2@b registers x with token of y; n3@b registers x with token; e2@a joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            n1@a <- joined 1 at x
            e1@b <- joined
            n2@b <- unregistered x: NotOwner
            n2@b <- unregistered x: NotOwner
            n3@b <- registered x for 60s
            n1@a <- closing: Replaced
            n1@a closed
            e1@b <- left
            e1@b closed
            n3@b <- joined 102 at x
            e2@a <- joined
        "#]],
    );
}

#[test]
fn a_token_that_never_arrived_locks_nobody_out_elsewhere() {
    check(
        "nodes a b; n1@a registers x; n2@b registers x; e@a joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n2@b <- registered x for 60s
            n1@a <- closing: Replaced
            n1@a closed
            n2@b <- joined 101 at x
            e@a <- joined
        "#]],
    );
}

#[test]
fn a_node_dies_and_its_invitations_go_on_at_another() {
    check(
        "nodes a b c; n1@a registers x; n1@a registers x with token; e1@b joins x; e2@c joins x; a dies; e1@b says hello; beat; e3@b joins x; n2@b registers x; n2@b registers x with token; e3@c joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            n1@a <- joined 1 at x
            e1@b <- joined
            n1@a <- joined 2 at x
            e2@c <- joined
            e1@b <- left
            e1@b closed
            e2@c <- left
            e2@c closed
            e3@b <- closing: Unavailable
            e3@b closed
            n2@b <- unregistered x: NotOwner
            n2@b <- registered x for 60s
            n2@b <- joined 103 at x
            e3@c <- joined
        "#]],
    );
}

#[test]
fn the_node_of_an_expert_dies() {
    check(
        "nodes a b; n@a registers x; e1@b joins x; e2@a joins x; b dies; beat; e2@a says on; nodes b; e3@b joins x",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e1@b <- joined
            n@a <- joined 2 at x
            e2@a <- joined
            n@a <- left 1
            n@a <- on from 2
            n@a <- joined 3 at x
            e3@b <- joined
        "#]],
    );
}

#[test]
fn a_node_that_stops_says_so() {
    check(
        "nodes a b; n1@a registers x; e1@b joins x; n2@b registers y; e2@a joins y; a stops; e3@b joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- joined 1 at x
            e1@b <- joined
            n2@b <- registered y for 60s
            n2@b <- joined 102 at y
            e2@a <- joined
            n1@a <- closing: Restarting
            n1@a closed
            e2@a <- closing: Restarting
            e2@a closed
            e1@b <- left
            e1@b closed
            n2@b <- left 102
            e3@b <- closing: Unavailable
            e3@b closed
        "#]],
    );
}

#[test]
fn a_node_that_is_cut_off_goes_on_alone_and_comes_back() {
    check(
        "nodes a b; n1@a registers x; e1@b joins x; e2@a joins x; b is lost; beat; e2@a says on; n2@b registers y; e3@b joins y; e4@b joins x; e5@a joins y; b is back; e6@a joins y; e7@b joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- joined 1 at x
            e1@b <- joined
            n1@a <- joined 2 at x
            e2@a <- joined
            e1@b <- left
            e1@b closed
            n1@a <- left 1
            n1@a <- on from 2
            n2@b <- registered y for 60s
            n2@b <- joined 102 at y
            e3@b <- joined
            e4@b <- closing: Unavailable
            e4@b closed
            e5@a <- closing: Unavailable
            e5@a closed
            n2@b <- joined 103 at y
            e6@a <- joined
            n1@a <- joined 4 at x
            e7@b <- joined
        "#]],
    );
}

#[test]
fn what_is_under_way_when_the_others_are_lost_is_decided_alone() {
    check(
        "draws 1; nodes a b; hold; n@a registers x; n@a reserves; e@a joins y; e2@a joins number 5; a is lost; e3@a joins x; a is back; deliver; e4@b joins x",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- reserved 1
            e@a <- closing: Unavailable
            e@a closed
            e2@a <- closing: Unavailable
            e2@a closed
            n@a <- joined 1 at x
            e3@a <- joined
            n@a <- joined 2 at x
            e4@b <- joined
        "#]],
    );
}

#[test]
fn redis_forgets_and_is_told_again() {
    check(
        "nodes a b; n1@a registers x; n1@a registers x with token; a is lost; b is lost; e1@b joins x; e2@a joins x; redis forgets; b is back; e3@b joins x; a is back; e4@b joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            e1@b <- closing: Unavailable
            e1@b closed
            n1@a <- joined 1 at x
            e2@a <- joined
            e3@b <- closing: Unavailable
            e3@b closed
            n1@a <- joined 2 at x
            e4@b <- joined
        "#]],
    );
}

#[test]
fn who_took_a_route_while_its_owner_could_not_be_asked_has_to_give_it_back() {
    check(
        "nodes a b; n1@a registers x; n1@a registers x with token; a is lost; b is lost; wait 1; n2@b registers x; redis forgets; b is back; a is back; e@b joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            n2@b <- registered x for 60s
            n2@b <- closing: Replaced
            n2@b closed
            n1@a <- joined 1 at x
            e@b <- joined
        "#]],
    );
}

#[test]
fn an_owner_who_moved_in_an_outage_is_where_they_went_last() {
    let moved = "nodes a b; n1@a registers x; n1@a registers x with token; a is lost; b is lost; wait 1; n2@b registers x with token";
    check(
        &format!("{moved}; redis forgets; a is back; b is back; e@a joins x"),
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            n2@b <- registered x for 60s
            n1@a <- closing: Replaced
            n1@a closed
            n2@b <- joined 101 at x
            e@a <- joined
        "#]],
    );
    check(
        &format!("{moved}; b is back; a is back; e@a joins x"),
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            n2@b <- registered x for 60s
            n1@a <- closing: Replaced
            n1@a closed
            n2@b <- joined 101 at x
            e@a <- joined
        "#]],
    );
}

#[test]
fn what_is_withdrawn_before_it_stands_does_not_stand() {
    check(
        "nodes a b; hold; n@a registers x; n@a unregisters x; deliver; e1@a joins x; e2@b joins x; n2@b registers x",
        expect![[r#"
            e1@a <- closing: Unavailable
            e1@a closed
            e2@b <- closing: Unavailable
            e2@b closed
            n2@b <- registered x for 60s
        "#]],
    );
}

#[test]
fn two_who_register_at_once_are_told_who_has_it() {
    check(
        "nodes a b; hold; n1@a registers x with token; n2@b registers x with token; n3@b registers x; deliver; e@a joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n2@b <- registered x for 60s
            n1@a <- closing: Replaced
            n1@a closed
            n3@b <- unregistered x: NotOwner
            n2@b <- joined 101 at x
            e@a <- joined
        "#]],
    );
}

#[test]
fn unregistering_frees_the_route_everywhere() {
    check(
        "nodes a b; n1@a registers x; n1@a registers x with token; n1@a unregisters x; e@b joins x; n2@b registers x; e@a joins x",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- registered x for 60s
            e@b <- closing: Unavailable
            e@b closed
            n2@b <- registered x for 60s
            n2@b <- joined 101 at x
            e@a <- joined
        "#]],
    );
}

#[test]
fn nobody_reaches_into_joins_of_others_elsewhere() {
    check(
        "nodes a b; n1@a registers x; e1@b joins x; n2@b registers y; n2@b says forged to 1; n2@b dismisses 101; n3@a dismisses 1; n3@a says forged to 1; e1@b says on",
        expect![[r#"
            n1@a <- registered x for 60s
            n1@a <- joined 1 at x
            e1@b <- joined
            n2@b <- registered y for 60s
            n1@a <- on from 1
        "#]],
    );
}

#[test]
fn who_floods_from_elsewhere_before_approval_is_expelled_there() {
    check(
        "nodes a b; n@a registers x; e@b joins x; e@b says 1; e@b says 2; e@b says 3; e@b says 4; e@b says 5; e@b says 6; e@b says 7",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e@b <- joined
            n@a <- 1 from 1
            n@a <- 2 from 1
            n@a <- 3 from 1
            n@a <- 4 from 1
            n@a <- 5 from 1
            n@a <- 6 from 1
            e@b <- closing: Protocol
            e@b closed
            n@a <- left 1
        "#]],
    );
    check(
        "nodes a b; n@a registers x; e@b joins x; n@a approves 1; e@b says 1; e@b says 2; e@b says 3; e@b says 4; e@b says 5; e@b says 6; e@b says 7",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e@b <- joined
            n@a <- relays for 1
            e@b <- relays
            n@a <- 1 from 1
            n@a <- 2 from 1
            n@a <- 3 from 1
            n@a <- 4 from 1
            n@a <- 5 from 1
            n@a <- 6 from 1
            n@a <- 7 from 1
        "#]],
    );
}

#[test]
fn experts_who_wait_are_bounded_wherever_they_are() {
    check(
        "nodes a b c; n@a registers x; e1@a joins x; e2@b joins x; e3@c joins x; n@a approves 2; e4@c joins x",
        expect![[r#"
            n@a <- registered x for 60s
            n@a <- joined 1 at x
            e1@a <- joined
            n@a <- joined 2 at x
            e2@b <- joined
            e3@c <- closing: TooMany
            e3@c closed
            n@a <- relays for 2
            e2@b <- relays
            n@a <- joined 3 at x
            e4@c <- joined
        "#]],
    );
}

#[test]
fn a_number_is_reserved_for_one_socket_of_all_nodes_and_joined_from_any() {
    check(
        "draws 1 1 2; nodes a b; n1@a reserves; n2@b reserves; n2@b registers number 1; n1@a registers number 1; n1@a registers number 1 with token; e1@b joins number 1; e2@b joins route of 1; n2@b registers number 1",
        expect![[r#"
            n1@a <- reserved 1
            n2@b <- reserved 2
            n2@b <- unregistered 1: NotOwner
            n1@a <- registered 1 for 60s
            n1@a <- registered 1 for 60s
            n1@a <- joined 1 at 1
            e1@b <- joined
            e2@b <- closing: Unavailable
            e2@b closed
            n2@b <- unregistered 1: NotOwner
        "#]],
    );
}

#[test]
fn the_owner_of_a_number_comes_back_to_another_node() {
    check(
        "draws 1 1 2; nodes a b; n1@a reserves; n1@a registers number 1; n1@a registers number 1 with token; a dies; n2@b registers number 1; n3@b reserves; n2@b registers number 1 with token; e@b joins number 1",
        expect![[r#"
            n1@a <- reserved 1
            n1@a <- registered 1 for 60s
            n1@a <- registered 1 for 60s
            n2@b <- unregistered 1: NotOwner
            n3@b <- reserved 2
            n2@b <- registered 1 for 60s
            n2@b <- joined 101 at 1
            e@b <- joined
        "#]],
    );
}

#[test]
fn reservations_go_with_their_socket_everywhere() {
    check(
        "draws 1 1; nodes a b; n1@a reserves; n1@a goes; n2@b reserves",
        expect![[r#"
            n1@a <- reserved 1
            n2@b <- reserved 1
        "#]],
    );
}

#[test]
fn guesses_count_wherever_they_are_made() {
    check(
        "nodes a b; e1@a joins number 1; e2@b joins number 2; e3@a joins number 3; e4@b joins number 4; e5@a joins number 5; wait 20; e6@b joins number 6; e7@a joins number 7",
        expect![[r#"
            e1@a <- closing: Unavailable
            e1@a closed
            e2@b <- closing: Unavailable
            e2@b closed
            e3@a <- closing: Unavailable
            e3@a closed
            e4@b <- closing: TooMany
            e4@b closed
            e5@a <- closing: TooMany
            e5@a closed
            e6@b <- closing: Unavailable
            e6@b closed
            e7@a <- closing: TooMany
            e7@a closed
        "#]],
    );
}

#[test]
fn no_more_guesses_are_under_way_than_may_be_made() {
    check(
        "nodes a b; hold; e1@a joins number 1; e2@a joins number 2; e2@a goes; e3@a joins number 3; e4@a joins number 4; deliver; e5@b joins number 5",
        expect![[r#"
            e4@a <- closing: TooMany
            e4@a closed
            e1@a <- closing: Unavailable
            e1@a closed
            e3@a <- closing: Unavailable
            e3@a closed
            e5@b <- closing: TooMany
            e5@b closed
        "#]],
    );
}

#[test]
fn numbers_that_somebody_has_elsewhere_are_no_guesses() {
    check(
        "draws 1; nodes a b; n@a reserves; n@a registers number 1; e1@b joins number 1; e2@b joins number 1; e3@b joins number 1; e4@b joins number 1; e5@b joins number 1; n@a approves 1; n@a approves 2; e6@b joins number 1",
        expect![[r#"
            n@a <- reserved 1
            n@a <- registered 1 for 60s
            n@a <- joined 1 at 1
            e1@b <- joined
            n@a <- joined 2 at 1
            e2@b <- joined
            e3@b <- closing: TooMany
            e3@b closed
            e4@b <- closing: TooMany
            e4@b closed
            e5@b <- closing: TooMany
            e5@b closed
            n@a <- relays for 1
            e1@b <- relays
            n@a <- relays for 2
            e2@b <- relays
            n@a <- joined 3 at 1
            e6@b <- joined
        "#]],
    );
}

#[test]
fn it_takes_its_time_to_tell_all_of_what_is_held_and_tells_all_of_it() {
    let mut stage = Stage::new();
    let bounds = Bounds {
        routes: 1000,
        routes_per_socket: 1000,
        ..SMALL
    };
    stage.hubs.insert('a', Hub::new(bounds, 1));
    for n in 0..200_u8 {
        let socket = SocketId(u64::from(n));
        let role = Role::Novice;
        stage.names.insert(socket, format!("n{n}@a"));
        stage.feed('a', Input::Connected { socket, role });
        let message = register(Route::from_bytes([n; 32]), 60);
        let proof = None;
        let said = Input::Novice {
            socket,
            message,
            proof,
        };
        stage.feed('a', said);
    }
    stage.step("hold");
    stage.joins_the_others('a');
    assert!(stage.bus.queue.len() < 100, "{}", stage.bus.queue.len());
    stage.step("deliver");
    let hub = &stage.hubs[&'a'];
    assert!(hub.routes.values().all(|held| held.claim.is_some()));
    let known = |n| {
        stage
            .bus
            .directory
            .find(Route::from_bytes([n; 32]), stage.now)
    };
    assert!((0..200).all(|n| known(n).is_some()));
}
