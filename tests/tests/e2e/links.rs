//! Links that are none, at the server's address.

use deskhand_tests::{
    browser::{Browser, Role},
    server::Server,
};

/// Whether what is wrong can be read without scrolling.
const IN_SIGHT: &str = "
    const { top, bottom } = document.querySelector('[role=alert]').getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
";
const DOWN: &str = "scrollTo(0, document.documentElement.scrollHeight); return scrollY > 0;";

async fn in_sight(browser: &Browser) -> bool {
    let answer = browser.run(IN_SIGHT, vec![]).await;
    answer.as_bool().expect("an answer")
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_seen_at_once_in_a_small_window() {
    let server = Server::start().await;
    let browser = Browser::start().await;
    let small = browser.client.set_window_size(760, 560).await;
    small.expect("a window can be small");

    // Opened.
    browser.goto(&format!("{}/#1.cut.short", server.url)).await;
    browser.says(Role::Alert, "to its last character").await;
    assert!(in_sight(&browser).await);

    // Pasted, in the form below the other one; and once more without a change.
    browser.fill("Invitation link", "2.a.b").await;
    for _ in 0..2 {
        assert_eq!(browser.run(DOWN, vec![]).await, true, "the page is longer");
        assert!(!in_sight(&browser).await);
        browser.press("Continue").await;
        browser.says(Role::Alert, "ask for a new invitation").await;
        assert!(in_sight(&browser).await);
    }
    browser.close().await;
}
