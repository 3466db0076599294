//! Which server introduces the novice and the helper?

use egui::{Key, Ui};

use super::{
    Model,
    page::Page,
    style,
    widget::{Button, Purpose, above, announced, below, body, card, field, heading, hint, strip},
};
use crate::front::{Intent, Server};

/// No address is longer.
const LONGEST: usize = 300;

pub(super) fn draw(ui: &mut Ui, model: &mut Model) -> Option<Intent> {
    let checking = model.view.server == Server::Checking;
    let entered = above(ui, "server", |ui| {
        announced(heading(ui, "Which server introduces you?"));
        body(
            ui,
            "A small server brings you and your helper together. It sees neither your screen nor \
             your password.",
        );
        ui.add_space(4.0);
        let entered = card(ui, |ui| {
            let entered = ui.add_enabled_ui(!checking, |ui| {
                let typed = field(
                    ui,
                    &mut model.address,
                    "Address of the server",
                    "https://help.example.org",
                    LONGEST,
                );
                let entered = typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                // It is the only thing to do here.
                if ui.memory(|memory| memory.focused().is_none()) {
                    typed.request_focus();
                }
                entered
            });
            hint(
                ui,
                "Your helper, or whoever gave you Deskhand, can tell you the address. You are \
                 asked only once.",
            );
            entered.inner
        });
        match &model.view.server {
            Server::Unnamed {
                problem: Some(problem),
            } => {
                strip(ui, style::CAUTION, style::CAUTION_TINT, problem);
            }
            Server::Checking => {
                strip(
                    ui,
                    style::ACCENT,
                    style::ACCENT_TINT,
                    "Trying to reach the server. This takes a moment.",
                );
            }
            _ => {}
        }
        entered
    });
    let address = model.address.trim().to_owned();
    let ready = !checking && !address.is_empty();
    let (back, go_on) = below(ui, "server", |ui| {
        ui.horizontal(|ui| {
            let back = ui.add(Button::new("Back", Purpose::Other)).clicked();
            let width = ui.available_width();
            let go_on = Button::new("Continue", Purpose::Main).width(width);
            (back, ui.add_enabled(ready, go_on).clicked())
        })
        .inner
    });
    if back {
        model.go(Page::Home);
        return None;
    }
    (ready && (go_on || entered)).then_some(Intent::UseServer(address))
}
