//! From the wish to be helped to an invitation, one question at a time.

mod channel;
mod life;
mod password;

use std::{fmt, time::Duration};

use egui::Ui;
use zeroize::Zeroizing;

use super::{
    Model,
    page::Page,
    style,
    widget::{Button, Icon, Purpose, above, announced, below, body, heading, hint, icon},
};
use crate::front::{Channel, Intent, Order};

/// How far the wizard has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// How to reach the helper.
    Channel,
    /// Whether there is a password, and which.
    Password,
    /// How long.
    Life,
    /// The invitation is on its way.
    Making,
}

/// Which password the invitation gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Generated,
    Own,
    None,
}

/// What has been chosen so far.
pub(super) struct Wizard {
    pub(super) step: Step,
    pub(super) channel: Channel,
    kind: Kind,
    generated: Zeroizing<String>,
    own: Zeroizing<String>,
    /// The novice has confirmed that there is to be no password.
    sure: bool,
    life: Duration,
    keep_open: bool,
    /// Why no invitation could be made: a sentence.
    problem: Option<String>,
    /// The step whose main button or field has had the focus given to it.
    focused: Option<(Step, Kind)>,
}

impl fmt::Debug for Wizard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wizard({:?}, {:?}, ..)", self.step, self.channel)
    }
}

impl Wizard {
    /// Nothing is chosen yet; `generated` is the password that will be offered.
    pub(super) fn new(generated: Zeroizing<String>, longest: Option<Duration>) -> Self {
        Self {
            step: Step::Channel,
            channel: Channel::Link,
            kind: Kind::Generated,
            generated,
            own: Zeroizing::new(String::new()),
            sure: false,
            life: life::usual(longest),
            keep_open: false,
            problem: None,
            focused: None,
        }
    }

    /// Everything is chosen already.
    pub(super) fn begin_making(&mut self, channel: Channel) {
        self.channel = channel;
        self.step = Step::Making;
    }

    /// No invitation could be made.
    pub(super) fn fail(&mut self, why: String) {
        self.step = Step::Life;
        self.problem = Some(why);
    }

    fn order(&self) -> Order {
        let password = match (self.channel, self.kind) {
            (Channel::Spoken, _) | (_, Kind::None) => None,
            (_, Kind::Generated) => Some(self.generated.clone()),
            (_, Kind::Own) => Some(Zeroizing::new(self.own.trim().to_owned())),
        };
        Order {
            replaced: 0,
            channel: self.channel,
            password,
            life: self.life,
            keep_open: self.keep_open,
        }
    }

    /// Whether the focus has still to be set on this step, as of this call.
    fn wants_focus(&mut self) -> bool {
        let here = Some((self.step, self.kind));
        std::mem::replace(&mut self.focused, here) != here
    }
}

pub(super) fn draw(ui: &mut Ui, model: &mut Model) -> Option<Intent> {
    match model.wizard.step {
        Step::Channel => {
            if channel::draw(ui, &mut model.wizard) {
                model.go(Page::Home);
            }
            None
        }
        Step::Password => {
            password::draw(ui, &mut model.wizard, &mut model.passwords);
            None
        }
        Step::Life => life::draw(ui, &mut model.wizard, model.view.rules.longest)
            .then(|| Intent::Invite(model.wizard.order())),
        Step::Making => {
            making(ui, model);
            None
        }
    }
}

/// Which of the questions this is, and the question.
fn question(ui: &mut Ui, number: u8, text: &str) {
    hint(ui, &format!("Step {number} of 3"));
    announced(heading(ui, text));
    ui.add_space(4.0);
}

/// The invitation is being made.
pub(super) fn making(ui: &mut Ui, model: &mut Model) {
    above(ui, "making", |ui| {
        ui.add_space(60.0);
        ui.vertical_centered(|ui| {
            icon(ui, Icon::Letter, style::ACCENT, style::ACCENT_TINT);
            ui.add_space(8.0);
            announced(heading(ui, "Making your invitation…"));
            body(ui, "This takes a moment.");
            hint(
                ui,
                "You need not wait here: it will be in your list of invitations.",
            );
        });
    });
    below(ui, "making", |ui| {
        if ui.add(Button::new("Back", Purpose::Other)).clicked() {
            model.go(Page::Home);
        }
    });
}
