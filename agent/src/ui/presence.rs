//! Where the window is on the desktop: above the others while it has to be seen, out of sight
//! while nobody needs it.

use egui::{Context, UserAttentionType, ViewportCommand, WindowLevel};

use super::{Model, everywhere::Everywhere};
use crate::front::PromptId;

/// What the window manager has been asked for.
pub(super) struct Presence {
    /// `None` if it cannot be asked for all desktops.
    everywhere: Option<Everywhere>,
    sight: Sight,
    on_top: bool,
    prompt: Option<PromptId>,
}

/// Whether there is a window, minimised or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    There,
    Hidden,
    /// It has been asked for, and is there when the window is drawn next.
    Returning,
}

impl Presence {
    pub(super) fn new(everywhere: Option<Everywhere>) -> Self {
        Self {
            everywhere,
            sight: Sight::There,
            on_top: false,
            prompt: None,
        }
    }

    /// Out of sight, with nothing left in any task bar.
    pub(super) fn hide(&mut self, ctx: &Context) {
        self.sight = Sight::Hidden;
        // A window manager forgets what it was told about a window that is hidden.
        self.on_top = false;
        ctx.send_viewport_cmd(ViewportCommand::Visible(false));
    }

    /// Asks for what `model` calls for now; `wanted`: somebody wants to see the window.
    pub(super) fn update(&mut self, ctx: &Context, model: &Model, minimized: bool, wanted: bool) {
        if self.sight == Sight::Returning {
            self.sight = Sight::There;
            ctx.send_viewport_cmd(ViewportCommand::Focus);
        }
        let must = model.must_be_seen();
        let prompt = model.view.prompt.as_ref().map(|prompt| prompt.id);
        let asked = prompt.is_some() && prompt != self.prompt;
        let gone = minimized || self.sight == Sight::Hidden;
        if asked || wanted || must && gone {
            self.show(ctx);
        }
        // After that: nobody listens to a window that is hidden.
        if must != self.on_top && self.sight != Sight::Hidden {
            self.on_top = must;
            let level = if must {
                WindowLevel::AlwaysOnTop
            } else {
                WindowLevel::Normal
            };
            ctx.send_viewport_cmd(ViewportCommand::WindowLevel(level));
        }
        if let Some(everywhere) = &mut self.everywhere {
            // Asked over a connection of its own, so only when the window is there for sure.
            everywhere.set(must && self.sight == Sight::There);
        }
        if asked || wanted {
            ctx.send_viewport_cmd(ViewportCommand::Focus);
        }
        if asked {
            let urgent = UserAttentionType::Critical;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(urgent));
        }
        if prompt != self.prompt {
            let title = if prompt.is_some() {
                "Deskhand asks you"
            } else {
                "Deskhand"
            };
            ctx.send_viewport_cmd(ViewportCommand::Title(title.into()));
            self.prompt = prompt;
        }
    }

    fn show(&mut self, ctx: &Context) {
        if self.sight == Sight::Hidden {
            self.sight = Sight::Returning;
            ctx.request_repaint();
        }
        ctx.send_viewport_cmd(ViewportCommand::Visible(true));
        ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
    }
}
