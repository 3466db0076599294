//! What becomes of an invitation: it ends, it is closed, and it outlives whatever is restarted.

use std::time::Duration;

use deskhand_protocol::{envelope::ToAgent, id::JoinId};
use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::{Expert, NAME},
    fake_expert::{Joining, challenge, ke2},
    hostile::HostileServer,
    novice::Novice,
    scene::Scene,
    server::Server,
    wait::{self, PATIENCE},
};
use serde_json::Value;

use crate::password::refusal;

/// A connection that says nothing is not given up at once.
const LOST: Duration = Duration::from_mins(1);

/// Comes with the right password and is let in.
async fn comes_in(novice: &mut Novice) -> Expert {
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    expert
}

/// Comes with what should be right, and is refused.
async fn is_refused(link: &str, password: &str) {
    let expert = Expert::open(link).await;
    expert.connect(password).await;
    let said = refusal(&expert).await;
    assert!(
        said.contains("not open, or the password is wrong"),
        "{said}"
    );
    expert.browser.close().await;
}

/// One more, made by the agent that runs. Gives what `invite --json` says of it.
async fn one_more(novice: &Novice) -> Value {
    let said = novice.home.runs(&["invite", "--json"]).await;
    serde_json::from_str(said.success()).unwrap()
}

#[tokio::test]
async fn an_extended_invitation_outlives_its_first_end_and_a_closed_one_cannot_be_extended() {
    const LIFE: Duration = Duration::from_secs(5);
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&server.url, &desktop, &["--expires", "5s"]).await;
    let ends = |status: &Value| status["ends_unix"].as_i64().unwrap();
    let before = ends(&novice.home.status_of(1).await);
    let said = novice.home.runs(&["extend", "1", "10m"]).await;
    assert!(said.success().contains("stays open until"), "{said:?}");
    assert_eq!(ends(&novice.home.status_of(1).await) - before, 600);
    novice.hears("Invitation 1 stays open until").await;
    wait::never("expiry", LIFE, async || {
        novice.unheard().contains("expired")
    })
    .await;
    let expert = comes_in(&mut novice).await;
    expert.browser.press("End session").await;
    novice.process.end(PATIENCE).await;

    let said = novice.home.runs(&["extend", "1", "10m"]).await;
    assert!(said.refusal().contains("closed already"), "{said:?}");
    expert.browser.close().await;
}

#[tokio::test]
async fn an_invitation_is_closed_at_once_also_while_the_server_is_away() {
    let mut server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    let other = one_more(&novice).await;
    server.is_killed().await;
    novice.hears("server cannot be reached").await;
    let said = novice.home.runs(&["expire", "1"]).await;
    assert_eq!(said.success(), "Invitation 1 is closed.\n");
    novice.hears("Invitation 1 is closed").await;
    assert_eq!(novice.home.status_of(1).await["standing"], "revoked");

    server.starts_again().await;
    novice.is_open().await;
    is_refused(&novice.link, &novice.password).await;
    assert!(!novice.is_asked());
    // The agent is there all right.
    novice.link = other["link"].as_str().unwrap().into();
    novice.password = other["password"].as_str().unwrap().into();
    comes_in(&mut novice).await.browser.close().await;
}

#[tokio::test]
async fn a_restarted_server_loses_no_invitation_even_if_it_lost_its_memory() {
    let mut server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&server.url, &desktop, &["--keep-open"]).await;
    for memory in [true, false] {
        server.is_killed().await;
        novice.hears("server cannot be reached").await;
        if memory {
            server.starts_again().await;
        } else {
            server.starts_anew().await;
        }
        // By itself: nobody touches the agent.
        novice.is_open().await;
        let expert = comes_in(&mut novice).await;
        expert.browser.press("End session").await;
        novice.hears("ended the session").await;
        expert.browser.close().await;
    }
}

#[tokio::test]
async fn link_and_password_outlive_an_agent_that_is_killed() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite(&server, &desktop).await;
    novice.is_killed().await;
    is_refused(&novice.link, &novice.password).await;
    novice.waits_again(&server.url, &desktop).await;
    comes_in(&mut novice).await.browser.close().await;
}

/// An expert with the link comes with a wrong password, and has just been answered.
async fn guesses_wrong(server: &mut HostileServer, novice: &Novice) -> JoinId {
    let join = server.brings_expert().await;
    let challenge = challenge(server, join).await;
    let (_, hello) = Joining::new(novice, "wrong-one").hello(&challenge);
    server.passes_on(join, &ToAgent::Hello(hello)).await;
    ke2(server, join).await;
    join
}

