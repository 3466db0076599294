//! How does the novice want to reach the helper?

use egui::Ui;

use super::{Step, Wizard, question};
use crate::{
    front::Channel,
    ui::{
        say,
        widget::{Button, Purpose, above, below, choice},
    },
};

/// In the order in which people think of them.
const CHANNELS: [(Channel, &str); 4] = [
    (
        Channel::Spoken,
        "You read out a number and four words. Good if you are talking to them already.",
    ),
    (
        Channel::Mail,
        "Your own mail program opens with everything written for you.",
    ),
    (
        Channel::Link,
        "You paste it into any messenger, such as WhatsApp or Signal.",
    ),
    (
        Channel::File,
        "You pass the file on as you like. It opens in any browser.",
    ),
];

/// Choosing goes on at once. Returns whether the novice goes back instead.
pub(super) fn draw(ui: &mut Ui, wizard: &mut Wizard) -> bool {
    above(ui, Step::Channel, |ui| {
        question(ui, 1, "How will you reach your helper?");
        for (channel, sentence) in CHANNELS {
            if choice(ui, say::channel(channel), sentence).clicked() {
                wizard.channel = channel;
                wizard.step = Step::Password;
                // Also on the way back to a step that was seen before.
                wizard.focused = None;
            }
        }
    });
    below(ui, Step::Channel, |ui| {
        ui.add(Button::new("Back", Purpose::Other)).clicked()
    })
}
