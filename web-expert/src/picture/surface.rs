//! What the picture is painted on.

use deskhand_protocol::picture::{Area, Bitmap};
use js_sys::{Object, Reflect};
use wasm_bindgen::{Clamped, JsCast as _, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::decoder::Frame;

/// More areas than this are shown as one around them all: each costs a call of the browser.
const MOST_AREAS: usize = 24;

/// A canvas, and a copy of its pixels in our own memory.
///
/// What is exact is painted in memory and shown by putting what changed onto the canvas. What a
/// video codec drew is painted on the canvas by the browser, and read back only if it moves.
#[derive(Debug)]
pub struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    bitmap: Bitmap,
    /// Of which display.
    epoch: Option<u16>,
    /// Painted in memory, not yet shown.
    changed: Vec<Area>,
    /// Painted on the canvas, not yet read.
    drawn: Vec<Area>,
}

impl Surface {
    /// An empty one.
    ///
    /// # Errors
    /// The browser's own, if it cannot paint.
    pub fn new(canvas: HtmlCanvasElement) -> Result<Self, JsValue> {
        let opaque = Object::new();
        Reflect::set(&opaque, &"alpha".into(), &false.into())?;
        let context = canvas
            .get_context_with_context_options("2d", &opaque)?
            .ok_or("no canvas")?
            .unchecked_into();
        let mut surface = Self {
            canvas,
            context,
            bitmap: Bitmap::default(),
            epoch: None,
            changed: Vec::new(),
            drawn: Vec::new(),
        };
        surface.clear((0, 0));
        Ok(surface)
    }

    /// Becomes a black one of this size if it shows another display or size; true if so.
    pub fn begin(&mut self, epoch: u16, size: (u16, u16)) -> bool {
        let differs = self.epoch != Some(epoch) || self.bitmap.size() != size;
        if differs {
            self.clear(size);
            self.epoch = Some(epoch);
        }
        differs
    }

    /// Stays as it is, and becomes a black one with the next picture, whichever display that shows.
    pub fn end(&mut self) {
        self.epoch = None;
    }

    /// Becomes an empty one.
    pub fn forget(&mut self) {
        self.clear((0, 0));
        self.epoch = None;
    }

    fn clear(&mut self, size: (u16, u16)) {
        self.canvas.set_width(size.0.into());
        self.canvas.set_height(size.1.into());
        self.bitmap = Bitmap::new(size);
        self.changed.clear();
        self.drawn.clear();
    }

    /// Moves what is there; see [`Bitmap::copy`].
    ///
    /// # Errors
    /// The browser's own.
    pub fn copy(&mut self, dx: i16, dy: i16, areas: &[Area]) -> Result<(), JsValue> {
        self.read()?;
        self.bitmap.copy(dx, dy, areas);
        self.changed.extend(areas);
        Ok(())
    }

    /// Paints a tile.
    ///
    /// # Errors
    /// If it is none.
    pub fn tile(&mut self, area: Area, data: &[u8]) -> Result<(), JsValue> {
        let painted = self.bitmap.tile(area, data);
        painted.map_err(|error| error.to_string())?;
        self.changed.push(area);
        Ok(())
    }

    /// Paints these areas of a video's frame, whose upper left corner is at `at`.
    ///
    /// # Errors
    /// The browser's own.
    pub fn draw(&mut self, frame: &Frame, at: (u16, u16), areas: &[Area]) -> Result<(), JsValue> {
        self.show()?;
        let Some(all) = around(areas) else {
            return Ok(());
        };
        let part = Area {
            x: all.x - at.0,
            y: all.y - at.1,
            ..all
        };
        let context = &self.context;
        // Once, through a stencil: the browser converts the frame each time it draws one.
        context.save();
        context.begin_path();
        for area in areas {
            let [x, y, width, height] = numbers(*area);
            context.rect(x, y, width, height);
        }
        context.clip();
        let painted = frame.paint(context, part, (all.x, all.y));
        context.restore();
        self.drawn.extend(areas);
        if self.drawn.len() > MOST_AREAS {
            self.drawn = around(&self.drawn).into_iter().collect();
        }
        painted
    }

    /// Puts what was painted in memory onto the canvas.
    ///
    /// # Errors
    /// The browser's own.
    pub fn show(&mut self) -> Result<(), JsValue> {
        // What lies between areas may be known to the canvas alone.
        if self.changed.len() > MOST_AREAS && self.drawn.is_empty() {
            self.changed = around(&self.changed).into_iter().collect();
        }
        if self.changed.is_empty() {
            return Ok(());
        }
        let (width, height) = self.bitmap.size();
        let pixels = Clamped(self.bitmap.rgba());
        let image =
            ImageData::new_with_u8_clamped_array_and_sh(pixels, width.into(), height.into())?;
        for area in self.changed.drain(..) {
            let [x, y, width, height] = numbers(area);
            self.context
                .put_image_data_with_dirty_x_and_dirty_y_and_dirty_width_and_dirty_height(
                    &image, 0.0, 0.0, x, y, width, height,
                )?;
        }
        Ok(())
    }

    /// Takes over what the browser painted.
    fn read(&mut self) -> Result<(), JsValue> {
        if self.drawn.is_empty() {
            return Ok(());
        }
        self.show()?;
        for area in self.drawn.drain(..) {
            let [x, y, width, height] = numbers(area);
            let pixels = self.context.get_image_data(x, y, width, height)?.data();
            self.bitmap.paste(area, &pixels);
        }
        Ok(())
    }
}

/// Left, top, width and height, as the browser wants them.
fn numbers(area: Area) -> [f64; 4] {
    [area.x, area.y, area.width, area.height].map(f64::from)
}

/// The smallest area around them all.
fn around(areas: &[Area]) -> Option<Area> {
    areas.iter().copied().reduce(|a, b| {
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        Area {
            x,
            y,
            width: (a.x + a.width).max(b.x + b.width) - x,
            height: (a.y + a.height).max(b.y + b.height) - y,
        }
    })
}
