//! A browser that will not do.

use yew::{Html, Properties, component, html};

use super::{card::Card, instead::Instead};
use crate::state::FromFile;

/// What to say.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// Why, and what to do.
    pub why: &'static str,
    /// What the file says that the page came from, if it came from one.
    pub file: Option<FromFile>,
}

/// Says why, and what to do.
#[component]
pub fn UnableView(props: &Props) -> Html {
    html! {
        <Card title="This will not work here">
            <p role="alert">{ props.why }</p>
            <Instead file={props.file.clone()} />
        </Card>
    }
}
