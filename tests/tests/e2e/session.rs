//! The session from a link to shared control.

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::{Expert, NAME},
    novice::Novice,
    probe::Probe,
    scene::Scene,
    server::Server,
    wait::{self, PATIENCE},
};

/// The two words in the agent's question.
fn words_of(question: &str) -> String {
    let (_, rest) = question
        .split_once("these words: ")
        .expect("the question has words");
    rest.lines().next().unwrap().trim().to_owned()
}

/// From the link to the first picture: loading the page alone alerts nobody, and both sides see
/// the same words.
async fn expert_comes_and_is_let_in(novice: &mut Novice) -> Expert {
    let expert = Expert::open(&novice.link).await;
    expert.browser.find(Role::Button, "Connect").await;
    let address = expert.browser.client.current_url().await.unwrap();
    assert_eq!(
        address.fragment().unwrap_or_default(),
        "",
        "the link left the address bar"
    );
    assert_eq!(novice.unheard().trim(), "", "nobody was told");
    expert.connect(&novice.password).await;

    let question = novice.asked().await;
    assert!(question.contains(NAME), "{question}");
    let words = words_of(&question);
    expert
        .browser
        .says(Role::Status, "waiting for the novice")
        .await;
    let shown = expert
        .browser
        .run("return document.body.innerText", vec![])
        .await;
    assert!(
        shown.as_str().unwrap().contains(&words),
        "the page shows {words:?} too: {shown}"
    );
    novice.types("y");
    expert.sees_desktop().await;
    novice
        .hears(&format!("{NAME} can see your screen now"))
        .await;
    expert
}

pub(crate) async fn both_chat(scene: &mut Scene) {
    let text = "Grüße! <b>&amp; 1 < 2</b>"; // also what looks like code
    scene.expert.chats(text).await;
    scene.novice.hears(&format!("{NAME}: {text}")).await;
    scene.novice.types("I hear <you>.");
    scene.expert.browser.says(Role::Log, "I hear <you>.").await;
}

/// Without control nothing that the expert does reaches the desktop.
async fn nothing_arrives(scene: &mut Scene) {
    scene.probe.forget();
    scene.expert.clicks(scene.probe.middle(), 0).await;
    scene.expert.types("nothing").await;
    scene.expert_sees_changes().await;
    assert_eq!(scene.probe.events(), [], "nothing may arrive");
}

fn logs_hold_no_secret(scene: &Scene) {
    let (_, secret) = scene.novice.link.rsplit_once("#1.").unwrap();
    let parts = secret.split('.').filter(|part| part.len() > 2);
    let secrets: Vec<&str> = parts.chain([scene.novice.password.as_str()]).collect();
    for program in [&scene.novice.process, &scene.server.process] {
        let log = program.stderr.text();
        for secret in &secrets {
            assert!(!log.contains(secret), "a secret is in this log:\n{log}");
        }
    }
}

#[tokio::test]
async fn a_link_and_a_password_become_shared_control() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let mut novice = Novice::invite(&server, &desktop).await;
    assert!(
        novice.link.starts_with(&server.url),
        "the link leads to the server"
    );
    assert!(
        !novice.link.contains(&novice.password),
        "the link holds no password"
    );
    let expert = expert_comes_and_is_let_in(&mut novice).await;
    let mut scene = Scene {
        expert,
        novice,
        probe,
        desktop,
        server,
    };
    scene.expert_sees_changes().await;
    both_chat(&mut scene).await;
    nothing_arrives(&mut scene).await;

    scene.expert.gets_control(&mut scene.novice).await;
    scene
        .novice
        .hears("can use your mouse and keyboard now")
        .await;
    scene.expert_reaches_probe().await;
    scene.types_through("hello").await;

    scene.novice.types("/stop");
    scene.novice.hears("Control stopped").await;
    scene
        .expert
        .browser
        .says(Role::Alert, "stopped control")
        .await;
    scene.expert.has_no_control().await;
    nothing_arrives(&mut scene).await;

    // The expert may ask again, and give it back.
    scene.shares_control().await;
    scene.expert.browser.press("Release control").await;
    scene.novice.hears("gave control back").await;
    scene.expert.has_no_control().await;
    scene.desktop.all_released(PATIENCE).await;

    scene.novice.types("/end");
    scene
        .expert
        .browser
        .says(Role::Alert, "novice ended the session")
        .await;
    let status = scene.novice.process.end(PATIENCE).await;
    assert!(status.success(), "{status}");
    logs_hold_no_secret(&scene);
    scene.close().await;
}

#[tokio::test]
async fn the_expert_ends_the_session() {
    let mut scene = Scene::viewing().await;
    scene.expert.browser.press("End session").await;
    scene.novice.hears("ended the session").await;
    scene
        .expert
        .browser
        .says(Role::Alert, "ended the session")
        .await;
    scene.novice.process.end(PATIENCE).await;
    scene.close().await;
}

#[tokio::test]
async fn a_paused_picture_shows_nothing_new() {
    let mut scene = Scene::viewing().await;
    scene.expert_sees_changes().await;
    let middle = scene.probe.middle();
    scene.novice.types("/pause");
    scene.expert.browser.says(Role::Status, "paused").await;
    scene.probe.paint([0, 255, 0]).await;
    wait::never(
        "a new picture",
        std::time::Duration::from_secs(2),
        async || {
            let seen = scene.expert.colour_at(middle).await;
            seen.is_some_and(|seen| deskhand_tests::expert::is_near(seen, [0, 255, 0]))
        },
    )
    .await;
    scene.novice.types("/resume");
    scene.expert.sees_colour(middle, [0, 255, 0]).await;
    scene.close().await;
}

#[tokio::test]
async fn an_invitation_without_a_password_needs_none_and_warns() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&server.url, &desktop, &["--no-password"]).await;
    assert!(
        novice
            .process
            .stdout
            .text()
            .contains("Anyone who has the link"),
        "the novice is warned"
    );
    let expert = Expert::open(&novice.link).await;
    expert.browser.find(Role::Button, "Connect").await;
    assert!(
        expert
            .browser
            .look_for(Role::TextBox, "Password")
            .await
            .is_none(),
        "the page asks for no password"
    );
    expert.connect("").await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    expert.browser.close().await;
}

#[tokio::test]
async fn a_second_expert_hears_that_somebody_else_is_helping() {
    let scene = Scene::viewing().await;
    let second = Expert::open(&scene.novice.link).await;
    second.connect(&scene.novice.password).await;
    second
        .browser
        .says(Role::Alert, "somebody else is helping")
        .await;
    assert!(!scene.novice.is_asked(), "the novice is left alone");
    second.browser.close().await;
    scene.close().await;
}
