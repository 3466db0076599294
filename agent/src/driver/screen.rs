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
    media::{
        self, Media, MediaEvent, Stall,
        capture::{CaptureError, FrameSource},
    },
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
pub(super) struct Screen {
    running: Option<Running>,
    /// Of the last display that was told of. The next picture goes on from there, so that what the
    /// expert aimed at an earlier one is never taken for this one's.
    epoch: u16,
}

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
    /// Begins to show what `source` opens, with times told from `begun` on.
    pub(super) fn start(
        &mut self,
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: media::Settings,
        begun: Instant,
    ) {
        self.stop();
        let (sender, events) = mpsc::channel(QUEUE);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let epoch = self.epoch.wrapping_add(1);
        self.running = Some(Running {
            media: Media::start(source, settings, begun, epoch, sender),
            events,
            stall: Stall::default(),
            look,
        });
    }

    /// Nothing more of it is heard from now on. The thread's end is waited for elsewhere: it may
    /// be in the middle of a picture, or a display may keep it, and a stop waits for neither.
    pub(super) fn stop(&mut self) {
        if let Some(Running { media, .. }) = self.running.take() {
            tokio::task::spawn_blocking(move || drop(media));
        }
    }

    /// Does what can be done while there is a picture; without one there is nothing to do.
    pub(super) fn obey(&self, command: &MediaCommand) {
        let Some(Running { media, .. }) = &self.running else {
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
        if let Some(Running { media, .. }) = &self.running {
            media.follow(flow);
        }
    }

    /// Waits for what is next; without a picture, for ever. Can be given up at any time.
    pub(super) async fn next(&mut self) -> Event {
        let Some(running) = &mut self.running else {
            return std::future::pending().await;
        };
        loop {
            tokio::select! {
                event = running.events.recv() => {
                    if let Some(MediaEvent::Display(scope)) = &event {
                        self.epoch = scope.display.epoch;
                    }
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::media::{capture::synthetic::Synthetic, rect::Size};

    const SETTINGS: media::Settings = media::Settings {
        max_bitrate_kbit: 1_000,
        max_fps: 60,
    };

    #[expect(clippy::unnecessary_wraps, reason = "real sources can fail")]
    fn open() -> Result<Box<dyn FrameSource>, CaptureError> {
        let size = Size {
            width: 128,
            height: 128,
        };
        Ok(Box::new(Synthetic::new(size, 1, Duration::ZERO)))
    }

    async fn epoch(screen: &mut Screen) -> u16 {
        loop {
            if let Event::Media(MediaEvent::Display(scope)) = screen.next().await {
                return scope.display.epoch;
            }
        }
    }

    #[tokio::test]
    async fn the_number_of_a_display_rises_from_one_picture_to_the_next() {
        let mut screen = Screen::default();
        for expected in 1..=3 {
            screen.start(open, SETTINGS, Instant::now());
            assert_eq!(epoch(&mut screen).await, expected);
            screen.stop();
        }
    }

    #[tokio::test]
    async fn a_display_that_hangs_keeps_no_stop_waiting() {
        let (answers, hangs): (_, Receiver<()>) = channel();
        let mut screen = Screen::default();
        let source = move || {
            let _ = hangs.recv();
            open()
        };
        screen.start(source, SETTINGS, Instant::now());
        let begun = Instant::now();
        screen.stop();
        assert!(begun.elapsed() < Duration::from_millis(100));
        drop(answers);
    }
}
