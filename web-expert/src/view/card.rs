//! The frame of every screen but the console.

use yew::{Children, Html, Properties, component, html};

use super::icon::{Icon, Shape};

/// What is inside.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// The headline.
    pub title: &'static str,
    /// The rest.
    pub children: Children,
}

/// A card in the middle of the window.
#[component]
pub fn Card(props: &Props) -> Html {
    html! {
        <main class="welcome">
            <div class="brand"><Icon shape={Shape::Brand} />{ "Deskhand" }</div>
            <section class="card" aria-labelledby="title">
                <h1 id="title">{ props.title }</h1>
                { props.children.clone() }
            </section>
        </main>
    }
}
