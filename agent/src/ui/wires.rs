//! The window's ends of the channels: looked at whenever it is drawn.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    watch,
};

use super::{Model, window::Show};
use crate::front::{Intent, Notice, View};

/// How many of the novice's acts may wait for a busy session.
const WAITING_INTENTS: usize = 32;

/// Draws again when woken.
struct Redraw(egui::Context);

impl Wake for Redraw {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

type NextView = Pin<Box<dyn Future<Output = Option<watch::Receiver<View>>>>>;

/// What comes from the session. Whatever arrives has the window drawn, which empties it.
pub(super) struct Inbox {
    /// `None` once the session is gone.
    view: Option<NextView>,
    notices: mpsc::Receiver<Notice>,
    /// `None` if nobody can ask for the window, or not any more.
    show: Option<mpsc::Receiver<Show>>,
    redraw: Waker,
}

/// `views` once it holds a newer view; `None` if there will be none.
async fn next(mut views: watch::Receiver<View>) -> Option<watch::Receiver<View>> {
    views.changed().await.ok()?;
    Some(views)
}

impl Inbox {
    /// `show` is `None` if nobody can ask for the window.
    pub(super) fn new(
        view: watch::Receiver<View>,
        notices: mpsc::Receiver<Notice>,
        show: Option<mpsc::Receiver<Show>>,
        ctx: &egui::Context,
    ) -> Self {
        Self {
            view: Some(Box::pin(next(view))),
            notices,
            show,
            redraw: Arc::new(Redraw(ctx.clone())).into(),
        }
    }

    /// Returns whether the window is wanted.
    pub(super) fn empty_into(&mut self, model: &mut Model) -> bool {
        let mut context = Context::from_waker(&self.redraw);
        while let Some(view) = &mut self.view {
            let Poll::Ready(changed) = view.as_mut().poll(&mut context) else {
                break;
            };
            self.view = changed.map(|mut views| {
                model.see(views.borrow_and_update().clone());
                Box::pin(next(views)) as NextView
            });
            if self.view.is_none() {
                model.lose_session();
            }
        }
        while let Poll::Ready(Some(notice)) = self.notices.poll_recv(&mut context) {
            model.hear(&notice);
        }
        let mut wanted = false;
        while let Some(show) = &mut self.show
            && let Poll::Ready(show_now) = show.poll_recv(&mut context)
        {
            match show_now {
                Some(Show::Window) => wanted = true,
                Some(Show::Invitation(serial)) => {
                    model.show_fresh(serial);
                    wanted = true;
                }
                None => self.show = None,
            }
        }
        wanted
    }
}

/// What goes to the session, in order.
pub(super) struct Outbox {
    waiting: VecDeque<Intent>,
    session: mpsc::Sender<Intent>,
}

impl Outbox {
    pub(super) fn new(session: mpsc::Sender<Intent>) -> Self {
        Self {
            waiting: VecDeque::new(),
            session,
        }
    }

    pub(super) fn send(&mut self, intent: Intent) {
        // A session that is this far behind gets the newest acts rather than the oldest: the
        // novice's last word is a stop more often than not.
        if self.waiting.len() == WAITING_INTENTS {
            self.waiting.pop_front();
        }
        self.waiting.push_back(intent);
        self.flush();
    }

    pub(super) fn flush(&mut self) {
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
