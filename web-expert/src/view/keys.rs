//! Combinations that the expert's own system or browser would keep for itself.

use deskhand_protocol::key::KeyCode;
use yew::{AttrValue, Callback, Html, Properties, component, html};

use super::{icon::Shape, menu::Menu};

use KeyCode::{AltLeft, ControlLeft, Delete, Escape, F4, MetaLeft, PrintScreen, Tab};

const CHORDS: [(&str, &[KeyCode]); 6] = [
    ("Ctrl+Alt+Del", &[ControlLeft, AltLeft, Delete]),
    ("Super", &[MetaLeft]),
    ("Alt+Tab", &[AltLeft, Tab]),
    ("Alt+F4", &[AltLeft, F4]),
    ("Esc", &[Escape]),
    ("PrintScreen", &[PrintScreen]),
];

/// Whether the menu can be used, and what comes of it.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// Only under control.
    pub enabled: bool,
    /// The keys to press together.
    pub send: Callback<&'static [KeyCode]>,
}

/// A button with a menu.
#[component]
pub fn KeysMenu(props: &Props) -> Html {
    let items: Vec<AttrValue> = CHORDS.iter().map(|(name, _)| (*name).into()).collect();
    let pick = props.send.reform(|index: usize| CHORDS[index].1);
    html! {
        <Menu name="Keys" label="Keys" shape={Shape::Keys} enabled={props.enabled} {items} {pick} />
    }
}
