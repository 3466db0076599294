//! Tries the connection out, for whoever wants to know before, or why it failed.

use web_sys::MouseEvent;
use yew::{Callback, Html, Properties, component, html};

use crate::{
    sentences,
    state::{Event, Trial},
    trial::verdict::{Outcome, Seen},
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// How far it is.
    pub trial: Trial,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// A quiet button, and what came of it.
#[component]
pub fn TrialView(props: &Props) -> Html {
    let start = props.on.reform(|_: MouseEvent| Event::Try);
    let button = |name: &'static str| {
        html! { <button type="button" class="quiet" onclick={start.clone()}>{ name }</button> }
    };
    html! {
        <section class="trial" aria-label="Test of the connection">
            { match &props.trial {
                Trial::None => button("Test the connection"),
                Trial::Running => html! {
                    <p class="progress" role="status">{ "Testing the connection…" }</p>
                },
                Trial::Done(outcome) => html! {
                    <>
                    if let Outcome::Seen(seen) = outcome {
                        { rows(seen) }
                    }
                    <p role="status">{ sentence(outcome) }</p>
                    { button("Test again") }
                    </>
                },
            } }
        </section>
    }
}

fn rows(seen: &Seen) -> Html {
    let row = |(what, said): (&'static str, String)| {
        html! {
            <div key={what}>
                <dt>{ what }</dt>
                <dd>{ said }</dd>
            </div>
        }
    };
    html! { <dl>{ for seen.rows().into_iter().map(row) }</dl> }
}

fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Seen(seen) => seen.sentence(),
        Outcome::NoServer => sentences::NO_SERVER.text.to_owned(),
        Outcome::TooOften => sentences::TRIED_TOO_OFTEN.to_owned(),
    }
}
