//! Clients whose networks let no datagrams through: the same messages, one after the other in a
//! stream.

use std::{sync::Arc, time::Duration};

use deskhand_protocol::ice::framed;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{Back, Inside, canonical};
use crate::{
    relay::{Client, Way},
    visitor::{Seat, Seats},
};

/// A client has so long to show that it is in a session.
const FIRST: Duration = Duration::from_secs(10);
/// A session says something far more often.
const SILENCE: Duration = Duration::from_mins(2);
/// So long a client may take for the rest of a message, or to take one.
const PACE: Duration = Duration::from_secs(10);
/// So many messages may wait for a client; then they are dropped, as a network would.
const QUEUE: usize = 256;
/// When the system is out of descriptors, some are free again soon.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn serve(inside: Arc<Inside>, listener: TcpListener) {
    let seats = Seats::new(128, 2_000, 4_000, &[]);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seat) = seats.take(peer.ip().into()) else {
                    continue; // and the stream is dropped
                };
                let client = Client {
                    address: canonical(peer),
                    way: Way::Tcp,
                };
                connections.spawn(connection(Arc::clone(&inside), client, stream, seat));
            }
            Err(error) => {
                tracing::warn!(%error, "the relay cannot take a connection");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn connection(inside: Arc<Inside>, client: Client, stream: TcpStream, _seat: Seat) {
    // Without it packets leave a little later.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let (queue, waiting) = mpsc::channel(QUEUE);
    tokio::select! {
        () = hear(&inside, client, read, Back::Stream(queue)) => {}
        () = say(write, waiting) => {}
    }
    inside.gone(client);
}

async fn hear(inside: &Arc<Inside>, client: Client, read: OwnedReadHalf, back: Back) {
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

async fn say(mut write: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = waiting.recv().await {
        let Ok(Ok(())) = timeout(PACE, write.write_all(&message)).await else {
            return;
        };
    }
}
