//! One agent a person: a later start talks to the one that runs, and commands work with it and
//! without it.

use deskhand_tests::{
    desktop::Desktop,
    expert::Expert,
    home::{Home, Said},
    novice::Novice,
    probe::Probe,
    server::Server,
    window::WindowNovice,
};

/// What a line says after its name.
fn field(said: &str, name: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name}{said}")).to_owned()
}

/// The same as a person and as a program reads it. Each row without its times.
async fn listed(home: &Home) -> Vec<String> {
    let said = home.runs(&["status"]).await;
    let mut rows = said.success().lines().map(str::to_owned);
    let headings = rows.next().unwrap();
    assert!(headings.starts_with("No.  State"), "{headings}");
    let rows: Vec<String> = rows
        .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let lines = home.status().await;
    assert_eq!(rows.len(), lines.len(), "{rows:?}");
    for (row, line) in rows.iter().zip(&lines) {
        let standing = line["standing"].as_str().unwrap().replace('_', " ");
        let serial = &line["serial"];
        assert!(row.starts_with(&format!("{serial} {standing} ")), "{row}");
        assert!(line["made"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["ends_unix"].as_i64() > line["made_unix"].as_i64());
    }
    let brief = |row: &String| row.split(' ').take(3).collect::<Vec<_>>().join(" ");
    rows.iter().map(brief).collect()
}

#[tokio::test]
async fn an_invitation_asked_for_by_a_second_start_works() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let said = novice.home.runs(&["invite", "--expires", "2h"]).await;
    let said = said.success();
    assert!(
        said.contains("The Deskhand that is running has made this"),
        "{said}"
    );
    novice.is_open().await;

    let expert = Expert::open(&field(said, "Link: ")).await;
    expert.connect(&field(said, "Password: ")).await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    assert_eq!(listed(&novice.home).await, ["2 in use", "1 open link"]);

    // Whoever may have mouse and keyboard makes nothing new.
    let refused = novice.home.runs(&["invite"]).await;
    assert!(
        refused.refusal().contains("End the session first"),
        "{refused:?}"
    );
    expert.browser.close().await;
}

#[tokio::test]
async fn a_file_asked_for_by_a_second_start_is_where_that_one_said() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let args = [
        "invite",
        "--channel",
        "file",
        "--folder",
        folder,
        "--name",
        "Anna",
    ];
    let said = novice.home.runs(&args).await;
    let path = field(said.success(), "The invitation was saved as ");
    assert_eq!(path, format!("{folder}/Help for Anna.html."));
    let address = format!("file://{}", path.trim_end_matches('.').replace(' ', "%20"));
    let expert = Expert::open(&address).await;
    expert.connect(&field(&said.out, "Password: ")).await;
    novice.asked().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn commands_work_while_an_agent_runs_and_while_none_does() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let args = ["invite", "--json", "--channel", "spoken"];
    novice.home.runs(&args).await.success();
    novice.home.runs(&["invite", "--json"]).await.success();
    assert_eq!(
        listed(&novice.home).await,
        ["3 open link", "2 open number", "1 open link"]
    );
    for running in [true, false] {
        if !running {
            novice.is_killed().await;
        }
        let home = &novice.home;
        for command in ["expire", "forget"] {
            let refused = home.runs(&[command, "9"]).await;
            assert!(
                refused.refusal().contains("There is no invitation 9"),
                "{refused:?}"
            );
        }
        let open = if running { "1" } else { "2" };
        let refused = home.runs(&["forget", open]).await;
        assert!(refused.refusal().contains("Close it first"), "{refused:?}");
        let said = home.runs(&["expire", open]).await;
        assert_eq!(said.success(), format!("Invitation {open} is closed.\n"));
        let refused = home.runs(&["expire", open]).await;
        assert!(
            refused.refusal().contains("is closed already"),
            "{refused:?}"
        );
        let said = home.runs(&["forget", "--json", open]).await;
        assert_eq!(said.success(), format!("{{\"deleted\":[{open}]}}\n"));
        let refused = home.runs(&["forget", open]).await;
        assert!(
            refused.refusal().contains("There is no invitation"),
            "{refused:?}"
        );
    }
    assert_eq!(listed(&novice.home).await, ["3 open link"]);
    let said = novice.home.runs(&["forget", "--closed"]).await;
    assert_eq!(said.success(), "No invitation is closed.\n");
    novice.home.runs(&["expire", "3"]).await.success();
    let said = novice.home.runs(&["forget", "--closed"]).await;
    assert_eq!(said.success(), "Invitation 3 is deleted.\n");
    let said = Home::new().runs(&["status"]).await;
    assert_eq!(said.success(), "No invitations.\n");
}

/// Starts `deskhand` once more, on that desktop.
async fn once_more(home: &Home, desktop: &Desktop) -> Said {
    Home::ends(desktop.dress(&mut home.deskhand(&[]))).await
}

#[tokio::test]
async fn a_second_start_brings_the_window_of_the_first_to_the_front() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = WindowNovice::invite(&server, &desktop).await;
    novice.is_in_front().await;
    let _probe = Probe::open(&desktop).await;
    novice.is_behind().await;
    once_more(&novice.home, &desktop).await.success();
    novice.is_in_front().await;
    novice.minimises();
    novice.is_behind().await;
    once_more(&novice.home, &desktop).await.success();
    novice.is_in_front().await;
    assert!(novice.process.ended().is_none());
}

#[tokio::test]
async fn a_second_start_with_a_window_says_that_the_first_is_in_a_terminal() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let novice = Novice::invite(&server, &desktop).await;
    let said = once_more(&novice.home, &desktop).await;
    assert!(said.refusal().contains("running in a terminal"), "{said:?}");
    let waits = novice.home.runs(&["wait", "--terminal"]).await;
    assert!(waits.refusal().contains("running already"), "{waits:?}");
}
