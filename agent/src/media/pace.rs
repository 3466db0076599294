//! When to look at the screen and at which part of it, when a key frame is due, and how busy the
//! link is. Pure.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use deskhand_protocol::monitor::Shown;

/// No page shows more than 60 pictures a second. A source of just as many must not be held back by
/// a little more each time until it is a whole picture behind, so it is a little less.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(15);

/// A median over so many frames: long enough to ignore a hiccup, short enough to follow a
/// change from typing to video within half a second.
const WINDOW: usize = 15;

/// A film on a monitor that is not shown must not have the screen looked at all the time: so long
/// nothing is after a look in vain. Short enough not to be felt where something is shown.
const IN_VAIN: Duration = Duration::from_millis(4);

/// A frame that begins by up to so much later than it might have does not delay the next one, or
/// a source of 60 pictures a second would stay behind after every hiccup.
const MADE_UP: Duration = Duration::from_millis(8);

/// Paces frames: the first change after quiet is shown at once, later ones at the rate that
/// leaves the encoder at least a third of its time idle.
#[derive(Debug)]
pub struct Pacer {
    shortest: Duration,
    /// When the last frame began, or should have.
    frame: Option<Instant>,
    fruitless: Option<Instant>,
    encode_times: VecDeque<Duration>,
}

impl Pacer {
    /// At most `max_fps` frames a second; 60 stands for as many as a page shows.
    pub fn new(max_fps: u8) -> Self {
        Self {
            shortest: interval(max_fps),
            frame: None,
            fruitless: None,
            encode_times: VecDeque::with_capacity(WINDOW),
        }
    }

    /// From now on as if it had been made for so many.
    pub fn set_max_fps(&mut self, max_fps: u8) {
        self.shortest = interval(max_fps);
    }

    /// A frame was begun at `begun` and took `encode` to encode.
    pub fn encoded(&mut self, begun: Instant, encode: Duration) {
        let due = self.due();
        if self.encode_times.len() == WINDOW {
            self.encode_times.pop_front();
        }
        self.encode_times.push_back(encode);
        let late = due.map_or(Duration::ZERO, |due| {
            begun.saturating_duration_since(due).min(MADE_UP)
        });
        self.frame = begun.checked_sub(late);
    }

    fn due(&self) -> Option<Instant> {
        self.frame.map(|frame| frame + self.interval())
    }

    /// A change turned out to be none of what is shown.
    pub fn in_vain(&mut self, now: Instant) {
        self.fruitless = Some(now);
    }

    /// The earliest time for the next frame; `None`: any time.
    pub fn next(&self) -> Option<Instant> {
        let look = self.fruitless.map(|look| look + IN_VAIN);
        self.due().max(look)
    }

    fn interval(&self) -> Duration {
        let mut sorted: Vec<_> = self.encode_times.iter().copied().collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        self.shortest.max(median * 8 / 5)
    }
}

fn interval(fps: u8) -> Duration {
    let wanted = match fps {
        60.. => SHORTEST_INTERVAL,
        fewer => Duration::from_secs(1) / u32::from(fewer.max(1)),
    };
    wanted.max(SHORTEST_INTERVAL)
}

/// A whole picture is dear: at most one per [`Refreshes::INTERVAL`], however often one is asked
/// for.
#[derive(Debug, Default)]
pub struct Refreshes {
    wanted: bool,
    last: Option<Instant>,
}

impl Refreshes {
    /// The shortest time between two.
    pub const INTERVAL: Duration = Duration::from_secs(1);

    /// Somebody needs one.
    pub fn request(&mut self) {
        self.wanted = true;
    }

    /// When the wanted one may be made; `None` if none is wanted, or none was made before.
    pub fn due(&self) -> Option<Instant> {
        let earliest = self.last.map(|last| last + Self::INTERVAL);
        earliest.filter(|_| self.wanted)
    }

    /// Whether one is to be made now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.wanted && self.due().is_none_or(|due| due <= now)
    }

    /// One was made.
    pub fn made(&mut self, now: Instant) {
        self.wanted = false;
        self.last = Some(now);
    }
}

/// Each other part of the desktop is a whole picture and a line in the novice's window: at most one
/// per [`Choices::INTERVAL`], and the latest wish counts.
#[derive(Debug, Default)]
pub struct Choices {
    wanted: Option<Shown>,
    last: Option<Instant>,
}

impl Choices {
    /// The shortest time between two.
    pub const INTERVAL: Duration = Duration::from_millis(400);

