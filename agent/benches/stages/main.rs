//! What each stage between a change on the screen and an update costs, on a real X server and
//! with no link and no browser: damage, grab, compare with what the page shows, compose.
//!
//! `cargo bench --workspace --bench stages` prints a table, with a name of a
//! workload after `--` that one alone. Bytes hardly differ from run to run; times are those of
//! this machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench: it prints, and fails where it cannot go on"
)]

#[path = "../codecs/cpu.rs"]
mod cpu;
mod desk;
#[allow(dead_code, reason = "the bench of the codecs uses more of it")]
#[path = "../codecs/moving.rs"]
mod moving;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/media/xserver.rs"]
mod xserver;

use std::time::{Duration, Instant};

use desk::{Desk, Workload};
use deskhand_agent::media::{
    Media, MediaEvent, Packet, Settings,
    capture::{FrameSource, x11},
    compose::Composer,
    pace::Link,
};
use deskhand_protocol::picture::{Part, Update};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc;
use xserver::XServer;

const FRAMES: u32 = 180;
/// Before what is measured: the first picture, and what learns from several.
const WARM_UP: u32 = 30;
const KBIT: u32 = 20_000;
/// Far more than anything takes.
const PATIENCE: Timespec = Timespec {
    tv_sec: 10,
    tv_nsec: 0,
};

fn main() {
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    println!("milliseconds, median / 95th percentile of {FRAMES} changes; 1920 x 1080\n");
    println!(
        "{:<8} {:>13} {:>13} {:>13} {:>13} {:>13} {:>8} {:>7} {:>7} {:>7}",
        "", "damage", "grab", "compare", "compose", "all", "cpu", "bytes", "tiles", "video"
    );
    for workload in Workload::ALL {
        if wanted(workload.name()) {
            println!("{:<8} {}", workload.name(), measure(workload));
        }
    }
    if wanted("letter") {
        println!(
            "\na letter drawn -> its update ready to send: {}",
            letters()
        );
    }
}

/// How long something took, each time.
#[derive(Default)]
struct Times(Vec<Duration>);

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let both = format!("{:.2} / {:.2}", millis(at(50)), millis(at(95)));
        f.pad(&both)
    }
}

#[derive(Default)]
struct Measured {
    damage: Times,
    grab: Times,
    compare: Times,
    compose: Times,
    all: Times,
    /// Of this process, without the X server.
    cpu: Duration,
    bytes: Bytes,
}

/// Of all updates.
#[derive(Default)]
struct Bytes {
    all: usize,
    tiles: usize,
    video: usize,
}

impl Bytes {
    fn add(&mut self, packet: &Packet) {
        self.all += packet.data.len();
        for part in Update::decode(&packet.data).unwrap().parts {
            match part {
                Part::Copy { .. } => {}
                Part::Tile { data, .. } => self.tiles += data.len(),
                Part::Video { data, .. } => self.video += data.len(),
            }
        }
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [bytes, tiles, video] =
            [self.bytes.all, self.bytes.tiles, self.bytes.video].map(|n| n / FRAMES as usize);
        write!(
            f,
            "{:>13} {:>13} {:>13} {:>13} {:>13} {:>8.2} {bytes:>7} {tiles:>7} {video:>7}",
            self.damage,
            self.grab,
            self.compare,
            self.compose,
            self.all,
            self.cpu.as_secs_f64() * 1000.0 / f64::from(FRAMES),
        )
    }
}

fn measure(workload: Workload) -> Measured {
    let server = XServer::start((1920, 1080));
    let mut desk = Desk::new(&server, workload);
    let mut source = x11::open(&server.display()).unwrap();
    let begun = Instant::now();
    let size = source.view().size();
    let mut composer = Composer::new(1, size, KBIT, begun, begun);
    let mut measured = Measured::default();
    let whole = size.rect();
    let link = Link::new(KBIT, begun);
    source
        .grab(&[whole], &mut |rect, pixels| {
            composer.see(rect, pixels, begun);
            Ok(())
        })
        .unwrap();
    while composer.compose(usize::MAX, &link, begun).is_some() {}
    for frame in 0..WARM_UP + FRAMES {
        // As a film would be shown, so that what depends on the clock is as in real life.
        let now = begun + workload.interval() * frame;
        if frame == WARM_UP {
            measured = Measured::default();
        }
        desk.step();
        let cpu_before = cpu::spent();
        let started = Instant::now();
        await_damage(&mut *source);
        let damage = source.damage().unwrap();
        let rects = deskhand_agent::media::rect::merge(damage, size);
        let damaged = Instant::now();
        let mut comparing = Duration::ZERO;
        source
            .grab(&rects, &mut |rect, pixels| {
                let begun = Instant::now();
                composer.see(rect, pixels, now);
                comparing += begun.elapsed();
                Ok(())
            })
            .unwrap();
        let grabbed = Instant::now();
        let packet = composer.compose(usize::MAX, &link, now);
        let done = Instant::now();
        measured.damage.0.push(damaged - started);
        measured
            .grab
            .0
            .push((grabbed - damaged).saturating_sub(comparing));
        measured.compare.0.push(comparing);
        measured.compose.0.push(done - grabbed);
        measured.all.0.push(done - started);
        measured.cpu += cpu::spent().saturating_sub(cpu_before);
        if let Some(packet) = packet {
            measured.bytes.add(&packet);
        }
    }
    measured
}

/// Sleeps until the screen says that it changed.
fn await_damage(source: &mut dyn FrameSource) {
    use deskhand_agent::media::capture::Change;
    while !source
        .changes(Instant::now())
        .unwrap()
        .contains(&Change::Damaged)
    {
        let fd = source.fd().expect("an X server");
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&PATIENCE)).unwrap();
    }
}

/// By the thread that does all of it in the agent.
fn letters() -> Times {
    let server = XServer::start((1920, 1080));
    let mut desk = Desk::new(&server, Workload::Typing);
    let display = server.display();
    let settings = Settings {
        max_bitrate_kbit: KBIT,
        max_fps: 60,
    };
    let (events, mut packets) = mpsc::channel(64);
    let _media = Media::start(
        move || x11::open(&display),
        settings,
        Instant::now(),
        1,
        events,
    );
    let mut times = Times::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let quiet = Duration::from_millis(120);
        for letter in 0..60 {
            // The empty updates that follow the last one are not what is waited for.
            while tokio::time::timeout(quiet, packets.recv()).await.is_ok() {}
            let drawn = Instant::now();
            desk.step();
            while !matches!(packets.recv().await, Some(MediaEvent::Packet(_))) {}
            if letter >= 10 {
                times.0.push(drawn.elapsed());
            }
        }
    });
    times
}
