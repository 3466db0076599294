//! A hundred relayed sessions of 3 Mbit/s each, through the relay inside and through coturn, in one
//! run: what each takes of the processor for what it delivers.
//!
//! `cargo bench --package deskhand-signaling --bench relay`; coturn's `turnserver` has to be
//! installed. Everything is on 127.0.0.1. Both ends of a session have an allocation, as in the
//! worst of networks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench: a failure is a panic with a sentence"
)]

mod client;
mod programs;

use std::{
    net::UdpSocket,
    thread,
    time::{Duration, Instant},
};

use client::{End, Login};
use programs::{Coturn, Deskhand, Program};

const SESSIONS: usize = 100;
/// Of what the ends say to each other; a picture's packet is about as long.
const PACKET: usize = 1_200;
const BITS_PER_SECOND: usize = 3_000_000;
const TIME: Duration = Duration::from_secs(10);
/// So often the sender catches up with its rate.
const TICK: Duration = Duration::from_millis(2);
/// Alternating, so that a busy moment of this computer hits both.
const ROUNDS: usize = 3;

/// What one relay did.
#[derive(Debug, Clone, Copy)]
struct Done {
    cpu: Duration,
    sent: u64,
    delivered: u64,
}

impl Done {
    fn micros_a_packet(self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.delivered as f64
    }
}

/// Two ends that reach each other through a relay.
struct Session {
    from: End,
    to: End,
}

impl Session {
    fn new(login: &Login) -> Self {
        let (mut from, mut to) = (End::new(login), End::new(login));
        let (at_from, at_to) = (from.allocate(), to.allocate());
        from.bind(at_to);
        to.bind(at_from);
        Self { from, to }
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut best: [Option<Done>; 2] = [None, None];
    for round in 1..=ROUNDS {
        let programs: [Box<dyn Program>; 2] =
            [Box::new(Deskhand::start()), Box::new(Coturn::start())];
        for (program, best) in programs.into_iter().zip(&mut best) {
            let done = run(&*program);
            println!(
                "round {round}, {}: {:.2} s of processor time for {} of {} packets, {:.1} µs each",
                program.name(),
                done.cpu.as_secs_f64(),
                done.delivered,
                done.sent,
                done.micros_a_packet(),
            );
            if best.is_none_or(|best| done.micros_a_packet() < best.micros_a_packet()) {
                *best = Some(done);
            }
        }
    }
    let [ours, coturns] = best.map(|done| done.expect("there was a round").micros_a_packet());
    println!(
        "The relay inside takes {:.2} times what coturn takes (at most 1.5 is wanted).",
        ours / coturns
    );
}

fn run(program: &dyn Program) -> Done {
    let sessions: Vec<Session> = program
        .logins(SESSIONS)
        .iter()
        .map(Session::new)
        .collect();
    let before = program.cpu();
    let end = Instant::now() + TIME;
    let senders: Vec<UdpSocket> = sessions.iter().map(|s| s.from.another_handle()).collect();
    let sending = thread::spawn(move || send(&senders, end));
    let delivered = receive(&sessions, end + Duration::from_millis(300));
    let sent = sending.join().expect("sending goes on");
    Done {
        cpu: program.cpu().saturating_sub(before),
        sent,
        delivered,
    }
}

fn send(ends: &[UdpSocket], until: Instant) -> u64 {
    let packet = client::channel_data(&[0x5a; PACKET]);
    let per_second = (BITS_PER_SECOND / 8 / PACKET) as f64;
    let start = Instant::now();
    let mut rounds = 0_u64;
    while Instant::now() < until {
        while (rounds as f64) < start.elapsed().as_secs_f64() * per_second {
            for end in ends {
                // Full for a moment: that packet is lost.
                let _ = end.send(&packet);
            }
            rounds += 1;
        }
        thread::sleep(TICK);
    }
    rounds * ends.len() as u64
}

/// Takes what arrives, on as many threads as there is nothing better to do for.
fn receive(sessions: &[Session], until: Instant) -> u64 {
    thread::scope(|scope| {
        let threads: Vec<_> = sessions
            .chunks(SESSIONS / 2)
            .map(|part| scope.spawn(move || drain(part, until)))
            .collect();
        threads.into_iter().map(|one| one.join().expect("receiving goes on")).sum()
    })
}

fn drain(sessions: &[Session], until: Instant) -> u64 {
    let mut buffer = [0; 2_000];
    let mut delivered = 0;
    for session in sessions {
        session.to.does_not_wait();
    }
    while Instant::now() < until {
        for session in sessions {
            while session.to.takes(&mut buffer) {
                delivered += 1;
            }
        }
        thread::sleep(TICK);
    }
    delivered
}
