//! What waits for room in the channel: of each kind only the latest.

use deskhand_protocol::{control::CursorShape, input::Position, monitor::Monitors};
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::{MediaEvent, Packet};
use crate::scope::Scope;

/// The sending end of the media thread. It never blocks and holds a bounded amount.
pub struct Outbox {
    events: Sender<MediaEvent>,
    monitors: Option<Monitors>,
    display: Option<Scope>,
    shape: Option<CursorShape>,
    moved: Option<Position>,
    failed: Option<String>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of it is in the channel.
    Done,
    /// The channel is full.
    Full,
    /// Nobody listens any more.
    Closed,
}

impl Outbox {
    /// An empty one.
    pub fn new(events: Sender<MediaEvent>) -> Self {
        Self {
            events,
            monitors: None,
            display: None,
            shape: None,
            moved: None,
            failed: None,
        }
    }

    /// Before a later display.
    pub fn monitors(&mut self, monitors: Monitors) {
        self.monitors = Some(monitors);
    }

    /// Before any later packet.
    pub fn display(&mut self, scope: Scope) {
        self.display = Some(scope);
    }

    /// The pointer looks like this now.
    pub fn shape(&mut self, shape: CursorShape) {
        self.shape = Some(shape);
    }

    /// The pointer is here now.
    pub fn moved(&mut self, at: Position) {
        self.moved = Some(at);
    }

    /// The last thing that is ever sent.
    pub fn failed(&mut self, sentence: String) {
        self.failed = Some(sentence);
    }

    /// Whether a packet would find room.
    pub fn has_room(&self) -> bool {
        self.events.capacity() > 0 && self.display.is_none()
    }

    /// Sends what waits, as far as there is room.
    pub fn flush(&mut self) -> Delivery {
        if self.events.is_closed() {
            return Delivery::Closed;
        }
        if let Some(monitors) = self.monitors.take() {
            let delivery = self.send(MediaEvent::Monitors(monitors.clone()));
            if delivery != Delivery::Done {
                self.monitors = Some(monitors);
                return delivery;
            }
        }
        if let Some(scope) = self.display {
            match self.send(MediaEvent::Display(scope)) {
                Delivery::Done => self.display = None,
                other => return other,
            }
        }
        if let Some(shape) = self.shape.take() {
            let delivery = self.send(MediaEvent::CursorShape(shape.clone()));
            if delivery != Delivery::Done {
                self.shape = Some(shape);
                return delivery;
            }
        }
        if let Some(at) = self.moved {
            match self.send(MediaEvent::CursorMoved(at)) {
                Delivery::Done => self.moved = None,
                other => return other,
            }
        }
        if let Some(sentence) = self.failed.take() {
            let delivery = self.send(MediaEvent::Failed(sentence.clone()));
            if delivery != Delivery::Done {
                self.failed = Some(sentence);
                return delivery;
            }
        }
        Delivery::Done
    }

    /// Sends a packet, or drops it.
    pub fn packet(&mut self, packet: Packet) -> Delivery {
        if self.display.is_some() {
            return Delivery::Full;
        }
        self.send(MediaEvent::Packet(packet))
    }

    fn send(&self, event: MediaEvent) -> Delivery {
        match self.events.try_send(event) {
            Ok(()) => Delivery::Done,
            Err(TrySendError::Full(_)) => Delivery::Full,
            Err(TrySendError::Closed(_)) => Delivery::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::{
        control::Display,
        monitor::{Monitor, MonitorId, Shown},
        text::Name,
    };
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn when_there_is_no_room_the_latest_wins_and_the_display_comes_before_packets() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut outbox = Outbox::new(sender);
        let at = |x| Position {
            x: deskhand_protocol::input::Norm(x),
            ..Position::default()
        };
        outbox.moved(at(1));
        assert_eq!(outbox.flush(), Delivery::Done);
        for x in 2..100 {
            outbox.moved(at(x));
            assert_eq!(outbox.flush(), Delivery::Full);
        }
        let monitor = |id| Monitor {
            id: MonitorId(id),
            name: Name::new("DP-1"),
            x: 0,
            y: 0,
            width: 8,
            height: 6,
        };
        for id in 0..3 {
            let shown = Shown::One(MonitorId(id));
            outbox.monitors(Monitors::new(vec![monitor(id)], shown).unwrap());
            outbox.display(Scope {
                display: Display {
                    epoch: 1,
                    width: 8,
                    height: 6,
                },
                left: 0,
                top: 0,
            });
        }
        let packet = Packet {
            data: bytes::Bytes::new(),
        };
        assert!(!outbox.has_room());
        assert_eq!(outbox.packet(packet), Delivery::Full);
        let mut seen = Vec::new();
        while let Ok(event) = receiver.try_recv() {
            seen.push(match event {
                MediaEvent::CursorMoved(at) => format!("moved {}", at.x.0),
                MediaEvent::Monitors(monitors) => format!("monitor {}", monitors.list()[0].id.0),
                MediaEvent::Display(scope) => format!("display {}", scope.display.width),
                other => panic!("{other:?}"),
            });
            let _ = outbox.flush();
        }
        assert_eq!(seen, ["moved 1", "monitor 2", "display 8", "moved 99"]);
        drop(receiver);
        assert_eq!(outbox.flush(), Delivery::Closed);
    }
}
