//! A link to send in a message.

use egui::Ui;

use super::{copy_text, password};
use crate::{
    clock::Now,
    front::Invitation,
    ui::{
        model::{Copied, Model},
        qr,
        widget::{Button, Purpose, announced, card, hint, read_only, title},
    },
};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) {
    card(ui, |ui| {
        title(ui, "1.  Send this link to your helper");
        let link = one.link.as_deref().unwrap_or_default();
        ui.horizontal(|ui| {
            let copy = Button::new("Copy link", Purpose::Main);
            let field = ui.available_width() - copy.natural_width(ui) - ui.spacing().item_spacing.x;
            read_only(ui, link, field);
            if ui.add(copy).clicked() {
                ui.ctx().copy_text(link.to_owned());
                model.set_copied(Copied::Link, now.at);
            }
        });
        ui.horizontal_wrapped(|ui| {
            copy_text(ui, model, one, now);
            let label = if model.code_shown {
                "Hide QR code"
            } else {
                "Show QR code"
            };
            if ui.add(Button::new(label, Purpose::Other)).clicked() {
                model.code_shown = !model.code_shown;
            }
        });
        if model.code_shown {
            ui.vertical_centered(|ui| qr::draw(ui, link));
            hint(
                ui,
                "Your helper can point the camera of a phone or tablet at it.",
            );
            return;
        }
        let said = if model.is_copied(Copied::Link, now.at) {
            "Copied. Now paste it into a message to your helper."
        } else if model.is_copied(Copied::Text, now.at) {
            "Copied, with the link in it. Now paste it into a message to your helper."
        } else {
            "In any messenger or mail. Any browser will do."
        };
        announced(hint(ui, said));
    });
    password::draw(ui, model, one, 2, now);
}
