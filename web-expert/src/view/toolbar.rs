//! The docked bar: state of the session, and everything that can be done about it.

use std::time::Duration;

use deskhand_protocol::{control::Quality, key::KeyCode, monitor::Monitors};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, HtmlSelectElement, KeyboardEvent};
use yew::{Callback, Html, NodeRef, Properties, TargetCast as _, component, html};

use super::{
    icon::{Icon, Shape},
    keys::KeysMenu,
    screens::ScreensMenu,
};
use crate::{
    choice,
    state::{Console, Control, Event, Line, View, seconds_left, seconds_since},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// The session.
    pub console: Console,
    /// The page's clock.
    pub now: Duration,
    /// Whether the console fills the screen.
    pub fullscreen: bool,
    /// What the expert prefers of the picture.
    pub quality: Quality,
    /// What is shown beside the picture.
    pub panels: Panels,
    /// Something was said while it was not.
    pub unread: bool,
    /// The bar itself, so that the keyboard can be brought here.
    pub bar: NodeRef,
    /// What the expert does.
    pub on: Callback<Event>,
    /// Keys to press together.
    pub send: Callback<&'static [KeyCode]>,
    /// Fullscreen, or no longer.
    pub toggle_fullscreen: Callback<()>,
    /// How the picture travels, or no longer.
    pub toggle_connection: Callback<()>,
    /// Chat, or no longer.
    pub toggle_chat: Callback<()>,
}

/// What is shown beside the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panels {
    /// How the picture travels.
    pub connection: bool,
    /// What is said.
    pub chat: bool,
}

/// The bar.
#[component]
pub fn Toolbar(props: &Props) -> Html {
    let console = &props.console;
    let (class, status) = status(console);
    let press = |event: Event| props.on.reform(move |_| event.clone());
    let size = |view: View, name: &'static str| {
        html! {
            <button type="button" aria-pressed={(console.view == view).to_string()}
                onclick={press(Event::View(view))}>{ name }</button>
        }
    };
    let onkeydown = {
        let bar = props.bar.clone();
        move |event: KeyboardEvent| {
            let Some(bar) = bar.cast::<Element>() else {
                return;
            };
            match event.key().as_str() {
                "ArrowRight" => step_focus(&event, &bar, 1),
                "ArrowLeft" => step_focus(&event, &bar, -1),
                _ => {}
            }
        }
    };
    html! {
        <header class="toolbar" role="toolbar" aria-label="Session" ref={props.bar.clone()} {onkeydown}>
            <div class={yew::classes!("state", class)}>
                <span class="dot" aria-hidden="true"></span>
                <span role="status">{ status }</span>
                if let Control::Denied { until } = console.control {
                    <span role="timer">{ format!("{} s", seconds_left(until, props.now)) }</span>
                }
                if let Some(since) = console.lost_since() {
                    <span role="timer">{ format!("{} s", seconds_since(since, props.now)) }</span>
                }
            </div>
            <div class="tools">
                if console.grant().is_some() {
                    <button key="release" type="button" onclick={press(Event::ReleaseControl)}>
                        <Icon shape={Shape::Pointer} />{ "Release control" }
                    </button>
                } else {
                    <button key="take" class="primary" type="button" disabled={!console.may_ask()}
                        onclick={press(Event::TakeControl)}>
                        <Icon shape={Shape::Pointer} />{ "Take control" }
                    </button>
                }
                <KeysMenu enabled={console.grant().is_some()} send={props.send.clone()} />
                if let Some(monitors) = console.monitors.clone().filter(Monitors::are_several) {
                    <ScreensMenu {monitors} show={props.on.reform(Event::Show)} />
                }
                <div class="pair" role="group" aria-label="Size of the picture">
                    { size(View::Fit, "Fit") }
                    { size(View::Actual, "1:1") }
                </div>
                { quality(props) }
                <button type="button" aria-expanded={props.panels.connection.to_string()}
                    aria-controls="connection" onclick={props.toggle_connection.reform(|_| ())}>
                    <Icon shape={Shape::Gauge} />{ "Connection" }
                </button>
                <button type="button" aria-pressed={props.fullscreen.to_string()}
                    onclick={props.toggle_fullscreen.reform(|_| ())}>
                    <Icon shape={Shape::Fullscreen} />{ "Fullscreen" }
                </button>
                <button type="button" aria-expanded={props.panels.chat.to_string()} aria-controls="chat"
                    onclick={props.toggle_chat.reform(|_| ())}>
                    <Icon shape={Shape::Chat} />{ "Chat" }
                    if props.unread {
                        <span class="unread"><span class="unseen">{ ", new message" }</span></span>
                    }
                </button>
                <button class="danger" type="button" onclick={press(Event::End)}>
                    <Icon shape={Shape::Leave} />{ "End session" }
                </button>
            </div>
        </header>
    }
}

/// What matters about the picture.
fn quality(props: &Props) -> Html {
    let onchange = props.on.reform(|event: yew::Event| {
        let chosen = event.target_dyn_into::<HtmlSelectElement>();
        let chosen = chosen.and_then(|select| choice::read(&select.value()));
        Event::Prefer(chosen.unwrap_or_default())
    });
    let option = |quality: Quality| {
        html! {
            <option value={choice::word(quality)} selected={props.quality == quality}>
                { choice::name(quality) }
            </option>
        }
    };
    html! {
        <select aria-label="Picture quality" title="Picture quality" {onchange}>
            { for choice::ALL.into_iter().map(option) }
        </select>
    }
}

/// The state in a few words, and its colour. The words say it all; the colour only helps.
fn status(console: &Console) -> (&'static str, &'static str) {
    match (console.line, console.control) {
        (Line::Connecting, _) => ("waiting", "Connecting to the novice's computer…"),
        (Line::Interrupted, _) => ("trouble", "Reconnecting…"),
        (Line::Up, _) if console.still.stalled => {
            ("trouble", "The novice's desktop does not answer")
        }
        (Line::Up, Control::Asking) => ("waiting", "Asking the novice for control…"),
        (
            Line::Up,
            Control::Granted {
                local_hand: true, ..
            },
        ) => ("waiting", "Paused: the novice is using the mouse"),
        (Line::Up, Control::Granted { .. }) => ("sharing", "You share mouse and keyboard"),
        (Line::Up, Control::Denied { .. }) => ("waiting", "View only. You can ask again soon."),
        (Line::Up, Control::None) if console.still.paused => ("waiting", "The picture is paused"),
        (Line::Up, Control::None) => ("viewing", "View only"),
    }
}

/// Moves the focus among the controls of a bar or menu, round and round. Only the one that has
/// it is a stop for Tab, as
/// [toolbars](https://www.w3.org/WAI/ARIA/apg/patterns/toolbar/) have it.
pub(super) fn step_focus(event: &KeyboardEvent, within: &Element, step: isize) {
    let Ok(found) = within.query_selector_all("button:not(:disabled), select") else {
        return;
    };
    let buttons: Vec<HtmlElement> = (0..found.length())
        .filter_map(|index| found.item(index)?.dyn_into().ok())
        .collect();
    let target = event.target();
    let here = buttons
        .iter()
        .position(|button| target.as_ref() == Some(button.as_ref()));
    let (Some(here), Ok(count)) = (here, isize::try_from(buttons.len())) else {
        return;
    };
    event.prevent_default();
    let next = (here.cast_signed() + step)
        .rem_euclid(count)
        .cast_unsigned();
    for (index, button) in buttons.iter().enumerate() {
        button.set_tab_index(if index == next { 0 } else { -1 });
    }
    buttons[next].focus().ok();
}
