//! One invitation: what to pass on and how, or what has become of it.

mod closed;
mod file;
mod link;
mod mail;
mod password;
mod spoken;

use egui::Ui;

use super::{
    Model,
    model::Copied,
    say, style,
    widget::{Button, Purpose, above, announced, below, heading, hint, strip},
};
use crate::{
    clock::Now,
    front::{Channel, Intent, Invitation, Password, Reach, Server, Stage},
};

/// Draws the page of `one`, open or closed.
pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) -> Option<Intent> {
    if one.standing.is_closed() {
        return closed::draw(ui, model, one, now);
    }
    let name = ("invitation", one.serial);
    let done = above(ui, name, |ui| {
        announced(heading(
            ui,
            match one.channel {
                Channel::Link => "Send the link",
                Channel::File => "Pass on the file",
                Channel::Mail => "Send the e-mail",
                Channel::Spoken => "Tell them on the phone",
            },
        ));
        let left = one.ends.duration_since(now.wall).unwrap_or_default();
        hint(
            ui,
            &format!(
                "Stays open for {}. Nobody sees your screen until you say yes.",
                say::in_words(left)
            ),
        );
        ui.add_space(2.0);
        state(ui, model, one);
        ui.add_space(2.0);
        match one.channel {
            Channel::Link => {
                link::draw(ui, model, one, now);
                None
            }
            Channel::File => file::draw(ui, model, one, now),
            Channel::Mail => mail::draw(ui, model, one, now),
            Channel::Spoken => {
                spoken::draw(ui, model, one);
                None
            }
        }
    });
    let stopped = below(ui, name, |ui| {
        ui.horizontal(|ui| {
            let back = ui.add(Button::new("Back", Purpose::Other)).clicked();
            if back {
                model.back();
            }
            let stop = Button::new("Stop this invitation", Purpose::QuietDanger);
            let gap = ui.available_width() - stop.natural_width(ui);
            ui.add_space(gap.max(0.0) - ui.spacing().item_spacing.x);
            ui.add(stop).clicked()
        })
        .inner
    });
    done.or(stopped.then_some(Intent::Expire(one.serial)))
}

/// Whether the invitation can be used right now, and what went wrong so far.
fn state(ui: &mut Ui, model: &Model, one: &Invitation) {
    let verifying = model.view.stage == Stage::Verifying(one.serial);
    let (ink, tint, text) = match (&model.view.server, verifying) {
        _ if one.reach == Reach::Elsewhere => (
            style::CAUTION,
            style::CAUTION_TINT,
            "This was made for another server, so nobody can come with it. Make a new one.",
        ),
        (Server::Up, true) => (
            style::ACCENT,
            style::ACCENT_TINT,
            "Somebody is trying to connect.",
        ),
        (Server::Up, false) if one.reach == Reach::NotYet => (
            style::CAUTION,
            style::CAUTION_TINT,
            "Getting ready. This takes a moment.",
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
    let trouble = model
        .trouble()
        .map(Into::into)
        .or_else(|| say::failed(one.failed));
    if let Some(trouble) = trouble {
        strip(ui, style::CAUTION, style::CAUTION_TINT, &trouble);
    }
}

/// Copies what can be sent with the link, and never the password.
fn copy_text(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) {
    let Some(link) = &one.link else { return };
    if ui
        .add(Button::new("Copy a text to send", Purpose::Other))
        .clicked()
    {
        let password = one.password != Password::None;
        let text = say::text_to_send(link, password, one.ends);
        ui.ctx().copy_text(text);
        model.set_copied(Copied::Text, now.at);
    }
}
