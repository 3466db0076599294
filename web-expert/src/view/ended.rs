//! Over, and why.

use yew::{Callback, Html, Properties, component, html};

use super::{card::Card, instead::Instead, trial::TrialView};
use crate::state::{Ended, Event, FromFile, Trial};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// Why.
    pub ended: Ended,
    /// What the file says that the page came from, if it came from one.
    pub file: Option<FromFile>,
    /// The test of the connection.
    pub trial: Trial,
    /// What the expert does.
    pub on: Callback<Event>,
}

/// Says why.
#[component]
pub fn EndedView(props: &Props) -> Html {
    let again = props.on.reform(|_| Event::Again);
    html! {
        <Card title="The session is over">
            <p role="alert">{ props.ended.text }</p>
            if props.ended.again.is_some() {
                <button class="primary wide" type="button" onclick={again}>{ "Connect again" }</button>
                <TrialView trial={props.trial.clone()} on={props.on.clone()} />
            } else {
                <p class="hint">{ "To try again, ask for a new invitation. You can close this page." }</p>
            }
            <Instead file={props.file.clone()} />
        </Card>
    }
}