    /// The expert wants to see this.
    pub fn wish(&mut self, shown: Shown) {
        self.wanted = Some(shown);
    }

    /// When the wish may be granted; `None` if there is none, or it may be at once.
    pub fn due(&self) -> Option<Instant> {
        let earliest = self.last.map(|last| last + Self::INTERVAL);
        earliest.filter(|_| self.wanted.is_some())
    }

    /// What is to be shown from now on, if that may change now.
    pub fn grant(&mut self, now: Instant) -> Option<Shown> {
        if self.due().is_some_and(|due| now < due) {
            return None;
        }
        let granted = self.wanted.take()?;
        self.last = Some(now);
        Some(granted)
    }
}

/// Receivers notice that a packet got lost by the next one. After the last update before quiet
/// there is none, so empty ones follow it.
#[derive(Debug, Default)]
pub struct Tail {
    /// When the last update went, and how many empty ones have followed.
    last: Option<(Instant, usize)>,
}

impl Tail {
    /// So long after the last update.
    const AFTER: [Duration; 3] = [
        Duration::from_millis(40),
        Duration::from_millis(120),
        Duration::from_millis(400),
    ];

    /// An update was sent.
    pub fn sent(&mut self, now: Instant) {
        self.last = Some((now, 0));
    }

    /// An empty one was sent.
    pub fn followed(&mut self) {
        if let Some((_, count)) = &mut self.last {
            *count += 1;
        }
    }

    /// When the next empty one is due.
    pub fn due(&self) -> Option<Instant> {
        let (last, count) = self.last?;
        Self::AFTER.get(count).map(|after| last + *after)
    }
}

/// A burst at a rate that has collapsed must not silence the link for minutes.
const LONGEST: Duration = Duration::from_secs(2);

/// Estimates when the link has carried away what was sent, from its bitrate alone.
#[derive(Debug)]
pub struct Link {
    kbit: u32,
    free_at: Instant,
}

impl Link {
    /// An idle link.
    pub fn new(kbit: u32, now: Instant) -> Self {
        Self {
            kbit: kbit.max(1),
            free_at: now,
        }
    }

    /// The link carries so much from now on, what is on it already included.
    pub fn set_kbit(&mut self, kbit: u32, now: Instant) {
        let before = std::mem::replace(&mut self.kbit, kbit.max(1));
        let left = self.free_at.saturating_duration_since(now);
        let left = left.mul_f64(f64::from(before) / f64::from(self.kbit));
        self.free_at = now + left.min(LONGEST);
    }

    /// So many bytes were put on it.
    pub fn sent(&mut self, bytes: usize, now: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let seconds = bytes as f64 * 8.0 / (f64::from(self.kbit) * 1000.0);
        let busy = Duration::from_secs_f64(seconds).min(LONGEST);
        self.free_at = (self.free_at.max(now) + busy).min(now + LONGEST);
    }

    /// When all of it has gone.
    pub fn free_at(&self) -> Instant {
        self.free_at
    }

