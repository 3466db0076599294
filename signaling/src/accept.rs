//! What all that listens for streams has in common: taking them, and speaking TLS on them.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    metrics::Metrics,
    visitor::{Seat, Seats},
};

/// When the system is out of descriptors, some are free again soon.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Has each connection served in a task of its own, with a seat that is the server's to free, until
/// `closing`; then lets those end that are being served.
pub(crate) async fn each<F>(
    listener: TcpListener,
    seats: &Arc<Seats>,
    metrics: &Metrics,
    closing: impl Future<Output = ()>,
    serve: impl Fn(TcpStream, SocketAddr, Seat) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut closing = pin!(closing);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut closing => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seat) = seats.take(peer.ip().into()) else {
                    metrics.turned_away.inc();
                    continue; // and the stream is dropped
                };
                // Small messages should leave at once; without it they leave a little later.
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, peer, seat));
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

/// Speaks TLS on a stream from now on; `None`: the other end cannot, or takes longer than that.
pub(crate) async fn sealed<S>(
    tls: &TlsAcceptor,
    stream: S,
    patience: Duration,
    metrics: &Metrics,
) -> Option<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
    metrics.handshakes_failed.inc();
    None
}
