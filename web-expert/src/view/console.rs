//! The session: bar, picture, chat.

use std::time::Duration;

use deskhand_protocol::control::Quality;
use gloo_events::EventListener;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlCanvasElement, HtmlElement};
use yew::{
    AttrValue, Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref,
    use_state, use_state_eq,
};

use super::{
    chat::ChatView,
    connection::ConnectionView,
    screen::ScreenView,
    toolbar::{Panels, Toolbar},
};
use crate::{
    cursor::Cursor,
    gauge::Gauge,
    hands::Hands,
    js,
    picture::Picture,
    state::{Console, Event, Line, Trial},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// The session.
    pub console: Console,
    /// The page's clock.
    pub now: Duration,
    /// The picture.
    pub picture: Picture,
    /// The expert's hands.
    pub hands: Hands,
    /// The novice's pointer.
    pub cursor: Cursor,
    /// How the picture travels.
    pub gauge: Gauge,
    /// What the expert prefers of the picture.
    pub quality: Quality,
    /// The test of the connection.
    pub trial: Trial,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// The console.
#[component]
pub fn ConsoleView(props: &Props) -> Html {
    let console = &props.console;
    let (whole, bar) = (use_node_ref(), use_node_ref());
    let canvas = props.picture.canvas().clone();
    let chat = use_state(|| true);
    let last = console.chat.last().map(|line| line.number);
    let read = use_state_eq(|| last);
    if *chat && *read != last {
        read.set(last);
    }
    let fullscreen = use_state_eq(|| false);
    {
        let fullscreen = fullscreen.clone();
        use_effect_with((), move |()| watch_fullscreen(move |on| fullscreen.set(on)));
    }
    {
        let (granted, canvas) = (console.grant().is_some(), canvas.clone());
        use_effect_with(granted, move |granted| {
            if *granted {
                hand_over_keyboard(&canvas);
            }
        });
    }
    let leave = {
        let bar = bar.clone();
        Callback::from(move |()| focus_first_button(&bar))
    };
    let send = {
        let (hands, canvas) = (props.hands.clone(), canvas.clone());
        Callback::from(move |codes: &'static [_]| {
            hands.chord(codes);
            canvas.focus().ok();
        })
    };
    let toggle_fullscreen = {
        let whole = whole.clone();
        Callback::from(move |()| switch_fullscreen(&whole))
    };
    let toggle_chat = {
        let chat = chat.clone();
        Callback::from(move |()| chat.set(!*chat))
    };
    let connection = use_state(|| false);
    let toggle_connection = {
        let connection = connection.clone();
        Callback::from(move |()| connection.set(!*connection))
    };
    let panels = Panels {
        connection: *connection,
        chat: *chat,
    };
    let dismiss = props.on.reform(|_| Event::Dismiss);
    html! {
        <main class="console" ref={whole}>
            <h1 class="unseen">{ "Deskhand session" }</h1>
            <Toolbar console={console.clone()} now={props.now} fullscreen={*fullscreen}
                quality={props.quality} {panels}
                unread={!*chat && *read != last} {bar} on={props.on.clone()} {send}
                {toggle_fullscreen} {toggle_connection} {toggle_chat} />
            // Always there, so that what appears in it is read out.
            <div class="notice">
                <p role="alert">{ console.alert.clone().unwrap_or_default() }</p>
                if console.alert.is_some() {
                    <button type="button" onclick={dismiss}>{ "Dismiss" }</button>
                }
            </div>
            <div class="body">
                <ScreenView picture={props.picture.clone()} overlay={overlay(console)}
                    display={console.display} view={console.view} controlled={console.grant().is_some()}
                    hands={props.hands.clone()} cursor={props.cursor.clone()} {leave} />
                if *connection {
                    <ConnectionView gauge={props.gauge.clone()} picture={props.picture.clone()}
                        quality={props.quality} reach={console.reach}
                        trial={(console.line == Line::Connecting).then(|| props.trial.clone())}
                        on={props.on.clone()} />
                }
                if *chat {
                    <ChatView lines={console.chat.clone()} met={console.met.clone()}
                        ready={console.line == Line::Up} on={props.on.clone()} />
                }
            </div>
        </main>
    }
}

/// A picture that is not live must not look live.
fn overlay(console: &Console) -> Option<AttrValue> {
    if console.line == Line::Interrupted {
        Some("The connection is lost. What you see may be old.".into())
    } else if console.still.paused {
        Some("The novice paused the picture.".into())
    } else if console.still.stalled {
        Some("The novice's desktop does not answer right now. What you see may be old.".into())
    } else if !console.has_picture {
        Some("Waiting for the picture…".into())
    } else {
        None
    }
}

/// Control is there: the keyboard goes to the screen, unless the expert is writing. What is
/// meant for the chat must never end up on the novice's desktop.
fn hand_over_keyboard(canvas: &HtmlCanvasElement) {
    let writing = web_sys::window()
        .and_then(|window| window.document()?.active_element())
        .is_some_and(|element| {
            matches!(element.tag_name().as_str(), "TEXTAREA" | "INPUT" | "SELECT")
        });
    if !writing {
        canvas.focus().ok();
    }
}

fn focus_first_button(bar: &NodeRef) {
    let first = bar
        .cast::<Element>()
        .and_then(|bar| bar.query_selector("button:not(:disabled)").ok().flatten());
    if let Some(button) = first.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        button.focus().ok();
    }
}

/// Fills the screen with the console, bar and chat included, or no longer. A browser that
/// refuses leaves everything as it is.
fn switch_fullscreen(whole: &NodeRef) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return;
    };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(whole) = whole.cast::<Element>() {
        whole.request_fullscreen().ok();
    }
}

/// Tells `set` about fullscreen, also when Esc ended it, and takes the keys along.
fn watch_fullscreen(set: impl Fn(bool) + 'static) -> impl FnOnce() {
    let listener = web_sys::window().and_then(|window| {
        let document = window.document()?;
        let watched = document.clone();
        Some(EventListener::new(
            &document,
            "fullscreenchange",
            move |_| {
                let on = watched.fullscreen_element().is_some();
                js::lock_keyboard(&window, on);
                set(on);
            },
        ))
    });
    move || drop(listener)
}
