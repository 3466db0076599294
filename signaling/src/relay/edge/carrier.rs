//! What an allocation carries with: its socket, and the way back to its client.

use std::{
    net::SocketAddr,
    sync::{Arc, Weak},
};

use socket2::SockRef;
use tokio::{net::UdpSocket, sync::mpsc, task::AbortHandle};

use super::{Inside, LONGEST};

/// See the module. Dropped, the socket closes.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) back: Back,
    socket: Arc<UdpSocket>,
    listening: AbortHandle,
}

/// The way back to a client.
#[derive(Debug, Clone)]
pub(super) enum Back {
    /// Datagrams.
    Datagram {
        /// The socket that the client speaks to.
        socket: Arc<UdpSocket>,
        /// Where it is.
        to: SocketAddr,
    },
    /// Into the queue of its stream.
    Stream(mpsc::Sender<Vec<u8>>),
}

impl Carrier {
    /// Listens for peers from now on.
    pub(super) fn start(
        inside: Weak<Inside>,
        socket: UdpSocket,
        relayed: SocketAddr,
        back: Back,
    ) -> Arc<Self> {
        let socket = Arc::new(socket);
        let listening = tokio::spawn(listen(inside, Arc::clone(&socket), relayed)).abort_handle();
        Arc::new(Self {
            back,
            socket,
            listening,
        })
    }

    /// Sends to a peer.
    pub(super) fn send(&self, to: SocketAddr, data: &[u8]) {
        send(&self.socket, to, data);
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Back {
    /// Sends to the client; what its stream has no room for is dropped.
    pub(super) fn send(&self, packet: Vec<u8>) {
        match self {
            Self::Datagram { socket, to } => send(socket, *to, &packet),
            Self::Stream(queue) => drop(queue.try_send(packet)),
        }
    }
}

/// Sends at once or not at all. Past the runtime, which would first have to hear from the system
/// that a fresh socket can be written to.
fn send(socket: &UdpSocket, to: SocketAddr, data: &[u8]) {
    // A network loses datagrams, too.
    let _ = SockRef::from(socket).send_to(data, &to.into());
}

async fn listen(inside: Weak<Inside>, socket: Arc<UdpSocket>, relayed: SocketAddr) {
    let mut buffer = vec![0; LONGEST];
    loop {
        // An error is news of an earlier datagram that did not arrive.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let Some(inside) = inside.upgrade() else {
            return;
        };
        inside.peer_said(relayed, from, &buffer[..len]);
    }
}
