//! What operators ask, on an address of their own.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::sync::watch;

use crate::{headers::Hardening, metrics::Metrics, nodes::Reach, phase::Phase, tls::Certificates};

/// The text that Prometheus reads.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

#[derive(Clone)]
struct Inside {
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    /// How it stands with the other servers.
    reach: watch::Receiver<Reach>,
    certificates: Option<Certificates>,
}

/// `/healthz`: the program runs. `/readyz`: it takes new sockets. `/metrics`: how much of
/// everything there is.
pub(crate) fn router(
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    reach: watch::Receiver<Reach>,
    certificates: Option<Certificates>,
) -> Router {
    let hardening = Hardening::new(&[]);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .layer(map_response(move |response: Response| {
            let hardening = hardening.clone();
            async move { hardening.apply(response) }
        }))
        .with_state(Inside {
            metrics,
            phase,
            reach,
            certificates,
        })
}

impl Inside {
    /// Why nobody can come in, if nobody can.
    fn closed(&self) -> Option<&'static str> {
        if *self.phase.borrow() > Phase::Serving {
            return Some("draining\n");
        }
        let certificates = self.certificates.as_ref();
        certificates
            .is_some_and(|one| one.life().is_none())
            .then_some("no certificate yet\n")
    }
}

/// A server that is out of touch with the others is still one: if all of them said no, a load
/// balancer would send nobody anywhere.
async fn ready(State(inside): State<Inside>) -> Response {
    if let Some(why) = inside.closed() {
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    }
    let said = match *inside.reach.borrow() {
        Reach::Alone => "ready\n",
        Reach::Together => "ready, in touch with the other servers\n",
        Reach::Apart => "ready, but out of touch with the other servers: Redis is away\n",
    };
    said.into_response()
}

async fn metrics_text(State(inside): State<Inside>) -> Response {
    inside.metrics.ready.set(inside.closed().is_none().into());
    if let Some([_, until]) = inside.certificates.as_ref().and_then(Certificates::life) {
        inside.metrics.certificate_ends(until);
    }
    let together = *inside.reach.borrow() == Reach::Together;
    inside.metrics.together.set(together.into());
    match inside.metrics.text() {
        Some(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
