//! The agent's socket to the server: connects, reconnects, reads and writes. Decides nothing.

use std::time::Duration;

use deskhand_protocol::signal::{self, FromNovice, MAX_SIGNAL};
use futures_util::{SinkExt as _, StreamExt as _};
use rand_core::RngCore as _;
use tokio::sync::mpsc;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use crate::session::ServerEvent;

/// First wait after a loss; doubles up to [`LONGEST`], with jitter, so that a restarted server
/// is not met by everybody at once.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// A server that says nothing for so long, not even a ping, is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Connecting takes at most so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why an address is no server's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `http://…` or `https://…`.
    #[error("the server's address must start with https:// (for example https://help.example.org)")]
    Scheme,
    /// Plain text over a network.
    #[error("an address that starts with http:// works on this computer only; use https://")]
    Plain,
    /// No host, or something after it.
    #[error("the server's address must be a host name, perhaps with a port, and nothing more")]
    Host,
}

/// Where the server is: scheme and authority, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    secure: bool,
    authority: String,
}

impl Address {
    /// `https://HOST[:PORT]`, or `http://` for loopback.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (secure, rest) = if let Some(rest) = text.trim().strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.trim().strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(AddressError::Scheme);
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let uri: tungstenite::http::uri::Authority =
            authority.parse().map_err(|_| AddressError::Host)?;
        if authority.is_empty() || authority.contains('@') || uri.host().is_empty() {
            return Err(AddressError::Host);
        }
        let host = uri.host().trim_matches(['[', ']']);
        let loopback = host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        if !secure && !loopback {
            return Err(AddressError::Plain);
        }
        Ok(Self {
            secure,
            authority: authority.to_owned(),
        })
    }

    /// As people and links write it.
    pub fn public(&self) -> String {
        format!(
            "http{}://{}",
            if self.secure { "s" } else { "" },
            self.authority
        )
    }

    fn socket(&self) -> String {
        format!(
            "ws{}://{}/ws/novice",
            if self.secure { "s" } else { "" },
            self.authority
        )
    }
}

/// Keeps a socket to the server, until either side of the channels is dropped. Everything sent
/// while there is none is lost: the session sends again what matters when it hears of `Up`.
pub async fn run(
    address: Address,
    mut outgoing: mpsc::Receiver<FromNovice>,
    events: mpsc::Sender<ServerEvent>,
) {
    let mut wait = FIRST;
    loop {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_SIGNAL))
            .max_frame_size(Some(MAX_SIGNAL));
        let attempt = connect_async_with_config(address.socket(), Some(config), true);
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(Ok((socket, _))) => {
                wait = FIRST;
                while outgoing.try_recv().is_ok() {}
                if events.send(ServerEvent::Up).await.is_err() {
                    return;
                }
                if converse(socket, &mut outgoing, &events).await == Over::Program {
                    return;
                }
            }
            Ok(Err(error)) => tracing::info!(%error, "the server cannot be reached"),
            Err(_) => tracing::info!("the server does not answer"),
        }
        if events.send(ServerEvent::Down).await.is_err() {
            return;
        }
        let jitter = rand_core::OsRng.next_u32() % 1000;
        tokio::time::sleep(wait / 2 + wait.mul_f64(f64::from(jitter) / 2000.0)).await;
        wait = (wait * 2).min(LONGEST);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_and_plain_text_stays_at_home() {
        for (good, socket) in [
            (
                "https://help.example.org",
                "wss://help.example.org/ws/novice",
            ),
            (
                "https://help.example.org:8443/",
                "wss://help.example.org:8443/ws/novice",
            ),
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws/novice"),
            ("http://localhost:1", "ws://localhost:1/ws/novice"),
            ("http://[::1]:8080", "ws://[::1]:8080/ws/novice"),
        ] {
            assert_eq!(Address::parse(good).unwrap().socket(), socket);
        }
        for (bad, why) in [
            ("help.example.org", AddressError::Scheme),
            ("ftp://help.example.org", AddressError::Scheme),
            ("http://help.example.org", AddressError::Plain),
            ("http://127.0.0.1.example.org", AddressError::Plain),
            ("https://", AddressError::Host),
            ("https://user@host", AddressError::Host),
            ("https://host/path", AddressError::Host),
        ] {
            assert_eq!(Address::parse(bad), Err(why), "{bad}");
        }
    }
}
