//! A number and four words to read out.

use egui::{RichText, Ui};

use super::password;
use crate::{
    front::{Invitation, Password},
    ui::{
        model::Model,
        say, style,
        widget::{body, card, hint, loud, title},
    },
};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation) {
    card(ui, |ui| {
        title(ui, "1.  Ask your helper to open this page");
        // Browsers add https:// by themselves, and nothing else.
        let host = one.server.strip_prefix("https://").unwrap_or(&one.server);
        let host = RichText::new(host).font(style::semibold(24.0));
        ui.label(host.color(style::ACCENT_DARK));
    });
    card(ui, |ui| {
        title(ui, "2.  Read out this number");
        match &one.number {
            Some(number) => {
                let parts = say::digits(number);
                loud(ui, parts.iter().map(String::as_str), 44.0, |_| ());
            }
            None => {
                body(ui, "The server gives you a number in a moment.");
            }
        }
    });
    card(ui, |ui| {
        title(ui, "3.  Then read out these words");
        match &one.password {
            Password::Known(words) => {
                loud(ui, say::words(words), 30.0, |_| ());
                hint(ui, "Only to your helper. Your helper types them in.");
            }
            Password::None => {
                body(ui, "There are none: the number is enough.");
            }
            Password::Forgotten => password::forgotten(ui, model),
        }
    });
}
