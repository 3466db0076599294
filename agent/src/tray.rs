//! The icon in the desktop's tray, while the window is closed.
//!
//! INVARIANT: everything that can be done here lessens what is allowed, or shows the window. A
//! click arrives over the bus, on which programs can click too, so nothing is ever granted by one.

use std::time::Duration;

use ksni::{Handle, Icon, MenuItem, OfflineReason, ToolTip, TrayMethods as _, menu::StandardItem};
use tokio::sync::{mpsc, watch};

use crate::ui::icon;

/// A tray that takes longer than this to show the icon is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the icon tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayState {
    /// Nobody is invited.
    Idle,
    /// Somebody is, and may come.
    Waiting,
    /// They see the screen.
    Watched,
    /// They have mouse and keyboard too.
    Shared,
}

impl TrayState {
    fn sentence(self) -> &'static str {
        match self {
            Self::Idle => "Nobody can see your screen",
            Self::Waiting => "Waiting for your helper",
            Self::Watched => "Your screen is being watched",
            Self::Shared => "Mouse and keyboard are shared",
        }
    }
}

/// What the novice wants, by a click on the icon or in its menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayAct {
    /// To see the window. Also said when the tray goes away, or nobody would find it again.
    Show,
    /// That nobody can come any more.
    StopWaiting,
    /// To end the session.
    End,
}

/// The icon; gone when this is dropped, or nobody takes its acts any more.
#[derive(Debug)]
pub struct Tray {
    state: watch::Sender<TrayState>,
    there: watch::Receiver<bool>,
}

impl Tray {
    /// Puts the icon there. `None` if this desktop has no tray, so that the window must not hide.
    ///
    /// Acts are kept until they are taken, each at most once, and the gravest comes first.
    pub async fn open(state: TrayState, acts: mpsc::Sender<TrayAct>) -> Option<Self> {
        let (wishes, clicks) = watch::channel(Wishes::default());
        let (present, there) = watch::channel(true);
        let item = Item {
            state,
            wishes: wishes.clone(),
            present,
        };
        let handle = match tokio::time::timeout(PATIENCE, item.spawn()).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(error)) => {
                tracing::info!(%error, "no tray");
                return None;
            }
            Err(_) => {
                tracing::info!("the tray does not answer");
                return None;
            }
        };
        let (state, states) = watch::channel(state);
        let keeper = Keeper {
            handle,
            states,
            wishes,
            clicks,
            acts,
        };
        tokio::spawn(keeper.keep());
        Some(Self { state, there })
    }

    /// Tells something else from now on.
    pub fn update(&self, state: TrayState) {
        self.state.send_if_modified(|shown| {
            let differs = *shown != state;
            *shown = state;
            differs
        });
    }

    /// Whether the desktop still shows it. If not, the window must not hide.
    pub fn is_there(&self) -> bool {
        *self.there.borrow()
    }

    /// [`Tray::is_there`], now and whenever it changes.
    pub fn presence(&self) -> watch::Receiver<bool> {
        self.there.clone()
    }
}

/// What was clicked and has not been told yet. A second click wants nothing more than the first.
#[derive(Debug, Clone, Copy, Default)]
struct Wishes {
    end: bool,
    stop_waiting: bool,
    show: bool,
}

impl Wishes {
    fn any(self) -> bool {
        self.end || self.stop_waiting || self.show
    }

    /// The gravest.
    fn take(&mut self) -> Option<TrayAct> {
        let all = [
            (&mut self.end, TrayAct::End),
            (&mut self.stop_waiting, TrayAct::StopWaiting),
            (&mut self.show, TrayAct::Show),
        ];
        let mut wished = all.into_iter().filter(|(wished, _)| **wished);
        wished.next().map(|(wished, act)| {
            *wished = false;
            act
        })
    }
}

/// Carries states to the icon and clicks away from it, until the [`Tray`] is dropped.
struct Keeper {
    handle: Handle<Item>,
    states: watch::Receiver<TrayState>,
    wishes: watch::Sender<Wishes>,
    clicks: watch::Receiver<Wishes>,
    acts: mpsc::Sender<TrayAct>,
}

impl Keeper {
    async fn keep(mut self) {
        loop {
            let waiting = self.wishes.borrow().any();
            tokio::select! {
                changed = self.states.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let state = *self.states.borrow_and_update();
                    self.handle.update(|item| item.state = state).await;
                }
                // Only to look again. It never fails: a sender is ours.
                _ = self.clicks.changed() => {}
                place = self.acts.reserve(), if waiting => {
                    let Ok(place) = place else { break };
                    let mut gravest = None;
                    self.wishes.send_if_modified(|wishes| {
                        gravest = wishes.take();
                        false
                    });
                    if let Some(act) = gravest {
                        place.send(act);
                    }
                }
            }
        }
        self.handle.shutdown().await;
    }
}

/// The icon as the bus sees it.
struct Item {
    state: TrayState,
    wishes: watch::Sender<Wishes>,
    present: watch::Sender<bool>,
}

impl Item {
    fn wish(&self, wish: fn(&mut Wishes)) {
        self.wishes.send_modify(wish);
    }
}

fn entry(label: &str, wish: fn(&mut Wishes)) -> MenuItem<Item> {
    StandardItem {
        label: label.into(),
        activate: Box::new(move |item: &mut Item| item.wish(wish)),
        ..StandardItem::default()
    }
    .into()
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "deskhand".into()
    }

    fn title(&self) -> String {
        "Deskhand".into()
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        let drawn = icon::draw();
        let side = |pixels: u32| pixels.try_into().unwrap_or(0);
        let argb = |rgba: &[u8]| match *rgba {
            [red, green, blue, alpha] => [alpha, red, green, blue],
            _ => [0; 4],
        };
        vec![Icon {
            width: side(drawn.width),
            height: side(drawn.height),
            data: drawn.rgba.chunks(4).flat_map(argb).collect(),
        }]
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "Deskhand".into(),
            description: self.state.sentence().into(),
            ..ToolTip::default()
        }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let show = entry("Show Deskhand", |wishes| wishes.show = true);
        match self.state {
            TrayState::Idle => vec![show],
            TrayState::Waiting => vec![
                show,
                entry("Stop waiting", |wishes| wishes.stop_waiting = true),
            ],
            TrayState::Watched | TrayState::Shared => {
                vec![show, entry("End session", |wishes| wishes.end = true)]
            }
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.wish(|wishes| wishes.show = true);
    }

    fn watcher_online(&self) {
        self.present.send_replace(true);
    }

    fn watcher_offline(&self, _reason: OfflineReason) -> bool {
        self.present.send_replace(false);
        self.wish(|wishes| wishes.show = true);
        // It may come back.
        true
    }
}
