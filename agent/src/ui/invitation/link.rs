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
    let link = one.link.as_deref().unwrap_or_default();
    if model.code_shown {
        card(ui, |ui| code(ui, model, link));
    } else {
        card(ui, |ui| send(ui, model, one, link, now));
    }
    password::draw(ui, model, one, 2, now);
}

fn send(ui: &mut Ui, model: &mut Model, one: &Invitation, link: &str, now: Now) {
    title(ui, "1.  Send this link to your helper");
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
        let code = Button::new("Show QR code", Purpose::Other);
        if ui.add(code).clicked() {
            model.code_shown = true;
        }
    });
    let said = if model.is_copied(Copied::Link, now.at) {
        "Copied. Now paste it into a message to your helper."
    } else if model.is_copied(Copied::Text, now.at) {
        "Copied, with the link in it. Now paste it into a message to your helper."
    } else {
        "In any messenger or mail. Any browser will do."
    };
    announced(hint(ui, said));
}

/// The link for somebody who is in the same room, or sees this window some other way.
fn code(ui: &mut Ui, model: &mut Model, link: &str) {
    title(ui, "1.  Have your helper scan this");
    ui.vertical_centered(|ui| qr::draw(ui, link));
    hint(
        ui,
        "With the camera of a phone or a tablet. It leads to the link.",
    );
    let back = Button::new("Hide QR code", Purpose::Other);
    if ui.add(back).clicked() {
        model.code_shown = false;
    }
}
