//! The last packet before quiet has nothing after it that would show its loss, so it is sent again
//! until the other end reports it: the tail loss probe of RFC 8985 section 7, with growing pauses.

use std::time::{Duration, Instant};

use super::Outgoing;

/// Reports are put together for about so long.
const REPORTING: Duration = Duration::from_millis(300);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(1);
/// Of so many departures it is remembered how they were numbered.
const REMEMBERED: usize = 8;

/// The last packet of the last update, as long as nobody has reported it.
#[derive(Debug)]
pub struct Probe<P> {
    awaited: Option<Awaited<P>>,
}

#[derive(Debug)]
struct Awaited<P> {
    packet: Outgoing<P>,
    /// How it was numbered when it left, the last time last.
    departures: Vec<u16>,
    pause: Duration,
    due: Instant,
}

impl<P> Default for Probe<P> {
    fn default() -> Self {
        Self { awaited: None }
    }
}

impl<P: Clone> Probe<P> {
    /// Something left for the first time, and will be reported as `number`: after a round trip of
    /// `trip` and what it takes to report.
    pub fn left(&mut self, packet: &Outgoing<P>, number: u16, trip: Duration, now: Instant) {
        let pause = (trip + REPORTING).min(LONGEST);
        self.awaited = packet.ends.then(|| Awaited {
            packet: packet.clone(),
            departures: vec![number],
            pause,
            due: now + pause,
        });
    }

    /// Something left once more, and will be reported as `number`.
    pub fn left_again(&mut self, packet: &Outgoing<P>, number: u16) {
        let awaited = self.awaited.as_mut();
        if let Some(awaited) = awaited.filter(|awaited| awaited.packet.number == packet.number) {
            if awaited.departures.len() == REMEMBERED {
                awaited.departures.remove(0);
            }
            awaited.departures.push(number);
        }
    }

    /// What left as `number` has arrived.
    pub fn reported(&mut self, number: u16) {
        self.awaited
            .take_if(|awaited| awaited.departures.contains(&number));
    }

    /// When the packet is to be sent again.
    pub fn due(&self) -> Option<Instant> {
        self.awaited.as_ref().map(|awaited| awaited.due)
    }

    /// The packet, if it is to be sent again now. `deaf`: nobody will ever report it, so a few
    /// times have to be enough.
    pub fn take(&mut self, deaf: bool, now: Instant) -> Option<Outgoing<P>> {
        let awaited = self.awaited.as_mut().filter(|awaited| awaited.due <= now)?;
        let packet = awaited.packet.clone();
        if deaf && awaited.pause == LONGEST {
            self.awaited = None;
        } else {
            awaited.pause = (awaited.pause * 2).min(LONGEST);
            awaited.due = now + awaited.pause;
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(number: u16, ends: bool) -> Outgoing<()> {
        Outgoing {
            number,
            size: 100,
            ends,
            packet: (),
        }
    }

    /// When it is sent again, in milliseconds, within so long.
    fn probes(probe: &mut Probe<()>, deaf: bool, begun: Instant, within: u32) -> Vec<u32> {
        (0..within)
            .filter(|n| probe.take(deaf, begun + *n * MS).is_some())
            .collect()
    }

    #[test]
    fn it_is_sent_again_until_any_of_its_departures_is_reported() {
        let now = Instant::now();
        let mut probe = Probe::default();
        probe.left(&packet(7, true), 70, 100 * MS, now);
        let sent = probes(&mut probe, false, now, 4_000);
        assert_eq!(sent, [400, 1_200, 2_200, 3_200]);
        probe.left_again(&packet(6, true), 71);
        probe.left_again(&packet(7, true), 72);
        probe.reported(71);
        assert!(probe.due().is_some(), "that was another packet");
        probe.reported(70);
        assert_eq!(probe.due(), None);
    }

    #[test]
    fn what_follows_shows_its_loss() {
        let now = Instant::now();
        let mut probe = Probe::default();
        probe.left(&packet(7, true), 70, 100 * MS, now);
        probe.left(&packet(8, false), 71, 100 * MS, now);
        assert_eq!(probe.due(), None, "and the end of that is still to come");
    }

    #[test]
    fn nobody_reports_anything() {
        let now = Instant::now();
        let mut probe = Probe::default();
        probe.left(&packet(7, true), 70, 100 * MS, now);
        let sent = probes(&mut probe, true, now, 60_000);
        assert_eq!(sent, [400, 1_200, 2_200]);
    }
}
