//! It is over, and why.

use egui::Ui;

use super::{
    Model,
    page::Page,
    say, style,
    widget::{Button, Icon, Purpose, above, announced, below, body, heading, hint, icon},
};
use crate::front::Intent;

/// If nothing comes from the session any more, being done with it means to close the window.
pub(super) fn draw(ui: &mut Ui, why: &str, trouble: bool, model: &mut Model) -> Option<Intent> {
    above(ui, "ended", |ui| {
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
                match (trouble, model.lost) {
                    (_, true) => "Deskhand had to stop",
                    (true, false) => "The session broke off",
                    (false, false) => "Finished",
                },
            );
            ui.add_space(4.0);
            announced(body(ui, why));
            ui.add_space(4.0);
            hint(ui, "Nobody sees your screen any more.");
            let open = model.open_invitations().count();
            if open > 0 && !model.lost {
                hint(ui, &say::open(open));
            }
        });
    });
    let (label, intent) = if model.lost {
        ("Close", Intent::Quit)
    } else {
        ("Done", Intent::Dismiss)
    };
    let done = below(ui, "ended", |ui| {
        let width = ui.available_width();
        let done = Button::new(label, Purpose::Main).width(width);
        ui.add(done).clicked()
    });
    done.then(|| {
        model.go(Page::Home);
        intent
    })
}
