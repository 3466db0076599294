//! How long may the helper come in?

use std::time::Duration;

use egui::Ui;

use super::{Step, Wizard, question};
use crate::ui::{
    say, style,
    widget::{Button, Purpose, above, below, card, hint, option, strip, tick},
};

const HOUR: Duration = Duration::from_secs(3600);
const OFFERED: [Duration; 4] = [
    Duration::from_secs(15 * 60),
    HOUR,
    Duration::from_secs(4 * 3600),
    Duration::from_secs(24 * 3600),
];

/// What is chosen until the novice chooses: an hour, if that is allowed.
pub(super) fn usual(longest: Option<Duration>) -> Duration {
    longest.map_or(HOUR, |longest| longest.min(HOUR))
}

/// What can be chosen: nothing above what is allowed, and just that instead of what is above.
fn offered(longest: Option<Duration>) -> Vec<Duration> {
    let mut lives = OFFERED.map(|life| longest.map_or(life, |longest| life.min(longest)));
    lives.sort_unstable();
    let mut lives = lives.to_vec();
    lives.dedup();
    lives
}

/// Returns whether the invitation is to be made.
pub(super) fn draw(ui: &mut Ui, wizard: &mut Wizard, longest: Option<Duration>) -> bool {
    let fresh = wizard.wants_focus();
    let lives = offered(longest);
    // The rules may have changed meanwhile.
    if !lives.contains(&wizard.life) {
        wizard.life = usual(longest);
    }
    above(ui, Step::Life, |ui| {
        question(ui, 3, "How long may your helper come in?");
        if let Some(problem) = &wizard.problem {
            strip(ui, style::CAUTION, style::CAUTION_TINT, problem);
        }
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for life in lives {
                if option(ui, &say::in_words(life), life == wizard.life).clicked() {
                    wizard.life = life;
                }
            }
        });
        if let Some(longest) = longest.filter(|longest| OFFERED.iter().any(|life| life > longest)) {
            let most = say::in_words(longest);
            hint(
                ui,
                &format!("The rules of this computer allow {most} at most."),
            );
        }
        card(ui, |ui| {
            tick(
                ui,
                &mut wizard.keep_open,
                "Keep it open after the first visit",
            );
            hint(
                ui,
                "Otherwise the invitation closes when your helper has been here once.",
            );
        });
    });
    let (back, make) = below(ui, Step::Life, |ui| {
        ui.horizontal(|ui| {
            let back = ui.add(Button::new("Back", Purpose::Other)).clicked();
            let width = ui.available_width();
            let make = Button::new("Make the invitation", Purpose::Main).width(width);
            (back, ui.add(make))
        })
        .inner
    });
    if fresh {
        make.request_focus();
    }
    if back {
        wizard.step = Step::Password;
    } else if make.clicked() {
        wizard.problem = None;
        wizard.step = Step::Making;
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(lives: &[Duration]) -> Vec<u64> {
        lives.iter().map(|life| life.as_secs() / 60).collect()
    }

    #[test]
    fn no_more_is_offered_than_is_allowed() {
        let allowed = |minutes: u64| Some(Duration::from_secs(minutes * 60));
        assert_eq!(minutes(&offered(None)), [15, 60, 240, 1440]);
        assert_eq!(minutes(&offered(allowed(60))), [15, 60]);
        assert_eq!(minutes(&offered(allowed(120))), [15, 60, 120]);
        assert_eq!(minutes(&offered(allowed(5))), [5]);
        assert_eq!(minutes(&offered(allowed(10_000))), [15, 60, 240, 1440]);
    }

    #[test]
    fn what_is_chosen_at_first_is_among_what_is_offered() {
        for longest in [None, Some(5), Some(60), Some(90), Some(1440)] {
            let longest = longest.map(|minutes| Duration::from_secs(minutes * 60));
            assert!(offered(longest).contains(&usual(longest)), "{longest:?}");
        }
    }
}
