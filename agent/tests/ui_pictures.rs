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

#[test]
fn every_screen_looks_as_it_did() {
    let mut results = SnapshotResults::new();
    for screen in canned::SCREENS {
        let mut harness = Harness::builder()
            .with_size([470.0, 690.0])
            .with_theme(egui::Theme::Light)
            .with_context_setup(style::install)
            .with_render_cursor(false)
            .renderer(canvas::Canvas::default())
            .build_ui_state(
                |ui, (model, now): &mut (Model, Now)| {
                    canned::draw(ui, model, *now);
                },
                {
                    let now = Now::read();
                    let mut model = Model::new(canned::view(screen, now));
                    for notice in canned::notices(screen) {
                        model.hear(&notice);
                    }
                    (model, now)
                },
            );
        harness.run();
        // Two screens show a question before it can be answered, and one after.
        if screen != "prompt-control" {
            let (_, now) = harness.state_mut();
            *now = now.after(PROMPT_DELAY);
            harness.run();
        }
        results.add(harness.try_snapshot(screen));
    }
}
