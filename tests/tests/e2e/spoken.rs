//! Number and password, said on the phone and typed at the server's address.

use deskhand_protocol::invitation::Number;
use deskhand_tests::{
    browser::{Browser, Role},
    expert,
    fake_novice::FakeNovice,
    server::Server,
};

/// A browser at the server's bare address.
async fn at(server: &Server) -> Browser {
    let browser = Browser::start().await;
    browser.goto(&server.url).await;
    browser
}

async fn connect(browser: &Browser, number: &str, password: &str) {
    browser.fill("Number", number).await;
    browser.fill("Password", password).await;
    browser.fill("Your name", expert::NAME).await;
    browser.press("Connect").await;
}

#[tokio::test]
async fn a_number_and_four_words_lead_to_the_question() {
    let server = Server::start().await;
    let (mut novice, number, password) = FakeNovice::with_number(&server).await;
    let browser = at(&server).await;
    // As people type it.
    let typed = password.to_uppercase().replace(' ', ", ");
    connect(&browser, &number.to_string(), &typed).await;
    let (name, words) = novice.is_asked().await;
    assert_eq!(name.as_str(), expert::NAME);
    browser.says(Role::Status, "Waiting for the novice").await;
    let shown = browser.run("return document.body.innerText", vec![]).await;
    assert!(shown.as_str().unwrap().contains(&words.to_string()));
    browser.close().await;
}

#[tokio::test]
async fn a_number_that_is_none_is_told_before_anything_is_asked() {
    let server = Server::start().await;
    let browser = at(&server).await;
    browser.fill("Your name", "E").await;
    browser.fill("Number", "123 456 78").await;
    // Leaving the field is enough.
    browser.fill("Password", "lamp river stone moon").await;
    browser.says(Role::Alert, "nine digits").await;
    let name = browser.find(Role::TextBox, "Your name").await;
    assert_eq!(name.prop("value").await.unwrap().as_deref(), Some("E"));
    browser.press("Connect").await;
    browser.says(Role::Alert, "nine digits").await;
    browser.close().await;
}

#[tokio::test]
async fn an_unknown_number_and_a_wrong_password_look_alike() {
    let server = Server::start().await;
    let (mut novice, number, _) = FakeNovice::with_number(&server).await;
    let browser = at(&server).await;
    connect(&browser, &number.to_string(), "wrong words").await;
    novice.meets_a_wrong_password().await;
    let wrong = browser.says(Role::Alert, "Check the number").await;

    let unknown = match number.get() {
        999_999_999 => 999_999_998,
        other => other + 1,
    };
    let unknown = Number::new(unknown).unwrap().to_string();
    browser.goto(&server.url).await;
    connect(&browser, &unknown, "wrong words").await;
    assert_eq!(browser.says(Role::Alert, "Check the number").await, wrong);
    let field = browser.find(Role::TextBox, "Number").await;
    assert_eq!(field.prop("value").await.unwrap(), Some(unknown));
    browser.close().await;
}
