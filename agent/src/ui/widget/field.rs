//! What is typed, and what is only to be read.

use egui::{Frame, Label, Margin, Response, RichText, TextEdit, Ui, vec2};

use crate::ui::style;

/// A line to type in, as wide as there is room; its name is `name`.
pub(in crate::ui) fn field(
    ui: &mut Ui,
    text: &mut String,
    name: &str,
    example: &str,
    longest: usize,
) -> Response {
    let field = TextEdit::singleline(text)
        .hint_text(example)
        .char_limit(longest)
        .margin(Margin::symmetric(12, 12))
        .align(egui::Align2::LEFT_CENTER)
        .min_size(vec2(0.0, 46.0))
        .desired_width(ui.available_width());
    let field = ui.add(field);
    label(&field, name);
    field
}

/// Tells assistive technology what something is called.
fn label(response: &Response, name: &str) {
    let context = &response.ctx;
    context.accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// A line of text that can be selected and not changed, cut off where it is too long.
pub(in crate::ui) fn read_only(ui: &mut Ui, text: &str, width: f32) {
    let margin = Margin::symmetric(12, 12);
    Frame::new()
        .fill(style::BACKGROUND)
        .corner_radius(style::ROUNDING)
        .inner_margin(margin)
        .show(ui, |ui| {
            ui.set_width(width - margin.sum().x);
            let text = RichText::new(text).font(style::regular(style::SMALL));
            let label = Label::new(text.color(style::INK));
            ui.add(label.truncate().selectable(true));
        });
}
