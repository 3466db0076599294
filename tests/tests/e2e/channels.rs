//! Each way in which an invitation reaches the expert, with the real agent and a real browser.
//! The link is in `session.rs`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use deskhand_protocol::invitation::Number;
use deskhand_tests::{
    browser::{Browser, Role},
    desktop::Desktop,
    expert::{Expert, NAME},
    home::Home,
    mail,
    novice::Novice,
    probe::Probe,
    scene::Scene,
    server::Server,
};

use crate::{
    password::{LOCKING, refusal},
    reconnect::{is_back, reloads},
    session::both_chat,
};

/// Everything that the page has loaded.
const LOADED: &str =
    "return JSON.stringify(performance.getEntriesByType('resource').map(r => r.name))";

/// Where the novice was told that the file is.
async fn saved_file(novice: &Novice) -> String {
    let said = novice.told("The invitation was saved as ").await;
    said.trim_end_matches('.').to_owned()
}

fn address(path: &str) -> String {
    url::Url::from_file_path(path).unwrap().into()
}

/// Nobody else can read the file, and it holds no password.
fn is_private(path: &str, novice: &Novice) {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{path}");
    let page = fs::read_to_string(path).unwrap();
    assert!(!page.contains(&novice.password), "the password is in it");
}

#[tokio::test]
async fn a_file_and_a_password_become_shared_control() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let args = ["--channel", "file", "--name", "Anna"];
    let mut novice = Novice::invite_with(&server.url, &desktop, &args).await;
    let path = saved_file(&novice).await;
    assert_eq!(Path::new(&path).file_name().unwrap(), "Help for Anna.html");
    is_private(&path, &novice);

    let browser = Browser::start().await;
    let expert = Expert::view_in(browser, &address(&path), &mut novice).await;
    let mut scene = Scene {
        expert,
        novice,
        probe,
        desktop,
        server,
    };
    scene.expert_sees_changes().await;
    both_chat(&mut scene).await;
    scene.shares_control().await;
    reloads(&scene.expert).await;
    is_back(&mut scene).await;
    assert_eq!(scene.expert.browser.run(LOADED, vec![]).await, "[]");
    scene.close().await;
}

#[tokio::test]
async fn a_letter_holds_the_file_and_no_secret_in_sight() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut home = Home::new();
    mail::install(&mut home);
    let args = ["--channel", "mail", "--to", "erika@example.org"];
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &args).await;
    novice.told("Your mail program has a letter ready").await;

    let handed = url::Url::parse(&mail::handed(&novice.home).await).unwrap();
    assert_eq!(
        (handed.scheme(), handed.path()),
        ("mailto", "erika@example.org")
    );
    let part = |name: &str| {
        let mut parts = handed.query_pairs().filter(|(key, _)| key == name);
        parts.next().map(|(_, value)| value.into_owned())
    };
    assert!(part("subject").unwrap().contains("help me"));
    // Whatever is handed to a program, everybody on the computer can read.
    let body = part("body").unwrap();
    let (_, secret) = novice.link.split_once('#').unwrap();
    for secret in [secret, &novice.password] {
        assert!(
            !handed.as_str().contains(secret) && !body.contains(secret),
            "{body}"
        );
    }
    let path = part("attach").unwrap();
    is_private(&path, &novice);

    // As it arrives at the expert.
    let expert = Expert::open(&address(&path)).await;
    expert.connect(&novice.password).await;
    assert!(novice.asked().await.contains(NAME));
    expert
        .browser
        .says(Role::Status, "Waiting for the novice")
        .await;
    expert.browser.close().await;
}

#[tokio::test]
async fn without_a_mail_program_the_novice_is_told_what_else_there_is() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut home = Home::new();
    mail::install(&mut home);
    fs::remove_file(home.path().join("config/mimeapps.list")).unwrap();
    let args = ["--channel", "mail"];
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &args).await;
    novice.told("Copy this text into a letter").await;
    assert!(!novice.process.stdout.text().contains("attached file"));
    // The link, which was announced, is good nevertheless.
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.asked().await;
    expert.browser.close().await;
}

/// Types what was said on the phone.
async fn types(browser: &Browser, number: &str, password: &str) {
    browser.fill("Number", number).await;
    browser.fill("Password", password).await;
    browser.fill("Your name", NAME).await;
    browser.press("Connect").await;
}

async fn spoken(server: &Server, desktop: &Desktop) -> Novice {
    let novice = Novice::invite_with(&server.url, desktop, &["--channel", "spoken"]).await;
    let said = novice.process.stdout.text();
    assert!(
        said.contains(&format!("Address: {}\n", server.url)),
        "{said}"
    );
    novice
}

#[tokio::test]
async fn number_and_words_typed_as_people_type_become_a_picture() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = spoken(&server, &desktop).await;
    let expert = Expert::open(&server.url).await;

    expert.browser.fill("Number", &novice.number[..9]).await;
    expert.browser.fill("Password", "x").await;
    expert.browser.says(Role::Alert, "nine digits").await;
    assert!(novice.unheard().is_empty(), "and nobody is disturbed");

    let number = novice.number.replace(' ', "-");
    let words = format!(" {} ", novice.password.to_uppercase().replace(' ', ", "));
    types(&expert.browser, &number, &words).await;
    assert!(novice.answers("y").await.contains(NAME));
    expert.sees_desktop().await;
    reloads(&expert).await;
    novice.hears("is back").await;
    expert.sees_desktop().await;
    assert!(!novice.is_asked());
    expert.browser.close().await;
}

#[tokio::test]
async fn five_wrong_passwords_bring_another_number_with_other_words() {
    let server = Server::start().await;
    let desktop = Desktop::start().await;
    let mut novice = spoken(&server, &desktop).await;
    let (number, password) = (novice.number.clone(), novice.password.clone());
    let expert = Expert::open(&server.url).await;
    let mut said = Vec::new();
    for left in [4, 3, 2, 1] {
        types(&expert.browser, &number, "lamp river stone moon").await;
        let told = match left {
            1 => "One more try is left",
            n => &format!("{n} more tries are left"),
        };
        novice.hears_within(told, LOCKING).await;
        said.push(refusal(&expert).await);
    }
    types(&expert.browser, &number, "lamp river stone moon").await;
    said.push(refusal(&expert).await);
    novice.gets_another_number().await;
    assert_ne!(novice.number, number);
    assert_ne!(novice.password, password);

    // The old one is no good any more, nor is one that nobody has.
    types(&expert.browser, &number, &password).await;
    said.push(refusal(&expert).await);
    let nobodys = [111_111_111, 999_999_999].map(|number| Number::new(number).unwrap().to_string());
    let nobodys = nobodys.iter().find(|one| **one != novice.number).unwrap();
    types(&expert.browser, nobodys, &novice.password).await;
    said.push(refusal(&expert).await);
    assert!(said.iter().all(|one| *one == said[0]), "{said:#?}");
    assert!(!novice.is_asked());

    types(&expert.browser, &novice.number, &novice.password).await;
    novice.answers("y").await;
    expert.sees_desktop().await;
    expert.browser.close().await;
}
