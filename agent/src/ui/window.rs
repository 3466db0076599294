//! The window itself: the only part that knows `eframe`.
//!
//! It draws when something happened: a new view, a notice, the novice's own mouse or keyboard,
//! the next second of a countdown. While a question is open or control is granted it stays
//! above all other windows and comes back if it is hidden. If it cannot be shown, nobody
//! answers, and the session takes that for a no.

use egui::{Event, Key, ViewportBuilder, ViewportCommand};
use rand_core::OsRng;
use tokio::sync::{mpsc, watch};
use winit::raw_window_handle::{HasWindowHandle, RawWindowHandle};

use super::{
    Model, Passwords,
    closing::Fate,
    draw,
    everywhere::Everywhere,
    icon,
    person::{PersonCheck, Presses, Watched},
    presence::Presence,
    steps::Steps,
    style,
    wires::{Inbox, Outbox},
};
use crate::{
    clock::Now,
    front::{Answer, Control, FrontEnd, Intent, Order, Serial, Stage, View},
    invitation::generate_password,
};

/// Width and height at first, in points.
const SIZE: [f32; 2] = [470.0, 690.0];
/// Everything can still be read and pressed.
const SMALLEST: [f32; 2] = [420.0, 560.0];

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UiError {
    /// No display, or none that windows can be drawn on.
    #[error("the window cannot be opened: {0}")]
    Open(String),
}

/// What the window has to do with besides the session.
pub struct Surroundings {
    /// Tells a person's clicks from a program's.
    pub person: Box<dyn PersonCheck>,
    /// Wishes from outside.
    pub show: Option<mpsc::Receiver<Show>>,
    /// What a command asks for.
    pub order: Option<Order>,
    /// Whether there is a tray that brings the window back through `show`: then closing the
    /// window while somebody could come hides it.
    pub tray: watch::Receiver<bool>,
}

/// A wish from outside, such as a click in the tray or a second start of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// The window is to be seen.
    Window,
    /// The window, with this invitation, as if it had just been made in it.
    Invitation(Serial),
}

/// Shows the window and returns when it has been closed. To be called on the main thread.
///
/// The window's X11 id joins the front end's own windows as soon as it exists.
///
/// Closing the window stops control and ends the session; if somebody can still come then, the
/// window hides, or asks. When it closes for good, it says [`Intent::Quit`]; the session also
/// takes the end of the channel of intents for that.
pub fn run(front: FrontEnd, around: Surroundings) -> Result<(), UiError> {
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Deskhand")
            .with_app_id("deskhand")
            .with_icon(icon::draw())
            .with_inner_size(SIZE)
            .with_min_inner_size(SMALLEST),
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |context| {
        style::install(&context.egui_ctx);
        let id = x11_id(context);
        front.own_windows.send_modify(|windows| windows.extend(id));
        let everywhere = id.and_then(|id| {
            Everywhere::new(id)
                .inspect_err(|error| tracing::warn!(%error, "the window stays on its desktop"))
                .ok()
        });
        let app = App::new(front, around, everywhere, &context.egui_ctx);
        Ok(Box::new(app))
    });
    eframe::run_native("deskhand", options, create).map_err(|e| UiError::Open(e.to_string()))
}

fn x11_id(window: &impl HasWindowHandle) -> Option<u32> {
    match window.window_handle().ok()?.as_raw() {
        RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok(),
        RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
        _ => None,
    }
}

/// When it matters who presses something in the window.
fn watched(view: &View) -> Watched {
    match (&view.prompt, &view.stage) {
        (Some(prompt), _) => Watched::Question(prompt.id),
        (
            None,
            Stage::Viewing {
                control: Control::Shared { .. },
                ..
            },
        ) => Watched::Control,
        (None, _) => Watched::Nothing,
    }
}

/// Whether it could press a button.
fn presses_something(event: &Event) -> bool {
    matches!(
        event,
        Event::PointerButton { pressed: true, .. }
            | Event::Key {
                key: Key::Enter | Key::Space,
                pressed: true,
                ..
            }
    )
}