    /// How many bytes it carries in `time`.
    pub fn bytes_in(&self, time: Duration) -> f64 {
        f64::from(self.kbit) * 125.0 * time.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_change_after_quiet_waits_for_nothing() {
        let now = Instant::now();
        let mut pacer = Pacer::new(60);
        assert_eq!(pacer.next(), None);
        pacer.encoded(now, 4 * MS);
        assert!(pacer.next().unwrap() < now + 17 * MS);
    }

    #[test]
    fn sixty_pictures_a_second_are_followed_without_falling_behind() {
        let begun = Instant::now();
        let mut pacer = Pacer::new(60);
        for n in 0..600 {
            let changed = begun + n * Duration::from_secs(1) / 60;
            assert!(pacer.next().is_none_or(|next| next <= changed));
            pacer.encoded(changed, 4 * MS);
        }
    }

    #[test]
    fn a_frame_that_was_late_does_not_make_all_that_follow_late() {
        let begun = Instant::now();
        let mut pacer = Pacer::new(60);
        let interval = Duration::from_secs(1) / 60;
        let mut late = Duration::ZERO;
        for n in 0..60 {
            let changed = begun + n * interval;
            let hiccup = if n == 30 { 8 * MS } else { Duration::ZERO };
            let shown = pacer.next().map_or(changed, |next| next.max(changed)) + hiccup;
            pacer.encoded(shown, 4 * MS);
            late = shown - changed;
            assert!(n < 33 || late.is_zero(), "{n}: {late:?}");
        }
        assert!(late.is_zero());
    }

    #[test]
    fn on_the_whole_there_are_no_more_frames_than_wanted() {
        let begun = Instant::now();
        let mut pacer = Pacer::new(10);
        let mut count = 0;
        for n in 0..10_000 {
            let now = begun + n * MS;
            // Something changes all the time, but for a pause now and then.
            let changed = n % 700 < 600;
            if changed && pacer.next().is_none_or(|next| next <= now) {
                pacer.encoded(now, MS);
                count += 1;
            }
        }
        assert!((85..=100).contains(&count), "{count}");
    }

    #[test]
    fn a_slow_encoder_is_given_time_and_a_single_hiccup_is_forgiven() {
        let now = Instant::now();
        let mut pacer = Pacer::new(60);
        for _ in 0..10 {
            pacer.encoded(now, 4 * MS);
        }
        pacer.encoded(now, 400 * MS);
        assert!(pacer.next().unwrap() < now + 17 * MS);
        let mut last = now;
        for _ in 0..15 {
            last = pacer.next().unwrap();
            pacer.encoded(last, 20 * MS);
        }
        assert_eq!(pacer.next(), Some(last + 32 * MS));
    }

    #[test]
    fn the_frame_rate_can_be_capped() {
        let now = Instant::now();
        let mut pacer = Pacer::new(10);
        pacer.encoded(now, MS);
        assert_eq!(pacer.next(), Some(now + 100 * MS));
        pacer.set_max_fps(50);
        assert_eq!(pacer.next(), Some(now + 20 * MS));
    }

    #[test]
    fn whole_pictures_are_made_at_most_once_a_second() {
        let now = Instant::now();
        let mut refreshes = Refreshes::default();
        assert!(!refreshes.is_due(now));
        refreshes.request();
        assert!(refreshes.is_due(now));
        refreshes.made(now);
        assert!(!refreshes.is_due(now + 5000 * MS));
        refreshes.request();
        refreshes.request();
        assert!(!refreshes.is_due(now + 10 * MS));
        assert_eq!(refreshes.due(), Some(now + 1000 * MS));
        assert!(refreshes.is_due(now + 1000 * MS));
        refreshes.made(now + 1000 * MS);
        assert_eq!(refreshes.due(), None);
    }

    #[test]
    fn after_a_look_in_vain_there_is_a_short_pause() {
        let now = Instant::now();
        let mut pacer = Pacer::new(60);
        pacer.in_vain(now);
        assert_eq!(pacer.next(), Some(now + 4 * MS));
        pacer.encoded(now, MS);
        assert_eq!(pacer.next(), Some(now + 15 * MS));
    }

    #[test]
    fn of_many_wishes_the_latest_is_granted_after_a_while() {
        use deskhand_protocol::monitor::MonitorId;
        let now = Instant::now();
        let mut choices = Choices::default();
        assert_eq!((choices.grant(now), choices.due()), (None, None));
        choices.wish(Shown::All);
        assert_eq!(choices.grant(now), Some(Shown::All));
        for id in 0..100 {
            choices.wish(Shown::One(MonitorId(id)));
            assert_eq!(choices.grant(now + 399 * MS), None);
        }
        assert_eq!(choices.due(), Some(now + 400 * MS));
        let latest = Some(Shown::One(MonitorId(99)));
        assert_eq!(choices.grant(now + 400 * MS), latest);
        assert_eq!(choices.due(), None);
    }

    #[test]
    fn after_the_last_update_a_few_empty_ones_follow() {
        let now = Instant::now();
        let mut tail = Tail::default();
        assert_eq!(tail.due(), None);
        tail.sent(now);
        let mut seen = vec![];
        while let Some(due) = tail.due() {
            seen.push((due - now).as_millis());
            tail.followed();
        }
        assert_eq!(seen, [40, 120, 400]);
        tail.sent(now + 2000 * MS);
        assert_eq!(tail.due(), Some(now + 2040 * MS));
    }

    #[test]
    fn the_link_carries_away_what_was_sent() {
        let now = Instant::now();
        let mut link = Link::new(800, now);
        link.sent(10_000, now);
        assert_eq!(link.free_at(), now + 100 * MS);
        link.sent(10_000, now + 50 * MS);
        assert_eq!(link.free_at(), now + 200 * MS);
        link.sent(10_000, now + 500 * MS);
        assert_eq!(link.free_at(), now + 600 * MS);
        link.sent(100_000_000, now + 500 * MS);
        assert_eq!(link.free_at(), now + 2500 * MS);
        link.set_kbit(1600, now + 1500 * MS);
        assert_eq!(link.free_at(), now + 2000 * MS);
    }
}
