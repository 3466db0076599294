//! The page's entry: draws itself into the element that `index.html` keeps for it.

fn main() {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("app"));
    if let Some(root) = root {
        yew::Renderer::<deskhand_web_expert::app::App>::with_root(root).render();
    }
}
