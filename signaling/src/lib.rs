//! The server that introduces the two ends of a session and relays what they say until they
//! are connected. It serves the expert's page too.
//!
//! The [`hub`] decides; it is pure. `driver` is the task that owns it. `socket`, `listen`,
//! `routes`, [`state`] and [`nodes`] are its edges: they touch network and disk and decide
//! nothing. The [`relay`] carries what two ends cannot send each other directly.
//!
//! INVARIANT: the server sees opaque payloads only. It holds no password, no link, and keeps
//! nothing on disk but the keys that sign owner tokens, and the certificate that it got.

mod accept;
#[cfg(feature = "acme")]
pub mod acme;
#[cfg(not(feature = "acme"))]
#[path = "acme/left_out.rs"]
pub mod acme;
mod admin;
mod assets;
pub mod config;
pub mod downloads;
mod driver;
mod headers;
pub mod hub;
mod listen;
mod metrics;
pub mod nodes;
pub mod oracle;
pub mod origin;
mod outbox;
mod pages;
mod parts;
mod phase;
pub mod proxy;
pub mod relay;
mod rotation;
mod routes;
pub mod secrecy;
mod socket;
pub mod state;
pub mod tls;
pub mod token;
mod upkeep;
mod visitor;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

pub use crate::config::Config;
use crate::{
    assets::Assets,
    config::Turn,
    driver::{Driver, INBOX_LEN},
    hub::{Bounds, Hub},
    listen::Door,
    metrics::Metrics,
    nodes::{Reach, link::Link},
    origin::Origin,
    parts::Parts,
    phase::{Phase, reached},
    relay::{
        edge::{Inside, RelayError},
        lend::Lender,
    },
    routes::Site,
    socket::Shared,
    tls::Certificates,
    upkeep::Upkeep,
    visitor::{Limits, Seats},
};

/// How long sockets and answers may take to end when the server goes down.
const FAREWELL: Duration = Duration::from_secs(3);
/// Connections of operators and their programs.
const ADMIN_SEATS: usize = 32;

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener has no address.
    #[error("cannot tell the address that is listened on: {0}")]
    Address(#[from] io::Error),
    /// The system has no randomness to give.
    #[error("this system gives no random numbers: {0}")]
    NoRandomness(getrandom::Error),
    /// The library that speaks TLS does not want to.
    #[error("TLS cannot be spoken with this certificate: {0}")]
    Tls(rustls::Error),
    /// The relay cannot listen.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// A part of it ended by itself, which is a fault of the program.
    #[error("a part of the server failed; see the log")]
    Broken,
}

/// Where the server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For everybody.
    pub web: TcpListener,
    /// For operators, in the clear.
    pub admin: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(web: TcpListener) -> Self {
        let admin = None;
        Self { web, admin }
    }
}

