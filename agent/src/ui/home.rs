//! The first page: one large button.

use egui::{Frame, Label, Margin, RichText, Sense, Ui, vec2};

use super::{
    Model,
    page::Page,
    say, style,
    widget::{Button, Purpose, above, announced, below, body, card, heading, hint, strip},
};
use crate::front::{Server, Stage};

pub(super) fn draw(ui: &mut Ui, model: &mut Model) {
    above(ui, "home", |ui| {
        ui.add_space(26.0);
        ui.vertical_centered(|ui| {
            announced(heading(ui, "Do you need help?"));
            ui.add_space(2.0);
            hint(
                ui,
                "Invite somebody you know. They see your screen only after you have said yes.",
            );
        });
        ui.add_space(14.0);
        match model.view.rules.forbidden.clone() {
            Some(why) => {
                card(ui, |ui| body(ui, &why));
            }
            None => invite(ui, model),
        }
        let width = ui.available_width();
        let status = Button::new("View invitation status", Purpose::Other).width(width);
        if ui.add(status.large()).clicked() {
            model.go(Page::List);
        }
        ui.add_space(6.0);
        open_invitations(ui, model);
        if model.view.server == Server::Down {
            strip(
                ui,
                style::CAUTION,
                style::CAUTION_TINT,
                "The server cannot be reached. Deskhand keeps trying. Is the internet working?",
            );
        }
        if let Some(trouble) = model.trouble() {
            strip(ui, style::CAUTION, style::CAUTION_TINT, trouble);
        }
    });
    below(ui, "home", |ui| {
        ui.horizontal(|ui| {
            let (dot, _) = ui.allocate_exact_size(vec2(12.0, 22.0), Sense::hover());
            ui.painter().circle_filled(dot.center(), 6.0, style::GOOD);
            body(ui, "Nobody can see your screen now.");
        });
    });
}

fn invite(ui: &mut Ui, model: &mut Model) {
    if let Some(warning) = &model.view.rules.warning {
        strip(ui, style::CAUTION, style::CAUTION_TINT, warning);
        ui.add_space(4.0);
    }
    let width = ui.available_width();
    let invite = Button::new("Invite someone to help you", Purpose::Main).width(width);
    if ui.add(invite.huge()).clicked() {
        model.begin_inviting();
    }
    if model.view.rules.view_only {
        ui.vertical_centered(|ui| {
            hint(
                ui,
                "On this computer helpers can only look. Mouse and keyboard stay yours.",
            );
        });
    }
}

/// How many are open, and the way to them.
fn open_invitations(ui: &mut Ui, model: &mut Model) {
    let open: Vec<_> = model.open_invitations().map(|one| one.serial).collect();
    let (&[first, ..], count) = (open.as_slice(), open.len()) else {
        return;
    };
    let state = match model.view.stage {
        Stage::Verifying(_) => "Somebody is trying to connect.",
        _ => "Waiting for your helper.",
    };
    let text = format!("{} {state}", say::open(count));
    let clicked = Frame::new()
        .fill(style::ACCENT_TINT)
        .corner_radius(style::ROUNDING)
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                let label = if count == 1 { "Show it" } else { "Show them" };
                let show = Button::new(label, Purpose::Other).narrow();
                let rest = ui.available_width() - show.natural_width(ui) - 14.0;
                ui.allocate_ui(vec2(rest, 46.0), |ui| {
                    ui.set_width(rest);
                    let text = RichText::new(text).color(style::INK);
                    announced(ui.add(Label::new(text).wrap()));
                });
                ui.add(show).clicked()
            })
            .inner
        })
        .inner;
    if clicked {
        model.go(match count {
            1 => Page::Invitation {
                serial: first,
                listed: false,
            },
            _ => Page::List,
        });
    }
}
