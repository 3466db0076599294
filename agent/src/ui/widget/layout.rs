//! How a screen is divided.

use egui::{AsIdSalt, Frame, Id, Margin, Rect, Stroke, Ui, UiBuilder, vec2};

use crate::ui::style;

/// The page that screens are drawn on, scrolling if it must.
pub(in crate::ui) fn page<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
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
pub(in crate::ui) fn footer<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let frame = Frame::new()
        .fill(style::SURFACE)
        .inner_margin(Margin::same(style::PAGE_MARGIN));
    egui::Panel::bottom("footer")
        .frame(frame)
        .resizable(false)
        .show(ui, contents)
        .inner
}

/// All of the screen `name` but its footer, scrolling if it must. [`below`] has to follow.
///
/// It is drawn first so that the keyboard and screen readers come to the footer last.
pub(in crate::ui) fn above<R>(
    ui: &mut Ui,
    name: impl AsIdSalt,
    contents: impl FnOnce(&mut Ui) -> R,
) -> R {
    let (rect, _) = split(ui);
    // Focus and scrolling belong to one screen, so each has ids of its own.
    let builder = UiBuilder::new().id_salt(("above", name)).max_rect(rect);
    let mut part = ui.new_child(builder);
    part.shrink_clip_rect(rect);
    let margin = f32::from(style::PAGE_MARGIN);
    let frame = Frame::new()
        .fill(style::BACKGROUND)
        .inner_margin(Margin::symmetric(style::PAGE_MARGIN, 0));
    let scrolled = |ui: &mut Ui| {
        ui.add_space(margin);
        let result = column(ui, contents);
        ui.add_space(margin - ui.spacing().item_spacing.y);
        result
    };
    let scroll = egui::ScrollArea::vertical().auto_shrink(false);
    let panel = egui::CentralPanel::default().frame(frame);
    panel
        .show(&mut part, |ui| scroll.show(ui, scrolled).inner)
        .inner
}

/// The footer of the screen `name`, below what [`above`] has drawn.
pub(in crate::ui) fn below<R>(
    ui: &mut Ui,
    name: impl AsIdSalt,
    contents: impl FnOnce(&mut Ui) -> R,
) -> R {
    let (_, rect) = split(ui);
    let builder = UiBuilder::new().id_salt(("below", name)).max_rect(rect);
    let mut part = ui.new_child(builder);
    let frame = Frame::new()
        .fill(style::SURFACE)
        .inner_margin(Margin::same(style::PAGE_MARGIN));
    let shown = frame.show(&mut part, |ui| {
        ui.set_width(ui.available_width());
        column(ui, contents)
    });
    let line = Stroke::new(1.0, style::LINE);
    ui.painter().hline(rect.x_range(), rect.top(), line);
    let height = shown.response.rect.height();
    if (height - rect.height()).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(footer_id(ui), height));
        ui.ctx().request_discard("the footer has another height");
    }
    shown.inner
}

/// The middle of what is left: in a wide window lines would be hard to read, and buttons odd.
fn column<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    const WIDEST: f32 = 560.0;
    let all = ui.available_rect_before_wrap();
    let beside = ((all.width() - WIDEST) / 2.0).max(0.0);
    let builder = UiBuilder::new().max_rect(all.shrink2(vec2(beside, 0.0)));
    ui.scope_builder(builder, contents).inner
}

/// The room above and below the upper edge of the footer, which is as high as it was last.
fn split(ui: &Ui) -> (Rect, Rect) {
    const ONE_ROW: f32 = 46.0 + 2.0 * style::PAGE_MARGIN as f32;
    let height = ui.data(|data| data.get_temp(footer_id(ui)));
    let whole = ui.max_rect();
    whole.split_top_bottom_at_y(whole.bottom() - height.unwrap_or(ONE_ROW))
}

fn footer_id(ui: &Ui) -> Id {
    ui.scope_id().with("height of the footer")
}
