//! It is over, and why.

use egui::Ui;

use super::{
    style,
    widget::{Button, Icon, Purpose, announced, body, footer, heading, hint, icon, page},
};
use crate::front::Intent;

/// Closing a window whose session is over is what [`Intent::End`] means here.
pub(super) fn draw(ui: &mut Ui, why: &str, trouble: bool) -> Option<Intent> {
    let close = footer(ui, |ui| {
        let width = ui.available_width();
        ui.add(Button::new("Close", Purpose::Main).width(width))
    });
    page(ui, |ui| {
        ui.add_space(36.0);
        ui.vertical_centered(|ui| {
            if trouble {
                icon(ui, Icon::Trouble, style::CAUTION, style::CAUTION_TINT);
            } else {
                icon(ui, Icon::Check, style::ACCENT, style::ACCENT_TINT);
            }
            ui.add_space(8.0);
            heading(
                ui,
                if trouble {
                    "Deskhand had to stop"
                } else {
                    "Finished"
                },
            );
            ui.add_space(4.0);
            announced(body(ui, why));
            ui.add_space(4.0);
            hint(ui, "Nobody sees your screen any more.");
        });
    });
    close.clicked().then_some(Intent::End)
}
