//! An invitation ends in its time, whatever becomes of the clocks.

use std::time::Duration;

use deskhand_tests::{desktop::Desktop, home::Home, novice::Novice, server::Server};

const STATUS: [&str; 2] = ["status", "--json"];

/// What the only invitation is called when the computer has slept that long.
async fn standing_after(home: &Home, sleep: Duration) -> String {
    let said = home.runs_after_sleep(sleep, &STATUS).await;
    let all: serde_json::Value = serde_json::from_str(said.success()).unwrap();
    all[0]["standing"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_of_an_hour_does_not_outlive_a_day_of_sleep() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&server.url, &desktop, &["--expires", "1h"]).await;
    novice.is_killed().await;
    let home = &novice.home;
    assert_eq!(home.status_of(1).await["standing"], "open");
    // The wall clock says that no time has passed.
    assert_eq!(standing_after(home, Duration::from_mins(30)).await, "open");
    assert_eq!(
        standing_after(home, Duration::from_hours(25)).await,
        "expired"
    );
    assert_eq!(home.status_of(1).await["standing"], "expired", "for good");
}
