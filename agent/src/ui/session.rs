//! Somebody sees the screen: who may do what, how to stop it, and the chat.

use std::time::Duration;

use deskhand_protocol::{
    handshake::Words,
    text::{ChatText, Name},
};
use egui::{
    Align, Color32, Frame, Key, Label, Layout, Margin, RichText, Sense, Stroke, TextEdit, Ui, vec2,
};

use super::{
    model::{Line, Model},
    style,
    widget::{Button, Icon, Purpose, announced, body, footer, heading, hint, icon, page},
};
use crate::front::{Control, Intent, Watched, plain_name};

/// What is shared, and with whom.
pub(super) struct Shared<'a> {
    pub(super) expert: &'a Name,
    pub(super) words: Words,
    pub(super) paused: bool,
    pub(super) watched: Option<Watched>,
    pub(super) looking: bool,
    pub(super) control: Control,
    /// For how long the connection has been lost, if it is.
    pub(super) lost: Option<Duration>,
}

/// The novice has said yes, and the picture is on its way.
pub(super) fn connecting(ui: &mut Ui, expert: &Name) -> Option<Intent> {
    let end = footer(ui, |ui| {
        let width = ui.available_width();
        ui.add(Button::new("End session", Purpose::Other).width(width))
    });
    page(ui, |ui| {
        ui.add_space(36.0);
        ui.vertical_centered(|ui| {
            icon(ui, Icon::Eye, style::ACCENT, style::ACCENT_TINT);
            ui.add_space(8.0);
            announced(heading(ui, "Connecting"));
            let name = plain_name(expert);
            body(ui, &format!("In a moment {name} can see your screen."));
        });
    });
    end.clicked().then_some(Intent::End)
}

pub(super) fn draw(ui: &mut Ui, shared: &Shared<'_>, model: &mut Model) -> Option<Intent> {
    let stop = banner(ui, shared);
    let bar = footer(ui, |ui| {
        let said = message_box(ui, &mut model.draft, shared.lost.is_none());
        ui.add_space(6.0);
        said.or(actions(ui, shared.paused))
    });
    let frame = Frame::new()
        .fill(style::BACKGROUND)
        .inner_margin(Margin::symmetric(style::PAGE_MARGIN, 0));
    egui::CentralPanel::default()
        .frame(frame)
        .show(ui, |ui| chat(ui, shared, model));
    stop.or(bar)
}

