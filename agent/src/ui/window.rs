//! The window itself: the only part that knows `eframe`.
//!
//! It draws when something happened: a new view, a notice, the novice's own mouse or keyboard,
//! the next second of a countdown. While a question is open or control is granted it stays
//! above all other windows and comes back if it is hidden. If it cannot be shown, nobody
//! answers, and the session takes that for a no.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use egui::{UserAttentionType, ViewportBuilder, ViewportCommand, WindowLevel};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};
use winit::raw_window_handle::{HasWindowHandle, RawWindowHandle};

use super::{
    Model, draw,
    everywhere::Everywhere,
    icon,
    person::{PersonCheck, Presses, Watched},
    steps::Steps,
    style,
};
use crate::{
    clock::Now,
    front::{Answer, Control, FrontEnd, Intent, Notice, PromptId, Stage, View},
};

/// Width and height at first, in points.
const SIZE: [f32; 2] = [470.0, 690.0];
/// Everything can still be read and pressed.
const SMALLEST: [f32; 2] = [420.0, 560.0];
/// How many of the novice's acts may wait for a busy session.
const WAITING_INTENTS: usize = 32;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UiError {
    /// No display, or none that windows can be drawn on.
    #[error("the window cannot be opened: {0}")]
    Open(String),
}

/// Shows the window and returns when it has been closed. To be called on the main thread.
///
/// `person` tells a person's clicks from a program's. The window's X11 id joins the front end's
/// own windows as soon as it exists.
///
/// Closing the window stops control and ends the session; the session also takes the end of
/// the channel of intents for that. When `leave` fires, the window closes by itself as soon as
/// the session is over.
pub fn run(
    front: FrontEnd,
    person: Box<dyn PersonCheck>,
    leave: oneshot::Receiver<()>,
) -> Result<(), UiError> {
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
        let app = App::new(front, person, leave, everywhere, &context.egui_ctx);
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

struct App {
    model: Model,
    inbox: Inbox,
    outbox: Outbox,
    presses: Presses,
    steps: Steps,
    presence: Presence,
    everywhere: Option<Everywhere>,
}

impl App {
    fn new(
        front: FrontEnd,
        person: Box<dyn PersonCheck>,
        leave: oneshot::Receiver<()>,
        everywhere: Option<Everywhere>,
        ctx: &egui::Context,
    ) -> Self {
        let model = Model::new(front.view.borrow().clone());
        Self {
            model,
            inbox: Inbox::new(front.view, front.notices, leave, ctx),
            outbox: Outbox {
                waiting: VecDeque::new(),
                session: front.intents,
            },
            presses: Presses::new(person),
            steps: Steps::default(),
            presence: Presence::default(),
            everywhere,
        }
    }

    fn act(&mut self, ctx: &egui::Context, intent: Intent) {
        match (&self.model.view.stage, &intent) {
            (Stage::Ended { .. }, Intent::End) => ctx.send_viewport_cmd(ViewportCommand::Close),
            (
                _,
                Intent::Answer {
                    answer: Answer::Allow,
                    ..
                },
            ) if !self.presses.by_a_person() => {
                tracing::warn!("Allow was not pressed on a device of this computer: ignored");
                self.model.care.tell_ignored();
            }
            (_, Intent::Chat(_) | Intent::Pause(false)) if self.presses.injected() => {
                tracing::warn!("a program pressed that, not a person: ignored");
            }
            _ => self.outbox.send(intent),
        }
    }

    /// The novice closes the window: control first, then everything.
    fn close(&mut self) {
        if let Stage::Viewing {
            control: Control::Shared { .. },
            ..
        } = self.model.view.stage
        {
            self.outbox.send(Intent::StopControl);
        }
        if !matches!(self.model.view.stage, Stage::Ended { .. }) {
            self.outbox.send(Intent::End);
        }
    }
}

impl eframe::App for App {
    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        self.presses.observe(&mut input.events);
        self.steps.take_turns(&mut input.events);
        if self.steps.more() {
            ctx.request_repaint();
        }
    }

    // Also called while the window is hidden, when `ui` is not.
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        self.inbox.empty_into(&mut self.model);
        self.presses.watch(watched(&self.model.view));
        self.outbox.flush();
        let (minimized, closing) = ctx.input(|input| {
            let viewport = input.viewport();
            (
                viewport.minimized.unwrap_or(false),
                viewport.close_requested(),
            )
        });
        if closing {
            self.close();
        }
        if self.inbox.leaving && matches!(self.model.view.stage, Stage::Ended { .. }) {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        for command in self.presence.update(&self.model, minimized) {
            ctx.send_viewport_cmd(command);
        }
        if let Some(everywhere) = &mut self.everywhere {
            everywhere.set(self.model.must_be_seen());
        }
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

/// What the window manager has been asked for.
#[derive(Debug, Default)]
struct Presence {
    on_top: bool,
    prompt: Option<PromptId>,
}

impl Presence {
    /// What to ask for now.
    fn update(&mut self, model: &Model, minimized: bool) -> Vec<ViewportCommand> {
        let on_top = model.must_be_seen();
        let prompt = model.view.prompt.as_ref().map(|prompt| prompt.id);
        let asked = prompt.is_some() && prompt != self.prompt;
        let mut commands = Vec::new();
        if on_top != self.on_top {
            let level = if on_top {
                WindowLevel::AlwaysOnTop
            } else {
                WindowLevel::Normal
            };
            commands.push(ViewportCommand::WindowLevel(level));
        }
        if asked || on_top && minimized {
            commands.push(ViewportCommand::Visible(true));
            commands.push(ViewportCommand::Minimized(false));
        }
        if asked {
            commands.push(ViewportCommand::Focus);
            commands.push(ViewportCommand::RequestUserAttention(
                UserAttentionType::Critical,
            ));
        }
        if prompt != self.prompt {
            let title = if prompt.is_some() {
                "Deskhand asks you"
            } else {
                "Deskhand"
            };
            commands.push(ViewportCommand::Title(title.into()));
        }
        *self = Self { on_top, prompt };
        commands
    }
}

/// Draws again when woken.
struct Redraw(egui::Context);

impl Wake for Redraw {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

type NextView = Pin<Box<dyn Future<Output = Option<watch::Receiver<View>>>>>;

/// What comes from the session. Whatever arrives has the window drawn, which empties it.
struct Inbox {
    /// `None` once the session is gone.
    view: Option<NextView>,
    notices: mpsc::Receiver<Notice>,
    /// `None` once nobody can tell the program to end any more.
    leave: Option<oneshot::Receiver<()>>,
    /// The program has been told to end.
    leaving: bool,
    redraw: Waker,
}

/// `views` once it holds a newer view; `None` if there will be none.
async fn next(mut views: watch::Receiver<View>) -> Option<watch::Receiver<View>> {
    views.changed().await.ok()?;
    Some(views)
}

impl Inbox {
    fn new(
        view: watch::Receiver<View>,
        notices: mpsc::Receiver<Notice>,
        leave: oneshot::Receiver<()>,
        ctx: &egui::Context,
    ) -> Self {
        Self {
            view: Some(Box::pin(next(view))),
            notices,
            leave: Some(leave),
            leaving: false,
            redraw: Arc::new(Redraw(ctx.clone())).into(),
        }
    }

    fn empty_into(&mut self, model: &mut Model) {
        let mut context = Context::from_waker(&self.redraw);
        while let Some(view) = &mut self.view {
            let Poll::Ready(changed) = view.as_mut().poll(&mut context) else {
                break;
            };
            self.view = changed.map(|mut views| {
                model.view = views.borrow_and_update().clone();
                Box::pin(next(views)) as NextView
            });
            if self.view.is_none() {
                model.lose_session();
            }
        }
        while let Poll::Ready(Some(notice)) = self.notices.poll_recv(&mut context) {
            model.hear(&notice);
        }
        if let Some(leave) = &mut self.leave
            && let Poll::Ready(told) = Pin::new(leave).poll(&mut context)
        {
            self.leave = None;
            self.leaving = told.is_ok();
        }
    }
}

/// What goes to the session, in order.
struct Outbox {
    waiting: VecDeque<Intent>,
    session: mpsc::Sender<Intent>,
}

impl Outbox {
    fn send(&mut self, intent: Intent) {
        // A session that is this far behind gets the newest acts rather than the oldest: the
        // novice's last word is a stop more often than not.
        if self.waiting.len() == WAITING_INTENTS {
            self.waiting.pop_front();
        }
        self.waiting.push_back(intent);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(intent) = self.waiting.pop_front() {
            match self.session.try_send(intent) {
                Ok(()) => {}
                Err(TrySendError::Full(intent)) => {
                    self.waiting.push_front(intent);
                    break;
                }
                Err(TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
    }
}
