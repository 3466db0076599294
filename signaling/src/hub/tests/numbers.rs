//! Spoken numbers, and pages from files.

use super::*;

#[test]
fn a_reserved_number_is_registered_and_joined() {
    check(
        "draws 7; n reserves; n registers number 7; n registers number 7; e joins number 7; n says challenge to 1",
        expect![[r#"
            n <- reserved 7
            n <- registered 7 for 60s
            n <- registered 7 for 60s
            n <- joined 1 at 7
            e <- joined
            e <- challenge
        "#]],
    );
}

#[test]
fn a_number_is_drawn_again_if_somebody_has_it() {
    check(
        "draws 1 1 2 1 2 3; n1 reserves; n1 registers number 1; n2 reserves; n3 reserves",
        expect![[r#"
            n1 <- reserved 1
            n1 <- registered 1 for 60s
            n2 <- reserved 2
            n3 <- reserved 3
        "#]],
    );
}

#[test]
fn a_number_goes_to_the_socket_that_reserved_it_and_to_nobody_else() {
    check(
        "draws 1; n1 reserves; n2 registers number 1; n2 registers number 5; n1 registers number 1 at a; n1 registers number 1",
        expect![[r#"
            n1 <- reserved 1
            n2 <- unregistered 1: NotOwner
            n2 <- unregistered 5: NotOwner
            n1 <- unregistered a: NotOwner
            n1 <- registered 1 for 60s
        "#]],
    );
}

#[test]
fn nobody_chooses_a_number_by_registering_its_route_first() {
    check(
        "n registers route of 1; n registers number 1; n registers number 1 with token of route; e joins number 1",
        expect![[r#"
            n <- registered 1 for 60s
            n <- unregistered 1: NotOwner
            n <- unregistered 1: NotOwner
            e <- closing: Unavailable
            e closed
        "#]],
    );
}

#[test]
fn a_reservation_lapses_and_frees_its_place() {
    check(
        "draws 1 2 1; n1 reserves; n1 reserves; wait 60; n1 registers number 1; n2 reserves; n2 registers number 1",
        expect![[r#"
            n1 <- reserved 1
            n1 <- reserved 2
            n1 <- unregistered 1: NotOwner
            n2 <- reserved 1
            n2 <- registered 1 for 60s
        "#]],
    );
}

#[test]
fn reservations_go_with_their_socket() {
    check(
        "draws 1 1; n1 reserves; n1 goes; n2 reserves",
        expect![[r#"
            n1 <- reserved 1
            n2 <- reserved 1
        "#]],
    );
}

#[test]
fn who_reserves_and_never_registers_is_parted_from() {
    check(
        "draws 1 2; n reserves; n reserves; n reserves",
        expect![[r#"
            n <- reserved 1
            n <- reserved 2
            n <- closing: TooMany
            n closed
        "#]],
    );
}

#[test]
fn the_owner_of_a_number_comes_back_with_its_token() {
    check(
        "draws 1; n1 reserves; n1 registers number 1; n1 registers number 1 with token; n1 goes; e1 joins number 1; n2 registers number 1; n3 registers number 1 with token; e2 joins number 1",
        expect![[r#"
            n1 <- reserved 1
            n1 <- registered 1 for 60s
            n1 <- registered 1 for 60s
            e1 <- closing: Unavailable
            e1 closed
            n2 <- unregistered 1: NotOwner
            n3 <- registered 1 for 60s
            n3 <- joined 1 at 1
            e2 <- joined
        "#]],
    );
}

#[test]
fn after_a_restart_a_number_is_registered_by_its_token() {
    check(
        "draws 1; n reserves; n registers number 1; restart; n registers number 1; n registers number 1 with token; e joins number 1",
        expect![[r#"
            n <- reserved 1
            n <- registered 1 for 60s
            n <- closing: Restarting
            n closed
            n <- unregistered 1: NotOwner
            n <- registered 1 for 60s
            n <- joined 1 at 1
            e <- joined
        "#]],
    );
}

#[test]
fn a_route_of_a_number_is_joined_by_the_number_only() {
    check(
        "draws 1; n1 reserves; n1 registers number 1; e1 joins route of 1; n2 registers route of 2; e2 joins number 2",
        expect![[r#"
            n1 <- reserved 1
            n1 <- registered 1 for 60s
            e1 <- closing: Unavailable
            e1 closed
            n2 <- registered 2 for 60s
            e2 <- closing: Unavailable
            e2 closed
        "#]],
    );
}

#[test]
fn whoever_tries_out_numbers_finds_none_and_known_ones_cost_nothing() {
    check(
        "draws 1; n reserves; n registers number 1; \
         e1 joins number 1; e1 goes; e2 joins number 1; e2 goes; e3 joins number 1; e3 goes; e4 joins number 1; e4 goes; \
         e5 joins number 5; e6 joins number 6; e7 joins number 7; e8 joins number 8; e9 joins number 1; \
         wait 20; e10 joins number 1; e10 goes; e11 joins number 9; e12 joins number 1",
        expect![[r#"
            n <- reserved 1
            n <- registered 1 for 60s
            n <- joined 1 at 1
            e1 <- joined
            n <- left 1
            n <- joined 2 at 1
            e2 <- joined
            n <- left 2
            n <- joined 3 at 1
            e3 <- joined
            n <- left 3
            n <- joined 4 at 1
            e4 <- joined
            n <- left 4
            e5 <- closing: Unavailable
            e5 closed
            e6 <- closing: Unavailable
            e6 closed
            e7 <- closing: Unavailable
            e7 closed
            e8 <- closing: TooMany
            e8 closed
            e9 <- closing: TooMany
            e9 closed
            n <- joined 5 at 1
            e10 <- joined
            n <- left 5
            e11 <- closing: Unavailable
            e11 closed
            e12 <- closing: TooMany
            e12 closed
        "#]],
    );
}

#[test]
fn pages_from_files_join_only_what_waits_for_a_file() {
    check(
        "n registers a; n registers b for a file; draws 1; n reserves; n registers number 1; f1 joins a; f2 joins b; e joins b; f3 joins number 1; f4 joins z",
        expect![[r#"
            n <- registered a for 60s
            n <- registered b for 60s
            n <- reserved 1
            n <- registered 1 for 60s
            f1 <- closing: Unavailable
            f1 closed
            n <- joined 1 at b
            f2 <- joined
            n <- joined 2 at b
            e <- joined
            f3 <- closing: Protocol
            f3 closed
            f4 <- closing: Unavailable
            f4 closed
        "#]],
    );
}
