//! The form: who are you, and what is the password?

use web_sys::{HtmlElement, HtmlInputElement, SubmitEvent};
use yew::{Callback, Html, Properties, component, html, use_effect_with, use_node_ref};

use super::{card::Card, instead::Instead, trial::TrialView};
use crate::{
    sentences,
    state::{Event, FromFile, Join, Password, Trial},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// The form.
    pub join: Join,
    /// What the expert called themselves last.
    pub name: String,
    /// What the file says that the page came from, if it came from one.
    pub file: Option<FromFile>,
    /// The test of the connection.
    pub trial: Trial,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// The form. Nobody is told anything before Connect.
#[component]
pub fn JoinView(props: &Props) -> Html {
    let (name, password) = (use_node_ref(), use_node_ref());
    let asks = props.join.link.password;
    {
        // To the first field that needs something.
        let first = if asks && !props.name.is_empty() {
            password.clone()
        } else {
            name.clone()
        };
        // Filled in once, so that no redraw undoes what is being typed.
        let (filled, last_name) = (name.clone(), props.name.clone());
        use_effect_with((), move |()| {
            if let Some(field) = filled.cast::<HtmlInputElement>() {
                field.set_value(&last_name);
            }
            if let Some(field) = first.cast::<HtmlElement>() {
                field.focus().ok();
            }
        });
    }
    let onsubmit = {
        let (name, password, on) = (name.clone(), password.clone(), props.on.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let value = |field: &yew::NodeRef| {
                field
                    .cast::<HtmlInputElement>()
                    .map(|field| field.value())
                    .unwrap_or_default()
            };
            on.emit(Event::Connect {
                name: value(&name),
                password: Password(value(&password)),
            });
        }
    };
    html! {
        <Card title="Help somebody">
            <p>{ "They decide on their own screen whether you may see it. Pressing Connect asks them." }</p>
            if props.file.as_ref().is_some_and(|file| file.server.shows_who_meets()) {
                <p class="caution" role="note">{ sentences::SEEN_ON_THE_WAY }</p>
            }
            <form {onsubmit}>
                if let Some(problem) = props.join.problem {
                    <p class="problem" role="alert">{ problem }</p>
                }
                <label>
                    <span>{ "Your name" }</span>
                    <input ref={name} type="text" maxlength="64"
                        autocomplete="name" aria-describedby="name-hint" />
                </label>
                <p class="hint" id="name-hint">{ "Shown to the person you help." }</p>
                if asks {
                    <label>
                        <span>{ "Password" }</span>
                        <input ref={password} type="text" class="secret" maxlength="256"
                            autocomplete="off" autocapitalize="off" spellcheck="false"
                            aria-describedby="password-hint" />
                    </label>
                    <p class="hint" id="password-hint">
                        { "They tell you, for example on the phone. It never leaves this page." }
                    </p>
                }
                <button class="primary wide" type="submit">{ "Connect" }</button>
            </form>
            <TrialView trial={props.trial.clone()} on={props.on.clone()} />
            <Instead file={props.file.clone()} />
        </Card>
    }
}
