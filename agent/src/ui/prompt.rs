//! The one question that is open, in a window of its own.
//!
//! Yes takes a deliberate act: a click whose press and release both come after the question has
//! been on the screen for [`PROMPT_DELAY`], or the space bar on the focused button. Enter never
//! grants, nor does assistive technology's "press", which carries no evidence of a person. No is
//! focused at first. Keys of somebody who is still typing answer nothing.

use std::time::{Duration, Instant};

use deskhand_protocol::handshake::Words;
use egui::{Key, Label, PointerButton, Rect, RichText, Ui, pos2, vec2};

use super::{
    style,
    widget::{
        Button, Icon, Purpose, announced, body, card, danger_cap, footer, heading, hint, icon,
        key_cap, page, title,
    },
};
use crate::front::{Answer, Ask, Intent, PROMPT_DELAY, Prompt, PromptId, plain_name};

/// What has to be remembered between frames for an answer to be deliberate.
#[derive(Debug, Default)]
pub(super) struct Care {
    shown: Option<Shown>,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    id: PromptId,
    since: Instant,
    /// When a character was last typed.
    typed: Option<Instant>,
    /// Whether the newest press of the mouse came when buttons were live.
    pressed_live: bool,
    /// Whether Allow was pressed by something that is no person.
    ignored: bool,
}

impl Shown {
    /// When yes counts: not before the session says so, nor before it was readable.
    fn live_at(&self, prompt: &Prompt) -> Instant {
        prompt.live_at.max(self.since + PROMPT_DELAY)
    }

    /// When keys count: nobody presses a button while typing a sentence.
    fn keys_live_at(&self, prompt: &Prompt) -> Instant {
        let quiet = self.typed.map(|typed| typed + PROMPT_DELAY);
        self.live_at(prompt).max(quiet.unwrap_or(self.since))
    }
}

impl Care {
    /// Allow was pressed, but not on a device of this computer: the novice should know why
    /// nothing happens.
    pub(super) fn tell_ignored(&mut self) {
        if let Some(shown) = &mut self.shown {
            shown.ignored = true;
        }
    }

    /// When the question looks different without anything happening.
    pub(super) fn next_change(&self, prompt: &Prompt, now: Instant) -> Duration {
        let left = prompt.deadline.saturating_duration_since(now);
        let next_second =
            Duration::from_millis(1) + Duration::from_nanos(left.subsec_nanos().into());
        let live = self
            .shown
            .map(|shown| shown.live_at(prompt))
            .filter(|live_at| now < *live_at)
            .map(|live_at| live_at - now);
        live.map_or(next_second, |live| live.min(next_second))
    }
}

pub(super) fn draw(ui: &mut Ui, prompt: &Prompt, care: &mut Care, now: Instant) -> Option<Intent> {
    let fresh = care.shown.is_none_or(|shown| shown.id != prompt.id);
    let mut shown = care.shown.filter(|_| !fresh).unwrap_or(Shown {
        id: prompt.id,
        since: now,
        typed: None,
        pressed_live: false,
        ignored: false,
    });
    let live = now >= shown.live_at(prompt);
    hold_back_keys(ui, prompt, &mut shown, now);
    if ui.input(|input| input.pointer.primary_pressed()) {
        shown.pressed_live = live;
    }
    care.shown = Some(shown);

    let answer = footer(ui, |ui| {
        question(ui, &prompt.ask);
        ui.add_space(6.0);
        let buttons = buttons(ui, &prompt.ask, live);
        if fresh {
            buttons.refuse.request_focus();
        }
        countdown(ui, prompt, &shown, now);
        buttons.answer(ui, live && shown.pressed_live, live)
    });
    page(ui, |ui| match &prompt.ask {
        Ask::View { expert, words } => ask_view(ui, &plain_name(expert), *words),
        Ask::Control { expert } => ask_control(ui, &plain_name(expert)),
    });
    answer.map(|answer| Intent::Answer {
        prompt: prompt.id,
        answer,
    })
}

/// Takes keys that could press a button out of the input while they do not count; a key that is
/// merely still held never counts.
fn hold_back_keys(ui: &Ui, prompt: &Prompt, shown: &mut Shown, now: Instant) {
    ui.input_mut(|input| {
        let typing = input.events.iter().any(|event| match event {
            egui::Event::Text(text) => !text.trim().is_empty(),
            egui::Event::Ime(_) | egui::Event::Paste(_) => true,
            _ => false,
        });
        if typing {
            shown.typed = Some(now);
        }
        let live = now >= shown.keys_live_at(prompt);
        input.events.retain(|event| match event {
            egui::Event::Key {
                key: Key::Space | Key::Enter | Key::Escape,
                pressed: true,
                repeat,
                ..
            } => live && !repeat,
            _ => true,
        });
    });
}

fn question(ui: &mut Ui, ask: &Ask) {
    let (question, comfort) = match ask {
        Ask::View { .. } => (
            "Allow them to see your screen?",
            "They can only look. You can stop at any time.",
        ),
        Ask::Control { .. } => (
            "Allow them to use your mouse and keyboard?",
            "Stay and watch. Your own mouse always wins.",
        ),
    };
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        title(ui, question);
        hint(ui, comfort);
    });
}

