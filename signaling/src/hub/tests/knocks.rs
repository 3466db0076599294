//! How often one invitation is joined.

use super::*;

#[test]
fn an_invitation_is_knocked_at_so_often_a_minute_and_others_are_not_disturbed() {
    let knocks = |count| "e joins a; e goes; ".repeat(count);
    check(
        &format!("n registers a; {}e joins a", knocks(6)),
        expect![[r#"
            n <- registered a for 60s
            n <- joined 1 at a
            e <- joined
            n <- left 1
            n <- joined 2 at a
            e <- joined
            n <- left 2
            n <- joined 3 at a
            e <- joined
            n <- left 3
            n <- joined 4 at a
            e <- joined
            n <- left 4
            n <- joined 5 at a
            e <- joined
            n <- left 5
            n <- joined 6 at a
            e <- joined
            n <- left 6
            e <- closing: TooMany
            e closed
        "#]],
    );
    let mut stage = Stage::new();
    let again = format!(
        "n registers a; {}wait 9; e1 joins a; wait 1; e2 joins a; e2 goes; n registers a; e3 joins a; n registers b; e4 joins b",
        knocks(6)
    );
    for line in again.split(';') {
        stage.step(line);
    }
    let (_, after) = stage.said.split_once("n <- left 6\n").unwrap();
    expect![[r#"
        e1 <- closing: TooMany
        e1 closed
        n <- joined 7 at a
        e2 <- joined
        n <- left 7
        n <- registered a for 60s
        e3 <- closing: TooMany
        e3 closed
        n <- registered b for 60s
        n <- joined 8 at b
        e4 <- joined
    "#]]
    .assert_eq(after);
}

#[test]
fn whoever_knocks_from_elsewhere_is_counted_where_the_invitation_is() {
    let knocks = |count| "e@b joins x; e@b goes; ".repeat(count);
    let mut stage = Stage::new();
    let script = format!(
        "nodes a b; n@a registers x; {}e1@b joins x; e2@a joins x; wait 10; e3@b joins x",
        knocks(6)
    );
    for line in script.split(';') {
        stage.step(line);
    }
    let (_, after) = stage.said.split_once("n@a <- left 6\n").unwrap();
    expect![[r#"
        e1@b <- closing: TooMany
        e1@b closed
        e2@a <- closing: TooMany
        e2@a closed
        n@a <- joined 7 at x
        e3@b <- joined
    "#]]
    .assert_eq(after);
}
