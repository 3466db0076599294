//! Which password does the invitation get?

use egui::{Key, Ui};

use super::{Kind, Step, Wizard, question};
use crate::{
    front::Channel,
    ui::{
        passwords::Passwords,
        say, style,
        widget::{
            Button, Purpose, above, announced, below, body, card, field, hint, loud, strip, tick,
            title,
        },
    },
};

/// How short and how long a password of one's own may be, in characters.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;

pub(super) fn draw(ui: &mut Ui, wizard: &mut Wizard, passwords: &mut Passwords) {
    let fresh = wizard.wants_focus();
    let entered = above(ui, Step::Password, |ui| {
        if wizard.channel == Channel::Spoken {
            spoken(ui);
            return false;
        }
        question(ui, 2, "A password for your helper");
        match wizard.kind {
            Kind::Generated => {
                generated(ui, wizard, passwords);
                false
            }
            Kind::Own => own(ui, wizard, fresh),
            Kind::None => {
                none(ui, wizard);
                false
            }
        }
    });
    let ready = is_ready(wizard);
    let (back, go_on) = below(ui, Step::Password, |ui| {
        ui.horizontal(|ui| {
            let back = ui.add(Button::new("Back", Purpose::Other));
            let width = ui.available_width();
            let go_on = Button::new("Continue", Purpose::Main).width(width);
            (back.clicked(), ui.add_enabled(ready, go_on))
        })
        .inner
    });
    if fresh && ready {
        go_on.request_focus();
    }
    if back {
        wizard.step = Step::Channel;
    } else if go_on.clicked() || entered && ready {
        wizard.step = Step::Life;
    }
}

fn is_ready(wizard: &Wizard) -> bool {
    match (wizard.channel, wizard.kind) {
        (Channel::Spoken, _) | (_, Kind::Generated) => true,
        (_, Kind::Own) => wizard.own.trim().chars().count() >= SHORTEST,
        (_, Kind::None) => wizard.sure,
    }
}

/// A spoken invitation always gets a number and a password of its own.
fn spoken(ui: &mut Ui) {
    question(ui, 2, "A number and four words");
    card(ui, |ui| {
        body(
            ui,
            "Deskhand makes up a number and four words for you. On the phone you read out both.",
        );
        hint(
            ui,
            "Your helper types them in. Without the words nobody gets to you.",
        );
    });
}

fn generated(ui: &mut Ui, wizard: &mut Wizard, passwords: &mut Passwords) {
    card(ui, |ui| {
        let parts = say::groups(&wizard.generated);
        loud(ui, parts.iter().map(String::as_str), 36.0, |_| ());
        hint(
            ui,
            "Tell it to your helper on the phone. It is never in the link, the file or the mail. \
             You will see it again at the end.",
        );
    });
    ui.add_space(4.0);
    let width = ui.available_width();
    let another = Button::new("Make another one", Purpose::Other).width(width);
    if ui.add(another).clicked() {
        wizard.generated = passwords.make();
    }
    let own = Button::new("Choose my own", Purpose::Other).width(width);
    if ui.add(own).clicked() {
        wizard.kind = Kind::Own;
    }
    let none = Button::new("No password", Purpose::QuietDanger).width(width);
    if ui.add(none).clicked() {
        wizard.kind = Kind::None;
        wizard.sure = false;
    }
}

/// Returns whether Enter was pressed in the field.
fn own(ui: &mut Ui, wizard: &mut Wizard, fresh: bool) -> bool {
    let entered = card(ui, |ui| {
        title(ui, "Choose your own");
        let typed = field(ui, &mut wizard.own, "Your own password", "", LONGEST);
        if fresh {
            typed.request_focus();
        }
        let missing = SHORTEST.saturating_sub(wizard.own.trim().chars().count());
        let so_far = match missing {
            0 => "Long enough. Choose one that you use nowhere else.".to_owned(),
            SHORTEST => format!("At least {SHORTEST} characters, used nowhere else."),
            1 => "Too short to be safe: 1 more character.".to_owned(),
            n => format!("Too short to be safe: {n} more characters."),
        };
        announced(hint(ui, &so_far));
        typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    });
    instead(ui, wizard, "Use the one that Deskhand made");
    entered
}

fn none(ui: &mut Ui, wizard: &mut Wizard) {
    strip(
        ui,
        style::CAUTION,
        style::CAUTION_TINT,
        "Without a password, anybody who gets hold of the invitation can ask to see your screen. \
         You would still be asked, but you could not be sure who it is.",
    );
    card(ui, |ui| {
        tick(
            ui,
            &mut wizard.sure,
            "I understand, and I want no password.",
        );
    });
    instead(ui, wizard, "Use a password");
}

/// The way back to the generated password.
fn instead(ui: &mut Ui, wizard: &mut Wizard, label: &str) {
    ui.add_space(4.0);
    let width = ui.available_width();
    let generated = Button::new(label, Purpose::Other).width(width);
    if ui.add(generated).clicked() {
        wizard.kind = Kind::Generated;
    }
}
