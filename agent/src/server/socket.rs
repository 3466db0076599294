//! The agent's socket to the server: connects, reconnects, reads and writes. Decides nothing.

use std::time::{Duration, Instant};

use deskhand_protocol::signal::{self, FromNovice, MAX_SIGNAL};
use futures_util::{SinkExt as _, StreamExt as _};
use rand_core::RngCore as _;
use tokio::sync::mpsc;
use tokio_tungstenite::{
    connect_async_tls_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{Address, Trust, backoff::Backoff};
use crate::io::ServerEvent;

/// A connection that lasted so long was one.
const STABLE: Duration = Duration::from_secs(30);
/// A server that says nothing for so long, not even one of the pings that come every 20 s, is
/// gone, or cannot be reached from where this computer is now. A page that lost its connection is
/// waited for only four times as long.
const SILENCE: Duration = Duration::from_secs(30);
/// Connecting takes at most so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps a socket to the server, until either side of the channels is dropped. Everything sent
/// while there is none is lost: the session sends again what matters when it hears of `Up`.
pub async fn run(
    address: Address,
    trust: Trust,
    mut outgoing: mpsc::Receiver<FromNovice>,
    events: mpsc::Sender<ServerEvent>,
) {
    let mut backoff = None;
    loop {
        let tls = Some(trust.connector());
        let attempt = connect_async_tls_with_config(address.socket(), Some(bounds()), true, tls);
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(Ok((socket, _))) => {
                let since = Instant::now();
                while outgoing.try_recv().is_ok() {}
                if events.send(ServerEvent::Up).await.is_err() {
                    return;
                }
                if converse(socket, &mut outgoing, &events).await == Over::Program {
                    return;
                }
                // One that opens its door only to close it again is away like any other.
                if since.elapsed() >= STABLE {
                    backoff = None;
                }
            }
            Ok(Err(error)) => tracing::info!(%error, "the server cannot be reached"),
            Err(_) => tracing::info!("the server does not answer"),
        }
        if events.send(ServerEvent::Down).await.is_err() {
            return;
        }
        let next = Backoff::after(backoff);
        tokio::time::sleep(next.wait(rand_core::OsRng.next_u32())).await;
        backoff = Some(next);
    }
}

/// What a server can make us hold.
pub(super) fn bounds() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_SIGNAL))
        .max_frame_size(Some(MAX_SIGNAL))
}

#[derive(PartialEq, Eq)]
enum Over {
    Socket,
    Program,
}

async fn converse(
    mut socket: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
    outgoing: &mut mpsc::Receiver<FromNovice>,
    events: &mpsc::Sender<ServerEvent>,
) -> Over {
    loop {
        tokio::select! {
            next = tokio::time::timeout(SILENCE, socket.next()) => match next {
                Ok(Some(Ok(Message::Text(text)))) => match signal::decode(&text) {
                    Ok(message) => {
                        if events.send(ServerEvent::Message(message)).await.is_err() {
                            return Over::Program;
                        }
                    }
                    Err(error) => tracing::warn!(%error, "from the server"),
                },
                // Pings are answered by the library.
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(Some(Ok(_)) | None) | Err(_) => return Over::Socket,
                Ok(Some(Err(error))) => {
                    tracing::info!(%error, "the socket to the server broke");
                    return Over::Socket;
                }
            },
            message = outgoing.recv() => {
                let Some(message) = message else {
                    let _ = socket.close(None).await;
                    return Over::Program;
                };
                if socket.send(Message::text(signal::encode(&message))).await.is_err() {
                    return Over::Socket;
                }
            }
        }
    }
}
