//! On the way back to a session, after the page was loaded again.

use std::time::Duration;

use yew::{Callback, Html, Properties, component, html};

use super::card::Card;
use crate::state::{Event, Returning, seconds_since};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// How far it has come.
    pub returning: Returning,
    /// The page's clock.
    pub now: Duration,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Says that it is being tried, and for how long already.
#[component]
pub fn ReturningView(props: &Props) -> Html {
    let cancel = props.on.reform(|_| Event::Cancel);
    let passed = seconds_since(props.returning.back.since, props.now);
    html! {
        <Card title="Back to your session">
            <p class="progress" role="status">{ "Looking for the novice's computer…" }</p>
            // A count in a live region would be read out every second.
            <p role="timer">{ format!("Reconnecting… {passed} s") }</p>
            <button class="wide" type="button" onclick={cancel}>{ "Give up" }</button>
        </Card>
    }
}
