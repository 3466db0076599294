//! What it means to close the window.
//!
//! While somebody is here it ends that, control first. While somebody could come, the window
//! only goes out of sight, into the tray if there is one; without a tray it says first what
//! stopping would mean.

use egui::Ui;

use super::{
    Model,
    page::Page,
    style,
    widget::{Button, Icon, Purpose, above, announced, below, body, heading, hint, icon},
};
use crate::front::{Intent, Stage};

/// How far closing the window has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Closing {
    /// Nobody wants that.
    #[default]
    No,
    /// The session is ending; then we see.
    Ending,
    /// The novice is asked what it should mean.
    Asking,
    /// The novice keeps waiting: the window is to be minimised.
    Minimising,
    /// The window is out of sight, as long as somebody could come.
    Hidden,
}

/// What becomes of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stay,
    /// It goes out of sight, and comes back when it is wanted.
    Hide,
    /// It goes to where windows wait.
    Minimise,
    /// It closes, and the program ends.
    Close,
}

impl Model {
    /// The novice wants the window closed. What has to be said to the session comes first.
    pub fn close(&mut self, has_tray: bool) -> (Vec<Intent>, Fate) {
        // Who closes it a second time does not want to wait for anything.
        if self.is_session() && self.closing != Closing::Ending && !self.lost {
            self.closing = Closing::Ending;
            let stop = self.is_controlled().then_some(Intent::StopControl);
            return (stop.into_iter().chain([Intent::End]).collect(), Fate::Stay);
        }
        (vec![], self.closed_outside_a_session(has_tray))
    }

    fn closed_outside_a_session(&mut self, has_tray: bool) -> Fate {
        let again =
            self.closing == Closing::Asking || self.closing == Closing::Ending && self.is_session();
        self.closing = Closing::No;
        let somebody_could_come = !self.lost && self.open_invitations().next().is_some();
        match (somebody_could_come, has_tray) {
            (false, _) => Fate::Close,
            (true, true) => {
                self.closing = Closing::Hidden;
                Fate::Hide
            }
            (true, false) if again => Fate::Close,
            (true, false) => {
                self.closing = Closing::Asking;
                Fate::Stay
            }
        }
    }

    /// What becomes of the window now, because of what the novice wanted before.
    pub fn fate(&mut self, has_tray: bool) -> Fate {
        match self.closing {
            Closing::Ending if !self.is_session() => self.closed_outside_a_session(has_tray),
            Closing::Minimising => {
                self.closing = Closing::No;
                Fate::Minimise
            }
            Closing::Hidden if !self.is_session() && self.open_invitations().next().is_none() => {
                Fate::Close
            }
            _ => Fate::Stay,
        }
    }

    /// The window is wanted again.
    pub(super) fn come_back(&mut self) {
        self.closing = Closing::No;
    }
}

/// Asks what closing should mean.
pub(super) fn draw(ui: &mut Ui, model: &mut Model) -> Option<Intent> {
    let open = model.open_invitations().count();
    above(ui, "closing", |ui| {
        ui.add_space(36.0);
        ui.vertical_centered(|ui| {
            icon(ui, Icon::Letter, style::ACCENT, style::ACCENT_TINT);
            ui.add_space(8.0);
            announced(heading(
                ui,
                match open {
                    0 | 1 => "Your invitation is open",
                    _ => "Your invitations are open",
                },
            ));
            ui.add_space(4.0);
            body(ui, "If Deskhand stops, nobody can come in.");
            hint(
                ui,
                "If you keep waiting, the window gets out of your way and comes back when \
                 somebody wants to see your screen.",
            );
        });
    });
    let (wait, stop) = below(ui, "closing", |ui| {
        let width = ui.available_width();
        let wait = Button::new("Keep waiting", Purpose::Main)
            .width(width)
            .large();
        let wait = ui.add(wait).clicked();
        let stop = Button::new("Stop waiting", Purpose::QuietDanger).width(width);
        (wait, ui.add(stop).clicked())
    });
    if wait {
        model.closing = Closing::Minimising;
        if let Stage::Ended { .. } = model.view.stage {
            model.go(Page::Home);
            return Some(Intent::Dismiss);
        }
    }
    stop.then_some(Intent::Quit)
}
