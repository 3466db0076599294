//! What the server has to reach.

use super::{
    COTURN, ECHO, OURS, Run,
    results::{Results, Spread},
};

/// One goal.
pub struct Goal {
    /// What it is about.
    pub what: &'static str,
    /// The figure.
    pub ours: Spread,
    /// What it may be.
    pub limit: f64,
    /// Whether it may be more, rather than less.
    pub more_is_better: bool,
    /// Digits behind the point.
    pub digits: usize,
}

impl Goal {
    /// Whether it is reached, in half of the rounds or more.
    pub fn is_met(&self) -> bool {
        if self.more_is_better {
            self.ours.median >= self.limit
        } else {
            self.ours.median <= self.limit
        }
    }
}

/// All that can be told from these results.
pub fn goals(results: &Results) -> Vec<Goal> {
    let (full, relayed) = (Run("full", OURS), Run("relayed", OURS));
    let most = |what, ours: Option<Spread>, limit, digits| {
        Some(Goal {
            what,
            ours: ours?,
            limit,
            more_is_better: false,
            digits,
        })
    };
    let least = |what, ours, limit, digits| {
        Some(Goal {
            more_is_better: true,
            ..most(what, ours, limit, digits)?
        })
    };
    [
        most(
            "memory of a waiting invitation, KiB",
            results.figure(Run("waiting", OURS), "/each_kib"),
            64.0,
            1,
        ),
        most(
            "a message through the server, p99 while handshakes are under way, ms",
            results.figure(Run("handshakes", OURS), "/ms/p99"),
            20.0,
            2,
        ),
        least(
            "messages a second at full load, ours ÷ bare echo",
            results.ratio(full, Run("full", ECHO), "/per_second"),
            0.6,
            2,
        ),
        most(
            "processor of the relay, ours ÷ coturn",
            results.ratio(relayed, Run("relayed", COTURN), "/micros_each"),
            1.5,
            2,
        ),
        least(
            "datagrams that came through our relay, of those sent",
            results.rate(relayed, "/received", "/sent"),
            0.999,
            4,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
