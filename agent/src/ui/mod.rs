//! The novice's window.
//!
//! The views are functions of a [`Model`] that return [`Intent`]s; they know `egui` and nothing
//! of windows, threads or channels, so tests find their widgets by name without a display. Only
//! [`window`] knows `eframe`.
//!
//! INVARIANT: what an expert typed (names, chat) is shown as text and decides nothing else; the
//! one question that is open fills the window; Allow answers only to a deliberate act (see
//! [`prompt`]) of a person (see [`person`]).

pub mod closing;
mod ended;
mod everywhere;
mod home;
pub(crate) mod icon;
mod invitation;
mod list;
pub mod model;
mod page;
mod passwords;
pub mod person;
mod presence;
mod prompt;
mod qr;
mod say;
mod scam;
mod server;
mod session;
mod steps;
pub mod style;
mod widget;
pub mod window;
mod wires;
mod wizard;

pub use model::Model;
pub use passwords::Passwords;

use crate::{
    clock::Now,
    front::{Intent, Stage},
};
use closing::Closing;
use page::Page;

/// Draws the screen that `model` stands for, and returns what the novice did to it.
///
/// A question comes first, then a session, then whether to close the window, then the page.
pub fn draw(ui: &mut egui::Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    if let Some(asked) = model.view.prompt.clone() {
        return prompt::draw(ui, &asked, &mut model.care, now.at)
            .into_iter()
            .collect();
    }
    let done = match model.view.stage.clone() {
        Stage::Connecting { expert, .. } => session::connecting(ui, &expert),
        Stage::Viewing {
            expert,
            words,
            paused,
            watched,
            looking,
            control,
            lost,
        } => session::draw(
            ui,
            &session::Shared {
                expert: &expert,
                words,
                paused,
                watched,
                looking,
                control,
                lost: lost.map(|since| now.at.saturating_duration_since(since)),
            },
            model,
        ),
        _ if model.closing == Closing::Asking => closing::draw(ui, model),
        Stage::Ended { why, trouble } => ended::draw(ui, &why, trouble, model),
        Stage::Home | Stage::Verifying(_) => return page(ui, model, now),
    };
    done.into_iter().collect()
}

/// Nobody is here: draws where the novice is.
fn page(ui: &mut egui::Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    let before = (model.page, model.wizard.step);
    let opened = model.settle();
    let done = match model.page {
        Page::Home => {
            home::draw(ui, model);
            None
        }
        Page::Server => server::draw(ui, model),
        Page::Scam { called: false } => scam::draw(ui, model),
        Page::Scam { called: true } => scam::advice(ui, model),
        Page::Wizard => wizard::draw(ui, model),
        Page::Fresh(_) => {
            wizard::making(ui, model);
            None
        }
        Page::Invitation { serial, .. } => {
            let one = model.view.invitation(serial).cloned();
            one.and_then(|one| invitation::draw(ui, model, &one, now))
        }
        Page::List => {
            let listed = list::draw(ui, model, now);
            if model.page != Page::List {
                model.turn(now.at);
            }
            return listed;
        }
    };
    if before != (model.page, model.wizard.step) {
        model.turn(now.at);
    }
    opened.into_iter().chain(done).collect()
}
