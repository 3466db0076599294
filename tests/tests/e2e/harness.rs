//! The instruments themselves: without them nothing else here shows anything.

use deskhand_tests::{
    browser::{Browser, Role},
    desktop::Desktop,
    probe::{Event, Probe, typed},
};
use x11rb::{
    connection::Connection as _,
    protocol::{
        xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT},
        xtest::ConnectionExt as _,
    },
};

#[tokio::test]
async fn the_probe_tells_what_arrives_on_its_desktop() {
    let desktop = Desktop::start().await;
    let mut probe = Probe::open(&desktop).await;
    probe.paint([10, 200, 30]).await;
    let x = desktop.connect();
    let root = x.setup().roots[0].root;
    let key_a = 38;
    for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
        x.xtest_fake_input(kind, key_a, 0, root, 0, 0, 0).unwrap();
    }
    x.flush().unwrap();
    let events = probe
        .wait("key up", |events| {
            let up = events
                .iter()
                .any(|e| matches!(e, Event::Key { down: false, .. }));
            up.then(|| events.to_vec())
        })
        .await;
    assert_eq!(typed(&events), "a");
    assert_eq!(desktop.keys_down(), Vec::<u8>::new());
}

#[tokio::test]
async fn the_browser_finds_elements_by_their_accessible_name() {
    let browser = Browser::start().await;
    browser
        .goto(
            "data:text/html,<label for=i>Your name</label><input id=i>\
             <button aria-label=Connect>x</button><p role=status>Waiting</p>",
        )
        .await;
    browser.fill("Your name", "Zoë").await;
    browser.press("Connect").await;
    browser.says(Role::Status, "waiting").await;
    assert!(browser.look_for(Role::Button, "x").await.is_none());
    browser.run("console.error('broken')", vec![]).await;
    assert_eq!(browser.console_errors().await.len(), 1);
    browser.close().await;
}
