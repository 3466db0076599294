//! A link between two computers of a [`Network`](crate::network) that takes its time and loses
//! some: a thread carries packets from one's device to the other's. The same seed loses the same
//! packets. Kernels without `netem` do as well.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fs::OFlags,
    io::Errno,
    ioctl,
};

use crate::network::enter;

/// What a link does to what passes it, each way.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// There and back.
    pub round_trip: Duration,
    /// Of a hundred packets.
    pub lost: u8,
    /// Decides which.
    pub seed: u64,
}

/// Packets that wait; more than that is more than a second of anything sent here.
const QUEUE: usize = 20_000;
/// The largest packet.
const MTU: usize = 1500;

/// A running link. Dropped, it is gone.
pub struct BadLink {
    end: rustix::fd::OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl BadLink {
    /// Makes a device of this name in each of two networks, and joins them.
    ///
    /// # Panics
    /// If the system does not let us.
    pub(crate) fn between(ends: [(File, &'static str); 2], nature: Nature) -> Self {
        let end = eventfd(0, EventfdFlags::CLOEXEC).expect("an event can be made");
        let ended = end.try_clone().expect("it can be shared");
        let (made, both) = mpsc::channel();
        let thread = thread::spawn(move || {
            let devices = ends.map(|(network, name)| {
                enter(Some(&network)).expect("its network can be entered");
                device(name).expect("devices can be made by root, where there is /dev/net/tun")
            });
            made.send(()).expect("somebody waits");
            carry(devices, nature, &ended).expect("packets can be passed on");
        });
        both.recv().expect("the devices are there");
        Self {
            end,
            thread: Some(thread),
        }
    }
}

impl Drop for BadLink {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.end, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `struct ifreq` as `TUNSETIFF` takes it (`linux/if.h`).
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// `TUNSETIFF`, `IFF_TUN` and `IFF_NO_PI` (`linux/if_tun.h`).
const SET: ioctl::Opcode = 0x4004_54ca;
const PACKETS_ONLY: u16 = 0x0001 | 0x1000;

/// A device of packets in the network of this thread.
fn device(name: &str) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open("/dev/net/tun")?;
    let mut request = Request {
        name: [0; 16],
        flags: PACKETS_ONLY,
        rest: [0; 22],
    };
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    // SAFETY: this request reads a structure of this layout, which lives until it returns.
    #[allow(unsafe_code)]
    unsafe {
        ioctl::ioctl(&file, ioctl::Setter::<SET, Request>::new(request))?;
    }
    Ok(file)
}

/// One direction.
struct Way {
    nature: Nature,
    state: u64,
    waiting: VecDeque<(Instant, Vec<u8>)>,
}

impl Way {
    fn new(nature: Nature, way: u64) -> Self {
        Self {
            nature,
            state: nature.seed ^ way,
            waiting: VecDeque::new(),
        }
    }

    fn takes(&mut self, packet: &[u8], now: Instant) {
        if self.chance() >= self.nature.lost.into() && self.waiting.len() < QUEUE {
            let due = now + self.nature.round_trip / 2;
            self.waiting.push_back((due, packet.to_vec()));
        }
    }

    fn gives(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.waiting
            .pop_front_if(|(due, _)| *due <= now)
            .map(|(_, packet)| packet)
    }

    fn due(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Below 100, each equally often: `SplitMix64`.
    fn chance(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100
    }
}

fn carry(
    [mut here, mut there]: [File; 2],
    nature: Nature,
    ended: &rustix::fd::OwnedFd,
) -> std::io::Result<()> {
    let mut ways = [Way::new(nature, 0), Way::new(nature, 1)];
    let mut packet = [0; MTU];
    loop {
        let now = Instant::now();
        for (way, to) in ways.iter_mut().zip([&mut there, &mut here]) {
            while let Some(packet) = way.gives(now) {
                // A device that is down takes nothing, as a cable that is out.
                let _ = to.write(&packet);
            }
        }
        let due = ways.iter().filter_map(Way::due).min();
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec::try_from(left).unwrap_or_default());
        let mut fds = [
            PollFd::new(ended, PollFlags::IN),
            PollFd::from_borrowed_fd(here.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(there.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if fds[0].revents().contains(PollFlags::IN) {
            return Ok(());
        }
        let now = Instant::now();
        for (way, from) in ways.iter_mut().zip([&mut here, &mut there]) {
            while let Ok(len) = from.read(&mut packet) {
                way.takes(&packet[..len], now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_take_half_a_round_trip_and_some_are_lost_the_same_every_time() {
        let nature = Nature {
            round_trip: Duration::from_millis(80),
            lost: 10,
            seed: 7,
        };
        let start = Instant::now();
        let run = || {
            let mut way = Way::new(nature, 0);
            for number in 0..1000_u16 {
                way.takes(&number.to_be_bytes(), start);
            }
            assert_eq!(way.gives(start + Duration::from_millis(39)), None);
            let end = start + Duration::from_millis(40);
            std::iter::from_fn(|| way.gives(end)).collect::<Vec<_>>()
        };
        let arrived = run();
        assert!((870..930).contains(&arrived.len()), "{}", arrived.len());
        assert_eq!(arrived, run());
    }
}
