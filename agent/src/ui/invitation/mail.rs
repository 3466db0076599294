//! An e-mail in the novice's own mail program.

use egui::Ui;

use super::{copy_text, password};
use crate::{
    clock::Now,
    front::{Intent, Invitation},
    ui::{
        model::{Copied, Handed, Model},
        style,
        widget::{Button, Purpose, announced, body, card, hint, strip, title},
    },
};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) -> Option<Intent> {
    let handed = model.handed(one.serial);
    let opened = card(ui, |ui| {
        title(ui, "1.  Send it with your mail program");
        match &handed.mail {
            None => {
                hint(
                    ui,
                    "A message is written for you. You put in your helper's address and send it.",
                );
            }
            Some(Ok(how)) => {
                announced(body(ui, how));
            }
            Some(Err(why)) => {
                strip(ui, style::CAUTION, style::CAUTION_TINT, why);
            }
        }
        let (label, purpose) = match &handed.mail {
            None => ("Open my mail program", Purpose::Main),
            Some(Ok(_)) => ("Open it again", Purpose::Other),
            Some(Err(_)) => ("Try again", Purpose::Other),
        };
        ui.add(Button::new(label, purpose)).clicked().then(|| {
            model.handed_mut(one.serial).mail = None;
            Intent::OpenMail(one.serial)
        })
    });
    let saved = card(ui, |ui| way_out(ui, model, one, &handed, now));
    password::draw(ui, model, one, 2, now);
    opened.or(saved)
}

/// For those whose mail lives in a browser or on a telephone.
fn way_out(
    ui: &mut Ui,
    model: &mut Model,
    one: &Invitation,
    handed: &Handed,
    now: Now,
) -> Option<Intent> {
    title(ui, "If no mail program opens");
    hint(ui, "Write the e-mail as you always do, with this in it:");
    let saved = ui
        .horizontal_wrapped(|ui| {
            copy_text(ui, model, one, now);
            let save = Button::new("Save the file", Purpose::Other);
            ui.add(save).clicked().then(|| {
                model.handed_mut(one.serial).file = None;
                Intent::SaveFile(one.serial)
            })
        })
        .inner;
    match &handed.file {
        Some(Ok(path)) => {
            announced(hint(
                ui,
                &format!("Saved as {}. Attach it to your e-mail.", path.display()),
            ));
        }
        Some(Err(why)) => {
            strip(ui, style::CAUTION, style::CAUTION_TINT, why);
        }
        None => {}
    }
    if model.is_copied(Copied::Text, now.at) {
        announced(hint(
            ui,
            "Copied. Now paste it into an e-mail to your helper.",
        ));
    }
    saved
}
