//! The first one's end: answers who comes later.

use std::{fs::File, io, time::Duration};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{
    First, Reply, Request, is_same_person,
    wire::{MOST_IN_REPLY, MOST_IN_REQUEST, WireError, decode, encode, read_line, write_line},
};

/// A request, and where its reply goes. Dropped without one, it is refused.
pub type Asked = (Request, oneshot::Sender<Reply>);

/// Connections at a time; more have to wait for one of them to end.
pub(super) const MOST_CONNECTIONS: usize = 16;
/// Requests that wait to be answered.
const MOST_WAITING: usize = 8;

/// The first one, answering. Whoever holds this is the agent; dropped, somebody else can be.
#[derive(Debug)]
pub struct Local {
    requests: mpsc::Receiver<Asked>,
    /// Ends the task, and its connections with it.
    _serving: JoinSet<()>,
    // Last, so that nobody else is first while this one may still answer.
    _lock: File,
}

/// How long whoever is at the other end may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// To send or take a line.
    pub(super) line: Duration,
    /// To do what is asked. An invitation may have to wait for the server.
    pub(super) answer: Duration,
}

impl Patience {
    pub(super) const USUAL: Self = Self {
        line: Duration::from_secs(5),
        answer: Duration::from_secs(20),
    };
}

impl Local {
    /// Begins to answer; inside a tokio runtime.
    ///
    /// # Errors
    /// If the runtime cannot watch the socket.
    pub fn serve(first: First) -> io::Result<Self> {
        Self::serve_with(first, Patience::USUAL)
    }

    pub(super) fn serve_with(first: First, patience: Patience) -> io::Result<Self> {
        let listener = UnixListener::from_std(first.listener)?;
        let (asked, requests) = mpsc::channel(MOST_WAITING);
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, asked, patience));
        Ok(Self {
            requests,
            _serving: serving,
            _lock: first.lock,
        })
    }

    /// Waits for what is asked next; may be cancelled. To be answered without delay: a person
    /// waits.
    pub async fn asked(&mut self) -> Asked {
        match self.requests.recv().await {
            Some(asked) => asked,
            // The task that listens ends only with this.
            None => std::future::pending().await,
        }
    }
}

async fn accept(listener: UnixListener, asked: mpsc::Sender<Asked>, patience: Patience) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) if is_same_person(&stream) => {
                connections.spawn(converse(stream, asked.clone(), patience));
            }
            Ok(_) => tracing::warn!("somebody else tried to talk to this agent"),
            Err(error) => {
                tracing::warn!(%error, "nobody can talk to this agent for now");
                // Out of files, as a rule; the system does not tell when there are some again.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// One request, one reply.
async fn converse(mut stream: UnixStream, asked: mpsc::Sender<Asked>, patience: Patience) {
    let heard = timeout(patience.line, read_line(&mut stream, MOST_IN_REQUEST)).await;
    let reply = match heard {
        Ok(Ok(line)) => match decode(&line) {
            Ok(request) => answer(request, &asked, patience.answer).await,
            Err(error) => Reply::Refused(misunderstood(&error)),
        },
        Ok(Err(error)) => return tracing::debug!(%error, "a request that is none"),
        Err(_) => return tracing::debug!("a request did not come in time"),
    };
    let line = encode(&reply, MOST_IN_REPLY).or_else(|_| {
        let why = "There are too many invitations to list them here. Delete some that are closed.";
        encode(&Reply::Refused(why.into()), MOST_IN_REPLY)
    });
    if let Ok(line) = line {
        // Who does not take the reply does not get it.
        let _ = timeout(patience.line, write_line(&mut stream, &line)).await;
    }
}

async fn answer(request: Request, asked: &mpsc::Sender<Asked>, patience: Duration) -> Reply {
    let answered = async {
        let (answer, answered) = oneshot::channel();
        asked.send((request, answer)).await.ok()?;
        answered.await.ok()
    };
    match timeout(patience, answered).await {
        Ok(Some(reply)) => reply,
        Ok(None) => Reply::Refused("Deskhand is just closing. Start it again.".into()),
        Err(_) => Reply::Refused(
            "Deskhand took too long to do that. Look at its window, then try again.".into(),
        ),
    }
}

fn misunderstood(error: &WireError) -> String {
    match error {
        WireError::OtherVersion(_) => {
            "Another version of Deskhand is running. Close it, then try again.".into()
        }
        _ => "The Deskhand that is running did not understand that.".into(),
    }
}
