//! The goals: what the picture has to reach to be called the best there is.

use super::{
    cell::Results,
    metric::{
        Metric,
        Part::{P50, P95},
    },
    plan::{ECO, Kind, NETS, OURS, OVER_OTHER_NETS, PEERS},
};

/// What ours is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// This figure.
    Figure(f64),
    /// That much of the best that can share a desktop.
    Sharing(f64),
    /// That much of the best of those that use a video codec.
    Video(f64),
    /// That much of Selkies with its setting for little traffic.
    Eco(f64),
    /// That much of the yardstick.
    Yardstick(f64),
    /// All but two of a hundred frames that the workload drew.
    Drawn,
    /// That much of ours over another net.
    Over(&'static str, f64),
}

struct Goal {
    nets: &'static [&'static str],
    workloads: &'static [&'static str],
    metrics: &'static [Metric],
    limit: Limit,
}

const LATENCIES: &[Metric] = &[
    Metric::Change(P50),
    Metric::Change(P95),
    Metric::Input(P50),
    Metric::Input(P95),
];
const LAN: &[&str] = &["lan"];
const MOVING: &[&str] = &["idle", "typing", "scroll", "xscroll", "drag", "video"];

const fn lan(workloads: &'static [&'static str], metrics: &'static [Metric], limit: Limit) -> Goal {
    Goal {
        nets: LAN,
        workloads,
        metrics,
        limit,
    }
}

const GOALS: &[Goal] = &[
    Goal {
        nets: &NETS,
        workloads: MOVING,
        metrics: LATENCIES,
        limit: Limit::Sharing(0.9),
    },
    Goal {
        nets: &NETS,
        workloads: MOVING,
        metrics: LATENCIES,
        limit: Limit::Yardstick(1.0),
    },
    lan(&["still"], &[Metric::Server], Limit::Figure(0.003)),
    lan(&["idle"], &[Metric::Server], Limit::Figure(0.02)),
    lan(&["typing"], &[Metric::Server], Limit::Figure(0.06)),
    lan(&["scroll", "xscroll"], &[Metric::Server], Limit::Eco(0.8)),
    lan(&["drag", "video"], &[Metric::Server], Limit::Eco(1.0)),
    lan(MOVING, &[Metric::Viewer], Limit::Eco(1.0)),
    lan(&["idle"], &[Metric::Down], Limit::Figure(25.0)),
    lan(&["typing"], &[Metric::Down], Limit::Figure(60.0)),
    lan(
        &["scroll", "xscroll", "drag"],
        &[Metric::Down],
        Limit::Video(0.5),
    ),
    lan(&["video"], &[Metric::Down], Limit::Video(1.0)),
    lan(
        &["typing", "scroll", "video"],
        &[Metric::Shown],
        Limit::Drawn,
    ),
    lan(&["drag"], &[Metric::Shown], Limit::Figure(55.0)),
    lan(MOVING, &[Metric::SoonLuma], Limit::Figure(55.0)),
    Goal {
        nets: &["loss5"],
        workloads: OVER_OTHER_NETS,
        metrics: &[Metric::Change(P95)],
        limit: Limit::Over("loss0", 2.0),
    },
    Goal {
        nets: &["loss5"],
        workloads: &["scroll", "drag", "video"],
        metrics: &[Metric::LongestGap],
        limit: Limit::Figure(500.0),
    },
    Goal {
        nets: &["thin"],
        workloads: OVER_OTHER_NETS,
        metrics: &[Metric::Similar],
        limit: Limit::Figure(0.98),
    },
];

/// One goal, for one cell.
#[derive(Debug, PartialEq)]
pub struct Check {
    /// Over what.
    pub net: &'static str,
    /// Doing what.
    pub workload: &'static str,
    /// Which figure.
    pub metric: Metric,
    /// What it is.
    pub ours: f64,
    /// What it may be.
    pub limit: f64,
    /// Where that comes from.
    pub because: String,
}

impl Check {
    /// Whether it is reached.
    pub fn is_met(&self) -> bool {
        if self.metric.more_is_better() {
            self.ours >= self.limit
        } else {
            self.ours <= self.limit
        }
    }
}

/// All goals that can be told from these results.
pub fn checks(results: &Results) -> Vec<Check> {
    let mut found = Vec::new();
    for goal in GOALS {
        for &net in goal.nets {
            for &workload in goal.workloads {
                let one = |metric| check(results, goal.limit, net, workload, metric);
                found.extend(goal.metrics.iter().copied().filter_map(one));
            }
        }
    }
    found
}

fn check(
    results: &Results,
    limit: Limit,
    net: &'static str,
    workload: &'static str,
    metric: Metric,
) -> Option<Check> {
    let figure = |peer, metric: Metric| metric.of(results.cell(net, workload, peer)?);
    let best = |of: fn(Kind) -> bool| {
        let peers = PEERS.iter().filter(|peer| of(peer.kind));
        metric.best(peers.filter_map(|peer| figure(peer.name, metric)))
    };
    let (limit, because) = match limit {
        Limit::Figure(limit) => (Some(limit), String::new()),
        Limit::Sharing(part) => (
            best(Kind::shares).map(|best| best * part),
            format!("{part} × the best that can share"),
        ),
        Limit::Video(part) => (
            best(|kind| kind == Kind::Video).map(|best| best * part),
            format!("{part} × the best of video"),
        ),
        Limit::Eco(part) => (
            figure(ECO, metric).map(|eco| eco * part),
            format!("{part} × Selkies eco"),
        ),
        Limit::Yardstick(part) => (
            best(|kind| kind == Kind::Yardstick).map(|best| best * part),
            "TigerVNC".to_owned(),
        ),
        Limit::Over(net, part) => (
            results
                .cell(net, workload, OURS)
                .and_then(|cell| metric.of(cell))
                .map(|other| other * part),
            format!("{part} × the same over {net}"),
        ),
        Limit::Drawn => (
            figure(OURS, Metric::Drawn).map(|drawn| drawn * 0.98),
            "what was drawn".to_owned(),
        ),
    };
    Some(Check {
        net,
        workload,
        metric,
        ours: figure(OURS, metric)?,
        limit: limit?,
        because,
    })
}