struct App {
    model: Model,
    inbox: Inbox,
    outbox: Outbox,
    presses: Presses,
    steps: Steps,
    presence: Presence,
    tray: watch::Receiver<bool>,
    /// The window closes for good.
    over: bool,
}

impl App {
    fn new(
        front: FrontEnd,
        around: Surroundings,
        everywhere: Option<Everywhere>,
        ctx: &egui::Context,
    ) -> Self {
        let passwords = Passwords::new(|| generate_password(&mut OsRng));
        let mut model = Model::new(front.view.borrow().clone(), passwords);
        if let Some(order) = around.order {
            model.begin_with(order);
        }
        let inbox = Inbox::new(front.view, front.notices, around.show, ctx);
        Self {
            model,
            inbox,
            outbox: Outbox::new(front.intents),
            presses: Presses::new(around.person),
            steps: Steps::default(),
            presence: Presence::new(everywhere),
            tray: around.tray,
            over: false,
        }
    }

    fn act(&mut self, ctx: &egui::Context, intent: Intent) {
        match intent {
            Intent::Quit => self.leave(ctx),
            Intent::Answer {
                answer: Answer::Allow,
                ..
            } if !self.presses.by_a_person() => {
                tracing::warn!("Allow was not pressed on a device of this computer: ignored");
                self.model.care.tell_ignored();
            }
            Intent::Chat(_) | Intent::Pause(false) if self.presses.injected() => {
                tracing::warn!("a program pressed that, not a person: ignored");
            }
            _ => self.outbox.send(intent),
        }
    }

    /// Closes the window for good.
    fn leave(&mut self, ctx: &egui::Context) {
        if !std::mem::replace(&mut self.over, true) {
            self.outbox.send(Intent::Quit);
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Does what closing the window has come to; `requested`: the novice wants it closed now.
    fn close(&mut self, ctx: &egui::Context, requested: bool) {
        if self.over {
            return;
        }
        if self.model.is_over() {
            self.leave(ctx);
            return;
        }
        let has_tray = *self.tray.borrow();
        let fate = if requested {
            let (intents, fate) = self.model.close(has_tray);
            for intent in intents {
                self.outbox.send(intent);
            }
            fate
        } else {
            self.model.fate(has_tray)
        };
        if requested && fate != Fate::Close {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        }
        match fate {
            Fate::Stay => {}
            Fate::Hide => self.presence.hide(ctx),
            Fate::Minimise => ctx.send_viewport_cmd(ViewportCommand::Minimized(true)),
            Fate::Close => self.leave(ctx),
        }
    }
}

impl eframe::App for App {
    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        self.presses.observe(&mut input.events);
        if !self.model.admits_press(Now::read().at) {
            input.events.retain(|event| !presses_something(event));
        }
        self.steps.take_turns(&mut input.events);
        if self.steps.more() {
            ctx.request_repaint();
        }
    }

    // Also called while the window is hidden, when `ui` is not.
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        let wanted = self.inbox.empty_into(&mut self.model);
        self.presses.watch(watched(&self.model.view));
        self.outbox.flush();
        let (minimized, closing) = ctx.input(|input| {
            let viewport = input.viewport();
            (
                viewport.minimized.unwrap_or(false),
                viewport.close_requested(),
            )
        });
        // Who closes it does not want it, whoever else does.
        let wanted = wanted && !closing;
        if wanted {
            self.model.come_back();
        }
        self.close(ctx, closing);
        self.presence.update(ctx, &self.model, minimized, wanted);
        if let Some(delay) = self.model.next_change(Now::read()) {
            ctx.request_repaint_after(delay);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let now = Now::read();
        for intent in draw(ui, &mut self.model, now) {
            self.act(ui.ctx(), intent);
        }
        if let Some(delay) = self.model.next_change(now) {
            ui.ctx().request_repaint_after(delay);
        }
    }

    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        style::BACKGROUND.to_normalized_gamma_f32()
    }
}
