//! No invitation yet: a number that was said on the phone, or a link.

use web_sys::{Event as DomEvent, HtmlInputElement, SubmitEvent};
use yew::{Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref};

use super::card::Card;
use crate::{
    sentences,
    state::{Event, Password, Problem, Start},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What was given so far.
    pub start: Start,
    /// What the expert called themselves last.
    pub name: String,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Asks for number and password, or for a link.
#[component]
pub fn StartView(props: &Props) -> Html {
    html! {
        <Card title="Help somebody">
            <NumberForm start={props.start.clone()} name={props.name.clone()} on={props.on.clone()} />
            <p class="or">{ "or" }</p>
            <LinkForm start={props.start.clone()} name={props.name.clone()} on={props.on.clone()} />
            <p><a href="/about">{ "What is Deskhand?" }</a></p>
        </Card>
    }
}

fn value(field: &NodeRef) -> String {
    field
        .cast::<HtmlInputElement>()
        .map(|field| field.value())
        .unwrap_or_default()
}

#[component]
fn NumberForm(props: &Props) -> Html {
    let (number, password, name) = (use_node_ref(), use_node_ref(), use_node_ref());
    {
        // Filled in once, so that no redraw undoes what is being typed.
        let (number, name) = (number.clone(), name.clone());
        let (last_number, last_name) = (props.start.number.clone(), props.name.clone());
        use_effect_with((), move |()| {
            if let Some(field) = name.cast::<HtmlInputElement>() {
                field.set_value(&last_name);
            }
            if let Some(field) = number.cast::<HtmlInputElement>() {
                field.set_value(&last_number);
                field.focus().ok();
            }
        });
    }
    let onchange = {
        let (number, on) = (number.clone(), props.on.clone());
        move |_: DomEvent| on.emit(Event::Number(value(&number)))
    };
    let onsubmit = {
        let (number, password, name) = (number.clone(), password.clone(), name.clone());
        let on = props.on.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            on.emit(Event::ConnectTo {
                number: value(&number),
                name: value(&name),
                password: Password(value(&password)),
            });
        }
    };
    html! {
        <form {onsubmit}>
            if let Some(Problem::Number(problem)) = props.start.problem {
                <p class="problem" role="alert">{ problem }</p>
            }
            <label>
                <span>{ "Number" }</span>
                <input ref={number} type="text" class="number" inputmode="numeric" maxlength="32"
                    placeholder="123 456 789" autocomplete="off" aria-describedby="number-hint"
                    {onchange} />
            </label>
            <p class="hint" id="number-hint">{ "Nine digits that the person you help tells you." }</p>
            <label>
                <span>{ "Password" }</span>
                <input ref={password} type="text" class="secret" maxlength="256"
                    autocomplete="off" autocapitalize="off" spellcheck="false"
                    aria-describedby="password-hint" />
            </label>
            <p class="hint" id="password-hint">
                { "The four words that they read to you. Capitals and commas make no difference. \
                   It never leaves this page." }
            </p>
            <label>
                <span>{ "Your name" }</span>
                <input ref={name} type="text" maxlength="64" autocomplete="name"
                    aria-describedby="name-hint" />
            </label>
            <p class="hint" id="name-hint">
                { "Shown to the person you help. They decide on their own screen whether you may see it." }
            </p>
            <button class="primary wide" type="submit">{ "Connect" }</button>
        </form>
    }
}

#[component]
fn LinkForm(props: &Props) -> Html {
    let field = use_node_ref();
    let onsubmit = {
        let (field, on) = (field.clone(), props.on.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            on.emit(Event::Paste(value(&field)));
        }
    };
    html! {
        <form {onsubmit}>
            if let Some(Problem::Link(problem)) = props.start.problem {
                <p class="problem" role="alert">{ sentences::link(problem) }</p>
            }
            <label>
                <span>{ "Invitation link" }</span>
                <input ref={field} type="text" autocomplete="off" spellcheck="false"
                    placeholder="Paste the link that they sent you" />
            </label>
            <button class="wide" type="submit">{ "Continue" }</button>
        </form>
    }
}
