//! What a relay takes of the processor for pictures that no direct way leads to.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use deskhand_protocol::ice::{Scheme, Transport};
use serde_json::{Value, json};
use tokio::{
    net::UdpSocket,
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    coturn::Coturn,
    ends::{Novice, approve, expert},
    places,
    program::{Program, Server},
    socket::Socket,
    tally::{Tally, Window},
    turn::{CHANNEL, Client, HEAD},
};

/// Packets of the picture, as long as ours are.
const PICTURE: usize = 1_200;
/// What the page sends back: which packets came, and the expert's hand.
const FEEDBACK: usize = 80;
/// How many of those a second.
const FEEDBACKS: u64 = 50;
/// So often packets leave that are due.
const PACE: Duration = Duration::from_millis(1);
/// When nothing has arrived for so long, nothing more will.
const QUIET: Duration = Duration::from_millis(500);
/// No run lasts so long.
const LONGEST: Duration = Duration::from_hours(1);
/// Where our relay listens: an address of this computer's where no other is.
const HOST: &str = "127.77.0.2";

/// Whose relay.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// The one in our server.
    Deskhand,
    /// The one that others use.
    Coturn,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Deskhand => "deskhand",
            Self::Coturn => "coturn",
        }
    }
}

#[derive(clap::Args)]
pub struct Options {
    /// Through whose relay.
    #[arg(long)]
    pub peer: Peer,
    /// How many sessions.
    #[arg(long, default_value_t = Self::of(Peer::Deskhand).sessions)]
    sessions: usize,
    /// How much each sends, in kbit/s.
    #[arg(long, default_value_t = Self::of(Peer::Deskhand).kbit)]
    kbit: u64,
    /// For how long.
    #[arg(long, default_value_t = Self::of(Peer::Deskhand).seconds)]
    seconds: u64,
}

impl Options {
    /// As it is measured, with that one.
    pub fn of(peer: Peer) -> Self {
        Self {
            peer,
            sessions: 100,
            kbit: 3_000,
            seconds: 10,
        }
    }
}

/// In each session both ends have an allocation, as behind the worst networks, and speak to each
/// other through both. What they may use they are lent by our server, also when that is coturn.
pub async fn measure(options: &Options) -> anyhow::Result<Value> {
    places::make_room(4 * options.sessions)?;
    let coturn = match options.peer {
        Peer::Deskhand => None,
        Peer::Coturn => Some(Coturn::start().await?),
    };
    let server = if let Some(coturn) = &coturn {
        let options = coturn.options();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Server::start(&options)?
    } else {
        let listen = format!("{HOST}:0");
        Server::start(&["--turn-public-ip", HOST, "--turn-listen", &listen])?
    };
    let relay = coturn
        .as_ref()
        .map_or(&server.program, |coturn| &coturn.program);
    let mut sessions = Vec::with_capacity(options.sessions);
    for n in 0..options.sessions {
        let session = Session::new(server.address, n).await;
        sessions.push(session.with_context(|| format!("session {n}"))?);
    }
    let passed = pass(options, &sessions, relay).await?;
    let count = passed.tally.len();
    Ok(json!({
        "count": options.sessions,
        "kbit": options.kbit,
        "seconds": options.seconds,
        "sent": passed.sent,
        "received": count,
        "processor": passed.processor.as_secs_f64(),
        "micros_each": passed.processor.as_secs_f64() * 1e6 / count as f64,
        "ms": passed.tally.quantiles(),
    }))
}

/// Two ends that reach each other through a relay.
struct Session {
    novice: Arc<UdpSocket>,
    expert: Arc<UdpSocket>,
    /// While they are connected, what they were lent stands.
    _signalling: (Socket, Socket),
}

impl Session {
    /// Its sockets are the `n`th four of the load.
    async fn new(server: SocketAddr, n: usize) -> anyhow::Result<Self> {
        let mut novice = Novice::waits(server, 4 * n).await?;
        let mut expert = expert(server, novice.route, 4 * n + 1).await?;
        let join = novice.is_joined().await?;
        let servers = approve(&mut novice.socket, &mut expert, join).await?;
        let login = servers
            .iter()
            .find(|one| one.url.scheme == Scheme::Turn && one.url.transport == Transport::Udp)
            .context("no relay is lent")?;
        let one = Client::greets(login, places::of(4 * n + 2)).await?;
        let other = Client::greets(login, places::of(4 * n + 3)).await?;
        let (at_one, at_other) = (one.allocates().await?, other.allocates().await?);
        one.binds(at_other).await?;
        other.binds(at_one).await?;
        Ok(Self {
            novice: Arc::new(one.socket),
            expert: Arc::new(other.socket),
            _signalling: (novice.socket, expert),
        })
    }
}

struct Passed {
    sent: u64,
    tally: Tally,
    processor: Duration,
}

