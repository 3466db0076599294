//! Takes connections and speaks HTTP on them.
//!
//! Written out instead of `axum::serve`, which waits for ever for a request that does not come.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use crate::{
    config::Patience,
    routes::Peer,
    visitor::{Limits, Seat},
};

/// The longest request head in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// When the system is out of descriptors, some are free again soon.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves until `closing` turns true, then lets running answers end.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Arc<Limits>,
    patience: Patience,
    closing: watch::Receiver<bool>,
) {
    let mut closed = pin!(turned(closing.clone()));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut closed => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seat) = limits.connections.take(peer.ip().into()) else {
                    continue; // and the stream is dropped
                };
                let router = router.clone();
                connections.spawn(connection(
                    stream,
                    peer,
                    router,
                    seat,
                    patience,
                    closing.clone(),
                ));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    _seat: Seat,
    patience: Patience,
    closing: watch::Receiver<bool>,
) {
    // Small messages should leave at once; without it they leave a little later.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.layer(Extension(Peer(peer.ip()))));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = turned(closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// Resolves when `closing` turns true, or whoever could turn it is gone.
pub(crate) async fn turned(mut closing: watch::Receiver<bool>) {
    // An error is the latter.
    let _ = closing.wait_for(|closing| *closing).await;
}
