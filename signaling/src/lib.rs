//! The server that introduces the two ends of a session and relays what they say until they
//! are connected. It serves the expert's page too.
//!
//! The [`hub`] decides; it is pure. `driver` is the task that owns it. `socket`, `listen`,
//! `routes` and [`state`] are its edges: they touch network and disk and decide nothing.
//!
//! INVARIANT: the server sees opaque payloads only. It holds no password, no link, and keeps
//! nothing on disk but the key that signs owner tokens.

mod assets;
pub mod config;
mod driver;
mod headers;
pub mod hub;
mod listen;
pub mod origin;
mod outbox;
mod pages;
mod routes;
mod socket;
pub mod state;
pub mod token;
mod visitor;

use std::{
    io,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::timeout,
};

pub use crate::config::Config;
use crate::{
    assets::Assets,
    driver::{Driver, INBOX_LEN},
    hub::{Bounds, Hub},
    origin::Origin,
    routes::Site,
    socket::Shared,
    visitor::Limits,
};

/// How long sockets and answers may take to end when the server goes down.
const FAREWELL: Duration = Duration::from_secs(3);

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
    /// A part of it ended by itself, which is a fault of the program.
    #[error("a part of the server failed; see the log")]
    Broken,
}

/// Serves on `listener` until `shutdown` resolves; then tells everybody, and returns once they
/// are gone, or after a few seconds.
///
/// # Errors
/// [`ServeError`]; all but [`ServeError::Broken`] before anything is served.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    let mut first_join = [0; 8];
    getrandom::getrandom(&mut first_join).map_err(ServeError::NoRandomness)?;
    // 52 bits: a reader that takes JSON numbers for floats does not round them.
    let first_join = u64::from_le_bytes(first_join) >> 12;

    let limits = Arc::new(Limits::new(
        config.max_sockets_per_ip,
        &config.trusted_proxies,
    ));
    let (to_driver, inbox) = mpsc::channel(INBOX_LEN);
    let router = routes::router(Site {
        assets: Assets::embedded(),
        origins: origins(config.public_url, address),
        trusted_proxies: config.trusted_proxies,
        shared: Arc::new(Shared {
            driver: to_driver,
            keys: config.keys.clone(),
            limits: Arc::clone(&limits),
            patience: config.patience,
        }),
        next_socket: AtomicU64::new(1),
    });
    let driver = Driver::new(
        Hub::new(Bounds::default(), first_join),
        config.keys,
        Arc::clone(&limits),
    );

    let (closing, closed) = watch::channel(false);
    let mut sockets = tokio::spawn(driver.run(inbox, listen::turned(closed.clone())));
    let http = listen::serve(listener, router, limits, config.patience, closed);
    let mut http = tokio::spawn(http);
    let ended = tokio::select! {
        () = shutdown => Ok(()),
        _ = &mut sockets => Err(ServeError::Broken),
        _ = &mut http => Err(ServeError::Broken),
    };
    closing.send_replace(true);
    if ended.is_ok() {
        let farewell = async { tokio::join!(&mut sockets, &mut http) };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }
    sockets.abort();
    http.abort();
    ended
}

/// Where our page may come from: the public address, and this computer under its own names.
fn origins(public: Option<Origin>, address: std::net::SocketAddr) -> Vec<Origin> {
    let mut origins = Vec::from_iter(public);
    if address.ip().to_canonical().is_loopback() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            origins.push(Origin::local(host, address.port()));
        }
    }
    origins
}
