//! What helps two ends to reach each other is lent to them, and taken back.

use super::*;

#[test]
fn what_helps_is_lent_on_approval_and_taken_back_in_the_end() {
    check(
        "n registers a; e joins a; n approves 1; n approves 1; n dismisses 1; n approves 1",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            e <- relays
            n <- relays for 1
            e <- relays
            n <- relays for 1
            1 has no relays at once
            e <- left
            e closed
        "#]],
    );
    check(
        "n registers a; e joins a; n approves 1; e goes",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            e <- relays
            n <- relays for 1
            1 has no relays soon
            n <- left 1
        "#]],
    );
    check(
        "n registers a; e1 joins a; n approves 1; e2 joins a; n goes",
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e1 <- joined
            e1 <- relays
            n <- relays for 1
            n <- joined 2 at a
            e2 <- joined
            1 has no relays soon
            e1 <- left
            e1 closed
            e2 <- left
            e2 closed
        "#]],
    );
}

#[test]
fn each_node_lends_to_the_end_that_is_there_and_takes_it_back() {
    let approved = "nodes a b; n@a registers x; e@b joins x; n@a approves 1";
    let after = |what: &str, expected: Expect| {
        let mut stage = Stage::new();
        for line in approved.split(';') {
            stage.step(line);
        }
        assert!(stage.said.ends_with("n@a <- relays for 1\ne@b <- relays\n"));
        stage.said.clear();
        for line in what.split(';') {
            stage.step(line);
        }
        expected.assert_eq(&stage.said);
        assert!(stage.lent.is_empty());
    };
    after(
        "n@a dismisses 1",
        expect![[r#"
        1 has no relays at once
        101 has no relays at once
        e@b <- left
        e@b closed
    "#]],
    );
    after(
        "n@a goes",
        expect![[r#"
        1 has no relays soon
        101 has no relays soon
        e@b <- left
        e@b closed
    "#]],
    );
    after(
        "e@b goes",
        expect![[r#"
        101 has no relays soon
        1 has no relays soon
        n@a <- left 1
    "#]],
    );
    after(
        "b is lost; beat",
        expect![[r#"
        101 has no relays soon
        e@b <- left
        e@b closed
        1 has no relays soon
        n@a <- left 1
    "#]],
    );
    after(
        "a dies; beat",
        expect![[r#"
        101 has no relays soon
        e@b <- left
        e@b closed
    "#]],
    );
    after(
        "a stops",
        expect![[r#"
        n@a <- closing: Restarting
        n@a closed
        101 has no relays soon
        e@b <- left
        e@b closed
    "#]],
    );
}
