//! One of several, and yes or no.

use egui::{
    Color32, Pos2, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind, TextWrapMode, Ui,
    WidgetInfo, WidgetText, vec2,
};

use super::button::{focus_ring, keep_in_sight};
use crate::ui::style;

/// Inside a choice.
const PADDING: f32 = 18.0;
/// The mark of an option or a tick, and the gap after it.
const MARK: f32 = 24.0;
const GAP: f32 = 12.0;

/// A large button with a sentence that explains it. Its name is `name`.
pub(in crate::ui) fn choice(ui: &mut Ui, name: &str, sentence: &str) -> Response {
    let width = ui.available_width();
    let wrap = width - 2.0 * PADDING - MARK;
    let galley = |text: &str, font, colour| {
        let text = WidgetText::from(RichText::new(text).font(font).color(colour));
        text.into_galley(ui, Some(TextWrapMode::Wrap), wrap, egui::TextStyle::Body)
    };
    let title = galley(name, style::semibold(18.0), style::INK);
    let below = galley(sentence, style::regular(style::SMALL), style::SOFT_INK);
    let height = title.size().y + 3.0 + below.size().y + 2.0 * 15.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    keep_in_sight(&response);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_description(sentence));
    if ui.is_rect_visible(rect) {
        let hot = response.hovered() || response.is_pointer_button_down_on();
        let fill = if hot {
            style::ACCENT_TINT
        } else {
            style::SURFACE
        };
        let outline = Stroke::new(1.0, style::CONTROL_LINE);
        let painter = ui.painter();
        painter.rect(
            rect,
            style::CARD_ROUNDING,
            fill,
            outline,
            StrokeKind::Inside,
        );
        let at = rect.min + vec2(PADDING, 15.0);
        let next = at + vec2(0.0, title.size().y + 3.0);
        painter.galley(at, title, style::INK);
        painter.galley(next, below, style::SOFT_INK);
        arrow(ui, rect);
        if response.has_focus() {
            focus_ring(ui, rect, style::ACCENT);
        }
    }
    response
}

/// Says that it leads on.
fn arrow(ui: &Ui, rect: Rect) {
    let tip = Pos2::new(rect.right() - PADDING, rect.center().y);
    let ends = [vec2(-7.0, -7.0), vec2(0.0, 0.0), vec2(-7.0, 7.0)];
    let line = ends.map(|end| tip + end).to_vec();
    let stroke = Stroke::new(2.5, style::ACCENT);
    ui.painter().add(egui::Shape::line(line, stroke));
}

/// One of several of which one is chosen.
pub(in crate::ui) fn option(ui: &mut Ui, name: &str, chosen: bool) -> Response {
    let response = row(ui, name, Role::RadioButton, chosen);
    if ui.is_rect_visible(response.rect) {
        let middle = mark_of(&response).center();
        let ink = mark_colour(&response, chosen);
        let painter = ui.painter();
        painter.circle(
            middle,
            MARK / 2.0 - 1.0,
            style::SURFACE,
            Stroke::new(2.0, ink),
        );
        if chosen {
            painter.circle_filled(middle, 6.0, ink);
        }
    }
    response
}

/// Yes or no; clicking changes `on`.
pub(in crate::ui) fn tick(ui: &mut Ui, on: &mut bool, name: &str) -> Response {
    let mut response = row(ui, name, Role::CheckBox, *on);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    if ui.is_rect_visible(response.rect) {
        let mark = mark_of(&response);
        let ink = mark_colour(&response, *on);
        let (fill, painter) = (if *on { ink } else { style::SURFACE }, ui.painter());
        let outline = Stroke::new(2.0, ink);
        painter.rect(mark.shrink(1.0), 5.0, fill, outline, StrokeKind::Inside);
        if *on {
            let at = |x: f32, y: f32| mark.center() + vec2(x, y);
            let line = vec![at(-5.5, 0.5), at(-1.5, 4.5), at(6.0, -4.0)];
            let stroke = Stroke::new(2.5, Color32::WHITE);
            painter.add(egui::Shape::line(line, stroke));
        }
    }
    response
}

/// A line to click on, with room for a mark before it.
fn row(ui: &mut Ui, name: &str, role: Role, selected: bool) -> Response {
    let width = ui.available_width();
    let text = WidgetText::from(RichText::new(name).color(style::INK));
    let galley = text.into_galley(
        ui,
        Some(TextWrapMode::Wrap),
        width - MARK - GAP,
        egui::TextStyle::Body,
    );
    let height = 46.0_f32.max(galley.size().y + 12.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(role, ui.is_enabled(), selected, name));
    keep_in_sight(&response);
    if ui.is_rect_visible(rect) {
        let top = rect.center().y - galley.size().y / 2.0;
        let at = Pos2::new(rect.left() + MARK + GAP, top);
        ui.painter().galley(at, galley, style::INK);
        if response.has_focus() {
            focus_ring(ui, rect.shrink2(vec2(0.0, 3.0)), style::ACCENT);
        }
    }
    response
}

fn mark_of(row: &Response) -> Rect {
    let middle = Pos2::new(row.rect.left() + MARK / 2.0, row.rect.center().y);
    Rect::from_center_size(middle, vec2(MARK, MARK))
}

fn mark_colour(row: &Response, on: bool) -> Color32 {
    if on || row.hovered() {
        style::ACCENT
    } else {
        style::CONTROL_LINE
    }
}
