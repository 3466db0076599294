//! What the administrator decides holds, in a file where nobody else can write.
//!
//! Each test has a `/etc/deskhand` of its own, which no other program sees.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    home::{Home, Said},
    novice::Novice,
    process::Process,
    server::Server,
};
use serde_json::{Value, json};

use crate::password::refusal;

/// A folder at `/etc/deskhand` that the test can write from outside.
const MOUNTS: &str = r#"
mkdir "$HOME/etc" "$HOME/policy"
mount --rbind /etc "$HOME/etc"
mount -t tmpfs -o mode=755 none /etc
for entry in "$HOME"/etc/*; do ln -s "$entry" /etc; done
rm -f /etc/deskhand
mkdir /etc/deskhand
mount --bind "$HOME/policy" /etc/deskhand
"#;
const FILE: &str = "/etc/deskhand/policy.toml";
const DISABLED: &str = "Remote assistance is disabled by your administrator.";
/// The agent looks twice a minute.
const LOOK: Duration = Duration::from_secs(45);

/// A novice's home on a computer with this policy.
async fn home(policy: &str) -> Home {
    let home = Home::with_mounts(MOUNTS).await;
    decide(&home, policy);
    home
}

/// The administrator decides something.
fn decide(home: &Home, policy: &str) {
    let file = home.path().join("policy/policy.toml");
    fs::write(&file, policy).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
}

/// `deskhand invite` in the terminal of a real desktop, which ends by itself.
async fn invites(home: &Home, args: &[&str]) -> Said {
    let desktop = Desktop::start().await;
    let mut all = vec!["invite", "--terminal"];
    all.extend(args);
    Home::ends(desktop.dress(&mut home.deskhand(&all))).await
}

/// Nobody is invited, which is said where people read, and told by `policy check`, too.
async fn nobody_may_be_invited(home: &Home, why: &str) -> Value {
    let said = invites(home, &["--server", "http://127.0.0.1:9"]).await;
    assert!(!said.status.success(), "{said:?}");
    assert!(said.err.contains(why), "{said:?}");
    assert!(!said.out.contains("Link:"), "{said:?}");
    assert_eq!(home.status().await, Vec::<Value>::new());

    let said = home.runs(&["policy", "check"]).await;
    assert!(!said.status.success(), "{said:?}");
    assert!(said.out.contains(why), "{said:?}");
    let said = home.runs(&["policy", "check", "--json"]).await;
    assert!(!said.status.success(), "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert!(
        report["forbidden"].as_str().unwrap().contains(why),
        "{report}"
    );
    assert_eq!(report["file"], FILE);
    report
}

#[tokio::test]
async fn without_a_policy_everything_is_allowed() {
    let home = Home::with_mounts(MOUNTS).await;
    let said = home.runs(&["policy", "check"]).await;
    assert!(said.success().contains("Everything is allowed"), "{said:?}");
    let said = home.runs(&["policy", "check", "--json"]).await;
    let report: Value = serde_json::from_str(said.success()).unwrap();
    assert_eq!(
        (&report["state"], &report["forbidden"]),
        (&json!("none"), &Value::Null)
    );
}

#[tokio::test]
async fn a_kill_switch_lets_nobody_invite() {
    let home = home("enabled = false\n").await;
    let report = nobody_may_be_invited(&home, DISABLED).await;
    assert_eq!(report["state"], "in_force");
    let said = home.runs(&["policy", "check"]).await;
    assert!(said.out.contains("\"enabled = false\""), "{said:?}");
}

#[tokio::test]
async fn only_those_whom_the_policy_names_may_invite() {
    let home = home("may_invite = [\"nobody-of-that-name\"]\n").await;
    let why = "Your administrator does not allow you to invite anybody";
    nobody_may_be_invited(&home, why).await;
    // Whoever runs this test is root in a namespace of their own.
    decide(&home, "may_invite = [\"root\"]\n");
    home.runs(&["policy", "check"]).await.success();
}

#[tokio::test]
async fn a_policy_that_cannot_be_trusted_or_understood_allows_nothing() {
    for (policy, mode, folder, why) in [
        (
            "enabled = tru\n",
            0o644,
            0o755,
            "policy.toml cannot be understood: line 1",
        ),
        (
            "view_only = true\nenable = true\n",
            0o644,
            0o755,
            "line 2: there is no key `enable`",
        ),
        (
            "view_only = true\n",
            0o646,
            0o755,
            "policy.toml can be changed by everybody",
        ),
        (
            "view_only = true\n",
            0o664,
            0o755,
            "policy.toml can be changed by its group",
        ),
        (
            "view_only = true\n",
            0o644,
            0o777,
            "/etc/deskhand can be changed by everybody",
        ),
    ] {
        let home = home(policy).await;
        let set = |name: &str, mode| {
            fs::set_permissions(home.path().join(name), Permissions::from_mode(mode)).unwrap();
        };
        set("policy/policy.toml", mode);
        set("policy", folder);
        let report = nobody_may_be_invited(&home, why).await;
        assert_eq!(report["state"], "refused");
        assert_eq!(report["servers"], json!([]));
    }
}

#[tokio::test]
async fn where_control_is_never_shared_the_expert_hears_why() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let home = home("view_only = true\n").await;
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &[]).await;
    let expert = Expert::view(&mut novice).await;
    expert.browser.press("Take control").await;
    expert
        .browser
        .says(Role::Alert, "Control is not possible")
        .await;
    novice.hears("its administrator decided so").await;
    assert!(!novice.is_asked(), "the novice cannot allow it either");
    expert.has_no_control().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn no_invitation_stays_open_for_longer_than_the_policy_says() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let home = home("longest = \"90m\"\n").await;
    let args = ["--server", &server.url, "--expires", "2h"];
    let said = invites(&home, &args).await;
    let most = "Invitations stay open for 90m at the most on this computer.";
    assert!(
        !said.status.success() && said.out.contains(most),
        "{said:?}"
    );
    assert_eq!(home.status().await, Vec::<Value>::new());

    let novice = Novice::invite_at(home, &server.url, &desktop, &["--expires", "90m"]).await;
    novice.home.runs(&["extend", "1", "5h"]).await.success();
    let one = novice.home.status_of(1).await;
    let life = one["ends_unix"].as_i64().unwrap() - one["made_unix"].as_i64().unwrap();
    assert!(
        (5400..5460).contains(&life),
        "not beyond it from now: {one}"
    );
    // A later start is bound by it, too.
    let said = novice.home.runs(&["invite", "--expires", "2h"]).await;
    assert!(said.refusal().contains(most), "{said:?}");
}

#[tokio::test]
async fn only_the_servers_of_the_policy_are_used_and_its_first_is_the_default() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let other = "http://127.0.0.1:9";
    let mut home = home(&format!(
        "servers = [{:?}, \"https://help.example\"]\n",
        server.url
    ))
    .await;
    let refused = |said: &Said| {
        let said = said.refusal();
        assert!(said.contains("your administrator does not allow"), "{said}");
        assert!(
            said.contains(&format!("Use {} instead", server.url)),
            "{said}"
        );
    };
    refused(&invites(&home, &["--server", other]).await);
    let said = home.runs(&["settings", "--server", other]).await;
    assert!(
        said.refusal().contains("does not allow that server"),
        "{said:?}"
    );

    let mut command = home.deskhand(&["invite", "--terminal"]);
    let agent = Process::start("agent", desktop.dress(&mut command));
    let begins = format!("Link: {}/#1.", server.url);
    assert!(
        agent.stdout.said(LOOK, &begins).await,
        "{}",
        agent.stdout.text()
    );
    drop(agent);
    home.set("DESKHAND_SERVER", other);
    refused(&invites(&home, &[]).await);
}

#[tokio::test]
async fn the_administrators_warning_comes_before_the_invitation() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let warning = "Only the help desk (extension 4711) may see this screen.";
    let home = home(&format!("warning = {warning:?}\n")).await;
    let novice = Novice::invite_at(home, &server.url, &desktop, &[]).await;
    let said = novice.process.stdout.text();
    let (before, _) = said.split_once("Link: ").unwrap();
    assert!(before.starts_with(&format!("{warning}\n")), "{said}");
    let said = novice.home.runs(&["invite"]).await;
    assert!(said.success().starts_with(warning), "{said:?}");
    let said = novice.home.runs(&["invite", "--json"]).await;
    assert!(said.err.contains(warning), "{said:?}");
    serde_json::from_str::<Value>(said.success()).unwrap();
}

#[tokio::test]
async fn a_kill_switch_ends_what_is_going_on_and_lets_nobody_in() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let home = home("enabled = true\n").await;
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &["--keep-open"]).await;
    let expert = Expert::view(&mut novice).await;
    decide(&novice.home, "enabled = false\n");
    novice.hears_within(DISABLED, LOOK).await;
    expert.browser.says(Role::Alert, "ended the session").await;
    expert.browser.goto("about:blank").await;
    expert.browser.goto(&novice.link).await;
    expert.connect(&novice.password).await;
    refusal(&expert).await;
    assert!(!novice.is_asked());
    let said = novice.home.runs(&["invite"]).await;
    assert!(said.refusal().contains(DISABLED), "{said:?}");
    expert.browser.close().await;
}
