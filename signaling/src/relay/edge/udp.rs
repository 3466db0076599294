//! Clients that speak in datagrams.

use std::sync::Arc;

use socket2::SockRef;
use tokio::net::UdpSocket;

use super::{Back, Inside, LONGEST, canonical};
use crate::relay::{Client, Way};

/// All clients share one socket: a burst of theirs should wait there rather than get lost.
const RECEIVE_BUFFER: usize = 4 << 20;

pub(super) async fn serve(inside: Arc<Inside>, socket: Arc<UdpSocket>) {
    // As much of it as the system allows.
    let _ = SockRef::from(&*socket).set_recv_buffer_size(RECEIVE_BUFFER);
    let mut buffer = vec![0; LONGEST];
    loop {
        // An error is news of an earlier datagram that did not arrive.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let client = Client {
            address: canonical(from),
            way: Way::Udp,
        };
        let back = Back::Datagram {
            socket: Arc::clone(&socket),
            to: from,
        };
        inside.take(client, &buffer[..len], &back);
    }
}
