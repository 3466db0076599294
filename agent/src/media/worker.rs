//! The media thread: one loop that sleeps until something changes.

use std::time::{Duration, Instant};

use deskhand_protocol::control::CursorShape;
use tokio::sync::mpsc;

use super::{
    MediaEvent, Packet, Settings, Shared,
    blocks::ActiveMap,
    burst::Burst,
    capture::{CaptureError, Change, FrameSource},
    convert::I420,
    encode::{self, Effort, EncodeError, Encoder, Job},
    outbox::{Delivery, Outbox},
    pace::{self, KeyFrames, Link, Pacer},
    rect::{self, Rect},
    sharpen::{Next, Sharpen, Step},
};

/// How soon to look again whether a full channel has room.
const RETRY: Duration = Duration::from_millis(10);

/// What the first picture is taken to last.
const FIRST_DURATION: Duration = Duration::from_millis(33);

/// Why the thread cannot go on.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("cannot sleep: {0}")]
    Sleep(#[from] std::io::Error),
}

impl Fault {
    fn sentence(&self) -> String {
        match self {
            Self::Capture(error) => error.sentence(),
            Self::Encode(_) | Self::Sleep(_) => {
                "The picture could not be made on this computer. Start Deskhand again to go on."
                    .into()
            }
        }
    }
}

/// The whole life of the media thread.
pub fn run(
    source: impl FnOnce() -> Result<Box<dyn FrameSource>, CaptureError>,
    settings: Settings,
    events: mpsc::Sender<MediaEvent>,
    shared: &Shared,
) {
    let mut outbox = Outbox::new(events);
    let result = source()
        .map_err(Fault::from)
        .and_then(|source| Worker::new(source, settings, &mut outbox)?.run(shared));
    let Err(fault) = result else { return };
    tracing::warn!(error = %fault, "the picture stops");
    outbox.failed(fault.sentence());
    while outbox.flush() == Delivery::Full && !shared.take().stop {
        if shared
            .waker
            .sleep(None, Some(Instant::now() + RETRY))
            .is_err()
        {
            return;
        }
    }
}

struct Worker<'a> {
    source: Box<dyn FrameSource>,
    encoder: Box<dyn Encoder>,
    picture: I420,
    outbox: &'a mut Outbox,
    pacer: Pacer,
    keys: KeyFrames,
    link: Link,
    burst: Burst,
    sharpen: Sharpen,
    max_kbit: u32,
    kbit: u32,
    paused: bool,
    /// The source has damage to take.
    damaged: bool,
    /// Damage taken from the source and not yet grabbed.
    taken: Vec<Rect>,
    /// A large change is being completed until then.
    settling: Option<Instant>,
    /// A packet got lost: until the next key frame nothing can be decoded.
    lost: bool,
    /// When the last encoded picture was taken.
    last: Option<Instant>,
    /// What the pointer looks like, for when the pause ends.
    shape: Option<CursorShape>,
}

/// What to do next.
enum Plan {
    /// Sleep until then, or until something happens.
    Wait(Option<Instant>),
    /// Show what changed.
    Frame,
    /// Show what is there, sharper.
    Refine(Step),
}

impl<'a> Worker<'a> {
    fn new(
        source: Box<dyn FrameSource>,
        settings: Settings,
        outbox: &'a mut Outbox,
    ) -> Result<Self, Fault> {
        let now = Instant::now();
        let size = source.size();
        let kbit = settings.max_bitrate_kbit;
        outbox.display(size);
        Ok(Self {
            encoder: encode::open(size, kbit)?,
            picture: I420::black(size),
            outbox,
            pacer: Pacer::new(settings.max_fps),
            keys: KeyFrames::default(),
            link: Link::new(kbit, now),
            burst: Burst::default(),
            sharpen: Sharpen::new(size, now),
            max_kbit: kbit,
            kbit,
            paused: false,
            damaged: false,
            taken: vec![size.rect()],
            settling: None,
            lost: false,
            last: None,
            shape: None,
            source,
        })
    }

    fn run(&mut self, shared: &Shared) -> Result<(), Fault> {
        loop {
            if self.obey(shared)? {
                return Ok(());
            }
            let now = Instant::now();
            self.listen(now)?;
            let mut until = self.source.wake_at();
            match self.outbox.flush() {
                Delivery::Done => {}
                Delivery::Full => until = earlier(until, Some(now + RETRY)),
                Delivery::Closed => return Ok(()),
            }
            match self.plan(now) {
                Plan::Frame => self.frame(now)?,
                Plan::Refine(step) => self.refine(&step, now)?,
                Plan::Wait(wait) => {
                    let until = earlier(until, wait);
                    shared.waker.sleep(self.source.fd(), until)?;
                }
            }
        }
    }

    /// Does what the handle wished; true: stop.
    fn obey(&mut self, shared: &Shared) -> Result<bool, Fault> {
        let wishes = shared.take();
        if self.paused
            && !wishes.paused
            && let Some(shape) = self.shape.clone()
        {
            self.outbox.shape(shape);
        }
        self.paused = wishes.paused;
        if wishes.key_frame {
            self.keys.request();
        }
        if let Some(kbit) = wishes.bitrate.map(|kbit| kbit.clamp(1, self.max_kbit)) {
            self.kbit = kbit;
            self.link.set_kbit(kbit);
            self.encoder.set_bitrate(kbit)?;
        }
        Ok(wishes.stop)
    }