/// Who sees and who steers, always visible, and how to stop it.
fn banner(ui: &mut Ui, shared: &Shared<'_>) -> Option<Intent> {
    let name = plain_name(shared.expert);
    let controlled = shared.control != Control::None;
    let (ink, tint) = match (shared.control, shared.paused) {
        _ if shared.lost.is_some() => (style::CAUTION, style::CAUTION_TINT),
        (Control::Shared { .. }, _) => (style::DANGER, style::DANGER_TINT),
        (Control::None, true) => (style::CAUTION, style::CAUTION_TINT),
        (Control::None, false) => (style::ACCENT, style::ACCENT_TINT),
    };
    let frame = Frame::new()
        .fill(tint)
        .inner_margin(Margin::symmetric(style::PAGE_MARGIN, 16));
    egui::Panel::top("banner")
        .frame(frame)
        .resizable(false)
        .show(ui, |ui| {
            // Above everything that may take more or fewer lines: the novice's own hand changes
            // the text below, and must find the button where it was.
            let stop = controlled.then(|| stop_button(ui)).flatten();
            let (what, how) = state(shared, &name);
            ui.horizontal_top(|ui| {
                let (dot, _) = ui.allocate_exact_size(vec2(12.0, 26.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 6.0, ink);
                let what = RichText::new(what)
                    .font(style::semibold(19.0))
                    .color(style::INK);
                announced(ui.add(Label::new(what).wrap()));
            });
            if let Some(watched) = &shared.watched {
                body(ui, &format!("Watching: {watched}."));
            }
            body(ui, how);
            if let Some(lost) = shared.lost {
                // Not announced: it would be read out every second.
                body(ui, &reconnecting(lost));
            }
            stop
        })
        .inner
}

fn stop_button(ui: &mut Ui) -> Option<Intent> {
    let width = ui.available_width();
    let stop = Button::new("Stop control", Purpose::Danger).width(width);
    let clicked = ui.add(stop.large()).clicked();
    ui.add_space(4.0);
    clicked.then_some(Intent::StopControl)
}

/// What is the case, and what to do about it.
fn state(shared: &Shared<'_>, name: &str) -> (String, &'static str) {
    if shared.lost.is_some() {
        return (
            format!("The connection to {name} is lost."),
            "They can come back for two minutes. If you do not want to wait: choose End session.",
        );
    }
    match (shared.control, shared.paused) {
        (Control::Shared { local_hand: true }, _) => (
            format!("You are using the mouse. {name} waits."),
            "To stop: press Esc or Ctrl+C, or click the red button.",
        ),
        (Control::Shared { local_hand: false }, _) if !shared.looking => (
            format!("{name} can use your mouse and keyboard."),
            "They are looking at something else right now. To stop: press Esc or Ctrl+C.",
        ),
        (Control::Shared { local_hand: false }, _) => (
            format!("{name} can use your mouse and keyboard."),
            "To stop: press Esc or Ctrl+C, or click the red button.",
        ),
        (Control::None, true) => (
            format!("Paused. {name} sees nothing new."),
            "Choose Resume picture when you are ready.",
        ),
        (Control::None, false) if !shared.looking => (
            format!("{name} is looking at something else right now."),
            "They can only look, and may come back. To stop: choose End session.",
        ),
        (Control::None, false) => (
            format!("{name} can see your screen."),
            "They can only look. To stop: choose End session.",
        ),
    }
}

/// How long it has taken so far.
pub(super) fn reconnecting(lost: Duration) -> String {
    format!("Reconnecting… {} s", lost.as_secs())
}

fn actions(ui: &mut Ui, paused: bool) -> Option<Intent> {
    let half = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
    ui.horizontal(|ui| {
        let label = if paused {
            "Resume picture"
        } else {
            "Pause picture"
        };
        let pause = ui.add(Button::new(label, Purpose::Other).width(half));
        let end = ui.add(Button::new("End session", Purpose::Other).width(half));
        let end = end.clicked().then_some(Intent::End);
        end.or_else(|| pause.clicked().then_some(Intent::Pause(!paused)))
    })
    .inner
}

fn message_box(ui: &mut Ui, draft: &mut String, connected: bool) -> Option<Intent> {
    ui.allocate_ui(vec2(ui.available_width(), 46.0), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let can_send = connected && !draft.trim().is_empty();
            let send = ui.add_enabled(can_send, Button::new("Send", Purpose::Main));
            let field = TextEdit::singleline(draft)
                .id_salt("message")
                .hint_text("Write a message")
                .char_limit(ChatText::MAX)
                .margin(Margin::symmetric(12, 12))
                .align(egui::Align2::LEFT_CENTER)
                .min_size(vec2(0.0, 46.0))
                .desired_width(ui.available_width());
            let field = ui.add(field);
            ui.ctx()
                .accesskit_node_builder(field.id, |node| node.set_label("Message"));
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if entered {
                field.request_focus();
            }
            if !connected || !(entered || send.clicked()) {
                return None;
            }
            let text = ChatText::new(draft);
            if text.is_empty() {
                return None;
            }
            draft.clear();
            Some(Intent::Chat(text))
        })
        .inner
    })
    .inner
}

fn chat(ui: &mut Ui, shared: &Shared<'_>, model: &Model) {
    let scroll = egui::ScrollArea::vertical()
        .auto_shrink(false)
        .stick_to_bottom(true);
    scroll.show(ui, |ui| {
        ui.add_space(10.0);
        ui.vertical_centered(|ui| {
            hint(
                ui,
                &format!("Both of you see the words “{}”.", shared.words),
            );
        });
        for line in model.log() {
            match line {
                Line::Mine(text) => bubble(ui, None, text),
                Line::Theirs { name, text } => bubble(ui, Some(name), text),
                Line::Event(text) => {
                    ui.vertical_centered(|ui| hint(ui, text));
                }
            }
        }
        ui.add_space(10.0);
    });
}

/// What somebody said: the novice's own words on the right.
fn bubble(ui: &mut Ui, from: Option<&str>, text: &str) {
    let (fill, ink, line, align) = match from {
        None => (style::ACCENT, Color32::WHITE, style::ACCENT, Align::Max),
        Some(_) => (style::SURFACE, style::INK, style::LINE, Align::Min),
    };
    ui.with_layout(Layout::top_down(align), |ui| {
        ui.set_max_width(ui.available_width());
        let widest = ui.available_width() * 0.82;
        if let Some(name) = from {
            hint(ui, name);
        }
        Frame::new()
            .fill(fill)
            .stroke(Stroke::new(1.0, line))
            .corner_radius(style::CARD_ROUNDING)
            .inner_margin(Margin::symmetric(14, 9))
            .show(ui, |ui| {
                ui.set_max_width(widest);
                let label = Label::new(RichText::new(text).color(ink))
                    .wrap()
                    .halign(Align::Min)
                    .selectable(true);
                announced(ui.add(label));
            });
    });
}
