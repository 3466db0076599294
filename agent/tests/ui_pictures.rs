//! What every screen of the novice's window looks like, compared with the pictures in
//! `snapshots/`. After a change that is meant: `UPDATE_SNAPSHOTS=1 cargo test --test
//! ui_pictures`, and look at them.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "arithmetic on the pixels of small pictures"
)]

use deskhand_agent::{
    clock::Now,
    front::PROMPT_DELAY,
    ui::{Model, style},
};
use egui_kittest::{Harness, SnapshotResults};

mod canned;
mod canvas;
mod walk;

struct Picture {
    model: Model,
    now: Now,
}

impl walk::HasModel for Picture {
    fn model(&mut self) -> &mut Model {
        &mut self.model
    }
}

#[test]
fn every_screen_looks_as_it_did() {
    let mut results = SnapshotResults::new();
    for screen in canned::SCREENS.into_iter().chain([canned::LONG_NAME]) {
        let now = Now::read();
        let mut harness = Harness::builder()
            .with_size([470.0, 690.0])
            .with_theme(egui::Theme::Light)
            .with_context_setup(style::install)
            .with_render_cursor(false)
            .renderer(canvas::Canvas::default())
            .build_ui_state(
                |ui, picture: &mut Picture| {
                    canned::draw(ui, &mut picture.model, picture.now);
                },
                Picture {
                    model: canned::model(screen, now),
                    now,
                },
            );
        harness.run();
        for act in canned::way(screen) {
            walk::act(&mut harness, act);
        }
        for notice in canned::notices(screen) {
            harness.state_mut().model.hear(&notice);
        }
        // One question is shown before it can be answered.
        if screen != "prompt-control" {
            let picture = harness.state_mut();
            picture.now = picture.now.after(PROMPT_DELAY);
        }
        // The pointer is where it was clicked last.
        harness.event(egui::Event::PointerGone);
        harness.run();
        results.add(harness.try_snapshot(screen));
    }
}
