//! A way between the two ends that delays, loses and holds back, with a seed.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deskhand_protocol::{envelope::Candidate, text::CandidateText};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// What a direction is like.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// Bits a second.
    pub rate: f64,
    /// One way.
    pub delay: Duration,
    /// What finds more before it is lost.
    pub queue: Duration,
    /// The share that is lost for no reason.
    pub loss: f64,
}

impl Nature {
    pub fn clean() -> Self {
        Self {
            rate: 1e9,
            delay: Duration::ZERO,
            queue: Duration::from_millis(500),
            loss: 0.0,
        }
    }
}

type Address = Arc<Mutex<Option<SocketAddr>>>;

/// Two sockets: each end believes that the other is at one of them.
pub struct Relay {
    to_agent: Arc<UdpSocket>,
    to_page: Arc<UdpSocket>,
    agent: Address,
    page: Address,
    impaired: Arc<AtomicBool>,
}

impl Relay {
    pub async fn start(nature: Nature) -> Self {
        let to_agent = Arc::new(UdpSocket::bind("0.0.0.0:0").await.unwrap());
        let to_page = Arc::new(UdpSocket::bind("0.0.0.0:0").await.unwrap());
        let (agent, page) = (Address::default(), Address::default());
        let impaired = Arc::new(AtomicBool::new(false));
        let ways = [(&to_agent, &to_page, &page), (&to_page, &to_agent, &agent)];
        for (seed, (from, by, to)) in ways.into_iter().enumerate() {
            let way = Way {
                nature,
                impaired: Arc::clone(&impaired),
                free_at: Instant::now(),
                chance: ChaCha8Rng::seed_from_u64(seed as u64),
            };
            tokio::spawn(way.carry(Arc::clone(from), Arc::clone(by), Arc::clone(to)));
        }
        Self {
            to_agent,
            to_page,
            agent,
            page,
            impaired,
        }
    }

    /// Until then, everything goes through at once: connecting is not what is tested.
    pub fn impair(&self) {
        self.impaired.store(true, Ordering::Relaxed);
    }

    /// Where the page finds the agent.
    pub fn agent_is_at(&self, candidate: &Candidate) -> Option<Candidate> {
        through(&self.to_page, &self.agent, candidate)
    }

    /// Where the agent finds the page.
    pub fn page_is_at(&self, candidate: &Candidate) -> Option<Candidate> {
        through(&self.to_agent, &self.page, candidate)
    }
}

/// The first address is taken note of, and told as the relay's.
fn through(socket: &UdpSocket, real: &Address, candidate: &Candidate) -> Option<Candidate> {
    let mut words: Vec<_> = candidate.candidate.as_str().split(' ').collect();
    let address = format!("{}:{}", words.get(4)?, words.get(5)?);
    let address: SocketAddr = address.parse().ok().filter(SocketAddr::is_ipv4)?;
    let mut real = real.lock().unwrap();
    if real.is_some() {
        return None;
    }
    *real = Some(address);
    let port = socket.local_addr().unwrap().port().to_string();
    words[5] = &port;
    Some(Candidate {
        candidate: CandidateText::exact(words.join(" "))?,
        ..candidate.clone()
    })
}

struct Way {
    nature: Nature,
    impaired: Arc<AtomicBool>,
    free_at: Instant,
    chance: ChaCha8Rng,
}

impl Way {
    async fn carry(mut self, from: Arc<UdpSocket>, by: Arc<UdpSocket>, to: Address) {
        let (late, mut queue) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
        tokio::spawn(async move {
            while let Some((at, packet)) = queue.recv().await {
                sleep_until(at).await;
                let to = *to.lock().unwrap();
                if let Some(to) = to {
                    let _ = by.send_to(&packet, to).await;
                }
            }
        });
        let mut buffer = vec![0; 2048];
        while let Ok((length, _)) = from.recv_from(&mut buffer).await {
            if let Some(at) = self.takes(length) {
                let _ = late.send((at, buffer[..length].to_vec()));
            }
        }
    }

    /// When a packet arrives, if it does.
    fn takes(&mut self, length: usize) -> Option<Instant> {
        let now = Instant::now();
        if !self.impaired.load(Ordering::Relaxed) {
            return Some(now);
        }
        let lost = f64::from(self.chance.next_u32()) < self.nature.loss * f64::from(u32::MAX);
        if lost || self.free_at.saturating_duration_since(now) > self.nature.queue {
            return None;
        }
        let takes = Duration::from_secs_f64((length + 28) as f64 * 8.0 / self.nature.rate);
        self.free_at = self.free_at.max(now) + takes;
        Some(self.free_at + self.nature.delay)
    }
}
