//! All invitations, newest first, and what can be done with each.

use std::time::Duration;

use egui::{Align, Color32, Layout, Ui};

use super::{
    Model,
    page::Page,
    say, style,
    widget::{
        Button, Purpose, above, announced, below, body, card, heading, hint, pill, strip, title,
    },
};
use crate::{
    clock::Now,
    front::{Intent, Invitation, Rules, Standing, plain_name},
};

/// What "Extend" adds, if the rules allow as much.
const MORE: Duration = Duration::from_secs(3600);

pub(super) fn draw(ui: &mut Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    let invitations = model.view.invitations.clone();
    let mut done = Vec::new();
    above(ui, "list", |ui| {
        announced(heading(ui, "Your invitations"));
        if let Some(trouble) = model.trouble() {
            strip(ui, style::CAUTION, style::CAUTION_TINT, trouble);
        }
        if invitations.is_empty() {
            body(ui, "There are none.");
            hint(
                ui,
                "When you invite somebody, you see here whether the invitation is still open, and \
                 can stop it at any time.",
            );
        }
        for one in &invitations {
            done.extend(card(ui, |ui| entry(ui, model, one, now)));
        }
    });
    let old: Vec<_> = invitations
        .iter()
        .filter(|one| one.standing.is_closed())
        .map(|one| one.serial)
        .collect();
    let (back, delete) = below(ui, "list", |ui| {
        ui.horizontal(|ui| {
            let back = ui.add(Button::new("Back", Purpose::Other)).clicked();
            let delete = Button::new("Delete all old ones", Purpose::QuietDanger);
            let gap = ui.available_width() - delete.natural_width(ui);
            ui.add_space(gap.max(0.0) - ui.spacing().item_spacing.x);
            (back, !old.is_empty() && ui.add(delete).clicked())
        })
        .inner
    });
    if back {
        model.go(Page::Home);
    }
    if delete {
        done.push(Intent::ForgetClosed);
    }
    done
}

fn entry(ui: &mut Ui, model: &mut Model, one: &Invitation, now: Now) -> Option<Intent> {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.spacing_mut().interact_size.y = 30.0;
        ui.horizontal(|ui| {
            title(ui, &format!("Invitation {}", one.serial));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (ink, tint) = colours(one.standing);
                pill(ui, ink, tint, say::standing(one.standing));
            });
        });
        for line in facts(one, now) {
            hint(ui, &line);
        }
    });
    ui.horizontal_wrapped(|ui| {
        let show = if one.standing.is_closed() {
            "Show"
        } else {
            "Show again"
        };
        if small(ui, show, Purpose::Other, one) {
            model.go(Page::Invitation {
                serial: one.serial,
                listed: true,
            });
        }
        if one.standing.is_closed() {
            return small(ui, "Delete", Purpose::QuietDanger, one)
                .then_some(Intent::Forget(one.serial));
        }
        let more = extension(one, &model.view.rules);
        let extend = more.is_some_and(|more| {
            let label = format!("{} more", say::in_words(more));
            small(ui, &label, Purpose::Other, one)
        });
        if small(ui, "Stop now", Purpose::QuietDanger, one) {
            return Some(Intent::Expire(one.serial));
        }
        more.filter(|_| extend)
            .map(|more| Intent::Extend(one.serial, more))
    })
    .inner
}

/// One of several buttons of an entry; what it is for, assistive technology is told.
fn small(ui: &mut Ui, text: &str, purpose: Purpose, one: &Invitation) -> bool {
    let button = ui.add(Button::new(text, purpose).narrow());
    let of = format!("Invitation {}", one.serial);
    ui.ctx()
        .accesskit_node_builder(button.id, |node| node.set_description(of));
    button.clicked()
}

/// How, since when and how long; by whom and how often in vain.
fn facts(one: &Invitation, now: Now) -> Vec<String> {
    let made = say::ago(one.made, now.wall);
    let ends = match one.standing {
        Standing::Open | Standing::InUse => {
            let left = one.ends.duration_since(now.wall).unwrap_or_default();
            Some(format!("Ends in {}.", say::in_words(left)))
        }
        Standing::Expired => Some(format!("Ended {}.", say::ago(one.ends, now.wall))),
        Standing::Used | Standing::Revoked | Standing::Locked => None,
    };
    let used = one.used_by.as_ref().map(|name| {
        let name = format!("{} (name not verified)", plain_name(name));
        match one.standing {
            Standing::InUse => format!("{name} is here."),
            _ => format!("{name} was here."),
        }
    });
    let how = format!("{}. Made {made}.", say::channel(one.channel));
    [Some(how), ends, used, say::failed(one.failed)]
        .into_iter()
        .flatten()
        .collect()
}

/// By how much it may be extended, if at all.
fn extension(one: &Invitation, rules: &Rules) -> Option<Duration> {
    let Some(longest) = rules.longest else {
        return Some(MORE);
    };
    let life = one.ends.duration_since(one.made).unwrap_or_default();
    let more = longest.saturating_sub(life).min(MORE);
    (more >= Duration::from_secs(60)).then_some(more)
}

fn colours(standing: Standing) -> (Color32, Color32) {
    match standing {
        Standing::Open => (style::GOOD, style::GOOD_TINT),
        Standing::InUse => (style::ACCENT, style::ACCENT_TINT),
        Standing::Used | Standing::Revoked => (style::SOFT_INK, style::BACKGROUND),
        Standing::Expired => (style::CAUTION, style::CAUTION_TINT),
        Standing::Locked => (style::DANGER, style::DANGER_TINT),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::front::{Channel, Password, Serial};

    #[test]
    fn an_invitation_is_extended_no_further_than_the_rules_allow() {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let one = Invitation {
            serial: Serial(1),
            channel: Channel::Link,
            standing: Standing::Open,
            made: SystemTime::UNIX_EPOCH,
            ends: SystemTime::UNIX_EPOCH + minutes(60),
            failed: 0,
            used_by: None,
            keep_open: false,
            reach: crate::front::Reach::Ready,
            link: None,
            number: None,
            server: String::new(),
            password: Password::None,
        };
        let by = |longest: Option<u64>| {
            let rules = Rules {
                longest: longest.map(minutes),
                ..Rules::default()
            };
            extension(&one, &rules)
        };
        assert_eq!(by(None), Some(MORE));
        assert_eq!(by(Some(600)), Some(MORE));
        assert_eq!(by(Some(80)), Some(minutes(20)));
        assert_eq!(by(Some(60)), None);
        assert_eq!(by(Some(30)), None, "the rules became stricter");
    }
}
