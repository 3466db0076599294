//! One WebSocket of an end.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        client::IntoClientRequest as _,
        http::{HeaderValue, header::ORIGIN},
        protocol::WebSocketConfig,
    },
};

/// More than the longest message: ten thousand sockets have one each.
const BUFFER: usize = 8 * 1024;

/// See the module.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects from an address of this computer's.
    ///
    /// # Errors
    /// If the server does not want that.
    pub async fn connect(
        server: SocketAddr,
        path: &str,
        origin: Option<&str>,
        from: Ipv4Addr,
    ) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}{path}").into_client_request()?;
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin)?;
            request.headers_mut().insert(ORIGIN, origin);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self(socket))
    }

    /// Sends text as it is.
    ///
    /// # Errors
    /// If the socket is closed.
    pub async fn send(&mut self, text: Utf8Bytes) -> anyhow::Result<()> {
        Ok(self.0.send(Message::Text(text)).await?)
    }

    /// Says something in the protocol.
    ///
    /// # Errors
    /// If the socket is closed.
    pub async fn say(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        self.send(deskhand_protocol::signal::encode(message).into())
            .await
    }

    /// The next text. Pings are answered meanwhile.
    ///
    /// # Errors
    /// If the socket is closed instead.
    pub async fn next(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            match self.0.next().await.context("the socket ended")?? {
                Message::Text(text) => return Ok(text),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("not a text: {other:?}"),
            }
        }
    }

    /// What the server says next.
    ///
    /// # Errors
    /// If the socket is closed instead, or it says something else.
    pub async fn hear<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let text = self.next().await?;
        deskhand_protocol::signal::decode(&text).with_context(|| text.to_string())
    }

    /// Waits for a ping, which is answered.
    ///
    /// # Errors
    /// If something else comes.
    pub async fn is_pinged(&mut self) -> anyhow::Result<()> {
        match self.0.next().await.context("the socket ended")?? {
            Message::Ping(_) => Ok(self.0.flush().await?),
            other => bail!("no ping: {other:?}"),
        }
    }
}
