//! The conversation.

use web_sys::{Element, HtmlTextAreaElement, KeyboardEvent, SubmitEvent};
use yew::{Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref};

use crate::{
    handshake::Met,
    state::{Event, Speaker, Spoken},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// Oldest first.
    pub lines: Vec<Spoken>,
    /// The other end.
    pub met: Met,
    /// Whether anything can be said right now.
    pub ready: bool,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// The chat panel.
#[component]
pub fn ChatView(props: &Props) -> Html {
    let (log, field) = (use_node_ref(), use_node_ref());
    {
        let log = log.clone();
        use_effect_with(props.lines.last().map(|line| line.number), move |_| {
            if let Some(log) = log.cast::<Element>() {
                log.set_scroll_top(log.scroll_height());
            }
        });
    }
    let onsubmit = {
        let (field, on, ready) = (field.clone(), props.on.clone(), props.ready);
        move |event: SubmitEvent| {
            event.prevent_default();
            say(&field, &on, ready);
        }
    };
    let onkeydown = {
        let (field, on, ready) = (field.clone(), props.on.clone(), props.ready);
        move |event: KeyboardEvent| {
            // Enter that picks a word of an input method is not meant for us.
            if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
                event.prevent_default();
                say(&field, &on, ready);
            }
        }
    };
    html! {
        <aside class="chat" id="chat" aria-label="Chat">
            <p class="both">{ "Both of you see " }<strong>{ props.met.words.to_string() }</strong></p>
            <div class="log" role="log" aria-label="Conversation" tabindex="0" ref={log}>
                if props.lines.is_empty() {
                    <p class="hint">{ "Say hello. Only the two of you can read this." }</p>
                }
                { for props.lines.iter().map(|line| spoken(line, &props.met)) }
            </div>
            <form {onsubmit}>
                <textarea ref={field} rows="1" maxlength="4096" aria-label="Message"
                    placeholder="Message" autocomplete="off" {onkeydown} />
                <button class="primary" type="submit" disabled={!props.ready}>{ "Send" }</button>
            </form>
        </aside>
    }
}

fn spoken(line: &Spoken, met: &Met) -> Html {
    let (class, who) = match line.by {
        Speaker::Expert => ("mine", "You"),
        Speaker::Novice if met.novice.is_empty() => ("theirs", "Novice"),
        Speaker::Novice => ("theirs", met.novice.as_str()),
    };
    html! {
        <p key={line.number} class={class}>
            <span class="who">{ who }<span class="unseen">{ ": " }</span></span>
            <span class="said">{ line.text.as_str() }</span>
        </p>
    }
}

/// What cannot be said yet stays where it was typed.
fn say(field: &NodeRef, on: &Callback<Event>, ready: bool) {
    if let Some(field) = field.cast::<HtmlTextAreaElement>().filter(|_| ready) {
        let text = field.value();
        if !text.trim().is_empty() {
            field.set_value("");
            on.emit(Event::Say(text));
        }
    }
}
