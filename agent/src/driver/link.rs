//! The socket to the server, as the driver holds it.

use deskhand_protocol::signal::FromNovice;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    io::ServerEvent,
    server::{self, Address, Trust},
};

/// So much may wait on the way to the server: a whole trickle of candidates and more.
const SERVER_QUEUE: usize = 128;

/// A socket that is kept, or tried for, until this is dropped.
pub(super) struct Link {
    pub to_server: mpsc::Sender<FromNovice>,
    events: mpsc::Receiver<ServerEvent>,
    pub task: JoinHandle<()>,
}

impl Link {
    pub fn open(address: Address, trust: Trust) -> Self {
        let (to_server, queue) = mpsc::channel(SERVER_QUEUE);
        let (sender, events) = mpsc::channel(SERVER_QUEUE);
        let task = tokio::spawn(server::run(address, trust, queue, sender));
        Self {
            to_server,
            events,
            task,
        }
    }
}

/// What it says next, if there is one.
pub(super) async fn next(server: &mut Option<Link>) -> ServerEvent {
    match server {
        Some(link) => match link.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
