//! The novice's window.
//!
//! The views are functions of a [`Model`] that return [`Intent`]s; they know `egui` and nothing
//! of windows, threads or channels, so tests find their widgets by name without a display. Only
//! [`window`] knows `eframe`.
//!
//! INVARIANT: what an expert typed (names, chat) is shown as text and decides nothing else; the
//! one question that is open fills the window; Allow answers only to a deliberate act (see
//! [`prompt`]) of a person (see [`person`]).

mod ended;
mod everywhere;
mod icon;
pub mod model;
pub mod person;
mod prompt;
mod session;
mod steps;
pub mod style;
mod waiting;
mod widget;
pub mod window;

pub use model::Model;

use crate::{
    clock::Now,
    front::{Intent, Stage},
};

/// Draws the screen that `model` stands for, and returns what the novice did to it.
pub fn draw(ui: &mut egui::Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    if let Some(asked) = model.view.prompt.clone() {
        return prompt::draw(ui, &asked, &mut model.care, now.at)
            .into_iter()
            .collect();
    }
    match model.view.stage.clone() {
        stage @ (Stage::Home | Stage::Verifying(_)) => {
            let invitation = model.view.invitations.first().cloned();
            invitation.and_then(|invitation| {
                let verifying = stage == Stage::Verifying(invitation.serial);
                waiting::draw(ui, &invitation, verifying, model, now)
            })
        }
        Stage::Connecting { expert, .. } => session::connecting(ui, &expert),
        Stage::Viewing {
            expert,
            words,
            paused,
            control,
        } => session::draw(
            ui,
            &session::Shared {
                expert: &expert,
                words,
                paused,
                control,
            },
            model,
        ),
        Stage::Ended { why, trouble } => ended::draw(ui, &why, trouble),
    }
    .into_iter()
    .collect()
}
