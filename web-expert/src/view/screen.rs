//! The novice's desktop.

use deskhand_protocol::control::Display;
use gloo_events::EventListener;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Element, HtmlCanvasElement, HtmlElement, ResizeObserver};
use yew::{AttrValue, Callback, Component, Context, Html, NodeRef, Properties, classes, html};

use crate::{
    cursor::{Cursor, Elements},
    hands::Hands,
    picture::Picture,
    state::View,
};

/// What to show.
#[derive(Debug, Properties, PartialEq)]
pub struct Props {
    /// The picture.
    pub picture: Picture,
    /// What lies over the picture, if it is not to be taken for live.
    pub overlay: Option<AttrValue>,
    /// What is shared, once it is known.
    pub display: Option<Display>,
    /// How large.
    pub view: View,
    /// Whether the expert's hands act on it.
    pub controlled: bool,
    /// The expert's hands.
    pub hands: Hands,
    /// The novice's pointer.
    pub cursor: Cursor,
    /// The expert wants the keyboard back.
    pub leave: Callback<()>,
}

/// The picture, the pointer on it, and the ears for mouse and keyboard.
#[derive(Debug, Default)]
pub struct ScreenView {
    stage: NodeRef,
    pointer: NodeRef,
    listeners: Vec<EventListener>,
    size: Option<Resized>,
}

impl Component for ScreenView {
    type Message = ();
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Self::default()
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let class = classes!(
            "stage",
            match props.view {
                View::Fit => "fit",
                View::Actual => "actual",
            },
            props.controlled.then_some("controlled"),
        );
        let keys_hint = if props.controlled {
            "Keys you press here go to the novice's desktop. Ctrl+Alt+Shift brings you back to \
             the toolbar."
        } else {
            "View only."
        };
        html! {
            <div {class} ref={self.stage.clone()}>
                <div class="sheet">
                    { Html::VRef(props.picture.canvas().clone().into()) }
                    <canvas class="pointer" width="0" height="0" aria-hidden="true"
                        ref={self.pointer.clone()} />
                </div>
                <p class="unseen" id="keys-hint">{ keys_hint }</p>
                if let Some(overlay) = &props.overlay {
                    <div class="overlay"><p>{ overlay.clone() }</p></div>
                }
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let props = ctx.props();
        let (Some(stage), Some(pointer)) = (
            self.stage.cast::<HtmlElement>(),
            self.pointer.cast::<HtmlCanvasElement>(),
        ) else {
            return;
        };
        let screen = props.picture.canvas();
        if first {
            self.listeners = props.hands.attach(&stage, screen, &props.leave);
            self.size = Resized::watch(&stage, ctx.link().callback(|()| ()));
            props.cursor.attach(Some(Elements {
                stage,
                screen: screen.clone(),
                pointer,
            }));
        }
        set_actual_size(screen, props.display);
        props.cursor.relayout();
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        ctx.props().hands.release_all();
        ctx.props().cursor.attach(None);
    }
}

/// For 1:1, where one pixel of the display is one of the expert's screen, whatever the zoom and
/// whatever size the picture is sent in.
fn set_actual_size(screen: &HtmlCanvasElement, display: Option<Display>) {
    let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    let (width, height) = display.map_or_else(
        || (screen.width(), screen.height()),
        |display| (display.width.into(), display.height.into()),
    );
    let style = screen.style();
    for (name, pixels) in [("--actual-width", width), ("--actual-height", height)] {
        let size = f64::from(pixels) / ratio;
        style.set_property(name, &format!("{size}px")).ok();
    }
}

/// Tells when an element got another size, until it is dropped.
#[derive(Debug)]
struct Resized {
    observer: ResizeObserver,
    _told: Closure<dyn Fn()>,
}

impl Resized {
    fn watch(element: &Element, on: Callback<()>) -> Option<Self> {
        let told = Closure::<dyn Fn()>::new(move || on.emit(()));
        let observer = ResizeObserver::new(told.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _told: told,
        })
    }
}

impl Drop for Resized {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
