//! What Prometheus may know: numbers, and nothing of anybody.
//!
//! INVARIANT: every label is one of a few fixed words. No address, route, number or name is ever
//! one.

mod process;

use std::{fmt, time::SystemTime};

use deskhand_protocol::signal::Refusal;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use crate::{hub::Role, relay::Way};

/// One label: its name and its value.
type Label = [(&'static str, &'static str); 1];

/// Counts what happens. Made once for each server.
pub(crate) struct Metrics {
    registry: Registry,
    /// Connections that have not become sockets.
    pub(crate) connections: Gauge,
    /// Connections that were dropped because there were too many.
    pub(crate) turned_away: Counter,
    /// TLS handshakes that came to nothing.
    pub(crate) handshakes_failed: Counter,
    answers: Family<Label, Counter>,
    sockets: Family<Label, Gauge>,
    arrivals: Family<Label, Counter>,
    refusals: Family<Label, Counter>,
    allocations: Family<Label, Counter>,
    /// Invitations that the server knows of.
    pub(crate) routes: Gauge,
    /// Pairs of an expert and a novice.
    pub(crate) joins: Gauge,
    /// Such pairs that ever were.
    pub(crate) introductions: Counter,
    /// Registrations and extensions.
    pub(crate) registrations: Counter,
    /// Sealed messages that were passed on.
    pub(crate) relayed: Counter,
    /// And their bytes.
    pub(crate) relayed_bytes: Counter,
    /// Whether the server takes new sockets.
    pub(crate) ready: Gauge,
    /// Whether there are other servers, and it is in touch with them.
    pub(crate) together: Gauge,
    /// By the one that is shown; without a certificate there is no such number.
    certificate_ends: Family<[(&'static str, &'static str); 0], Gauge>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut whole = Registry::default();
        whole.register_collector(Box::new(process::Process));
        let registry = whole.sub_registry_with_prefix("deskhand");
        let version: Label = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The version of this server", Info::new(version));
        let mut gauge = |name: &'static str, help: &'static str| {
            let gauge: Gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connections = gauge("connections", "Connections that are no sockets");
        let routes = gauge("routes", "Invitations the server knows of");
        let joins = gauge(
            "joins",
            "Pairs of an expert and a novice who were introduced",
        );
        let ready = gauge("ready", "1 while the server takes new sockets");
        let together = gauge("together", "1 while in touch with the other servers");
        let mut counter = |name: &'static str, help: &'static str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let turned_away = counter("turned_away", "Connections dropped as too many");
        let handshakes_failed = counter("tls_handshakes_failed", "TLS handshakes in vain");
        let introductions = counter("introductions", "Experts introduced to a novice");
        let registrations = counter("registrations", "Invitations registered or extended");
        let relayed = counter("relayed_messages", "Sealed messages passed on");
        let relayed_bytes = counter("relayed_bytes", "Bytes in sealed messages passed on");
        let mut counters = |name: &'static str, help: &'static str| {
            let family = Family::<Label, Counter>::default();
            registry.register(name, help, family.clone());
            family
        };
        let answers = counters("http_answers", "Answers to HTTP requests");
        let arrivals = counters("arrivals", "Sockets that said a proper hello");
        let refusals = counters("refusals", "Reasons given for parting");
        let allocations = counters("relay_allocations", "Allocations that the relay has made");
        let sockets = Family::<Label, Gauge>::default();
        registry.register("sockets", "Sockets that are open", sockets.clone());
        let certificate_ends = Family::default();
        registry.register(
            "certificate_expires_seconds",
            "When the certificate ends, in seconds since 1970",
            Family::clone(&certificate_ends),
        );
        Self {
            registry: whole,
            connections,
            turned_away,
            handshakes_failed,
            answers,
            sockets,
            arrivals,
            refusals,
            allocations,
            routes,
            joins,
            introductions,
            registrations,
            relayed,
            relayed_bytes,
            ready,
            together,
            certificate_ends,
        }
    }

    /// The certificate that is shown is good until then.
    pub(crate) fn certificate_ends(&self, until: SystemTime) {
        let seconds = until.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = seconds.unwrap_or_default().as_secs();
        let gauge = self.certificate_ends.get_or_create(&[]);
        gauge.set(seconds.try_into().unwrap_or(i64::MAX));
    }

    /// A request was answered with this status.
    pub(crate) fn answered(&self, status: u16) {
        let class = match status {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        self.answers.get_or_create(&[("status", class)]).inc();
    }

    /// A socket said a proper hello.
    pub(crate) fn arrived(&self, role: Role) {
        self.sockets.get_or_create(&label(role)).inc();
        self.arrivals.get_or_create(&label(role)).inc();
    }

    /// That socket is gone.
    pub(crate) fn gone(&self, role: Role) {
        self.sockets.get_or_create(&label(role)).dec();
    }

    /// Somebody was told why the server parts from them.
    pub(crate) fn refused(&self, reason: Refusal) {
        let word = match reason {
            Refusal::Unavailable => "unavailable",
            Refusal::Expired => "expired",
            Refusal::NotOwner => "not_owner",
            Refusal::Version => "version",
            Refusal::Protocol => "protocol",
            Refusal::TooMany => "too_many",
            Refusal::Slow => "slow",
            Refusal::Replaced => "replaced",
            Refusal::Restarting => "restarting",
            // One that this version does not know.
            _ => "other",
        };
        self.refusals.get_or_create(&[("reason", word)]).inc();
    }

    /// The relay made an allocation for a client that speaks so.
    pub(crate) fn allocated(&self, way: Way) {
        let word = match way {
            Way::Udp => "udp",
            Way::Tcp => "tcp",
            Way::Tls => "tls",
        };
        self.allocations.get_or_create(&[("way", word)]).inc();
    }

    /// All of it, as
    /// [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/) text.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }
}

fn label(role: Role) -> Label {
    let word = match role {
        Role::Novice => "novice",
        Role::Expert(_) => "expert",
    };
    [("role", word)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Page;

    #[test]
    fn what_happened_is_counted() {
        let metrics = Metrics::new();
        metrics.arrived(Role::Novice);
        metrics.arrived(Role::Expert(Page::Served));
        metrics.arrived(Role::Expert(Page::File));
        metrics.gone(Role::Expert(Page::File));
        metrics.refused(Refusal::Slow);
        metrics.answered(404);
        metrics.allocated(Way::Tls);
        metrics.routes.set(3);
        metrics.relayed_bytes.inc_by(70);
        let text = metrics.text().unwrap();
        for line in [
            "deskhand_sockets{role=\"novice\"} 1",
            "deskhand_sockets{role=\"expert\"} 1",
            "deskhand_arrivals_total{role=\"expert\"} 2",
            "deskhand_refusals_total{reason=\"slow\"} 1",
            "deskhand_http_answers_total{status=\"4xx\"} 1",
            "deskhand_relay_allocations_total{way=\"tls\"} 1",
            "deskhand_routes 3",
            "deskhand_relayed_bytes_total 70",
            "deskhand_ready 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        let open = text
            .lines()
            .find_map(|l| l.strip_prefix("process_open_fds "));
        assert!(open.unwrap().parse::<u32>().unwrap() > 0, "{text}");
        let held = text
            .lines()
            .find_map(|l| l.strip_prefix("process_resident_memory_bytes "));
        assert!(held.unwrap().parse::<u64>().unwrap() > 1_000_000, "{text}");
        let version = concat!(
            "deskhand_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        );
        assert!(text.contains(version), "{text}");
    }
}
