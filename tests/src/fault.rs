//! A bad line before a WebSocket: it delays, splits, and is cut where the test says, message by
//! message.

mod frames;

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use frames::Frames;

/// What is wrong with one direction of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Way {
    /// Everything comes so much later.
    pub delay: Duration,
    /// So many bytes travel together at most, after the first head: the agent's library takes one
    /// that comes in very many pieces for an attack.
    pub most: Option<usize>,
    /// Where it ends, if it does.
    pub cut: Option<Cut>,
}

/// What is wrong with both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// Towards the server.
    pub up: Way,
    /// From it.
    pub down: Way,
}

/// Where a line is cut, and how that is felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// At which message of that direction; the first is 0.
    pub message: usize,
    /// In the middle of it; otherwise before it.
    pub within: bool,
    /// How.
    pub manner: Manner,
}

/// How the ends of a line learn that it was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It is closed in good order.
    Closed,
    /// It breaks.
    Reset,
    /// Not at all: nothing comes any more.
    Silent,
}

/// What has happened to a line, over all its connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Log {
    /// So many messages have come whole, towards the server.
    pub up: usize,
    /// And from it.
    pub down: usize,
    /// It was cut.
    pub cut: bool,
}

/// One direction's place in it.
type Counter = fn(&mut Log) -> &mut usize;

/// A listener whose lines to the server are bad.
pub struct BadLine {
    /// Where it listens.
    pub address: SocketAddr,
    log: watch::Sender<Log>,
    task: JoinHandle<()>,
}

impl BadLine {
    /// Before the server at `upstream`: the first connection is as `first` says, later ones are as
    /// `later` says.
    pub async fn before(upstream: SocketAddr, first: Line, later: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, upstream, first, later)
    }

    /// The same, where `listener` listens.
    pub fn on(listener: TcpListener, upstream: SocketAddr, first: Line, later: Line) -> Self {
        let address = listener.local_addr().unwrap();
        let (log, _) = watch::channel(Log::default());
        let logging = log.clone();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let mut line = first;
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(carry(client, upstream, line, logging.clone()));
                line = later;
            }
        });
        Self { address, log, task }
    }

    /// What has happened so far.
    pub fn log(&self) -> Log {
        *self.log.borrow()
    }

    /// Waits until something has happened.
    pub async fn until(&self, happened: impl FnMut(&Log) -> bool) {
        let mut log = self.log.subscribe();
        log.wait_for(happened).await.expect("we hold the other end");
    }
}

impl Drop for BadLine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one connection to its end.
async fn carry(client: TcpStream, upstream: SocketAddr, line: Line, log: watch::Sender<Log>) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    for stream in [&client, &server] {
        // What is handed on byte by byte must not be gathered up again.
        stream.set_nodelay(true).unwrap();
    }
    let (client_out, client_in) = client.into_split();
    let (server_out, server_in) = server.into_split();
    let mut up = Pump::new(client_out, server_in, line.up);
    let mut down = Pump::new(server_out, client_in, line.down);
    let manner = tokio::select! {
        manner = up.run(&log, |log| &mut log.up) => manner,
        manner = down.run(&log, |log| &mut log.down) => manner,
    };
    match manner {
        Manner::Closed => {}
        Manner::Reset => {
            for (from, to) in [(up.from, down.to), (down.from, up.to)] {
                let stream = from.reunite(to).expect("both halves of one socket");
                stream.set_zero_linger().unwrap();
            }
        }
        // Both sockets stay open, and nobody reads them.
        Manner::Silent => std::future::pending().await,
    }
}

/// One direction.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    way: Way,
    frames: Frames,
}

impl Pump {
    fn new(from: OwnedReadHalf, to: OwnedWriteHalf, way: Way) -> Self {
        Self {
            from,
            to,
            way,
            frames: Frames::default(),
        }
    }

    /// Until it is cut, or one of the two ends goes.
    async fn run(&mut self, log: &watch::Sender<Log>, counter: Counter) -> Manner {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let Ok(length @ 1..) = self.from.read(&mut chunk).await else {
                return Manner::Closed;
            };
            if !self.way.delay.is_zero() {
                tokio::time::sleep(self.way.delay).await;
            }
            let head = self.frames.left_of_head(&chunk[..length]);
            let (passing, ended, cut) = self.follow(&chunk[..length]);
            if ended > 0 {
                log.send_modify(|log| *counter(log) += ended);
            }
            let step = self.way.most.unwrap_or(length).max(1);
            let (head, rest) = chunk[..passing].split_at(head.min(passing));
            for piece in std::iter::once(head).chain(rest.chunks(step)) {
                if self.to.write_all(piece).await.is_err() {
                    return Manner::Closed;
                }
                // Whoever reads has a chance to read just that.
                tokio::task::yield_now().await;
            }
            if let Some(cut) = cut {
                log.send_modify(|log| log.cut = true);
                return cut.manner;
            }
        }
    }

    /// How much of these bytes is to pass, how many messages end in it, and whether the line is
    /// cut after it.
    fn follow(&mut self, bytes: &[u8]) -> (usize, usize, Option<Cut>) {
        let mut ended = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let Some(place) = self.frames.push(byte) else {
                continue;
            };
            let here = self.way.cut.filter(|cut| {
                cut.message == place.message && if cut.within { place.half } else { place.begins }
            });
            if here.is_some() {
                return (at, ended, here);
            }
            ended += usize::from(place.ends);
        }
        (bytes.len(), ended, None)
    }
}
