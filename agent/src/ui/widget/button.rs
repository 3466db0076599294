//! Buttons.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Galley, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    Widget, WidgetInfo, vec2,
};

use crate::ui::style;

/// What a button is for, which decides its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Purpose {
    /// The main thing to do here.
    Main,
    /// Everything else.
    Other,
    /// Takes something away from somebody.
    Danger,
    /// As `Danger`, but not to be pressed lightly.
    QuietDanger,
}

/// Left and right of a button's text, in points.
const BUTTON_PADDING: f32 = 20.0;

/// A button; its text is its accessible name.
pub(in crate::ui) struct Button<'a> {
    text: &'a str,
    purpose: Purpose,
    width: Option<f32>,
    height: f32,
    size: f32,
    padding: f32,
}

impl<'a> Button<'a> {
    pub(in crate::ui) fn new(text: &'a str, purpose: Purpose) -> Self {
        Self {
            text,
            purpose,
            width: None,
            height: 46.0,
            size: 17.0,
            padding: BUTTON_PADDING,
        }
    }

    pub(in crate::ui) fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// 56 points high with larger text.
    pub(in crate::ui) fn large(mut self) -> Self {
        self.height = 56.0;
        self.size = 19.0;
        self
    }

    /// 76 points high: there is one thing to do.
    pub(in crate::ui) fn huge(mut self) -> Self {
        self.height = 76.0;
        self.size = 21.0;
        self
    }

    /// Less wide, where several share a line.
    pub(in crate::ui) fn narrow(mut self) -> Self {
        self.size = 16.0;
        self.padding = 13.0;
        self
    }

    /// As wide as its text asks for.
    pub(in crate::ui) fn natural_width(&self, ui: &Ui) -> f32 {
        self.galley(ui).size().x + 2.0 * self.padding
    }

    fn galley(&self, ui: &Ui) -> Arc<Galley> {
        let font = style::semibold(self.size);
        ui.painter()
            .layout_no_wrap(self.text.into(), font, Color32::PLACEHOLDER)
    }

    /// Fill, outline and text.
    fn colours(&self, response: &Response, enabled: bool) -> (Color32, Color32, Color32) {
        let hot = response.hovered() || response.is_pointer_button_down_on();
        match (self.purpose, enabled) {
            (Purpose::Main | Purpose::Danger, false) => (style::LINE, style::LINE, style::SOFT_INK),
            (Purpose::Main, true) => {
                let fill = if hot {
                    style::ACCENT_DARK
                } else {
                    style::ACCENT
                };
                (fill, fill, Color32::WHITE)
            }
            (Purpose::Danger, true) => {
                let fill = if hot {
                    style::DANGER_DARK
                } else {
                    style::DANGER
                };
                (fill, fill, Color32::WHITE)
            }
            (Purpose::Other, _) => {
                let fill = if hot {
                    style::ACCENT_TINT
                } else {
                    style::SURFACE
                };
                (fill, style::CONTROL_LINE, style::INK)
            }
            (Purpose::QuietDanger, true) => {
                let fill = if hot {
                    style::DANGER_TINT
                } else {
                    Color32::TRANSPARENT
                };
                (fill, Color32::TRANSPARENT, style::DANGER)
            }
            (Purpose::QuietDanger, false) => {
                (Color32::TRANSPARENT, Color32::TRANSPARENT, style::SOFT_INK)
            }
        }
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let galley = self.galley(ui);
        let width = self.width.unwrap_or(galley.size().x + 2.0 * self.padding);
        let (rect, response) = ui.allocate_exact_size(vec2(width, self.height), Sense::click());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.text));
        keep_in_sight(&response);
        if ui.is_rect_visible(rect) {
            let (fill, outline, ink) = self.colours(&response, enabled);
            let painter = ui.painter();
            painter.rect(
                rect,
                style::ROUNDING,
                fill,
                Stroke::new(1.0, outline),
                StrokeKind::Inside,
            );
            if response.has_focus() {
                let colour = match self.purpose {
                    Purpose::Danger | Purpose::QuietDanger => style::DANGER,
                    Purpose::Main | Purpose::Other => style::ACCENT,
                };
                focus_ring(ui, rect, colour);
            }
            let at = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
            ui.painter().galley(at.min, galley, ink);
        }
        response
    }
}

/// Scrolls to what the keyboard has just come to.
pub(super) fn keep_in_sight(response: &Response) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
}

/// Shows where the keyboard is, apart from what it is on by a gap, so that it stands out on every
/// colour.
pub(super) fn focus_ring(ui: &Ui, rect: Rect, colour: Color32) {
    ui.painter().rect_stroke(
        rect.expand(3.0),
        CornerRadius::same(11),
        Stroke::new(2.0, colour),
        StrokeKind::Outside,
    );
}
