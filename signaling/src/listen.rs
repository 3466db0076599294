//! Takes connections and speaks HTTP on them, over TLS or in the clear.
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
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::TlsAcceptor;

use crate::{
    config::Patience,
    metrics::Metrics,
    phase::{Phase, reached},
    routes::Peer,
    tls,
    visitor::Seats,
};

/// The longest request head in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// When the system is out of descriptors, some are free again soon.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// What stands behind a listener.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) router: Router,
    /// `None`: in the clear.
    pub(crate) tls: Option<TlsAcceptor>,
    /// For connections that have not become sockets.
    pub(crate) seats: Arc<Seats>,
    pub(crate) patience: Patience,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) phase: watch::Receiver<Phase>,
}

/// Serves until [`Phase::Closing`], then lets running answers end.
pub(crate) async fn serve(listener: TcpListener, door: Door) {
    let mut closing = pin!(reached(door.phase.clone(), Phase::Closing));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut closing => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seat) = door.seats.take(peer.ip().into()) else {
                    door.metrics.turned_away.inc();
                    continue; // and the stream is dropped
                };
                let door = door.clone();
                connections.spawn(async move {
                    door.metrics.connections.inc();
                    door.connection(stream, peer).await;
                    door.metrics.connections.dec();
                    drop(seat);
                });
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

impl Door {
    async fn connection(&self, stream: TcpStream, peer: SocketAddr) {
        // Small messages should leave at once; without it they leave a little later.
        let _ = stream.set_nodelay(true);
        // Whoever takes nothing of an answer would hold it for ever.
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.patience.write));
        let stream = Box::pin(stream);
        let Some(tls) = &self.tls else {
            return self.speak(stream, peer).await;
        };
        match timeout(self.patience.head, tls.accept(stream)).await {
            Ok(Ok(stream)) if tls::is_looking(stream.get_ref().1) => {}
            Ok(Ok(stream)) => self.speak(stream, peer).await,
            Ok(Err(error)) => {
                self.metrics.handshakes_failed.inc();
                tracing::debug!(%error, "no TLS");
            }
            Err(_) => {
                self.metrics.handshakes_failed.inc();
                tracing::debug!("a TLS handshake took too long");
            }
        }
    }

    async fn speak<IO>(&self, stream: IO, peer: SocketAddr)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router.clone().layer(Extension(Peer(peer.ip())));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.patience.head)
                .max_buf_size(MAX_HEAD)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
                .with_upgrades()
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = sleep(self.patience.connection) => return,
            () = reached(self.phase.clone(), Phase::Closing) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}
