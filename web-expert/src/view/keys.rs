//! Combinations that the expert's own system or browser would keep for itself.

use deskhand_protocol::key::KeyCode;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::{
    Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref, use_state,
};

use super::{
    icon::{Icon, Shape},
    toolbar::step_focus,
};

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
    let open = use_state(|| false);
    let (button, menu) = (use_node_ref(), use_node_ref());
    let is_open = *open && props.enabled;
    {
        let menu = menu.clone();
        use_effect_with(is_open, move |is_open| {
            if *is_open {
                focus_first(&menu);
            }
        });
    }
    let toggle = {
        let open = open.clone();
        move |_| open.set(!*open)
    };
    let onkeydown = {
        let (open, button, menu) = (open.clone(), button.clone(), menu.clone());
        move |event: KeyboardEvent| {
            let Some(items) = menu.cast::<Element>() else {
                return;
            };
            event.stop_propagation();
            match event.key().as_str() {
                "Escape" => {
                    event.prevent_default();
                    open.set(false);
                    focus(&button);
                }
                "ArrowDown" => step_focus(&event, &items, 1),
                "ArrowUp" => step_focus(&event, &items, -1),
                "Tab" => open.set(false),
                _ => {}
            }
        }
    };
    let item = |(name, codes): (&'static str, &'static [KeyCode])| {
        let (open, send) = (open.clone(), props.send.clone());
        let onclick = move |_| {
            open.set(false);
            send.emit(codes);
        };
        html! { <button type="button" role="menuitem" tabindex="-1" {onclick}>{ name }</button> }
    };
    html! {
        <div class="menu">
            <button ref={&button} type="button" aria-haspopup="menu" aria-expanded={is_open.to_string()}
                disabled={!props.enabled} onclick={toggle}>
                <Icon shape={Shape::Keys} />{ "Keys" }
            </button>
            if is_open {
                <div ref={menu} class="items" role="menu" aria-label="Keys" {onkeydown}>
                    { for CHORDS.into_iter().map(item) }
                </div>
            }
        </div>
    }
}

fn focus(node: &NodeRef) {
    if let Some(element) = node.cast::<HtmlElement>() {
        element.focus().ok();
    }
}

fn focus_first(menu: &NodeRef) {
    let first = menu
        .cast::<Element>()
        .and_then(|menu| menu.first_element_child());
    if let Some(Ok(item)) = first.map(wasm_bindgen::JsCast::dyn_into::<HtmlElement>) {
        item.focus().ok();
    }
}
