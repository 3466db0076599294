//! A button with a menu under it.

use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::{
    AttrValue, Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref,
    use_state,
};

use super::{
    icon::{Icon, Shape},
    toolbar::step_focus,
};

/// What is in it.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// What the menu is about.
    pub name: AttrValue,
    /// What the button says.
    pub label: AttrValue,
    /// And shows.
    pub shape: Shape,
    /// Whether there is anything to choose right now.
    #[prop_or(true)]
    pub enabled: bool,
    /// One line each.
    pub items: Vec<AttrValue>,
    /// Which of them holds; `None`: they are acts, and none of them does.
    #[prop_or_default]
    pub checked: Option<usize>,
    /// One was chosen.
    pub pick: Callback<usize>,
}

/// A button with a menu.
#[component]
pub fn Menu(props: &Props) -> Html {
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
    let role = match props.checked {
        Some(_) => "menuitemradio",
        None => "menuitem",
    };
    let item = |(index, text): (usize, &AttrValue)| {
        let (open, button, pick) = (open.clone(), button.clone(), props.pick.clone());
        let onclick = move |_| {
            open.set(false);
            focus(&button);
            pick.emit(index);
        };
        let checked = props.checked.map(|checked| (checked == index).to_string());
        html! {
            <button type="button" {role} aria-checked={checked} tabindex="-1" {onclick}>
                { text }
            </button>
        }
    };
    html! {
        <div class="menu">
            <button ref={&button} type="button" aria-haspopup="menu"
                aria-expanded={is_open.to_string()} disabled={!props.enabled} onclick={toggle}>
                <Icon shape={props.shape} />{ &props.label }
            </button>
            if is_open {
                <div ref={menu} class="items" role="menu" aria-label={&props.name} {onkeydown}>
                    { for props.items.iter().enumerate().map(item) }
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
