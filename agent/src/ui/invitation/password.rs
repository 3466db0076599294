//! The password, to be told separately.

use egui::Ui;

use crate::{
    clock::Now,
    front::{Invitation, Password},
    ui::{
        model::{Copied, Model},
        say,
        widget::{Button, Purpose, announced, body, card, hint, loud, title},
    },
};

/// The card with the number `step`.
pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, step: u8, now: Now) {
    card(ui, |ui| match &one.password {
        Password::Known(password) => {
            title(ui, &format!("{step}.  Tell them the password on the phone"));
            known(ui, model, password, now);
        }
        Password::None => {
            title(ui, &format!("{step}.  No password"));
            body(
                ui,
                "Anybody who gets hold of the invitation can ask to see your screen. Send it \
                 only to your helper.",
            );
        }
        Password::Forgotten => {
            title(ui, &format!("{step}.  Tell them the password on the phone"));
            forgotten(ui, model);
        }
    });
}

fn known(ui: &mut Ui, model: &mut Model, password: &str, now: Now) {
    let parts = say::groups(password);
    let parts = parts.iter().map(String::as_str);
    let copy = Button::new("Copy password", Purpose::Other);
    if loud(ui, parts, 32.0, |ui| ui.add(copy).clicked()) {
        ui.ctx().copy_text(password.to_owned());
        model.set_copied(Copied::Password, now.at);
    }
    let said = if model.is_copied(Copied::Password, now.at) {
        "Copied. Do not put it into the same message as the invitation."
    } else {
        "Never send it together with the invitation."
    };
    announced(hint(ui, said));
}

/// It was shown once and never kept.
pub(super) fn forgotten(ui: &mut Ui, model: &mut Model) {
    body(
        ui,
        "Deskhand never keeps passwords, and has been started anew since it showed you this one.",
    );
    hint(
        ui,
        "If your helper has it, all is well. If nobody knows it any more, make a new invitation.",
    );
    let anew = Button::new("Make a new invitation", Purpose::Other);
    if model.view.rules.forbidden.is_none() && ui.add(anew).clicked() {
        model.begin_inviting();
    }
}
