//! What is measured, in which order.

use anyhow::ensure;

use super::Options;

/// What a peer is beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ours.
    Ours,
    /// Shares the desktop that a person sits at, with a video codec.
    Video,
    /// Shares the desktop that a person sits at, as rectangles.
    Rectangles,
    /// Is the desktop's own X server, which no novice has: a yardstick.
    Yardstick,
}

impl Kind {
    /// Whether this peer shares the desktop that a person sits at, and is not ours.
    pub fn shares(self) -> bool {
        matches!(self, Self::Video | Self::Rectangles)
    }
}

/// One remote desktop.
#[derive(Debug, PartialEq, Eq)]
pub struct Peer {
    /// What the harness calls it.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether `--quick` measures it.
    quick: bool,
}

/// The one that is ours.
pub const OURS: &str = "deskhand";
/// The one to beat.
pub const ECO: &str = "selkies@eco";

/// All of them, in the order of the tables.
pub const PEERS: [Peer; 7] = [
    peer(OURS, "**Deskhand**", Kind::Ours, true),
    peer(ECO, "Selkies, eco", Kind::Video, true),
    peer("selkies@webrtc", "Selkies, WebRTC", Kind::Video, true),
    peer("chromeshare@vp9-detail-20", "Chromium", Kind::Video, false),
    peer("x11vnc", "x11vnc", Kind::Rectangles, false),
    peer("xpra@shadow", "xpra", Kind::Rectangles, false),
    peer("tigervnc", "TigerVNC (yardstick)", Kind::Yardstick, true),
];

const fn peer(name: &'static str, title: &'static str, kind: Kind, quick: bool) -> Peer {
    Peer {
        name,
        title,
        kind,
        quick,
    }
}

/// One of [`PEERS`] by its name.
pub fn find(name: &str) -> Option<&'static Peer> {
    PEERS.iter().find(|peer| peer.name == name)
}

/// In the order of the tables.
pub const WORKLOADS: [&str; 7] = [
    "still", "idle", "typing", "scroll", "xscroll", "drag", "video",
];
/// In the order of the tables.
pub const NETS: [&str; 3] = ["lan", "wan", "slow"];
/// Bad in one way, which only ours is measured over.
pub const OTHER_NETS: [&str; 5] = ["loss0", "loss2", "loss5", "loss10", "thin"];
/// Over links that are worse than the best, what is nearly still tells nothing new.
pub const OVER_OTHER_NETS: &[&str] = &["typing", "scroll", "drag", "video"];
const QUICK: [&str; 5] = ["idle", "typing", "scroll", "drag", "video"];

/// From starting a peer to the picture at rest, without the seconds that count.
const AROUND: u64 = 24;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Who.
    pub peer: String,
    /// Doing what.
    pub workload: String,
    /// Over what.
    pub net: String,
    /// How long.
    pub seconds: u16,
    /// The same for all peers of one round.
    pub seed: u16,
}

/// All runs.
pub struct Plan {
    peers: Vec<String>,
    workloads: Vec<String>,
    nets: Vec<String>,
    /// Workloads are named: they are measured over whatever it is.
    named: bool,
    /// Nothing is named and nothing is left out.
    whole: bool,
    repeats: u16,
    seconds: u16,
}

impl Plan {
    /// # Errors
    /// If a workload or a net is named that there is not. Peers may have any variant.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let quick = options.quick;
        let peers = PEERS.iter().filter(|peer| peer.quick || !quick);
        let workloads = if quick { &QUICK[..] } else { &WORKLOADS };
        let nets = if quick { &NETS[..1] } else { &NETS };
        let all_nets = [&NETS[..], &OTHER_NETS].concat();
        for (names, all) in [
            (&options.workload, &WORKLOADS[..]),
            (&options.net, &all_nets),
        ] {
            for name in names {
                ensure!(
                    all.contains(&name.as_str()),
                    "there is no {name}, only {}",
                    all.join(", ")
                );
            }
        }
        Ok(Self {
            peers: chosen(&options.peer, peers.map(|peer| peer.name)),
            workloads: chosen(&options.workload, workloads.iter().copied()),
            nets: chosen(&options.net, nets.iter().copied()),
            named: !options.workload.is_empty(),
            whole: options.is_whole(),
            repeats: options.repeats.unwrap_or(1),
            seconds: options.seconds.unwrap_or(if quick { 6 } else { 8 }),
        })
    }

    /// In order: peers take turns, so that whatever else the machine does meets all of them.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        (0..self.repeats).flat_map(move |round| {
            let others = OTHER_NETS.iter().filter(|_| self.whole);
            let nets = self.nets.iter().map(String::as_str);
            nets.chain(others.copied()).flat_map(move |net| {
                let shown = move |workload: &&String| {
                    net == "lan" || self.named || OVER_OTHER_NETS.contains(&workload.as_str())
                };
                let alone = self.whole && OTHER_NETS.contains(&net);
                let peers = move |peer: &&String| !alone || peer.as_str() == OURS;
                let workloads = self.workloads.iter().filter(shown);
                workloads.flat_map(move |workload| {
                    self.peers.iter().filter(peers).map(move |peer| Run {
                        peer: peer.clone(),
                        workload: workload.clone(),
                        net: net.to_owned(),
                        seconds: self.seconds,
                        seed: 101 * (round + 1),
                    })
                })
            })
        })
    }

    /// How long it will take.
    pub fn minutes(&self) -> u64 {
        let each = AROUND + u64::from(self.seconds);
        (self.runs().map(|_| each).sum::<u64>()).div_ceil(60)
    }

    /// Whether ours is among them.
    pub fn has_ours(&self) -> bool {
        (self.peers.iter()).any(|peer| peer.split('@').next() == Some(OURS))
    }
}

fn chosen<'a>(named: &[String], all: impl Iterator<Item = &'a str>) -> Vec<String> {
    if named.is_empty() {
        all.map(str::to_owned).collect()
    } else {
        named.to_vec()
    }
}
