//! What is found at which address.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Extension, Router,
    extract::{Path, Request, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::sync::watch;

use crate::{
    assets::Assets,
    downloads::{self, Downloads},
    headers::Hardening,
    hub::{Page, Role, SocketId},
    origin::Origin,
    pages,
    phase::Phase,
    proxy::Proxy,
    socket::{Shared, Socket, bounded},
    visitor::Visitor,
};

/// The other end of a connection, put into each of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What the routes know.
pub(crate) struct Site {
    pub(crate) assets: Assets,
    /// What `/get` offers.
    pub(crate) downloads: Option<Downloads>,
    /// Where our own page comes from.
    pub(crate) origins: Vec<Origin>,
    pub(crate) trusted_proxies: Vec<Proxy>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) next_socket: AtomicU64,
}

/// A request to become a socket.
type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

pub(crate) fn router(site: Site) -> Router {
    let hardening = Hardening::new(&site.origins);
    let site = Arc::new(site);
    let metrics = Arc::clone(&site.shared.metrics);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/about", get(about))
        .route("/get", get(programs))
        .route("/get/deskhand.toml", get(settings))
        .route("/get/{name}", get(program))
        .route("/pages.css", get(|| async { pages::style() }))
        .route("/ws/novice", get(novice))
        .route("/ws/expert", get(expert))
        .fallback(get(file))
        .layer(from_fn_with_state(Arc::clone(&site), in_measure))
        .layer(map_response(move |response: Response| {
            metrics.answered(response.status().as_u16());
            let hardening = hardening.clone();
            async move { hardening.apply(response) }
        }))
        .with_state(site)
}

/// How long to stay away, for those who are told to; in seconds.
const LATER: HeaderValue = HeaderValue::from_static("5");

/// Answers nobody who asks for more than a person and their browser ever would. Puts into each
/// request who sent it.
async fn in_measure(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = Visitor::of(peer, request.headers(), &site.trusted_proxies);
    if site.shared.limits.requests.allows(visitor) {
        request.extensions_mut().insert(visitor);
        next.run(request).await
    } else {
        let later = [(header::RETRY_AFTER, LATER)];
        (StatusCode::TOO_MANY_REQUESTS, later).into_response()
    }
}

async fn file(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = match uri.path() {
        "/" => "index.html",
        path => path.trim_start_matches('/'),
    };
    match site.assets.get(path, &headers) {
        Some(response) => response,
        None if uri.path() == "/" => pages::not_built(),
        None => pages::not_found(),
    }
}

async fn about(State(site): State<Arc<Site>>) -> Response {
    pages::about(site.downloads.is_some())
}

/// The programs for people who need help.
async fn programs(State(site): State<Arc<Site>>) -> Response {
    match (&site.downloads, site.origins.first()) {
        (Some(downloads), Some(server)) => pages::get(&downloads.offers().await, server),
        _ => pages::no_downloads(),
    }
}

async fn program(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Response {
    let file = match &site.downloads {
        Some(downloads) => downloads.file(&name).await,
        None => None,
    };
    file.unwrap_or_else(pages::no_downloads)
}

/// What tells such a program where its server is.
async fn settings(State(site): State<Arc<Site>>) -> Response {
    match (&site.downloads, site.origins.first()) {
        (Some(_), Some(server)) => downloads::settings(server),
        _ => pages::no_downloads(),
    }
}

/// The agent is no browser: whoever names an origin is a page that has no business here.
async fn novice(
    State(site): State<Arc<Site>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    if headers.contains_key(header::ORIGIN) {
        return StatusCode::FORBIDDEN.into_response();
    }
    site.upgrade(Role::Novice, visitor, upgrade)
}

/// Our own page, and pages from invitation files: their origin is `null`
/// ([RFC 6454 §4](https://www.rfc-editor.org/rfc/rfc6454#section-4)). There are no cookies to
/// steal, but a foreign page could use its visitors to knock at invitations, and can pass for a
/// file; so what such a page may join is for the hub to say.
async fn expert(
    State(site): State<Arc<Site>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    let mut named = headers.get_all(header::ORIGIN).iter();
    let page = match (named.next(), named.next()) {
        (Some(one), None) if one == "null" => Page::File,
        (Some(one), None) if site.origins.iter().any(|own| own.is(one.as_bytes())) => Page::Served,
        _ => return StatusCode::FORBIDDEN.into_response(),
    };
    site.upgrade(Role::Expert(page), visitor, upgrade)
}

impl Site {
    fn upgrade(&self, role: Role, visitor: Visitor, upgrade: Upgrade) -> Response {
        let upgrade = match upgrade {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        if *self.phase.borrow() > Phase::Serving {
            let later = [(header::RETRY_AFTER, LATER)];
            return (StatusCode::SERVICE_UNAVAILABLE, later).into_response();
        }
        let seat = self.shared.limits.sockets.take(visitor);
        let id = SocketId(self.next_socket.fetch_add(1, Ordering::Relaxed));
        let shared = Arc::clone(&self.shared);
        bounded(upgrade).on_upgrade(move |web| {
            let socket = Socket {
                id,
                role,
                visitor,
                web,
                shared,
            };
            socket.run(seat)
        })
    }
}