/// Serves until `shutdown` resolves. Then it takes no new sockets, lets those who are being
/// introduced go on for a moment ([`config::Patience::drain`]), tells everybody, and returns once
/// they are gone, or after a few seconds. Pictures flow past the server and notice nothing.
///
/// # Errors
/// [`ServeError`]; all but [`ServeError::Broken`] before anything is served.
pub async fn serve(
    config: Config,
    listeners: impl Into<Listeners>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let Listeners { web, admin } = listeners.into();
    let address = web.local_addr()?;
    let metrics = Arc::new(Metrics::new());
    let (lender, relay, shared) = lender(config.turn, &metrics)?;
    let lender = Arc::new(lender);
    let tls = speaks(config.tls.as_ref(), shared.is_some())?;
    let limits = Arc::new(Limits::new(
        config.max_sockets_per_ip,
        &config.trusted_proxies,
    ));
    let (to_driver, inbox) = mpsc::channel(INBOX_LEN);
    let (phase, phases) = watch::channel(Phase::Serving);
    let (joins_sender, joins) = watch::channel(0);
    let (link, reach) = match config.nodes {
        Some(settings) => {
            let (link, reach) = Link::new(settings, to_driver.clone());
            (Some(link), reach)
        }
        None => (None, watch::channel(Reach::Alone).1),
    };
    let router = routes::router(Site {
        assets: Assets::embedded(),
        downloads: config.downloads,
        origins: origins(config.public_url, address, tls.is_some()),
        trusted_proxies: config.trusted_proxies,
        shared: Arc::new(Shared {
            driver: to_driver,
            keys: config.keys.clone(),
            limits: Arc::clone(&limits),
            lender: Arc::clone(&lender),
            patience: config.patience,
            metrics: Arc::clone(&metrics),
        }),
        phase: phases.clone(),
        next_socket: AtomicU64::new(1),
    });
    let driver = Driver::new(
        Hub::new(Bounds::default(), first_join()?),
        config.keys.clone(),
        Arc::clone(&limits),
        lender,
        Arc::clone(&metrics),
        joins_sender,
    );
    let upkeep = Upkeep {
        certificates: config.tls.clone(),
        keys: config.keys,
        key_file: config.key_file,
    };
    let door = Door {
        router,
        tls,
        seats: Arc::clone(&limits.connections),
        patience: config.patience,
        metrics: Arc::clone(&metrics),
        phase: phases.clone(),
        relay: shared,
    };

    // Those that end when everybody has been told, and those that go on until then.
    let (mut parts, mut lasting) = (Parts::default(), Parts::default());
    lasting.spawn("upkeep", upkeep.run(config.patience.upkeep, config.reload));
    lasting.spawn("relay", relay);
    if let Some(acme) = config.acme {
        lasting.spawn("certificates", acme.run());
    }
    if let Some(listener) = admin {
        let door = Door {
            router: admin::router(metrics, phases.clone(), reach, config.tls),
            tls: None,
            seats: Seats::new(ADMIN_SEATS, ADMIN_SEATS, ADMIN_SEATS, &[]),
            relay: None,
            ..door.clone()
        };
        parts.spawn("admin", listen::serve(listener, door));
    }
    parts.spawn("hub", driver.run(inbox, reached(phases, Phase::Closing)));
    parts.spawn("web", listen::serve(web, door));
    if let Some(link) = link {
        parts.spawn("link", link.run());
    }
    let told = async {
        shutdown.await;
        phase.send_replace(Phase::Draining);
        tracing::info!("stopping: no new sockets are taken");
        // Whether they are done or their time is over.
        let _ = timeout(config.patience.drain, none_left(joins)).await;
    };
    let ended = tokio::select! {
        () = told => Ok(()),
        () = parts.one_fails() => Err(ServeError::Broken),
        () = lasting.one_fails() => Err(ServeError::Broken),
    };
    phase.send_replace(Phase::Closing);
    if ended.is_ok() && timeout(FAREWELL, parts.end()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    ended
}

/// How TLS is spoken with that certificate, if there is one; with the relay as well, if it is
/// shared with that.
fn speaks(
    certificates: Option<&Certificates>,
    shared: bool,
) -> Result<Option<TlsAcceptor>, ServeError> {
    let protocols: &[&[u8]] = if shared {
        &[tls::HTTP, tls::LOOKING, tls::TURN]
    } else {
        &[tls::HTTP, tls::LOOKING]
    };
    let acceptor = certificates.map(|certificates| certificates.acceptor(protocols));
    acceptor.transpose().map_err(ServeError::Tls)
}

/// Where the numbers of joins begin.
fn first_join() -> Result<u64, ServeError> {
    let mut random = [0; 8];
    getrandom::getrandom(&mut random).map_err(ServeError::NoRandomness)?;
    // 52 bits: a reader that takes JSON numbers for floats does not round them.
    Ok(u64::from_le_bytes(random) >> 12)
}

/// Resolves when nobody is in a join any more.
async fn none_left(mut joins: watch::Receiver<usize>) {
    // An error is the end of the driver.
    let _ = joins.wait_for(|joins| *joins == 0).await;
}

/// Who lends, what has to run for it, which never ends by itself, and the relay, if it is spoken to
/// on the web's port.
///
/// # Errors
/// If the relay cannot listen.
fn lender(
    turn: Turn,
    metrics: &Arc<Metrics>,
) -> Result<
    (
        Lender,
        impl Future<Output = ()> + Send + use<>,
        Option<Arc<Inside>>,
    ),
    RelayError,
> {
    let (lender, relay, shared) = match turn {
        Turn::Off => (Lender::Nobody, None, None),
        Turn::Outside(outside) => (Lender::Outside(outside), None, None),
        Turn::Inside(settings) => {
            let on_the_web = settings.shares_the_web();
            let (inside, sockets) = Inside::open(settings, Arc::clone(metrics))?;
            let run = Arc::clone(&inside).run(sockets);
            let shared = on_the_web.then(|| Arc::clone(&inside));
            (Lender::Inside(inside), Some(run), shared)
        }
    };
    let run = async move {
        match relay {
            Some(relay) => {
                if let Err(error) = relay.await {
                    tracing::error!(%error, "the relay ended");
                }
            }
            None => std::future::pending().await,
        }
    };
    Ok((lender, run, shared))
}

/// Where our page may come from: the public address, and this computer under its own names.
fn origins(public: Option<Origin>, address: SocketAddr, tls: bool) -> Vec<Origin> {
    let mut origins = Vec::from_iter(public);
    if address.ip().to_canonical().is_loopback() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            origins.push(Origin::local(host, address.port(), tls));
        }
    }
    origins
}
