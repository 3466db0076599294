//! Which of the novice's screens the expert sees.

use deskhand_protocol::monitor::{Monitor, Monitors, Shown};
use yew::{AttrValue, Callback, Html, Properties, component, html};

use super::{icon::Shape, menu::Menu};

/// What there is, and what comes of it.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// At least two.
    pub monitors: Monitors,
    /// What is to be shown.
    pub show: Callback<Shown>,
}

/// A button that says which one it is, with a menu of all.
#[component]
pub fn ScreensMenu(props: &Props) -> Html {
    let monitors = &props.monitors;
    let choices: Vec<Shown> = (monitors.list().iter())
        .map(|monitor| Shown::One(monitor.id))
        .chain([Shown::All])
        .collect();
    let mut items: Vec<AttrValue> = (1..)
        .zip(monitors.list())
        .map(|(place, monitor)| one(place, monitor).into())
        .collect();
    items.push(all(monitors).into());
    let checked = choices.iter().position(|shown| *shown == monitors.shown());
    let pick = props.show.reform(move |index: usize| choices[index]);
    html! {
        <Menu name="Screens" label={label(monitors)} shape={Shape::Screens} {items}
            checked={checked.or(Some(0))} {pick} />
    }
}

/// In a few words, what is shown.
fn label(monitors: &Monitors) -> String {
    let found = match monitors.shown() {
        Shown::One(id) => monitors.find(id),
        Shown::All => None,
    };
    found.map_or_else(
        || "All screens".into(),
        |(place, _)| format!("Screen {place} of {}", monitors.list().len()),
    )
}

fn one(place: usize, monitor: &Monitor) -> String {
    let Monitor {
        name,
        width,
        height,
        ..
    } = monitor;
    format!("{place}: {name}, {width} × {height}")
}

fn all(monitors: &Monitors) -> String {
    let far = |end: fn(&Monitor) -> u32| monitors.list().iter().map(end).max().unwrap_or(0);
    let width = far(|monitor| u32::from(monitor.x) + u32::from(monitor.width));
    let height = far(|monitor| u32::from(monitor.y) + u32::from(monitor.height));
    format!("All screens, {width} × {height}")
}
