//! Whose idea was this? Asked once, before anybody is invited for the first time.

use egui::Ui;

use super::{
    Model,
    page::Page,
    style,
    widget::{
        Button, Icon, Purpose, above, announced, below, body, bullet, card, heading, hint, icon,
    },
};
use crate::front::{Intent, caution};

/// The question.
pub(super) fn draw(ui: &mut Ui, model: &mut Model) -> Option<Intent> {
    let (myself, called) = above(ui, "scam", |ui| {
        ui.add_space(20.0);
        ui.vertical_centered(|ui| {
            icon(ui, Icon::Question, style::ACCENT, style::ACCENT_TINT);
            ui.add_space(6.0);
            announced(heading(ui, caution::QUESTION));
            ui.add_space(2.0);
            body(ui, caution::WHY);
        });
        ui.add_space(10.0);
        let width = ui.available_width();
        let mut answer = |text| {
            let button = Button::new(text, Purpose::Other).width(width).large();
            ui.add(button).clicked()
        };
        (
            answer("No, I asked for help myself"),
            answer("Yes, somebody called me"),
        )
    });
    let back = below(ui, "scam", |ui| {
        ui.add(Button::new("Back", Purpose::Other)).clicked()
    });
    if called {
        model.go(Page::Scam { called: true });
    } else if back {
        model.go(Page::Home);
    }
    myself.then(|| model.go_on_warned())
}

/// What to do if somebody telephoned.
pub(super) fn advice(ui: &mut Ui, model: &mut Model) -> Option<Intent> {
    above(ui, "advice", |ui| {
        ui.vertical_centered(|ui| {
            icon(ui, Icon::Trouble, style::DANGER, style::DANGER_TINT);
            ui.add_space(6.0);
            announced(heading(ui, "Please do not go on"));
        });
        card(ui, |ui| {
            body(ui, caution::NOBODY_CALLS);
        });
        card(ui, |ui| {
            for advice in caution::ADVICE {
                bullet(ui, advice);
            }
        });
        hint(ui, "Nobody has seen your screen.");
    });
    let (close, go_on) = below(ui, "advice", |ui| {
        let width = ui.available_width();
        let close = Button::new("Close Deskhand", Purpose::Main).width(width);
        let close = ui.add(close.large()).clicked();
        let go_on = Button::new("I know this person and want to go on", Purpose::QuietDanger);
        (close, ui.add(go_on.width(width)).clicked())
    });
    if go_on {
        return Some(model.go_on_warned());
    }
    close.then_some(Intent::Quit)
}