struct Buttons {
    allow: egui::Response,
    refuse: egui::Response,
    block: egui::Response,
}

fn buttons(ui: &mut Ui, ask: &Ask, live: bool) -> Buttons {
    let yes = match ask {
        Ask::View { .. } => "Allow",
        Ask::Control { .. } => "Allow control",
    };
    let half = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
    let (refuse, allow) = ui
        .horizontal(|ui| {
            let refuse = Button::new("Not now", Purpose::Other).width(half).large();
            let allow = Button::new(yes, Purpose::Main).width(half).large();
            (ui.add(refuse), ui.add_enabled(live, allow))
        })
        .inner;
    let block = Button::new("Stop and block", Purpose::QuietDanger);
    let block = ui.vertical_centered(|ui| ui.add_enabled(live, block)).inner;
    Buttons {
        allow,
        refuse,
        block,
    }
}

impl Buttons {
    /// `pointer_live`: press and release came late enough. No is always heard at once.
    fn answer(&self, ui: &Ui, pointer_live: bool, live: bool) -> Option<Answer> {
        if self.refuse.clicked() || ui.input(|input| input.key_pressed(Key::Escape)) {
            return Some(Answer::Refuse);
        }
        let space = ui.input(|input| input.key_pressed(Key::Space));
        let pressed = |button: &egui::Response| {
            let by_pointer = pointer_live && button.clicked_by(PointerButton::Primary);
            by_pointer || live && space && button.has_focus()
        };
        if pressed(&self.allow) {
            Some(Answer::Allow)
        } else if pressed(&self.block) {
            Some(Answer::Block)
        } else {
            None
        }
    }
}

/// How long there is to answer, and why Allow cannot be pressed yet.
fn countdown(ui: &mut Ui, prompt: &Prompt, shown: &Shown, now: Instant) {
    let left = prompt.deadline.saturating_duration_since(now);
    let all = prompt.deadline.saturating_duration_since(prompt.live_at);
    let share = left.as_secs_f32() / all.as_secs_f32().max(1.0);
    let width = ui.available_width();
    let (track, _) = ui.allocate_exact_size(vec2(width, 4.0), egui::Sense::hover());
    let end = pos2(track.left() + width * share.clamp(0.0, 1.0), track.bottom());
    let painter = ui.painter();
    painter.rect_filled(track, 2.0, style::LINE);
    painter.rect_filled(Rect::from_min_max(track.min, end), 2.0, style::SOFT_INK);
    let seconds = left.as_millis().div_ceil(1000);
    let text = match seconds {
        _ if shown.ignored => "That did not come from the mouse or keyboard of this computer, so \
                               it does not count."
            .to_owned(),
        _ if now < shown.live_at(prompt) => {
            "Please read first. You can allow it in a moment.".to_owned()
        }
        1 => "No answer means no. 1 second left.".to_owned(),
        _ => format!("No answer means no. {seconds} seconds left."),
    };
    ui.vertical_centered(|ui| hint(ui, &text));
}

/// What it is about, unless the room is needed for words.
fn picture(ui: &mut Ui, of: Icon) {
    const ROOMY: f32 = 330.0;
    if ui.clip_rect().height() > ROOMY {
        icon(ui, of, style::ACCENT, style::ACCENT_TINT);
        ui.add_space(6.0);
    }
}

fn ask_view(ui: &mut Ui, name: &str, words: Words) {
    ui.vertical_centered(|ui| {
        picture(ui, Icon::Eye);
        let text = format!("{name} (name not verified) wants to see your screen.");
        announced(heading(ui, &text));
        ui.add_space(8.0);
        card(ui, |ui| {
            ui.vertical_centered(|ui| {
                body(ui, "Both of you should see these words:");
                let words = RichText::new(words.to_string()).font(style::semibold(32.0));
                ui.add(Label::new(words.color(style::ACCENT_DARK)).wrap());
                hint(
                    ui,
                    "Say them on the phone. If the other person sees different words, choose \
                     Stop and block.",
                );
            });
        });
    });
}

fn ask_control(ui: &mut Ui, name: &str) {
    ui.vertical_centered(|ui| {
        picture(ui, Icon::Pointer);
        let text = format!("{name} (name not verified) wants to use your mouse and keyboard.");
        announced(heading(ui, &text));
        ui.add_space(4.0);
    });
    card(ui, |ui| {
        title(ui, "Three ways to stop at any time:");
        ui.spacing_mut().interact_size.y = 30.0;
        ui.horizontal(|ui| {
            body(ui, "Press");
            key_cap(ui, "Esc");
        });
        ui.horizontal(|ui| {
            body(ui, "Press");
            key_cap(ui, "Ctrl");
            body(ui, "and");
            key_cap(ui, "C");
        });
        ui.horizontal(|ui| {
            body(ui, "Click");
            danger_cap(ui, "Stop control");
            body(ui, "in this window");
        });
    });
}
