//! The few things all screens are made of.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Frame, Galley, Label, Margin, Pos2, Rect, Response, RichText,
    Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, Widget, WidgetInfo, vec2,
};

use super::style;

/// What a button is for, which decides its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
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
pub(super) struct Button<'a> {
    text: &'a str,
    purpose: Purpose,
    width: Option<f32>,
    height: f32,
    size: f32,
}

impl<'a> Button<'a> {
    pub(super) fn new(text: &'a str, purpose: Purpose) -> Self {
        Self {
            text,
            purpose,
            width: None,
            height: 46.0,
            size: 17.0,
        }
    }

    pub(super) fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// 56 points high with larger text.
    pub(super) fn large(mut self) -> Self {
        self.height = 56.0;
        self.size = 19.0;
        self
    }

    /// As wide as its text asks for.
    pub(super) fn natural_width(&self, ui: &Ui) -> f32 {
        self.galley(ui).size().x + 2.0 * BUTTON_PADDING
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
        let width = self.width.unwrap_or(galley.size().x + 2.0 * BUTTON_PADDING);
        let (rect, response) = ui.allocate_exact_size(vec2(width, self.height), Sense::click());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.text));
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
                focus_ring(ui, rect, self.purpose);
            }
            let at = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
            ui.painter().galley(at.min, galley, ink);
        }
        response
    }
}

/// Shows where the keyboard is, apart from the button by a gap, so that it stands out on every
/// colour.
fn focus_ring(ui: &Ui, rect: Rect, purpose: Purpose) {
    let colour = match purpose {
        Purpose::Danger | Purpose::QuietDanger => style::DANGER,
        Purpose::Main | Purpose::Other => style::ACCENT,
    };
    ui.painter().rect_stroke(
        rect.expand(3.0),
        CornerRadius::same(11),
        Stroke::new(2.0, colour),
        StrokeKind::Outside,
    );
}

/// A white box for one thought.
pub(super) fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .fill(style::SURFACE)
        .stroke(Stroke::new(1.0, style::LINE))
        .corner_radius(style::CARD_ROUNDING)
        .inner_margin(Margin::same(18))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A tinted box with a sentence that matters.
pub(super) fn strip(ui: &mut Ui, ink: Color32, tint: Color32, text: &str) -> Response {
    Frame::new()
        .fill(tint)
        .corner_radius(style::ROUNDING)
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                let (dot, _) = ui.allocate_exact_size(vec2(10.0, 22.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 5.0, ink);
                let label = Label::new(RichText::new(text).color(style::INK)).wrap();
                announced(ui.add(label))
            })
            .inner
        })
        .inner
}

/// Has screen readers read `label` aloud when its text changes.
pub(super) fn announced(label: Response) -> Response {
    label.ctx.accesskit_node_builder(label.id, |node| {
        node.set_live(egui::accesskit::Live::Polite);
    });
    label
}

/// The sentence a screen is about.
pub(super) fn heading(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(RichText::new(text).heading().color(style::INK)).wrap())
}

/// The title of a card.
pub(super) fn title(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).font(style::semibold(18.0));
    ui.add(Label::new(text.color(style::INK)).wrap())
}

/// Running text.
pub(super) fn body(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(RichText::new(text).color(style::INK)).wrap())
}

/// Text that explains.
pub(super) fn hint(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).font(style::regular(style::SMALL));
    ui.add(Label::new(text.color(style::SOFT_INK)).wrap())
}

/// A picture of what a screen is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Icon {
    /// Seeing.
    Eye,
    /// Pointing.
    Pointer,
    /// Done.
    Check,
    /// Not as anybody wanted.
    Trouble,
}

/// Draws `icon` in a tinted circle.
pub(super) fn icon(ui: &mut Ui, icon: Icon, ink: Color32, tint: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(64.0), Sense::hover());
    let painter = ui.painter();
    let middle = rect.center();
    painter.circle_filled(middle, 32.0, tint);
    let stroke = Stroke::new(3.0, ink);
    let at = |x: f32, y: f32| Pos2::new(middle.x + x, middle.y + y);
    match icon {
        Icon::Eye => {
            for lid in [-1.0, 1.0] {
                let curve = (0..=24_u8).map(|step| {
                    let t = f32::from(step) / 12.0 - 1.0;
                    at(t * 19.0, lid * 11.5 * (1.0 - t * t))
                });
                painter.add(Shape::line(curve.collect(), stroke));
            }
            painter.circle_filled(middle, 6.0, ink);
        }
        Icon::Pointer => {
            let arrow = [
                (-8.0, -16.0),
                (-8.0, 10.0),
                (-2.0, 4.5),
                (2.5, 15.0),
                (7.5, 12.8),
                (3.0, 2.6),
                (11.0, 2.0),
            ];
            let outline = arrow.map(|(x, y)| at(x, y)).to_vec();
            painter.add(Shape::closed_line(outline, stroke));
        }
        Icon::Check => {
            let tick = vec![at(-13.0, 1.0), at(-4.0, 10.0), at(14.0, -10.0)];
            painter.add(Shape::line(tick, Stroke::new(4.0, ink)));
        }
        Icon::Trouble => {
            let stem = [at(0.0, -14.0), at(0.0, 4.0)];
            painter.line_segment(stem, Stroke::new(4.0, ink));
            painter.circle_filled(at(0.0, 12.0), 3.0, ink);
        }
    }
}

/// A key of the keyboard, as a picture in running text.
pub(super) fn key_cap(ui: &mut Ui, text: &str) {
    picture(ui, text, style::BACKGROUND, style::CONTROL_LINE, style::INK);
}

/// A red button, as a picture in running text.
pub(super) fn danger_cap(ui: &mut Ui, text: &str) {
    picture(ui, text, style::DANGER, style::DANGER, Color32::WHITE);
}

fn picture(ui: &mut Ui, text: &str, fill: Color32, line: Color32, ink: Color32) {
    let text = RichText::new(text)
        .font(style::semibold(style::SMALL))
        .color(ink);
    Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, line))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(10, 3))
        .show(ui, |ui| ui.label(text));
}

/// The page that screens are drawn on, scrolling if it must.
pub(super) fn page<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let frame = Frame::new()
        .fill(style::BACKGROUND)
        .inner_margin(Margin::same(style::PAGE_MARGIN));
    egui::CentralPanel::default()
        .frame(frame)
        .show(ui, |ui| {
            egui::ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, contents)
                .inner
        })
        .inner
}

/// The part of a screen that stays at the bottom, whatever the size of the rest.
pub(super) fn footer<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let frame = Frame::new()
        .fill(style::SURFACE)
        .inner_margin(Margin::same(style::PAGE_MARGIN));
    egui::Panel::bottom("footer")
        .frame(frame)
        .resizable(false)
        .show(ui, contents)
        .inner
}
