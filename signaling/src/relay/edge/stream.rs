//! Clients whose networks let no datagrams through: the same messages, one after the other in a
//! stream.

use std::{future::pending, net::SocketAddr, sync::Arc, time::Duration};

use deskhand_protocol::ice::framed;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, split},
    net::TcpListener,
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

use super::{Back, Inside, canonical};
use crate::{
    accept,
    relay::{Client, Way},
    visitor::Seat,
};

/// A client has so long to show that it is in a session, and before that as long to speak TLS.
const FIRST: Duration = Duration::from_secs(10);
/// A session says something far more often.
const SILENCE: Duration = Duration::from_mins(2);
/// So long a client may take for the rest of a message, or to take one.
const PACE: Duration = Duration::from_secs(10);
/// So many messages may wait for a client; then they are dropped, as a network would.
const QUEUE: usize = 256;

pub(super) async fn serve(inside: Arc<Inside>, listener: TcpListener) {
    let serve = |stream, peer, seat| {
        let inside = Arc::clone(&inside);
        async move { connection(&inside, stream, peer, Way::Tcp, seat).await }
    };
    accept::each(listener, &inside.seats, &inside.metrics, pending(), serve).await;
}

pub(super) async fn serve_tls(inside: Arc<Inside>, listener: TcpListener, tls: TlsAcceptor) {
    let serve = |stream, peer, seat| {
        let (inside, tls) = (Arc::clone(&inside), tls.clone());
        async move {
            if let Some(stream) = accept::sealed(&tls, stream, FIRST, &inside.metrics).await {
                connection(&inside, stream, peer, Way::Tls, seat).await;
            }
        }
    };
    accept::each(listener, &inside.seats, &inside.metrics, pending(), serve).await;
}

/// Hears and answers one client to its end.
pub(super) async fn connection(
    inside: &Arc<Inside>,
    stream: impl AsyncRead + AsyncWrite,
    peer: SocketAddr,
    way: Way,
    _seat: Seat,
) {
    let client = Client {
        address: canonical(peer),
        way,
    };
    let (read, write) = split(stream);
    let (queue, waiting) = mpsc::channel(QUEUE);
    tokio::select! {
        () = hear(inside, client, read, Back::Stream(queue)) => {}
        () = say(write, waiting) => {}
    }
    inside.gone(client);
}

async fn hear(inside: &Arc<Inside>, client: Client, read: impl AsyncRead + Unpin, back: Back) {
    let first = Instant::now() + FIRST;
    let mut read = BufReader::with_capacity(16 * 1024, read);
    let mut message = Vec::new();
    loop {
        let until = if inside.serves(client) {
            Instant::now() + SILENCE
        } else {
            first
        };
        let mut head = [0; 4];
        let Ok(Ok(_)) = timeout_at(until, read.read_exact(&mut head)).await else {
            return;
        };
        let Some(framed) = framed(head) else {
            return; // whatever it is, its end cannot be found
        };
        message.clear();
        message.extend(head);
        message.resize(framed.padded, 0);
        let Ok(Ok(_)) = timeout(PACE, read.read_exact(&mut message[4..])).await else {
            return;
        };
        inside.take(client, &message[..framed.len], &back);
    }
}

async fn say(mut write: impl AsyncWrite + Unpin, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = waiting.recv().await {
        let said = async {
            write.write_all(&message).await?;
            // TLS may keep some of it back until then.
            write.flush().await
        };
        let Ok(Ok(())) = timeout(PACE, said).await else {
            return;
        };
    }
}
