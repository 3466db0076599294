//! The novice's pointer, drawn by the browser.
//!
//! Under control the expert's own pointer takes the remote shape, so that pointing feels local.
//! Otherwise the remote pointer is a picture of its own that follows the novice's hand.

use std::{cell::RefCell, rc::Rc};

use deskhand_protocol::{
    control::CursorShape,
    input::{CursorMoved, Position},
};
use wasm_bindgen::{Clamped, JsCast as _};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

use crate::hands;

/// The pointer; cloning gives another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct Cursor(Rc<RefCell<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    shape: Option<CursorShape>,
    at: Option<Position>,
    seq: Option<u32>,
    /// The expert's own pointer stands for it.
    own: bool,
    elements: Option<Elements>,
}

/// Where it is drawn.
#[derive(Debug, Clone)]
pub struct Elements {
    /// What the expert points at.
    pub stage: HtmlElement,
    /// The picture.
    pub screen: HtmlCanvasElement,
    /// The remote pointer; its containing block is that of the picture.
    pub pointer: HtmlCanvasElement,
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Cursor {
    /// A fresh session has an unknown pointer.
    pub fn forget(&self) {
        *self.0.borrow_mut() = Inner::default();
    }

    /// So has a fresh connection, at the same place on the page.
    pub fn renew(&self) {
        let mut inner = self.0.borrow_mut();
        inner.shape = None;
        inner.at = None;
        inner.seq = None;
        inner.draw_shape();
        inner.place();
    }

    /// Where to draw, or nowhere any more.
    pub fn attach(&self, elements: Option<Elements>) {
        let mut inner = self.0.borrow_mut();
        inner.elements = elements;
        inner.draw_shape();
        inner.place();
    }

    /// It looks different now.
    pub fn shape(&self, shape: CursorShape) {
        let mut inner = self.0.borrow_mut();
        if let Some(at) = shape.position() {
            inner.at = Some(at);
        }
        inner.shape = Some(shape);
        inner.draw_shape();
        inner.place();
    }

    /// It moved. Messages may overtake each other; the latest counts.
    pub fn moved(&self, moved: CursorMoved) {
        let mut inner = self.0.borrow_mut();
        if inner.seq.is_none_or(|last| moved.seq > last) {
            inner.seq = Some(moved.seq);
            inner.at = Some(moved.at);
            inner.place();
        }
    }

    /// Whether the expert's own pointer stands for it: under control, unless the novice's hand
    /// has it.
    pub fn own(&self, own: bool) {
        let mut inner = self.0.borrow_mut();
        if inner.own != own {
            inner.own = own;
            inner.draw_shape();
        }
        inner.place();
    }

    /// The picture has another size or place on the page.
    pub fn relayout(&self) {
        self.0.borrow().place();
    }
}

impl Inner {
    fn draw_shape(&self) {
        let Some(elements) = &self.elements else {
            return;
        };
        let style = elements.stage.style();
        let drawn = self
            .shape
            .as_ref()
            .and_then(|shape| paint(&elements.pointer, shape));
        match (self.own, &self.shape) {
            (false, _) | (true, None) => style.remove_property("cursor").map(|_| ()),
            // The novice's pointer is hidden, as a player of films does: so is ours.
            (true, Some(shape)) if shape.size() == (0, 0) => style.set_property("cursor", "none"),
            (true, Some(shape)) => {
                let (x, y) = shape.hot_spot();
                let image = drawn.unwrap_or_default();
                style.set_property("cursor", &format!("url(\"{image}\") {x} {y}, default"))
            }
        }
        .ok();
    }

    fn place(&self) {
        let Some(Elements {
            screen, pointer, ..
        }) = &self.elements
        else {
            return;
        };
        let style = pointer.style();
        let (Some(shape), Some(at), false) = (&self.shape, self.at, self.own) else {
            style.set_property("visibility", "hidden").ok();
            return;
        };
        let block = screen.get_bounding_client_rect();
        let (x, y) = hands::picture(screen).point(at);
        let (hot_x, hot_y) = shape.hot_spot();
        let left = x - block.left() - f64::from(hot_x);
        let top = y - block.top() - f64::from(hot_y);
        style
            .set_property("transform", &format!("translate({left}px, {top}px)"))
            .ok();
        style.set_property("visibility", "visible").ok();
    }
}

/// Paints the shape and returns it as an address for a style; `None` if there is nothing to see.
fn paint(canvas: &HtmlCanvasElement, shape: &CursorShape) -> Option<String> {
    let (width, height) = shape.size();
    canvas.set_width(width.into());
    canvas.set_height(height.into());
    let context = canvas
        .get_context("2d")
        .ok()
        .flatten()?
        .dyn_into::<CanvasRenderingContext2d>()
        .ok()?;
    let image = ImageData::new_with_u8_clamped_array_and_sh(
        Clamped(shape.rgba()),
        width.into(),
        height.into(),
    )
    .ok()?;
    context.put_image_data(&image, 0.0, 0.0).ok()?;
    canvas.to_data_url().ok()
}
