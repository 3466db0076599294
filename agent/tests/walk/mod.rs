//! Goes through the window's pages as a novice does.

use deskhand_agent::ui::Model;
use egui_kittest::{Harness, kittest::Queryable};

use super::canned::Act;

/// A window under test, however it is tested.
pub trait HasModel {
    fn model(&mut self) -> &mut Model;
}

/// Does one thing, by the names that assistive technology sees.
pub fn act<S: HasModel>(harness: &mut Harness<'_, S>, act: Act) {
    match act {
        Act::Click(name) => harness.get_by_label(name).click(),
        Act::Type(name, text) => {
            harness.get_by_label(name).focus();
            harness.run();
            harness.get_by_label(name).type_text(text);
        }
        Act::Close => {
            harness.state_mut().model().close(false);
        }
    }
    harness.run();
}
