//! Makes updates as the media thread does: as much as the link carries, or less.

use std::time::{Duration, Instant};

use bytes::{BufMut as _, BytesMut};
use deskhand_agent::{
    media::{Packet, pace::Link},
    peer::Peer,
};

/// See the media thread's constants of the same names.
const AHEAD: Duration = Duration::from_millis(20);
const AT_ONCE: Duration = Duration::from_millis(50);

/// What changes on the screen.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// More than the link carries.
    Flood,
    /// So many bytes every so often.
    Every(usize, Duration),
}

/// An update, by its place.
pub struct Update {
    pub made: Instant,
    pub bytes: usize,
}

/// Sends for so long.
pub async fn run(peer: &Peer, work: Work, time: Duration) -> Vec<Update> {
    let mut flow = peer.flow();
    let begun = Instant::now();
    let mut link = Link::new(flow.borrow().kbit, begun);
    let mut next = begun;
    let mut made: Vec<Update> = Vec::new();
    while begun.elapsed() < time {
        let known = *flow.borrow_and_update();
        link.set_kbit(known.kbit, Instant::now());
        let due = next.max(link.free_at() - AHEAD);
        if known.backed_up || Instant::now() < due {
            let wait = if known.backed_up {
                time
            } else {
                due - Instant::now()
            };
            let _ = tokio::time::timeout(wait, flow.changed()).await;
            continue;
        }
        let now = Instant::now();
        let bytes = match work {
            Work::Flood => link.bytes_in(AT_ONCE) as usize,
            Work::Every(bytes, every) => {
                next = now + every;
                bytes
            }
        };
        let mut data = BytesMut::with_capacity(bytes);
        data.put_u32(u32::try_from(made.len()).unwrap());
        data.resize(bytes, 0);
        link.sent(bytes, now);
        let packet = Packet {
            data: data.freeze(),
        };
        assert!(peer.update(packet), "there is always room");
        made.push(Update { made: now, bytes });
    }
    made
}
