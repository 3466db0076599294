//! The picture of the figures: small bars, a panel for each workload and figure.

use std::fmt::Write as _;

use super::{
    cell::Results,
    metric::{
        Metric,
        Part::{P50, P95},
    },
    plan::{OURS, PEERS},
};

const NET: &str = "lan";
const WORKLOADS: [&str; 5] = ["idle", "typing", "scroll", "drag", "video"];
/// The bar, and a thin one behind it.
type Figure = (&'static str, Metric, Option<Metric>);
const FIGURES: [Figure; 3] = [
    (
        "change → photon, ms (thin: p95)",
        Metric::Change(P50),
        Some(Metric::Change(P95)),
    ),
    ("kbit/s, each line ten times the last", Metric::Down, None),
    ("cores, server", Metric::Server, None),
];

const LABELS: f64 = 210.0;
const PANEL: f64 = 240.0;
const GAP: f64 = 60.0;
const ROW: f64 = 15.0;
const HEAD: f64 = 34.0;
const ACCENT: &str = "#1f5fbf";
const OTHER: &str = "#9aa5b8";
const YARDSTICK: &str = "#d3d9e3";

/// How long a bar is, as a part of its panel.
#[derive(Clone, Copy)]
enum Scale {
    /// In proportion to the longest.
    Linear(f64),
    /// By its digits, up to the longest.
    Digits(f64),
}

impl Scale {
    fn part(self, value: f64) -> f64 {
        let part = match self {
            Self::Linear(most) => value / most,
            Self::Digits(most) => value.max(1.0).log10() / most.max(10.0).log10(),
        };
        if part.is_finite() {
            part.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

/// One drawing.
pub fn svg(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 8.0;
    for (column, (title, ..)) in FIGURES.iter().enumerate() {
        text(&mut body, (left(column), y + 12.0), "", title);
    }
    y += 20.0;
    for workload in WORKLOADS {
        let peers: Vec<_> = PEERS
            .iter()
            .filter(|peer| results.cell(NET, workload, peer.name).is_some())
            .collect();
        if peers.is_empty() {
            continue;
        }
        text(&mut body, (8.0, y + 20.0), "font-weight='700'", workload);
        for (row, peer) in peers.iter().enumerate() {
            let top = y + HEAD + ROW * count(row);
            let bold = if peer.name == OURS {
                "font-weight='700'"
            } else {
                ""
            };
            let name = peer.title.trim_matches('*');
            text(&mut body, (8.0, top + 10.5), bold, name);
        }
        for (column, (_, bar, thin)) in FIGURES.into_iter().enumerate() {
            panel(
                &mut body,
                results,
                workload,
                (left(column), y + HEAD),
                (bar, thin),
            );
        }
        y += HEAD + ROW * count(peers.len());
    }
    let (width, height) = (left(FIGURES.len()), y + 12.0);
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' \
         font-family='sans-serif' font-size='11' fill='#1a2130'>\n\
         <title>Deskhand and other remote desktops: latency, traffic and processor time</title>\n\
         <rect width='{width}' height='{height}' fill='#fff'/>\n{body}</svg>\n"
    )
}

fn panel(
    body: &mut String,
    results: &Results,
    workload: &str,
    at: (f64, f64),
    (bar, thin): (Metric, Option<Metric>),
) {
    let cells = PEERS.iter().filter_map(|peer| {
        let cell = results.cell(NET, workload, peer.name)?;
        Some((peer, bar.of(cell), thin.and_then(|thin| thin.of(cell))))
    });
    let cells: Vec<_> = cells.collect();
    let all = cells.iter().flat_map(|(_, bar, thin)| [*bar, *thin]);
    let most = all.flatten().fold(0.0, f64::max);
    let scale = if bar == Metric::Down {
        Scale::Digits(most)
    } else {
        Scale::Linear(most)
    };
    if let Scale::Digits(_) = scale {
        let height = ROW * count(cells.len());
        let lines = [10.0, 100.0, 1e3, 1e4, 1e5];
        for line in lines.into_iter().filter(|&line| line < most) {
            let x = at.0 + PANEL * scale.part(line);
            rect(body, (x, at.1), (0.5, height), YARDSTICK);
        }
    }
    for (row, (peer, bar_value, thin)) in cells.into_iter().enumerate() {
        let top = at.1 + ROW * count(row);
        let colour = match (peer.name == OURS, peer.kind.shares()) {
            (true, _) => ACCENT,
            (false, true) => OTHER,
            (false, false) => YARDSTICK,
        };
        let length = |value| PANEL * scale.part(value);
        if let Some(thin) = thin {
            rect(body, (at.0, top + 6.0), (length(thin), 2.0), colour);
        }
        if let Some(value) = bar_value {
            rect(body, (at.0, top + 2.0), (length(value), 10.0), colour);
            let digits = bar.digits();
            let end = at.0 + length(thin.unwrap_or(value).max(value)) + 4.0;
            text(body, (end, top + 10.5), "", &format!("{value:.digits$}"));
        }
    }
}

fn left(column: usize) -> f64 {
    LABELS + (PANEL + GAP) * count(column)
}

fn count(number: usize) -> f64 {
    u16::try_from(number).map_or(f64::from(u16::MAX), f64::from)
}

fn rect(body: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
    let _ = writeln!(
        body,
        "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' fill='{colour}'/>"
    );
}

fn text(body: &mut String, (x, y): (f64, f64), style: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(body, "<text x='{x:.1}' y='{y:.1}' {style}>{words}</text>");
}
