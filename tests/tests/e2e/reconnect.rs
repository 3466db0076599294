//! Whatever becomes of the connection, the session goes on: without a question, and without
//! control.

use std::time::Duration;

use deskhand_tests::{
    browser::{Browser, Role},
    computer::Computer,
    expert::{Expert, NAME, is_near},
    scene::Scene,
    tab::Tab,
    wait::{self, PATIENCE},
};

/// What a question ends with.
const QUESTION: &str = "[y/N] ";
/// Longer than it takes to notice a loss, to try again, and to be back.
const AWHILE: Duration = Duration::from_secs(60);

/// The expert sees the desktop again, and the novice was not asked.
pub(crate) async fn is_back(scene: &mut Scene) {
    let said = scene
        .novice
        .hears_within(&format!("{NAME} is back"), AWHILE)
        .await;
    assert!(!said.contains(QUESTION), "{said}");
    scene.expert_sees_changes().await;
    scene.expert.has_no_control().await;
    assert!(!scene.novice.is_asked());
}

pub(crate) async fn reloads(expert: &Expert) {
    let reloaded = expert.browser.client.refresh().await;
    reloaded.expect("the page can be loaded again");
}

/// What the tab keeps.
async fn kept(scene: &Scene) -> Option<String> {
    let kept = "return sessionStorage.getItem('deskhand.session')";
    let kept = scene.expert.browser.run(kept, vec![]).await;
    kept.as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_reloaded_page_goes_on_by_itself_and_has_to_ask_for_control_again() {
    let mut scene = Scene::controlling().await;
    scene.holds_keys().await;
    let before = kept(&scene).await.expect("something to come back with");
    reloads(&scene.expert).await;
    scene.desktop.all_released(Duration::from_secs(2)).await;
    is_back(&mut scene).await;
    let after = kept(&scene).await.expect("something to come back with");
    let key = |kept: &str| kept.split_once('.').unwrap().0.to_owned();
    assert_ne!(key(&before), key(&after), "a key works once");

    scene.shares_control().await;
    // And once more.
    reloads(&scene.expert).await;
    is_back(&mut scene).await;

    // What was used up opens nothing any more, in whichever tab.
    scene
        .expert
        .browser
        .run(
            "sessionStorage.setItem('deskhand.session', arguments[0])",
            vec![before.into()],
        )
        .await;
    reloads(&scene.expert).await;
    scene
        .expert
        .browser
        .says(Role::Alert, "over, or it goes on in another tab")
        .await;
    assert_eq!(kept(&scene).await, None);
    assert!(!scene.novice.is_asked());
    scene.close().await;
}

#[tokio::test]
async fn of_two_pages_with_one_key_only_one_sees_the_desktop() {
    let mut scene = Scene::viewing().await;
    let key = kept(&scene).await.expect("something to come back with");
    let other = Browser::start().await;
    other.goto(&scene.server.url).await;
    let keep = "sessionStorage.setItem('deskhand.session', arguments[0])";
    other.run(keep, vec![key.into()]).await;
    let other = Expert { browser: other };
    reloads(&other).await;
    scene.novice.hears(&format!("{NAME} is back")).await;
    // The former page tries to come back, too; whoever is first to use the key up goes on.
    let pages = [&scene.expert, &other];
    let gone = wait::until("a page that is sent away", AWHILE, async || {
        for (number, page) in pages.into_iter().enumerate() {
            let shown = "return document.body.innerText";
            let shown = page.browser.run(shown, vec![]).await;
            if shown.as_str()?.contains("it goes on in another tab") {
                return Some(number);
            }
        }
        None
    })
    .await;
    pages[1 - gone].sees_desktop().await;
    let kept = "return sessionStorage.getItem('deskhand.session')";
    let kept = pages[gone].browser.run(kept, vec![]).await;
    assert!(kept.is_null(), "{kept}");
    assert!(!scene.novice.is_asked());
    other.browser.close().await;
    scene.close().await;
}

#[tokio::test]
async fn after_the_end_nothing_is_kept() {
    let mut scene = Scene::viewing().await;
    assert!(kept(&scene).await.is_some());
    scene.novice.types("/end");
    scene.expert.browser.says(Role::Alert, "novice ended").await;
    assert_eq!(kept(&scene).await, None);
    reloads(&scene.expert).await;
    scene.expert.browser.find(Role::TextBox, "Number").await;
    scene.close().await;
}

#[tokio::test]
async fn a_paused_picture_stays_paused_for_a_reloaded_page() {
    let mut scene = Scene::viewing().await;
    scene.novice.types("/pause");
    scene.expert.browser.says(Role::Status, "paused").await;
    reloads(&scene.expert).await;
    scene.novice.hears(&format!("{NAME} is back")).await;
    scene.expert.browser.says(Role::Status, "paused").await;
    let middle = scene.probe.middle();
    scene.probe.paint([0, 255, 0]).await;
    wait::never("a picture", Duration::from_secs(2), async || {
        let seen = scene.expert.colour_at(middle).await;
        seen.is_some_and(|seen| is_near(seen, [0, 255, 0]))
    })
    .await;
    scene.novice.types("/resume");
    scene.expert.sees_colour(middle, [0, 255, 0]).await;
    scene.close().await;
}

#[tokio::test]
async fn a_tab_that_crashed_goes_on_when_it_is_loaded_again() {
    let mut scene = Scene::controlling().await;
    let mut tab = Tab::of(&scene.expert.browser).await;
    tab.crashes().await;
    scene
        .novice
        .hears_within("They can come back", AWHILE)
        .await;
    tab.reloads().await;
    let said = scene
        .novice
        .hears_within(&format!("{NAME} is back"), AWHILE)
        .await;
    assert!(!said.contains(QUESTION), "{said}");
    let picture = "document.querySelector('canvas.screen')?.width === 1280";
    tab.becomes(picture).await;
    let asks = "[...document.querySelectorAll('button')]
        .some(b => b.textContent.includes('Take control') && !b.disabled)";
    tab.becomes(asks).await;
}

#[tokio::test]
async fn a_server_that_was_restarted_in_the_middle_is_good_for_coming_back() {
    let mut scene = Scene::viewing().await;
    for memory in [true, false] {
        scene.server.is_killed().await;
        scene.novice.hears("Your session goes on without it").await;
        scene.expert_sees_changes().await;
        if memory {
            scene.server.starts_again().await;
        } else {
            scene.server.starts_anew().await;
        }
        scene.expert_sees_changes().await;
        reloads(&scene.expert).await;
        is_back(&mut scene).await;
    }
}

#[tokio::test]
async fn ten_seconds_without_a_network_end_nothing() {
    let Some(computer) = Computer::alone("reconnect::ten_seconds_without_a_network_end_nothing")
    else {
        return;
    };
    let mut scene = Scene::controlling().await;
    scene.holds_keys().await;
    computer.is_cut();
    let mended = tokio::time::Instant::now() + Duration::from_secs(10);
    // A second of silence, and what it takes to look.
    scene.desktop.all_released(Duration::from_secs(2)).await;
    scene.novice.hears("Reconnecting").await;
    scene
        .expert
        .browser
        .says(Role::Status, "Reconnecting")
        .await;
    tokio::time::sleep_until(mended).await;
    computer.is_mended();
    is_back(&mut scene).await;
    scene.expert.browser.lets_go().await;
    scene.shares_control().await;
    scene.close().await;
}

#[tokio::test]
async fn another_address_ends_nothing() {
    let Some(computer) = Computer::alone("reconnect::another_address_ends_nothing") else {
        return;
    };
    let mut scene = Scene::viewing().await;
    computer.gets_another_address();
    is_back(&mut scene).await;
    scene.close().await;
}

#[tokio::test]
async fn either_side_can_give_up() {
    let Some(computer) = Computer::alone("reconnect::either_side_can_give_up") else {
        return;
    };
    let mut scene = Scene::viewing().await;
    computer.is_cut();
    scene
        .expert
        .browser
        .says(Role::Status, "Reconnecting")
        .await;
    scene.expert.browser.press("End session").await;
    scene
        .expert
        .browser
        .says(Role::Alert, "ended the session")
        .await;
    // The server can still say it.
    scene.novice.hears("Your helper ended the session").await;
    scene.novice.process.end(PATIENCE).await;
    computer.is_mended();
    scene.close().await;

    let mut scene = Scene::viewing().await;
    scene.expert.browser.kill();
    scene
        .novice
        .hears_within("They can come back", AWHILE)
        .await;
    scene.novice.types("/end");
    scene.novice.hears("You ended the session").await;
    scene.novice.process.end(PATIENCE).await;
}

#[tokio::test]
async fn an_agent_that_was_killed_leaves_its_invitation_and_no_session() {
    let mut scene = Scene::viewing().await;
    scene.novice.is_killed().await;
    scene
        .expert
        .browser
        .says(Role::Status, "Reconnecting")
        .await;
    let url = scene.server.url.clone();
    scene.novice.waits_again(&url, &scene.desktop).await;
    scene.expert.browser.press("End session").await;
    scene
        .expert
        .browser
        .says(Role::Alert, "ended the session")
        .await;
    assert!(!scene.novice.is_asked());
    // The link still leads there, past the question.
    let link = scene.novice.link.clone();
    scene.expert.browser.goto("about:blank").await;
    scene.expert.browser.goto(&link).await;
    scene.expert.connect(&scene.novice.password).await;
    scene.novice.answers("y").await;
    scene.expert.sees_desktop().await;
    scene.close().await;
}
