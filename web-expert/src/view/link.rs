//! No invitation yet.

use deskhand_protocol::invitation::LinkError;
use web_sys::{HtmlInputElement, SubmitEvent};
use yew::{Callback, Html, Properties, component, html, use_node_ref};

use super::card::Card;
use crate::{sentences, state::Event};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What was wrong with the last link.
    pub problem: Option<LinkError>,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Asks for the link.
#[component]
pub fn LinkView(props: &Props) -> Html {
    let field = use_node_ref();
    let onsubmit = {
        let (field, on) = (field.clone(), props.on.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                on.emit(Event::Paste(field.value()));
            }
        }
    };
    html! {
        <Card title="Help somebody">
            <p>{ "The person you help sends you an invitation link. Open it, or paste it here." }</p>
            <form {onsubmit}>
                if let Some(problem) = props.problem {
                    <p class="problem" role="alert">{ sentences::link(problem) }</p>
                }
                <label>
                    <span>{ "Invitation link" }</span>
                    <input ref={field} type="text" autocomplete="off" spellcheck="false" autofocus=true />
                </label>
                <button class="primary wide" type="submit">{ "Continue" }</button>
            </form>
            <p><a href="/about">{ "What is Deskhand?" }</a></p>
        </Card>
    }
}
