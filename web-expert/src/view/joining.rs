//! On the way to the novice's yes.

use std::time::Duration;

use yew::{Callback, Html, Properties, component, html};

use super::card::Card;
use crate::state::{Event, Stage, seconds_left};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// How far it has come.
    pub stage: Stage,
    /// The page's clock.
    pub now: Duration,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Says what is being waited for.
#[component]
pub fn JoiningView(props: &Props) -> Html {
    let cancel = props.on.reform(|_| Event::Cancel);
    let status = match &props.stage {
        Stage::Reaching => "Looking for the novice's computer…",
        Stage::Checking => "Checking the password…",
        Stage::Waiting { .. } => "After a wrong password there is a short pause.",
        Stage::Asking(_) => "Waiting for the novice to say yes",
    };
    html! {
        <Card title="Connecting">
            <p class="progress" role="status">{ status }</p>
            if let Stage::Waiting { until } = &props.stage {
                // A count in a live region would be read out every second.
                <p role="timer">{ format!("Trying again in {} s", seconds_left(*until, props.now)) }</p>
            }
            if let Stage::Asking(met) = &props.stage {
                <div class="words">
                    <span>{ "Both of you should see:" }</span>
                    <strong>{ met.words.to_string() }</strong>
                </div>
                <p class="hint">
                    { "Ask them to read the words aloud. If theirs are others, somebody is in \
                       between: both of you should stop." }
                </p>
            }
            <button class="wide" type="button" onclick={cancel}>{ "Cancel" }</button>
        </Card>
    }
}
