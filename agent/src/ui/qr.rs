//! A link as a picture that a telephone can read.

use egui::{Color32, Rect, Sense, Ui, WidgetInfo, vec2};

use super::widget::hint;
use crate::channel::qr::Code;

/// Modules of white that readers want around the code.
const QUIET: usize = 4;
/// How large it is drawn, in points, or a little less, so that every module is as large as the
/// next.
const SIZE: f32 = 300.0;

/// Draws `text`, black on white.
pub(super) fn draw(ui: &mut Ui, text: &str) {
    let Some(code) = Code::of(text) else {
        hint(ui, "This link is too long for a QR code.");
        return;
    };
    let width = code.width();
    let modules = width + 2 * QUIET;
    #[expect(clippy::cast_precision_loss, reason = "a code has at most 177 modules")]
    let module = (SIZE / modules as f32).floor().max(1.0);
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let place = |n: usize| n as f32 * module;
    let (all, response) =
        ui.allocate_exact_size(vec2(place(modules), place(modules)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "QR code of the link"));
    // On whole points, or the edges of the modules blur.
    let origin = all.min.round();
    let painter = ui.painter();
    painter.rect_filled(all, 4.0, Color32::WHITE);
    for (x, y) in (0..width).flat_map(|y| (0..width).map(move |x| (x, y))) {
        if code.dark(x, y) {
            let at = origin + vec2(place(x + QUIET), place(y + QUIET));
            painter.rect_filled(
                Rect::from_min_size(at, vec2(module, module)),
                0.0,
                Color32::BLACK,
            );
        }
    }
}
