//! The picture's edge: the media thread while it runs, and a look every second whether the
//! display keeps it waiting.

use std::time::{Duration, Instant};

use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{
    congestion::Flow,
    io::MediaCommand,
    media::{self, Media, MediaEvent, Stall},
};

/// Frames and pointer shapes between capture and connection.
const QUEUE: usize = 16;
/// How often to look whether the display keeps the thread waiting.
const LOOK: Duration = Duration::from_secs(1);
/// The thread ended without a word.
const GONE: &str =
    "The part of Deskhand that shows your screen stopped. Start Deskhand again to go on.";

/// Whatever makes the picture, while it is made.
#[derive(Default)]
pub(super) struct Screen(Option<Running>);

struct Running {
    media: Media,
    events: mpsc::Receiver<MediaEvent>,
    stall: Stall,
    look: Interval,
}

/// What the picture's edge has to say.
pub(super) enum Event {
    /// From the media thread.
    Media(MediaEvent),
    /// The display keeps it waiting, or no longer.
    Stalled(bool),
}

impl Screen {
    /// Begins to show `display`, with times told from `epoch` on.
    pub(super) fn start(&mut self, display: String, settings: media::Settings, epoch: Instant) {
        let (sender, events) = mpsc::channel(QUEUE);
        let source = move || media::capture::x11::open(&display);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.0 = Some(Running {
            media: Media::start(source, settings, epoch, sender),
            events,
            stall: Stall::default(),
            look,
        });
    }

    pub(super) fn stop(&mut self) {
        self.0 = None;
    }

    /// Does what can be done while there is a picture; without one there is nothing to do.
    pub(super) fn obey(&self, command: &MediaCommand) {
        let Some(Running { media, .. }) = &self.0 else {
            return;
        };
        match *command {
            MediaCommand::Refresh => media.refresh(),
            MediaCommand::Decodes(codecs) => media.decodes(codecs),
            MediaCommand::Show(shown) => media.show(shown),
            MediaCommand::Look(looking) => media.look(looking),
            MediaCommand::Prefer(quality) => media.prefer(quality),
            MediaCommand::Pause(paused) => media.pause(paused),
            MediaCommand::Start(_) | MediaCommand::Stop => {}
        }
    }

    /// Makes no more than the link carries.
    pub(super) fn follow(&self, flow: Flow) {
        if let Some(Running { media, .. }) = &self.0 {
            media.follow(flow);
        }
    }

    /// Waits for what is next; without a picture, for ever. Can be given up at any time.
    pub(super) async fn next(&mut self) -> Event {
        let Some(running) = &mut self.0 else {
            return std::future::pending().await;
        };
        loop {
            tokio::select! {
                event = running.events.recv() => {
                    // It says why before it ends, unless it could not.
                    let gone = || MediaEvent::Failed(GONE.into());
                    return Event::Media(event.unwrap_or_else(gone));
                }
                _ = running.look.tick() => {
                    let waiting = running.media.waiting(Instant::now());
                    if let Some(stalled) = running.stall.check(waiting) {
                        return Event::Stalled(stalled);
                    }
                }
            }
        }
    }
}
