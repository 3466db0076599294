//! A window to try things out in.

use std::time::Duration;

use deskhand_agent::{
    clock::Now,
    front::{Intent, PROMPT_DELAY},
    ui::{Model, style},
};
use egui::Key;
use egui_kittest::{Harness, kittest::Queryable};

use crate::{
    canned::{self, Act},
    walk::{self, HasModel},
};

/// The smallest that the window can be made.
pub const SMALLEST: [f32; 2] = [420.0, 560.0];

/// A window under test, with a clock that moves only when told to.
pub struct Desk {
    pub model: Model,
    pub now: Now,
    pub done: Vec<Intent>,
}

impl HasModel for Desk {
    fn model(&mut self) -> &mut Model {
        &mut self.model
    }
}

pub fn harness(model: Model, now: Now) -> Harness<'static, Desk> {
    let desk = Desk {
        model,
        now,
        done: Vec::new(),
    };
    let mut harness = Harness::builder()
        .with_size([470.0, 690.0])
        .with_theme(egui::Theme::Light)
        .with_context_setup(style::install)
        .build_ui_state(
            |ui, desk: &mut Desk| {
                let done = canned::draw(ui, &mut desk.model, desk.now);
                desk.done.extend(done);
            },
            desk,
        );
    harness.run();
    harness
}

/// One of [`canned::SCREENS`]; what was done on the way there is forgotten.
pub fn open(screen: &str) -> Harness<'static, Desk> {
    let now = Now::read();
    let mut desk = harness(canned::model(screen, now), now);
    for act in canned::way(screen) {
        walk::act(&mut desk, act);
    }
    for notice in canned::notices(screen) {
        desk.state_mut().model.hear(&notice);
    }
    desk.state_mut().done.clear();
    desk.run();
    desk
}

/// The same, once a question has been readable for long enough.
pub fn open_live(screen: &str) -> Harness<'static, Desk> {
    let mut desk = open(screen);
    pass(&mut desk, PROMPT_DELAY);
    desk
}

/// Has the session show something else.
pub fn see(desk: &mut Harness<'_, Desk>, screen: &str) {
    let now = desk.state().now;
    desk.state_mut().model.see(canned::view(screen, now));
    desk.run();
}

pub fn pass(desk: &mut Harness<'_, Desk>, time: Duration) {
    let state = desk.state_mut();
    state.now = state.now.after(time);
    desk.run();
}

pub fn click(desk: &mut Harness<'_, Desk>, name: &'static str) {
    walk::act(desk, Act::Click(name));
}

pub fn type_into(desk: &mut Harness<'_, Desk>, name: &'static str, text: &'static str) {
    walk::act(desk, Act::Type(name, text));
}

pub fn press(desk: &mut Harness<'_, Desk>, key: Key) {
    desk.key_press(key);
    desk.run();
}

/// What was done, in the words of `Debug`.
pub fn done(desk: &Harness<'_, Desk>) -> String {
    format!("{:?}", desk.state().done)
}

/// What pressing this button puts into the clipboard.
pub fn copied(desk: &mut Harness<'_, Desk>, button: &str) -> String {
    desk.get_by_label(button).click();
    desk.step();
    let commands = desk.output().platform_output.commands.iter();
    let texts: Vec<_> = commands
        .filter_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    let [text] = texts.as_slice() else {
        panic!("{button} copied {} texts", texts.len());
    };
    text.clone()
}
