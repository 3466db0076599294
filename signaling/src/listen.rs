//! Takes connections and speaks HTTP on them, over TLS or in the clear.
//!
//! Written out instead of `axum::serve`, which waits for ever for a request that does not come.

use std::{
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    accept,
    config::Patience,
    metrics::Metrics,
    phase::{Phase, reached},
    relay::edge::Inside,
    routes::Peer,
    tls,
    visitor::{Seat, Seats},
};

/// The longest request head in bytes.
const MAX_HEAD: usize = 16 * 1024;

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
    /// Who is spoken to here as well, over TLS.
    pub(crate) relay: Option<Arc<Inside>>,
}

/// A connection over TLS, on which nothing waits for ever to be taken.
type Sealed = TlsStream<Pin<Box<TimeoutWriter<TcpStream>>>>;

/// Serves until [`Phase::Closing`], then lets running answers end.
pub(crate) async fn serve(listener: TcpListener, door: Door) {
    let closing = reached(door.phase.clone(), Phase::Closing);
    let serve = |stream, peer, seat| door.clone().connection(stream, peer, seat);
    accept::each(listener, &door.seats, &door.metrics, closing, serve).await;
}

impl Door {
    async fn connection(self, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        self.metrics.connections.inc();
        let turn = self.answer(stream, peer).await;
        self.metrics.connections.dec();
        drop(seat);
        if let (Some(stream), Some(relay)) = (turn, self.relay) {
            tokio::select! {
                () = relay.take_sealed(stream, peer) => {}
                () = reached(self.phase, Phase::Closing) => {}
            }
        }
    }

    /// Serves what speaks HTTP, and gives back what speaks TURN.
    async fn answer(&self, stream: TcpStream, peer: SocketAddr) -> Option<BufReader<Sealed>> {
        // Whoever takes nothing of an answer would hold it for ever.
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.patience.write));
        let stream = Box::pin(stream);
        let Some(tls) = &self.tls else {
            self.speak(stream, peer).await;
            return None;
        };
        let stream = accept::sealed(tls, stream, self.patience.head, &self.metrics).await?;
        if tls::is_looking(stream.get_ref().1) {
            return None;
        }
        if self.relay.is_none() {
            self.speak(stream, peer).await;
            return None;
        }
        // One byte is enough to tell; the rest passes this buffer by.
        let mut stream = BufReader::with_capacity(1, stream);
        let said = tokio::select! {
            said = timeout(self.patience.head, stream.fill_buf()) => said.ok()?.ok()?,
            () = reached(self.phase.clone(), Phase::Closing) => return None,
        };
        // Whoever speaks TURN begins with a STUN message, and that with two bits of zero
        // (RFC 8489 §5); requests of HTTP begin with a letter.
        if said.first()? >> 6 == 0 {
            return Some(stream);
        }
        self.speak(stream, peer).await;
        None
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
