//! The few drawings there are. All are decoration: every control has its words.

use yew::{Html, Properties, component, html};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A screen with a pointer: the mark of the product.
    Brand,
    /// A pointer.
    Pointer,
    /// A keyboard.
    Keys,
    /// Two screens, one behind the other.
    Screens,
    /// Four corners.
    Fullscreen,
    /// A curve that rises.
    Gauge,
    /// A speech bubble.
    Chat,
    /// A door's way out.
    Leave,
}

/// What to draw.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// Which one.
    pub shape: Shape,
}

/// One drawing, in the colour of the text around it.
#[component]
pub fn Icon(props: &Props) -> Html {
    let path = match props.shape {
        Shape::Brand => "M3 4h18v12H3zM9 20h6M12 16v4M10 7l5 2.2-2.2.8-.8 2.2z",
        Shape::Pointer => "M6 3l12 6.5-5.2 1.3L11 16z M13 11.5l4.5 6",
        Shape::Keys => "M3 7h18v10H3zM7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14h8",
        Shape::Screens => "M7 4h14v10M3 8h14v9H3zM7 20h6M10 17v3",
        Shape::Fullscreen => "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
        Shape::Gauge => "M4 20h16M5 16l4-5 4 3 6-9",
        Shape::Chat => "M4 5h16v11H10l-4 4v-4H4z",
        Shape::Leave => "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
    };
    html! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={path} />
        </svg>
    }
}
