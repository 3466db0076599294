use super::{
    COTURN, ECHO, OURS, RUNS, Run, chosen, goals::goals, in_turn, report, results::Results,
};

/// A line as the load prints it and the bench keeps it.
fn line(round: u64, run: &str, peer: &str, figures: &str) -> String {
    format!(r#"{{"ok":true,"round":{round},"run":"{run}","peer":"{peer}",{figures}}}"#)
}

fn full(round: u64, peer: &str, per_second: u32) -> String {
    let figures = format!(
        r#""count":1000,"seconds":6,"messages":{},"per_second":{per_second},"processor":3.0,
           "micros_each":2.5,"ms":{{"p50":1.0,"p95":2.0,"p99":3.0}}"#,
        per_second * 6
    )
    .replace('\n', "");
    line(round, "full", peer, &figures)
}

fn results(lines: &[String]) -> Results {
    let mut results = Results::default();
    results.read(&lines.join("\n")).unwrap();
    results
}

#[test]
fn what_is_compared_is_of_one_round() {
    let results = results(&[
        full(0, OURS, 50_000),
        full(0, ECHO, 100_000),
        // The machine was busy for a while, and both were slow.
        full(1, OURS, 7_000),
        full(1, ECHO, 10_000),
        full(2, OURS, 60_000),
        full(2, ECHO, 100_000),
        full(3, OURS, 1),
    ]);
    let ratio = results.ratio(Run("full", OURS), Run("full", ECHO), "/per_second");
    let ratio = ratio.unwrap();
    assert_eq!((ratio.least, ratio.median, ratio.most), (0.5, 0.6, 0.7));
}

#[test]
fn goals_are_met_or_missed_by_the_median() {
    let waiting = |round, kib| line(round, "waiting", OURS, &format!(r#""each_kib":{kib}"#));
    let results = results(&[
        waiting(0, 63.0),
        waiting(1, 64.0),
        waiting(2, 90.0),
        full(0, OURS, 59_000),
        full(0, ECHO, 100_000),
    ]);
    let goals = goals(&results);
    let met: Vec<bool> = goals.iter().map(super::goals::Goal::is_met).collect();
    assert_eq!(met, [true, false], "what was not measured is no goal");
}

#[test]
fn a_failed_run_is_told_and_spoils_nothing() {
    let failed = r#"{"ok":false,"round":0,"run":"relayed","peer":"coturn","error":"not there"}"#;
    let results = results(&[failed.to_owned(), full(0, OURS, 1_000)]);
    let report = report::markdown(&results);
    assert!(report.starts_with(report::TITLE));
    assert!(report.contains("- relayed coturn: not there"));
    assert!(report.contains("| **Deskhand**, full load | 1000 | 1000 (1000 – 1000) | 1.00 |"));
    assert!(!report.contains("Relayed pictures"), "{report}");
    assert!(!report.contains("NaN"), "{report}");
}

#[test]
fn results_of_several_files_are_put_together() {
    let mut results = results(&[full(0, OURS, 10)]);
    results.read(&full(0, OURS, 30)).unwrap();
    assert_eq!(results.rounds(Run("full", OURS)), 2);
    assert!(results.read(r#"{"ok":true,"run":"moon"}"#).is_err());
}

#[test]
fn runs_take_turns() {
    assert_eq!(in_turn(&RUNS, 0), RUNS);
    assert_eq!(
        in_turn(&RUNS, 1)[..2],
        [Run("relayed", COTURN), Run("relayed", OURS)]
    );
    assert_eq!(
        chosen(&["full".to_owned()]).unwrap(),
        [Run("full", OURS), Run("full", ECHO)]
    );
    assert!(chosen(&["moon".to_owned()]).is_err());
}
