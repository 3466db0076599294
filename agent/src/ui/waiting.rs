//! An invitation is open: what to pass on, and how.

use egui::{Label, RichText, Ui, vec2};

use super::{
    model::{Copied, Model, in_words},
    style,
    widget::{Button, Purpose, body, card, footer, heading, hint, page, strip, title},
};
use crate::{
    clock::Now,
    front::{Intent, Invitation, Server},
};

pub(super) fn draw(
    ui: &mut Ui,
    invitation: &Invitation,
    verifying: bool,
    model: &mut Model,
    now: Now,
) -> Option<Intent> {
    let cancelled = footer(ui, |ui| closing(ui, invitation, now));
    page(ui, |ui| {
        heading(ui, "Invite someone to help you");
        hint(ui, "Nobody sees your screen until you say yes.");
        ui.add_space(4.0);
        state(ui, verifying, model);
        trouble(ui, invitation, model);
        ui.add_space(4.0);
        link(ui, invitation, model, now);
        ui.add_space(2.0);
        password(ui, invitation, model, now);
    });
    cancelled
}

/// Whether the invitation can be used right now.
fn state(ui: &mut Ui, verifying: bool, model: &Model) {
    let (ink, tint, text) = match (&model.view.server, verifying) {
        (Server::Up, true) => (
            style::ACCENT,
            style::ACCENT_TINT,
            "Somebody is trying to connect.",
        ),
        (Server::Up, false) => (
            style::GOOD,
            style::GOOD_TINT,
            "Ready. Waiting for your helper.",
        ),
        (Server::Connecting | Server::Checking | Server::Unnamed { .. }, _) => (
            style::CAUTION,
            style::CAUTION_TINT,
            "Getting ready. This takes a moment.",
        ),
        (Server::Down, _) => (
            style::CAUTION,
            style::CAUTION_TINT,
            "The server cannot be reached. Deskhand keeps trying. Is the internet working?",
        ),
    };
    strip(ui, ink, tint, text);
}

fn link(ui: &mut Ui, invitation: &Invitation, model: &mut Model, now: Now) {
    card(ui, |ui| {
        title(ui, "1.  Send this link to your helper");
        ui.horizontal(|ui| {
            let copy = Button::new("Copy link", Purpose::Main);
            let field = ui.available_width() - copy.natural_width(ui) - ui.spacing().item_spacing.x;
            link_field(ui, invitation.link.as_deref().unwrap_or_default(), field);
            if ui.add(copy).clicked() {
                ui.ctx()
                    .copy_text(invitation.link.clone().unwrap_or_default());
                model.set_copied(Copied::Link, now.at);
            }
        });
        let copied = model.is_copied(Copied::Link, now.at);
        hint(
            ui,
            if copied {
                "Copied. Now paste it into an e-mail or a message to your helper."
            } else {
                "By e-mail or in a message. Any browser will do."
            },
        );
    });
}

/// The link on one line, as wide as there is room for it.
fn link_field(ui: &mut Ui, link: &str, width: f32) {
    let margin = egui::Margin::symmetric(12, 12);
    egui::Frame::new()
        .fill(style::BACKGROUND)
        .corner_radius(style::ROUNDING)
        .inner_margin(margin)
        .show(ui, |ui| {
            ui.set_width(width - margin.sum().x);
            let text = RichText::new(link).font(style::regular(style::SMALL));
            ui.add(
                Label::new(text.color(style::INK))
                    .truncate()
                    .selectable(true),
            );
        });
}

fn password(ui: &mut Ui, invitation: &Invitation, model: &mut Model, now: Now) {
    card(ui, |ui| {
        let crate::front::Password::Known(password) = &invitation.password else {
            title(ui, "2.  No password");
            body(
                ui,
                "Anybody who gets hold of the link can ask to see your screen. Send it only to \
                 your helper.",
            );
            return;
        };
        title(ui, "2.  Tell them the password on the phone");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(16.0, 4.0);
            for group in groups(password) {
                let text = RichText::new(group).font(style::semibold(32.0));
                ui.label(text.color(style::ACCENT_DARK));
            }
        });
        let copy = ui.add(Button::new("Copy password", Purpose::Other));
        if copy.clicked() {
            ui.ctx().copy_text(password.clone());
            model.set_copied(Copied::Password, now.at);
        }
        let copied = model.is_copied(Copied::Password, now.at);
        hint(
            ui,
            if copied {
                "Copied. Do not put it into the same message as the link."
            } else {
                "Never send it together with the link."
            },
        );
    });
}

/// What went wrong so far.
fn trouble(ui: &mut Ui, invitation: &Invitation, model: &Model) {
    if let Some(event) = model.last_event() {
        strip(ui, style::CAUTION, style::CAUTION_TINT, event);
    } else if invitation.failed > 0 {
        let tries = match invitation.failed {
            1 => "One attempt has failed so far.".to_owned(),
            n => format!("{n} attempts have failed so far."),
        };
        strip(ui, style::CAUTION, style::CAUTION_TINT, &tries);
    }
}

/// How long it stays open, and how to call it off.
fn closing(ui: &mut Ui, invitation: &Invitation, now: Now) -> Option<Intent> {
    let left = invitation.ends.duration_since(now.wall).unwrap_or_default();
    ui.horizontal(|ui| {
        let cancel = Button::new("Cancel invitation", Purpose::QuietDanger);
        let rest = ui.available_width() - cancel.natural_width(ui) - ui.spacing().item_spacing.x;
        ui.scope(|ui| {
            ui.set_width(rest);
            hint(ui, &format!("Stays open for {}.", in_words(left)));
        });
        ui.add(cancel).clicked().then_some(Intent::End)
    })
    .inner
}

/// Cuts a password into groups that are easy to read out. Its own separators come first.
fn groups(password: &str) -> Vec<String> {
    if password.contains([' ', '-']) {
        let ends_with_dash = password
            .split_inclusive('-')
            .flat_map(|part| part.split(' '));
        return ends_with_dash
            .filter(|part| !part.is_empty())
            .map(Into::into)
            .collect();
    }
    let chars: Vec<char> = password.chars().collect();
    let size = if chars.len().is_multiple_of(3) { 3 } else { 4 };
    chars
        .chunks(size)
        .map(|group| group.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_cut_where_people_pause() {
        assert_eq!(groups("7k3m9q"), ["7k3", "m9q"]);
        assert_eq!(groups("7k3m9q2x"), ["7k3m", "9q2x"]);
        assert_eq!(groups("lamp-river-42"), ["lamp-", "river-", "42"]);
        assert_eq!(groups("my own words"), ["my", "own", "words"]);
    }
}
