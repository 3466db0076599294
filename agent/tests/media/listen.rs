//! The receiving end: decodes every packet as the expert's browser would.

use std::{
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use deskhand_agent::media::{
    Media, MediaEvent, Packet, Settings,
    capture::{CaptureError, FrameSource},
};
use deskhand_protocol::picture::Update;
use tokio::{runtime::Runtime, sync::mpsc, time::timeout};

use crate::{draw::Screenshot, page::Page};

/// Long enough for the busiest machine; waiting for an event ends with the event.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tests run side by side, except the one that measures CPU time.
static TURNS: RwLock<()> = RwLock::new(());

enum Turn {
    #[expect(dead_code, reason = "held, not read")]
    Shared(RwLockReadGuard<'static, ()>),
    #[expect(dead_code, reason = "held, not read")]
    Alone(RwLockWriteGuard<'static, ()>),
}

/// What a packet says.
pub fn update(packet: &Packet) -> Update<&[u8]> {
    Update::decode(&packet.data).expect("an update")
}

pub struct Listener {
    _turn: Turn,
    runtime: Runtime,
    events: mpsc::Receiver<MediaEvent>,
    page: Page,
}

impl Listener {
    pub fn start(
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
    ) -> (Media, Self) {
        Self::start_with_room(source, settings, 64)
    }

    /// While no other test's media thread runs.
    pub fn start_alone(
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
    ) -> (Media, Self) {
        let turn = TURNS.write().unwrap_or_else(PoisonError::into_inner);
        Self::start_in_turn(Turn::Alone(turn), source, settings, 64)
    }

    pub fn start_with_room(
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
        room: usize,
    ) -> (Media, Self) {
        let turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
        Self::start_in_turn(Turn::Shared(turn), source, settings, room)
    }

    fn start_in_turn(
        turn: Turn,
        source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError> + Send + 'static,
        settings: Settings,
        room: usize,
    ) -> (Media, Self) {
        let (sender, events) = mpsc::channel(room);
        let listener = Self {
            _turn: turn,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap(),
            events,
            page: Page::new(),
        };
        (
            Media::start(source, settings, Instant::now(), 1, sender),
            listener,
        )
    }

    /// The next event within `patience`; packets are decoded on the way.
    fn try_next(&mut self, patience: Duration) -> Option<MediaEvent> {
        let events = &mut self.events;
        let event = self
            .runtime
            .block_on(async { timeout(patience, events.recv()).await })
            .ok()?
            .expect("the media thread is still there");
        if let MediaEvent::Packet(packet) = &event {
            self.page.paint(&update(packet));
        }
        Some(event)
    }

    pub fn next(&mut self) -> MediaEvent {
        self.try_next(PATIENCE).expect("an event")
    }

    /// The first event of this kind; others are passed over.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&MediaEvent) -> bool) -> MediaEvent {
        let end = Instant::now() + PATIENCE;
        while let Some(event) = self.try_next(end.saturating_duration_since(Instant::now())) {
            if wanted(&event) {
                return event;
            }
        }
        panic!("{what} did not come");
    }

    pub fn packet(&mut self) -> Packet {
        match self.until("a packet", |event| matches!(event, MediaEvent::Packet(_))) {
            MediaEvent::Packet(packet) => packet,
            other => unreachable!("{other:?}"),
        }
    }

    /// Everything that comes within `time`.
    pub fn events_for(&mut self, time: Duration) -> Vec<MediaEvent> {
        let end = Instant::now() + time;
        std::iter::from_fn(|| self.try_next(end.saturating_duration_since(Instant::now())))
            .collect()
    }

    /// Decodes what comes within `time`.
    pub fn watch_for(&mut self, time: Duration) {
        self.events_for(time);
    }

    /// Takes events until none has come for `quiet`; returns how many did.
    pub fn until_quiet(&mut self, quiet: Duration) -> usize {
        let end = Instant::now() + PATIENCE;
        let mut count = 0;
        while self.try_next(quiet).is_some() {
            count += 1;
            assert!(Instant::now() < end, "it never becomes quiet");
        }
        count
    }

    /// Whether the thread has ended; what it had sent before is passed over.
    pub fn is_over(&mut self) -> bool {
        let events = &mut self.events;
        self.runtime.block_on(async {
            timeout(PATIENCE, async { while events.recv().await.is_some() {} })
                .await
                .is_ok()
        })
    }

    /// CPU time of the media threads of this process; only one runs if it was started alone.
    pub fn cpu() -> Duration {
        let ticks: u64 = std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok())
            .filter(|stat| stat.contains("(media)"))
            .filter_map(|stat| {
                let after_name = stat.rsplit_once(") ")?.1.to_owned();
                let fields: Vec<_> = after_name.split(' ').collect();
                Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
            })
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// How many pixels the expert sees that are not those of the true screen.
    pub fn wrong(&self, screen: &Screenshot) -> usize {
        self.page.wrong(screen)
    }

    /// How close what the expert sees is to the true screen, in dB.
    pub fn psnr(&self, screen: &Screenshot) -> f64 {
        self.page.psnr(screen)
    }
}