/// Of five failures three are experts who were answered and never came back, because the agent
/// was killed under them.
#[tokio::test]
async fn no_attempt_is_forgotten_when_the_agent_is_killed_in_the_middle_of_it() {
    let desktop = Desktop::start().await;
    let (mut server, mut novice) = HostileServer::with_agent(&desktop).await;
    for attempts in 1..=3 {
        guesses_wrong(&mut server, &novice).await;
        server.sees_agent_killed(&mut novice, &desktop).await;
        let status = novice.home.status_of(1).await;
        assert_eq!(status["failed"], attempts, "{status}");
        assert_eq!(status["standing"], "open");
    }
    for told in ["One more try is left", "is locked"] {
        let join = guesses_wrong(&mut server, &novice).await;
        server.takes_expert_away(join).await;
        novice.hears(told).await;
        if told == "is locked" {
            novice.process.end(PATIENCE).await;
        } else {
            // What it has waited for is forgotten, what was tried is not.
            server.sees_agent_killed(&mut novice, &desktop).await;
        }
    }
    stays_closed(&mut novice, "locked", &server.url, &desktop).await;
}

/// Starting again brings nothing back.
async fn stays_closed(novice: &mut Novice, standing: &str, url: &str, desktop: &Desktop) {
    assert_eq!(novice.home.status_of(1).await["standing"], standing);
    novice.starts_again(url, desktop);
    let status = novice.process.end(PATIENCE).await;
    assert!(!status.success(), "there is nobody to wait for");
    let said = novice.process.stderr.whole(PATIENCE).await;
    assert!(said.contains("No invitation is open"), "{said}");
    assert_eq!(novice.home.status_of(1).await["standing"], standing);
}

#[tokio::test]
async fn what_is_closed_never_comes_back() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let (mut expired, mut revoked, mut slept) = tokio::join!(
        Novice::invite_with(&server.url, &desktop, &["--expires", "1s"]),
        Novice::invite(&server, &desktop),
        Novice::invite_with(&server.url, &desktop, &["--expires", "3s"]),
    );
    // This one's time passes while nobody looks.
    slept.is_killed().await;
    slept.home.stands(1, "expired").await;
    expired.hears("expired").await;
    expired.process.end(PATIENCE).await;
    revoked.is_killed().await;
    revoked.home.runs(&["expire", "1"]).await.success();
    for (novice, standing) in [
        (&mut expired, "expired"),
        (&mut revoked, "revoked"),
        (&mut slept, "expired"),
    ] {
        stays_closed(novice, standing, &server.url, &desktop).await;
    }
    // Also while the agent runs for another one.
    let other = Novice::invite_at(revoked.home, &server.url, &desktop, &[]).await;
    is_refused(&revoked.link, &revoked.password).await;
    assert!(!other.is_asked());
}

#[tokio::test]
async fn a_finished_session_closes_its_invitation_unless_it_is_to_be_kept_open() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    for (args, standing) in [(&[][..], "used"), (&["--keep-open"], "open")] {
        let mut novice = Novice::invite_with(&server.url, &desktop, args).await;
        let expert = comes_in(&mut novice).await;
        assert_eq!(novice.home.status_of(1).await["standing"], "in_use");
        expert.browser.press("End session").await;
        novice.hears("ended the session").await;
        if standing == "used" {
            let end = novice.process.end(PATIENCE).await;
            assert!(end.success(), "{end}");
        }
        let status = novice.home.status_of(1).await;
        assert_eq!(status["standing"], standing);
        assert_eq!(status["used_by"], NAME);
        expert.browser.close().await;
        if standing == "used" {
            is_refused(&novice.link, &novice.password).await;
        } else {
            comes_in(&mut novice).await.browser.close().await;
        }
    }
}

#[tokio::test]
async fn an_expert_whose_browser_died_can_come_back() {
    let mut scene = Scene::viewing().await;
    scene.expert.browser.kill();
    scene.novice.hears_within("They can come back", LOST).await;
    assert_eq!(scene.novice.home.status_of(1).await["standing"], "in_use");
    let expert = comes_in(&mut scene.novice).await;
    expert.browser.press("End session").await;
    expert.browser.says(Role::Alert, "ended the session").await;
    scene.novice.process.end(PATIENCE).await;
    assert_eq!(scene.novice.home.status_of(1).await["standing"], "used");
    expert.browser.close().await;
}
