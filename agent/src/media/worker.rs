//! The media thread: one loop that sleeps until something changes or is due.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::{CursorShape, Display},
    input::Position,
};
use tokio::sync::mpsc;

use super::{
    MediaEvent, Settings, Shared,
    capture::{CaptureError, Change, FrameSource},
    compose::{Composer, Due},
    outbox::{Delivery, Outbox},
    pace::{Choices, Link, Pacer, Refreshes, Tail},
    rect::{self, Rect},
    settle::Settling,
    taste::Taste,
};
use crate::scope::Scope;

/// How soon to look again whether a full channel has room.
const RETRY: Duration = Duration::from_millis(10);

/// The next update may be made so long before the link has carried away the last one.
const AHEAD: Duration = Duration::from_millis(20);

/// An update may keep the link busy for so long.
const AT_ONCE: Duration = Duration::from_millis(50);

/// Why the thread cannot go on.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot sleep: {0}")]
    Sleep(#[from] std::io::Error),
}

impl Fault {
    fn sentence(&self) -> String {
        match self {
            Self::Capture(error) => error.sentence(),
            Self::Sleep(_) => {
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
    begun: Instant,
    epoch: u16,
    events: mpsc::Sender<MediaEvent>,
    shared: &Shared,
) {
    let mut outbox = Outbox::new(events);
    shared.pulse.works(Instant::now());
    let result = source()
        .map_err(Fault::from)
        .and_then(|source| Worker::new(source, settings, begun, epoch, &mut outbox).run(shared));
    let Err(fault) = result else { return };
    tracing::warn!(error = %fault, "the picture stops");
    shared.pulse.rests();
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
    composer: Composer,
    outbox: &'a mut Outbox,
    pacer: Pacer,
    refreshes: Refreshes,
    choices: Choices,
    link: Link,
    tail: Tail,
    settings: Settings,
    taste: Taste,
    /// What the link carries.
    carried: u32,
    /// So much waits for the link that nothing is to be made.
    backed_up: bool,
    /// How many packets found no room on the way to the link.
    refused: u32,
    /// Nobody is to see anything, or nobody looks.
    resting: bool,
    /// The source has damage to take.
    damaged: bool,
    /// Damage taken from the source and not yet grabbed.
    taken: Vec<Rect>,
    settling: Settling,
    /// What the pointer looks like and where it is, for when the rest ends.
    shape: Option<CursorShape>,
    pointer: Option<Position>,
}

/// What to do next.
enum Plan {
    /// Sleep until then, or until something happens.
    Wait(Option<Instant>),
    /// Look at what changed, and send it.
    Look,
    /// Send what is still to be sent.
    Send,
    /// Send an empty update.
    Follow,
}

impl<'a> Worker<'a> {
    fn new(
        source: Box<dyn FrameSource>,
        settings: Settings,
        begun: Instant,
        epoch: u16,
        outbox: &'a mut Outbox,
    ) -> Self {
        let now = Instant::now();
        let view = source.view();
        let size = view.size();
        let kbit = settings.max_bitrate_kbit;
        let composer = Composer::new(epoch, size, kbit, begun, now);
        outbox.display(scope(composer.epoch(), view));
        Self {
            composer,
            outbox,
            pacer: Pacer::new(settings.max_fps),
            refreshes: Refreshes::default(),
            choices: Choices::default(),
            link: Link::new(kbit, now),
            tail: Tail::default(),
            settings,
            taste: Taste::default(),
            carried: kbit,
            backed_up: false,
            refused: 0,
            resting: false,
            damaged: false,
            taken: vec![size.rect()],
            settling: Settling::default(),
            shape: None,
            pointer: None,
            source,
        }
    }

    fn run(&mut self, shared: &Shared) -> Result<(), Fault> {
        loop {
            if self.obey(shared) {
                return Ok(());
            }
            let now = Instant::now();
            shared.pulse.works(now);
            if let Some(shown) = self.choices.grant(now) {
                self.source.show(shown);
            }
            self.listen(now)?;
            let mut until = earlier(self.source.wake_at(), self.choices.due());
            match self.outbox.flush() {
                Delivery::Done => {}
                Delivery::Full => until = earlier(until, Some(now + RETRY)),
                Delivery::Closed => return Ok(()),
            }
            match self.plan(now) {
                Plan::Look => self.look(now)?,
                Plan::Send => self.send(now),
                Plan::Follow => self.follow(now),
                Plan::Wait(wait) => {
                    let until = earlier(until, wait);
                    shared.pulse.rests();
                    shared.waker.sleep(self.source.fd(), until)?;
                }
            }
        }
    }

    /// Does what the handle wished; true: stop.
    fn obey(&mut self, shared: &Shared) -> bool {
        let wishes = shared.take();
        let resting = wishes.rest.paused || wishes.rest.unwatched;
        if self.resting && !resting {
            if let Some(shape) = self.shape.clone() {
                self.outbox.shape(shape);
            }
            if let Some(at) = self.pointer {
                self.outbox.moved(at);
            }
        }
        self.resting = resting;
        if wishes.refresh {
            self.refreshes.request();
        }
        let taste = wishes.quality.map(Taste::of);
        if let Some(taste) = taste.filter(|taste| *taste != self.taste) {
            self.taste = taste;
            self.composer.set_taste(self.taste);
            let fps = self.taste.fps.min(self.settings.max_fps);
            self.pacer.set_max_fps(fps);
            self.follow_link();
        }
        if let Some(flow) = wishes.flow {
            self.carried = flow.kbit;
            self.backed_up = flow.backed_up;
            self.follow_link();
            if self.refused != flow.refused {
                self.refused = flow.refused;
                self.refreshes.request();
            }
        }
        if let Some(codecs) = wishes.codecs {
            self.composer.set_decodable(codecs);
        }
        if let Some(shown) = wishes.show {
            self.choices.wish(shown);
        }
        wishes.stop
    }

    /// Makes no more than the link carries, the novice allows and the expert wants.
    fn follow_link(&mut self) {
        let most = self.settings.max_bitrate_kbit.min(self.taste.kbit).max(1);
        let kbit = self.carried.clamp(1, most);
        self.link.set_kbit(kbit, Instant::now());
        self.composer.set_bitrate(kbit);
    }

    /// Takes in what happened on the screen.
    fn listen(&mut self, now: Instant) -> Result<(), Fault> {
        for change in self.source.changes(now)? {
            match change {
                Change::Damaged => {
                    self.damaged = true;
                    self.settling.heard(now);
                }
                Change::View => self.changed_view(now),
                Change::Monitors => {
                    if let Some(monitors) = self.source.monitors() {
                        self.outbox.monitors(monitors);
                    }
                }
                Change::CursorShape(shape) => {
                    self.shape = Some(shape.clone());
                    if !self.resting {
                        self.outbox.shape(shape);
                    }
                }
                Change::CursorMoved(at) => {
                    self.pointer = Some(at);
                    if !self.resting {
                        self.outbox.moved(at);
                    }
                }
            }
        }
        Ok(())
    }

    fn changed_view(&mut self, now: Instant) {
        let view = self.source.view();
        tracing::info!(
            width = view.width,
            height = view.height,
            left = view.x,
            top = view.y,
            "another part of the desktop is shown"
        );
        self.composer.show(view.size(), now);
        self.taken = vec![view.size().rect()];
        self.settling = Settling::default();
        self.outbox.display(scope(self.composer.epoch(), view));
    }

    fn plan(&mut self, now: Instant) -> Plan {
        if self.resting {
            return Plan::Wait(None);
        }
        if self.refreshes.is_due(now) {
            self.refreshes.made(now);
            self.composer.refresh();
        }
        if self.backed_up {
            // The latest wins, and whoever knows that there is room again says so.
            return Plan::Wait(None);
        }
        let free = self.link.free_at();
        let free = free.checked_sub(AHEAD).unwrap_or(free);
        let earliest = self.pacer.next().map_or(free, |next| next.max(free));
        let changed = self.damaged || !self.taken.is_empty();
        let (due, plan) = if changed {
            let settled = self.settling.until();
            let due = settled.map_or(earliest, |settled| settled.max(earliest));
            (due, Plan::Look)
        } else {
            match self.composer.due(now) {
                Due::Now => (earliest, Plan::Send),
                Due::At(at) => (earliest.max(at), Plan::Send),
                Due::Never => return self.idle(now, None),
            }
        };
        if now < due {
            self.idle(now, Some(due))
        } else if self.outbox.has_room() {
            plan
        } else {
            // The latest wins: while nobody takes the last updates, none is made.
            Plan::Wait(Some(now + RETRY))
        }
    }

    /// What to do until then if nothing happens.
    fn idle(&self, now: Instant, until: Option<Instant>) -> Plan {
        match self.tail.due() {
            Some(due) if due <= now && self.outbox.has_room() => Plan::Follow,
            Some(due) if due <= now => Plan::Wait(Some(now + RETRY)),
            tail => Plan::Wait(earlier(earlier(until, self.refreshes.due()), tail)),
        }
    }

    fn follow(&mut self, now: Instant) {
        self.tail.followed();
        let packet = self.composer.empty(now);
        if self.outbox.packet(packet) == Delivery::Full {
            self.refreshes.request();
        }
    }

    /// Grabs what changed, and sends it.
    fn look(&mut self, now: Instant) -> Result<(), Fault> {
        let size = self.composer.size();
        if self.damaged {
            self.damaged = false;
            let changed = self.source.damage()?;
            let changed = self.taken.drain(..).chain(changed).collect::<Vec<_>>();
            self.taken = rect::merge(changed, size);
            if self.taken.is_empty() {
                self.pacer.in_vain(now);
                return Ok(());
            }
        }
        let area = self.taken.iter().map(Rect::area).sum();
        if self.settling.holds(area, now) {
            self.damaged = true;
            return Ok(());
        }
        let rects = std::mem::take(&mut self.taken);
        let captured = Instant::now();
        let composer = &mut self.composer;
        self.source.grab(&rects, &mut |rect, pixels| {
            composer.see(rect, pixels, captured);
            Ok(())
        })?;
        tracing::trace!(area, took_us = captured.elapsed().as_micros(), "grabbed");
        self.send(captured);
        Ok(())
    }

    /// Sends what the page does not show yet, as far as the link lets it.
    fn send(&mut self, now: Instant) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of bytes; saturates"
        )]
        let budget = self.link.bytes_in(AT_ONCE) as usize;
        let begun = Instant::now();
        let composed = self.composer.compose(budget, &self.link, now);
        let took = begun.elapsed();
        let Some(packet) = composed else {
            if self.composer.due(now) != Due::Never {
                // What waits is looked at no more often than it would be sent.
                self.pacer.encoded(now, took);
            }
            return;
        };
        self.pacer.encoded(now, took);
        self.link.sent(packet.data.len(), now);
        self.tail.sent(now);
        tracing::trace!(
            bytes = packet.data.len(),
            took_us = took.as_micros(),
            "composed"
        );
        if self.outbox.packet(packet) == Delivery::Full {
            self.refreshes.request();
        }
    }
}

fn scope(epoch: u16, view: Rect) -> Scope {
    // No picture is larger, and no desktop much larger.
    let pixels = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    Scope {
        display: Display {
            epoch,
            width: pixels(view.width),
            height: pixels(view.height),
        },
        left: pixels(view.x),
        top: pixels(view.y),
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
