//! Boxes and what is written in them.

use egui::{
    Color32, CornerRadius, Frame, Label, Margin, Response, RichText, Role, Sense, Stroke, Ui,
    WidgetInfo, vec2,
};

use crate::ui::style;

/// A white box for one thought.
pub(in crate::ui) fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
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
pub(in crate::ui) fn strip(ui: &mut Ui, ink: Color32, tint: Color32, text: &str) -> Response {
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

/// A word in a colour of its own, beside a dot in the same.
pub(in crate::ui) fn pill(ui: &mut Ui, ink: Color32, tint: Color32, word: &str) {
    const DOT: f32 = 20.0;
    const PADDING: f32 = 12.0;
    let font = style::semibold(style::SMALL);
    let galley = ui.painter().layout_no_wrap(word.into(), font, ink);
    let size = galley.size() + vec2(DOT + 2.0 * PADDING, 8.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    let painter = ui.painter();
    painter.rect_filled(rect, rect.height() / 2.0, tint);
    let left = rect.left_center() + vec2(PADDING, 0.0);
    painter.circle_filled(left + vec2(5.0, 0.0), 5.0, ink);
    let text = left + vec2(DOT, -galley.size().y / 2.0);
    painter.galley(text, galley, ink);
}

/// One of several short thoughts.
pub(in crate::ui) fn bullet(ui: &mut Ui, text: &str) {
    ui.horizontal_top(|ui| {
        let (dot, _) = ui.allocate_exact_size(vec2(8.0, 22.0), Sense::hover());
        ui.painter().circle_filled(dot.center(), 3.0, style::INK);
        body(ui, text);
    });
}

/// Parts of something that is read out, large and apart from each other.
/// On the same line, if there is room, comes what `after` draws.
pub(in crate::ui) fn loud<'a, R>(
    ui: &mut Ui,
    parts: impl IntoIterator<Item = &'a str>,
    size: f32,
    after: impl FnOnce(&mut Ui) -> R,
) -> R {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(size / 2.0, 4.0);
        for part in parts {
            let text = RichText::new(part).font(style::semibold(size));
            ui.label(text.color(style::ACCENT_DARK));
        }
        after(ui)
    })
    .inner
}

/// Has screen readers read `label` aloud when its text changes.
pub(in crate::ui) fn announced(label: Response) -> Response {
    label.ctx.accesskit_node_builder(label.id, |node| {
        node.set_live(egui::accesskit::Live::Polite);
    });
    label
}

/// The sentence a screen is about.
pub(in crate::ui) fn heading(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(RichText::new(text).heading().color(style::INK)).wrap())
}

/// The title of a card.
pub(in crate::ui) fn title(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).font(style::semibold(18.0));
    ui.add(Label::new(text.color(style::INK)).wrap())
}

/// Running text.
pub(in crate::ui) fn body(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(RichText::new(text).color(style::INK)).wrap())
}

/// Text that explains.
pub(in crate::ui) fn hint(ui: &mut Ui, text: &str) -> Response {
    let text = RichText::new(text).font(style::regular(style::SMALL));
    ui.add(Label::new(text.color(style::SOFT_INK)).wrap())
}
/// A key of the keyboard, as a picture in running text.
pub(in crate::ui) fn key_cap(ui: &mut Ui, text: &str) {
    picture(ui, text, style::BACKGROUND, style::CONTROL_LINE, style::INK);
}

/// A red button, as a picture in running text.
pub(in crate::ui) fn danger_cap(ui: &mut Ui, text: &str) {
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
