//! No invitation yet: a number that was said on the phone, or a link.

use web_sys::{
    Element, Event as DomEvent, HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition,
    SubmitEvent,
};
use yew::{Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref};

use super::{card::Card, trial::TrialView};
use crate::{
    sentences,
    state::{Event, Password, Problem, Start, Trial},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What was given so far.
    pub start: Start,
    /// What the expert called themselves last.
    pub name: String,
    /// The test of the connection.
    pub trial: Trial,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Asks for number and password, or for a link. What was wrong with either is said above both,
/// and brought into sight: somebody who came with half a link looks there, and in a small window
/// the form that was sent is far below.
#[component]
pub fn StartView(props: &Props) -> Html {
    let note = use_node_ref();
    {
        let note = note.clone();
        use_effect_with(props.start.problem, move |_| show(&note));
    }
    let on = {
        let (note, on) = (note.clone(), props.on.clone());
        Callback::from(move |event| {
            // Sent again with the same mistake, it is not drawn again.
            let sent = matches!(event, Event::Paste(_) | Event::ConnectTo { .. });
            on.emit(event);
            if sent {
                show(&note);
            }
        })
    };
    html! {
        <Card title="Help somebody">
            if let Some(problem) = props.start.problem {
                <p ref={note} class="problem" role="alert">{ sentence(problem) }</p>
            }
            <NumberForm number={props.start.number.clone()} name={props.name.clone()} on={on.clone()} />
            <p class="or">{ "or" }</p>
            <LinkForm on={on.clone()} />
            <TrialView trial={props.trial.clone()} {on} />
            <p><a href="/about">{ "What is Deskhand?" }</a></p>
        </Card>
    }
}

fn sentence(problem: Problem) -> &'static str {
    match problem {
        Problem::Number(sentence) => sentence,
        Problem::Link(error) => sentences::link(error),
    }
}

fn show(note: &NodeRef) {
    if let Some(note) = note.cast::<Element>() {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        note.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

fn value(field: &NodeRef) -> String {
    field
        .cast::<HtmlInputElement>()
        .map(|field| field.value())
        .unwrap_or_default()
}

#[derive(Debug, Properties, PartialEq)]
struct NumberProps {
    /// As typed last.
    number: String,
    name: String,
    on: Callback<Event>,
}

#[component]
fn NumberForm(props: &NumberProps) -> Html {
    let (number, password, name) = (use_node_ref(), use_node_ref(), use_node_ref());
    {
        // Filled in once, so that no redraw undoes what is being typed.
        let (number, name) = (number.clone(), name.clone());
        let (last_number, last_name) = (props.number.clone(), props.name.clone());
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

#[derive(Debug, Properties, PartialEq)]
struct LinkProps {
    on: Callback<Event>,
}

#[component]
fn LinkForm(props: &LinkProps) -> Html {
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
            <label>
                <span>{ "Invitation link" }</span>
                <input ref={field} type="text" autocomplete="off" spellcheck="false"
                    placeholder="Paste the link that they sent you" />
            </label>
            <button class="wide" type="submit">{ "Continue" }</button>
        </form>
    }
}