    /// Takes in what happened on the screen.
    fn listen(&mut self, now: Instant) -> Result<(), Fault> {
        for change in self.source.changes(now)? {
            match change {
                Change::Damaged => self.damaged = true,
                Change::Resized => self.resized(now)?,
                Change::CursorShape(shape) => {
                    self.shape = Some(shape.clone());
                    if !self.paused {
                        self.outbox.shape(shape);
                    }
                }
                Change::CursorMoved(at) if !self.paused => self.outbox.moved(at),
                Change::CursorMoved(_) => {}
            }
        }
        Ok(())
    }

    fn resized(&mut self, now: Instant) -> Result<(), Fault> {
        let size = self.source.size();
        tracing::info!(width = size.width, height = size.height, "display changed");
        self.encoder = encode::open(size, self.kbit)?;
        self.picture = I420::black(size);
        self.sharpen = Sharpen::new(size, now);
        self.taken = vec![size.rect()];
        self.settling = None;
        // A new encoder begins with a key frame.
        self.lost = false;
        self.last = None;
        self.outbox.display(size);
        Ok(())
    }

    fn plan(&self, now: Instant) -> Plan {
        if self.paused {
            return Plan::Wait(None);
        }
        let changed = self.damaged || !self.taken.is_empty();
        let earliest = self.pacer.next().max(self.settling).unwrap_or(now);
        let due = if changed && !self.lost {
            Some(earliest)
        } else {
            self.keys.due(now).map(|due| due.max(earliest))
        };
        let plan = match due {
            Some(due) if now < due => return Plan::Wait(Some(due)),
            Some(_) => Plan::Frame,
            None => match self.sharpen.next(&self.link, now) {
                Next::Done => return Plan::Wait(None),
                Next::At(due) => return Plan::Wait(Some(due)),
                Next::Refine(step) => Plan::Refine(step),
            },
        };
        // The latest frame wins: while nobody takes the last ones, none is made.
        if self.outbox.has_room() {
            plan
        } else {
            Plan::Wait(Some(now + RETRY))
        }
    }

    /// Grabs, converts and encodes what changed, or all of it if a key frame is due.
    fn frame(&mut self, now: Instant) -> Result<(), Fault> {
        if self.damaged {
            self.damaged = false;
            let changed = self.source.damage()?;
            let changed = self.taken.drain(..).chain(changed).collect::<Vec<_>>();
            self.taken = rect::merge(changed, self.picture.size());
        }
        let area = self.taken.iter().map(Rect::area).sum();
        if self.settling.is_none() && pace::settles(area) {
            self.settling = Some(now + pace::SETTLE);
            self.damaged = true;
            return Ok(());
        }
        self.settling = None;
        let key = self.keys.due(now).is_some_and(|due| due <= now);
        let rects = std::mem::take(&mut self.taken);
        if rects.is_empty() && !key {
            return Ok(());
        }
        let captured = Instant::now();
        let picture = &mut self.picture;
        let mut converting = Duration::ZERO;
        self.source.grab(&rects, &mut |rect, pixels| {
            let begun = Instant::now();
            let result = picture.update(rect, pixels);
            converting += begun.elapsed();
            result
        })?;
        tracing::trace!(
            area,
            grab_us = captured.elapsed().saturating_sub(converting).as_micros(),
            convert_us = converting.as_micros(),
            "grabbed"
        );
        self.sharpen.changed(&rects, captured);
        let map = self.sharpen.unsharp();
        let floor = self.burst.floor(map.active, &self.link, captured);
        self.encode(&map, key, Effort::Live { floor }, captured)?;
        Ok(())
    }

    /// Refines a part of what is not sharp yet.
    fn refine(&mut self, step: &Step, now: Instant) -> Result<(), Fault> {
        let effort = Effort::Refine(step.quantizer);
        let bytes = self.encode(&step.map, false, effort, now)?;
        self.sharpen.refined(step, bytes);
        Ok(())
    }

    /// Encodes the picture as it was at `captured` and sends it off; returns its bytes.
    fn encode(
        &mut self,
        map: &ActiveMap,
        key: bool,
        effort: Effort,
        captured: Instant,
    ) -> Result<usize, Fault> {
        let elapsed = self.last.map_or(FIRST_DURATION, |last| captured - last);
        let begun = Instant::now();
        let encoded = self.encoder.encode(Job {
            picture: &self.picture,
            map: Some(map),
            key,
            effort,
            elapsed,
        })?;
        let took = begun.elapsed();
        self.last = Some(captured);
        self.pacer.encoded(captured, took);
        let Some(encoded) = encoded else { return Ok(0) };
        let bytes = encoded.data.len();
        tracing::trace!(
            bytes,
            key = encoded.key,
            quantizer = encoded.quantizer,
            ?effort,
            blocks = map.active,
            encode_us = took.as_micros(),
            "encoded"
        );
        self.link.sent(bytes, captured);
        if encoded.key {
            self.keys.made(captured);
            self.sharpen.reset(captured);
            self.lost = false;
        }
        self.sharpen.sent(map, encoded.quantizer);
        let packet = Packet {
            data: encoded.data,
            key: encoded.key,
            captured,
            duration: elapsed,
        };
        if self.outbox.packet(packet) == Delivery::Full {
            self.lost = true;
            self.keys.request();
        }
        Ok(bytes)
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
