//! Media: damage, grab, convert, encode, packets.
//!
//! One dedicated thread does all of it in one visible loop ([`worker`]). While nothing changes
//! nothing is converted or encoded, and nothing grabbed where the display tells of changes: the
//! thread sleeps, but for asking the display for a sign of life every other second.
//!
//! INVARIANT: nothing is unbounded between capture and socket. Of frames, pointer positions and
//! shapes the latest wins; an update that cannot be delivered is dropped and answered with a fresh
//! one.

pub mod blocks;
pub mod burst;
pub mod capture;
pub mod compose;
pub mod convert;
pub mod encode;
pub mod motion;
mod outbox;
pub mod pace;
pub mod plane;
mod pulse;
pub mod rect;
pub mod settle;
pub mod shadow;
pub mod taste;
pub mod texture;
mod wake;
mod worker;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use deskhand_protocol::{
    control::{CursorShape, Quality},
    input::Position,
    monitor::{Monitors, Shown},
    picture::Codecs,
};
use tokio::sync::mpsc;

use crate::{congestion::Flow, scope::Scope};
use capture::{CaptureError, FrameSource};
use pulse::Pulse;
pub use pulse::Stall;
use wake::Waker;

/// What the novice or the policy allows.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The bitrate to start with and never to exceed.
    pub max_bitrate_kbit: u32,
    /// Frames a second; never more than 60.
    pub max_fps: u8,
}

/// What comes out of the media thread.
#[derive(Debug, Clone)]
pub enum MediaEvent {
    /// What is shown: comes before any packet, and on every change.
    Display(Scope),
    /// Which monitors there are and what of them is shown, if that is known: comes before the
    /// first display, and on every change.
    Monitors(Monitors),
    /// A piece of the picture.
    Packet(Packet),
    /// What the novice's pointer looks like.
    CursorShape(CursorShape),
    /// Where the novice's pointer is.
    CursorMoved(Position),
    /// It is over; a sentence says why. Nothing comes after it.
    Failed(String),
}

/// One [`Update`](deskhand_protocol::picture::Update) of the picture.
#[derive(Debug, Clone)]
pub struct Packet {
    /// As it goes over the wire.
    pub data: Bytes,
}

/// The running media thread. Dropping it stops the thread and waits for its end, unless a display
/// that hangs keeps it: then it ends when the display answers or goes.
#[derive(Debug)]
pub struct Media {
    shared: Option<Arc<Shared>>,
    /// Closes when the thread ends.
    ended: Option<Receiver<()>>,
}

/// The thread ends so soon, or something keeps it.
const END: Duration = Duration::from_millis(500);

/// How the handle speaks to the thread: latest wins, so there is no queue.
#[derive(Debug)]
struct Shared {
    wishes: Mutex<Wishes>,
    waker: Waker,
    pulse: Pulse,
}

/// What the thread should do next time it looks.
#[derive(Debug, Default, Clone, Copy)]
struct Wishes {
    stop: bool,
    rest: Rest,
    refresh: bool,
    flow: Option<Flow>,
    codecs: Option<Codecs>,
    show: Option<Shown>,
    quality: Option<Quality>,
}

/// Why nothing is to be made: either is enough.
#[derive(Debug, Default, Clone, Copy)]
struct Rest {
    /// The novice wants it so.
    paused: bool,
    /// Nobody looks.
    unwatched: bool,
}

impl Shared {
    /// Takes what was wished once; `stop` and `rest` stay.
    fn take(&self) -> Wishes {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = *wishes;
        wishes.refresh = false;
        wishes.flow = None;
        wishes.codecs = None;
        wishes.show = None;
        wishes.quality = None;
        taken
    }

    fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        wish(&mut self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        self.waker.wake();
    }
}

impl Media {
    /// Starts to capture from what `source` opens, on a thread of its own. Updates tell the times
    /// at which they were taken from `begun` on; the first display has number `epoch`.
    ///
    /// Everything that goes wrong arrives as [`MediaEvent::Failed`]. The thread also ends when
    /// the receiver of `events` is dropped.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "no sender may outlive the thread, or the receiver would never see the end"
    )]
    pub fn start(
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
        begun: Instant,
        epoch: u16,
        events: mpsc::Sender<MediaEvent>,
    ) -> Self {
        match Self::try_start(source, settings, begun, epoch, events.clone()) {
            Ok(media) => media,
            Err(error) => {
                tracing::warn!(%error, "the media thread cannot start");
                let sentence = "This computer is too busy to share its screen right now.";
                // A fresh channel has room; a closed one means that nobody asks any more.
                let _ = events.try_send(MediaEvent::Failed(sentence.into()));
                Self {
                    shared: None,
                    ended: None,
                }
            }
        }
    }

    fn try_start(
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
        begun: Instant,
        epoch: u16,
        events: mpsc::Sender<MediaEvent>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            wishes: Mutex::default(),
            waker: Waker::new()?,
            pulse: Pulse::default(),
        });
        let (alive, ended) = sync_channel(0);
        std::thread::Builder::new().name("media".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                let _alive = alive;
                worker::run(source, settings, begun, epoch, events, &shared);
            }
        })?;
        Ok(Self {
            shared: Some(shared),
            ended: Some(ended),
        })
    }

    /// Stops showing anything, the pointer included, or goes on with what is on the screen then.
    pub fn pause(&self, paused: bool) {
        self.wish(|wishes| wishes.rest.paused = paused);
    }

    /// Somebody looks at the picture, or nobody: then nothing is made, as in a pause.
    pub fn look(&self, looking: bool) {
        self.wish(|wishes| wishes.rest.unwatched = !looking);
    }

    /// Makes the picture like this from now on, within the settings.
    pub fn prefer(&self, quality: Quality) {
        self.wish(|wishes| wishes.quality = Some(quality));
    }

    /// Shows all of it anew. However often this is called, that happens at most once a second.
    pub fn refresh(&self) {
        self.wish(|wishes| wishes.refresh = true);
    }

    /// Follows what the link carries from now on, within the settings.
    pub fn follow(&self, flow: Flow) {
        self.wish(|wishes| wishes.flow = Some(flow));
    }

    /// The page can decode these videos; until this is said, VP9.
    pub fn decodes(&self, codecs: Codecs) {
        self.wish(|wishes| wishes.codecs = Some(codecs));
    }

    /// Shows this part of the desktop. However often this is called, that changes only a few
    /// times a second.
    pub fn show(&self, shown: Shown) {
        self.wish(|wishes| wishes.show = Some(shown));
    }

    /// How long the thread has been at one round of its work: not long, unless the display keeps
    /// it waiting.
    pub fn waiting(&self, now: Instant) -> Duration {
        let waiting = |shared: &Arc<Shared>| shared.pulse.waiting(now);
        self.shared.as_ref().map_or(Duration::ZERO, waiting)
    }

    fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        if let Some(shared) = &self.shared {
            shared.wish(wish);
        }
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.wish(|wishes| wishes.stop = true);
        if let Some(ended) = self.ended.take()
            && ended.recv_timeout(END) == Err(RecvTimeoutError::Timeout)
        {
            tracing::warn!("the display keeps the media thread from ending");
        }
    }
}
