//! An invitation through which nobody can come any more.

use egui::Ui;

use crate::{
    clock::Now,
    front::{Intent, Invitation, Standing, plain_name},
    ui::{
        Model, say, style,
        widget::{Button, Icon, Purpose, above, announced, below, body, heading, hint, icon},
    },
};

pub(super) fn draw(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) -> Option<Intent> {
    let name = ("closed", one.serial);
    above(ui, name, |ui| {
        ui.add_space(36.0);
        ui.vertical_centered(|ui| {
            match one.standing {
                Standing::Locked => icon(ui, Icon::Trouble, style::CAUTION, style::CAUTION_TINT),
                _ => icon(ui, Icon::Check, style::ACCENT, style::ACCENT_TINT),
            }
            ui.add_space(8.0);
            announced(heading(ui, "This invitation is closed"));
            ui.add_space(4.0);
            body(ui, &what_became(one));
            hint(ui, "Nobody can come in through it any more.");
            ui.add_space(10.0);
            let made = say::ago(one.made, now.wall);
            hint(ui, &format!("{}. Made {made}.", say::channel(one.channel)));
            if let Some(failed) = say::failed(one.failed) {
                hint(ui, &failed);
            }
            ui.add_space(14.0);
            let width = ui.available_width();
            let anew = Button::new("Make a new invitation", Purpose::Main).width(width);
            if model.view.rules.forbidden.is_none() && ui.add(anew.large()).clicked() {
                model.begin_inviting();
            }
        });
    });
    below(ui, name, |ui| {
        ui.horizontal(|ui| {
            if ui.add(Button::new("Back", Purpose::Other)).clicked() {
                model.back();
            }
            let delete = Button::new("Delete", Purpose::QuietDanger);
            let gap = ui.available_width() - delete.natural_width(ui);
            ui.add_space(gap.max(0.0) - ui.spacing().item_spacing.x);
            ui.add(delete)
                .clicked()
                .then_some(Intent::Forget(one.serial))
        })
        .inner
    })
}

fn what_became(one: &Invitation) -> String {
    match (one.standing, &one.used_by) {
        (Standing::Used, Some(name)) => format!(
            "It has served its purpose: {} (name not verified) was here.",
            plain_name(name)
        ),
        (Standing::Used, None) => "It has served its purpose.".into(),
        (Standing::Expired, _) => "Its time is over.".into(),
        (Standing::Locked, _) => {
            "The password was wrong too often, so Deskhand locked it to protect you.".into()
        }
        (Standing::Revoked | Standing::Open | Standing::InUse, _) => "It was stopped.".into(),
    }
}
