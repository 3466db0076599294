//! The way around a file that does not do.

use yew::{Html, Properties, component, html};

use crate::state::FromFile;

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What the file says. Nothing is shown on a page from a server, nor for a server whose own page
    /// would do no better: browsers show no screen there.
    pub file: Option<FromFile>,
}

/// A link that opens the same invitation at its server.
#[component]
pub fn Instead(props: &Props) -> Html {
    let file = props.file.as_ref();
    let Some(file) = file.filter(|file| !file.server.shows_who_meets()) else {
        return html! {};
    };
    html! {
        <p class="hint">
            <a href={file.address()} rel="noreferrer">{ "Open the invitation link instead" }</a>
            { " – " }
            <a href={file.about()} rel="noreferrer">{ "What is Deskhand?" }</a>
        </p>
    }
}