/// Sends and receives, and takes the relay's processor time from the first packet to the last.
async fn pass(options: &Options, sessions: &[Session], relay: &Program) -> anyhow::Result<Passed> {
    let before = relay.processor()?;
    let start = Instant::now();
    let window = Window {
        from: start,
        until: start + LONGEST, // whatever arrives counts
    };
    let arrived = Arc::new(AtomicU64::new(0));
    let (over, ended) = watch::channel(());
    let mut hearing = JoinSet::new();
    for (n, session) in sessions.iter().enumerate() {
        for (socket, len) in [(&session.expert, PICTURE), (&session.novice, FEEDBACK)] {
            let ear = Ear {
                socket: Arc::clone(socket),
                wanted: Packet::new(n, len),
                start,
                arrived: Arc::clone(&arrived),
            };
            hearing.spawn(ear.hears(Tally::new(window), ended.clone()));
        }
    }
    let sent = send(options, sessions, start).await?;
    loop {
        let so_far = arrived.load(Ordering::Relaxed);
        if so_far >= sent {
            break;
        }
        sleep(QUIET).await;
        if arrived.load(Ordering::Relaxed) == so_far {
            break;
        }
    }
    let processor = relay.processor()?.saturating_sub(before);
    drop(over);
    let mut tally = Tally::new(window);
    while let Some(heard) = hearing.join_next().await {
        tally.add(heard??);
    }
    Ok(Passed {
        sent,
        tally,
        processor,
    })
}

/// Sends what is due, the sessions taking turns; gives how many packets.
async fn send(options: &Options, sessions: &[Session], start: Instant) -> anyhow::Result<u64> {
    let count = u64::try_from(sessions.len())?;
    let during = Duration::from_secs(options.seconds);
    let bits = options.kbit * 1_000;
    let mut pictures = Stream {
        per_second: count * bits / (8 * u64::try_from(PICTURE)?),
        due: 0,
        len: PICTURE,
    };
    let mut feedbacks = Stream {
        per_second: count * FEEDBACKS,
        due: 0,
        len: FEEDBACK,
    };
    let mut sent = 0;
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while start.elapsed() < during {
        pace.tick().await;
        let since = start.elapsed().min(during);
        for packet in pictures.due(since, sessions.len()) {
            sent += u64::from(packet.leaves(&sessions[packet.session].novice, start));
        }
        for packet in feedbacks.due(since, sessions.len()) {
            sent += u64::from(packet.leaves(&sessions[packet.session].expert, start));
        }
    }
    Ok(sent)
}

/// Packets of one kind, of all sessions.
struct Stream {
    per_second: u64,
    /// So many were, up to now.
    due: u64,
    len: usize,
}

impl Stream {
    fn due(&mut self, since: Duration, sessions: usize) -> impl Iterator<Item = Packet> + use<> {
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let due = micros.saturating_mul(self.per_second) / 1_000_000;
        let (fresh, len) = (self.due..due, self.len);
        self.due = due;
        fresh.map(move |n| Packet::new(usize::try_from(n).unwrap_or(0) % sessions, len))
    }
}

/// What passes.
#[derive(Clone, Copy)]
struct Packet {
    session: usize,
    len: usize,
}

/// Its session and its time.
const STAMP: usize = 16;

impl Packet {
    fn new(session: usize, len: usize) -> Self {
        Self { session, len }
    }

    fn head(self) -> [u8; HEAD] {
        let [a, b] = CHANNEL.to_be_bytes();
        let [c, d] = u16::try_from(self.len).unwrap_or(u16::MAX).to_be_bytes();
        [a, b, c, d]
    }

    /// Whether the system took it.
    fn leaves(self, socket: &UdpSocket, start: Instant) -> bool {
        let mut bytes = [0; HEAD + PICTURE];
        bytes[..HEAD].copy_from_slice(&self.head());
        let session = u64::try_from(self.session).unwrap_or(u64::MAX);
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        bytes[HEAD..HEAD + 8].copy_from_slice(&session.to_be_bytes());
        bytes[HEAD + 8..HEAD + STAMP].copy_from_slice(&micros.to_be_bytes());
        socket.try_send(&bytes[..HEAD + self.len]).is_ok()
    }

    /// When it had left, if these bytes are it.
    fn left(self, bytes: &[u8], start: Instant) -> anyhow::Result<Instant> {
        let number = |at: usize| {
            let bytes = bytes.get(HEAD + at..HEAD + at + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        ensure!(
            bytes.len() == HEAD + self.len
                && bytes.starts_with(&self.head())
                && number(0) == u64::try_from(self.session).ok(),
            "something else came out of the relay"
        );
        let micros = number(8).context("it has no time")?;
        Ok(start + Duration::from_micros(micros))
    }
}

/// One end that hears the other.
struct Ear {
    socket: Arc<UdpSocket>,
    wanted: Packet,
    start: Instant,
    arrived: Arc<AtomicU64>,
}

impl Ear {
    async fn hears(
        self,
        mut tally: Tally,
        mut ended: watch::Receiver<()>,
    ) -> anyhow::Result<Tally> {
        let mut bytes = [0; 2 * (HEAD + PICTURE)];
        loop {
            let len = tokio::select! {
                len = self.socket.recv(&mut bytes) => len?,
                _ = ended.changed() => return Ok(tally),
            };
            tally.count(self.wanted.left(&bytes[..len], self.start)?);
            self.arrived.fetch_add(1, Ordering::Relaxed);
        }
    }
}
