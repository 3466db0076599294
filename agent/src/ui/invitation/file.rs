//! A file to pass on.

use egui::Ui;

use super::password;
use crate::{
    clock::Now,
    front::{Intent, Invitation},
    ui::{
        model::Model,
        style,
        widget::{Button, Purpose, announced, body, card, hint, strip, title},
    },
};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) -> Option<Intent> {
    let file = model.handed(one.serial).file;
    let saved = matches!(file, Some(Ok(_)));
    let wanted = card(ui, |ui| {
        title(ui, "1.  Save the file");
        match &file {
            None => {
                hint(ui, "Your helper needs nothing else.");
            }
            Some(Ok(path)) => {
                announced(body(ui, &format!("Saved as {}", path.display())));
            }
            Some(Err(why)) => {
                strip(ui, style::CAUTION, style::CAUTION_TINT, why);
            }
        }
        save(ui, model, one, saved)
    });
    card(ui, |ui| {
        title(ui, "2.  Give your helper this file");
        hint(
            ui,
            "Attach it to a message, or hand it over on a memory stick. It opens in any browser.",
        );
    });
    password::draw(ui, model, one, 3, now);
    wanted
}

/// The button that writes it; the main one until it has been written.
pub(super) fn save(
    ui: &mut Ui,
    model: &mut Model,
    one: &Invitation,
    saved: bool,
) -> Option<Intent> {
    let save = if saved {
        Button::new("Save it again", Purpose::Other)
    } else {
        Button::new("Save the file", Purpose::Main)
    };
    ui.add(save).clicked().then(|| {
        model.handed_mut(one.serial).file = None;
        Intent::SaveFile(one.serial)
    })
}
