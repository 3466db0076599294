//! A client of a relay.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use deskhand_protocol::ice::IceServer;
use deskhand_signaling::relay::stun::{
    Class, Key, Message, Method, Transaction, Writer, attribute,
};
use rand_core::{OsRng, RngCore as _};
use socket2::SockRef;
use tokio::{net::UdpSocket, time::timeout};

/// A request is said so often, and each time so long is waited for the answer.
const TRIES: usize = 10;
const PATIENCE: Duration = Duration::from_millis(500);
/// As much of it as the system allows: what is lost shall be the relay's fault.
const RECEIVE_BUFFER: usize = 1 << 20;

/// The number that stands for the other end.
pub const CHANNEL: u16 = 0x4000;
/// What stands before the data of a channel.
pub const HEAD: usize = 4;

/// Somebody who speaks to a relay.
pub struct Client {
    /// Connected to it.
    pub socket: UdpSocket,
    login: IceServer,
    realm: String,
    nonce: String,
}

impl Client {
    /// Asks the relay for its nonce.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn greets(login: &IceServer, from: Ipv4Addr) -> anyhow::Result<Self> {
        let socket = bound(login.url.authority().parse()?, from).await?;
        SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
        let mut client = Self {
            socket,
            login: login.clone(),
            realm: String::new(),
            nonce: String::new(),
        };
        let transaction = transaction();
        let bare = Writer::new(Class::Request, Method::Allocate, &transaction)
            .attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        let answer = exchanged(&client.socket, &bare.finish(), &transaction).await?;
        let answer = Message::parse(&answer)?;
        let text = |kind| answer.text(kind).map(str::to_owned);
        client.realm = text(attribute::REALM).context("the relay named no realm")?;
        client.nonce = text(attribute::NONCE).context("the relay named no nonce")?;
        Ok(client)
    }

    /// Gets an address of the relay's.
    ///
    /// # Errors
    /// If the relay does not want that.
    pub async fn allocates(&self) -> anyhow::Result<SocketAddr> {
        let answer = self
            .asks(Method::Allocate, |request| {
                request.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
            })
            .await?;
        let answer = Message::parse(&answer)?;
        let mut relayed = answer.addresses(attribute::XOR_RELAYED_ADDRESS);
        relayed
            .next()
            .flatten()
            .context("the relay named no address")
    }

    /// Has [`CHANNEL`] stand for that address.
    ///
    /// # Errors
    /// If the relay does not want that.
    pub async fn binds(&self, peer: SocketAddr) -> anyhow::Result<()> {
        let [high, low] = CHANNEL.to_be_bytes();
        self.asks(Method::ChannelBind, |request| {
            request
                .attribute(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .address(attribute::XOR_PEER_ADDRESS, peer)
        })
        .await?;
        Ok(())
    }

    async fn asks(
        &self,
        method: Method,
        fill: impl FnOnce(Writer) -> Writer,
    ) -> anyhow::Result<Vec<u8>> {
        let (username, password) = (&self.login.username, &self.login.credential.0);
        let transaction = transaction();
        let request = fill(Writer::new(Class::Request, method, &transaction))
            .attribute(attribute::USERNAME, username.as_bytes())
            .attribute(attribute::REALM, self.realm.as_bytes())
            .attribute(attribute::NONCE, self.nonce.as_bytes())
            .sign(&Key::new(username, &self.realm, password))
            .finish();
        let answer = exchanged(&self.socket, &request, &transaction).await?;
        let message = Message::parse(&answer)?;
        ensure!(
            message.class == Class::Success,
            "the relay refuses {method:?}: {:?}",
            message.get(attribute::ERROR_CODE)
        );
        Ok(answer)
    }
}

/// Waits until a relay answers.
///
/// # Errors
/// If it does not.
pub async fn is_there(relay: SocketAddr) -> anyhow::Result<()> {
    let socket = bound(relay, Ipv4Addr::LOCALHOST).await?;
    let transaction = transaction();
    let request = Writer::new(Class::Request, Method::Binding, &transaction);
    exchanged(&socket, &request.finish(), &transaction).await?;
    Ok(())
}

async fn bound(relay: SocketAddr, from: Ipv4Addr) -> anyhow::Result<UdpSocket> {
    let socket = UdpSocket::bind((from, 0)).await?;
    socket.connect(relay).await?;
    Ok(socket)
}

fn transaction() -> Transaction {
    let mut transaction = [0; 12];
    OsRng.fill_bytes(&mut transaction);
    transaction
}

/// The answer to a request, which is said again until there is one.
async fn exchanged(
    socket: &UdpSocket,
    request: &[u8],
    transaction: &Transaction,
) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![0; 2_000];
    for _ in 0..TRIES {
        // An error is news of an earlier one that did not arrive: nobody listens yet.
        let _ = socket.send(request).await;
        let answered = async {
            loop {
                let Ok(len) = socket.recv(&mut bytes).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let answer = Message::parse(&bytes[..len]);
                if answer.is_ok_and(|answer| answer.transaction == *transaction) {
                    return len;
                }
            }
        };
        if let Ok(len) = timeout(PATIENCE, answered).await {
            bytes.truncate(len);
            return Ok(bytes);
        }
    }
    bail!("the relay does not answer")
}
