//! A server that does as it likes: it takes the agent's socket, and the test decides what to
//! pass on, to alter, to repeat or to make up.

use std::time::Duration;

use deskhand_protocol::{
    envelope::{ToAgent, ToPage},
    id::{JoinId, Route},
    signal::{self, FromNovice, OwnerToken, Payload, ToNovice},
    wire,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::{desktop::Desktop, novice::Novice, wait::PATIENCE};

/// The agent and its bad server.
pub struct HostileServer {
    /// Where the agent finds it.
    pub url: String,
    listener: TcpListener,
    socket: WebSocketStream<TcpStream>,
    route: Route,
    next: u64,
}

impl HostileServer {
    /// Starts an agent that uses this server.
    pub async fn with_agent(desktop: &Desktop) -> (Self, Novice) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let invite = Novice::invite_with(&url, desktop, &[]);
        let ((socket, route), novice) = tokio::join!(registered(&listener), invite);
        let server = Self {
            url,
            listener,
            socket,
            route,
            next: 1,
        };
        (server, novice)
    }

    /// The agent is killed at once, and started again.
    pub async fn sees_agent_killed(&mut self, novice: &mut Novice, desktop: &Desktop) {
        novice.is_killed().await;
        novice.starts_again(&self.url, desktop);
        let (registered, ()) = tokio::join!(registered(&self.listener), novice.is_open());
        (self.socket, self.route) = registered;
    }

    /// Claims that an expert came, and gives the name for them.
    pub async fn brings_expert(&mut self) -> JoinId {
        let join = JoinId(self.next);
        self.next += 1;
        let route = self.route;
        self.tells(&ToNovice::Joined { join, route }).await;
        join
    }

    /// Claims that the expert is gone.
    pub async fn takes_expert_away(&mut self, join: JoinId) {
        self.tells(&ToNovice::Left { join }).await;
    }

    /// Gives the agent a message as if from that expert.
    pub async fn passes_on(&mut self, join: JoinId, message: &ToAgent) {
        let payload = Payload::new(wire::encode(message)).expect("messages are short");
        self.tells(&ToNovice::Relay { join, payload }).await;
    }

    /// The agent's next message for that expert.
    ///
    /// # Panics
    /// If it parts from the expert instead.
    pub async fn hears_for(&mut self, join: JoinId) -> ToPage {
        match self.hears_about(join).await {
            Some(message) => message,
            None => panic!("the agent parted from {join:?}"),
        }
    }

    /// Waits until the agent parts from that expert. Gives what it said before.
    pub async fn parts_from(&mut self, join: JoinId) -> Vec<ToPage> {
        let mut said = Vec::new();
        while let Some(message) = self.hears_about(join).await {
            said.push(message);
        }
        said
    }

    /// What the agent says for that expert next; `None` if it parts from them.
    async fn hears_about(&mut self, join: JoinId) -> Option<ToPage> {
        loop {
            match self.hears().await {
                FromNovice::Relay { join: to, payload } if to == join => {
                    return Some(
                        wire::decode(payload.as_bytes()).expect("the agent speaks properly"),
                    );
                }
                FromNovice::Dismiss { join: from } if from == join => return None,
                _ => {}
            }
        }
    }

    /// Has the agent work through everything that it was given, and gives what it said for
    /// anybody meanwhile: it answers in order, also somebody with an invitation that never was.
    pub async fn settles(&mut self) -> Vec<(JoinId, ToPage)> {
        let last = JoinId(self.next);
        self.next += 1;
        let route = Route::from_bytes([0; 32]);
        self.tells(&ToNovice::Joined { join: last, route }).await;
        let mut said = Vec::new();
        loop {
            match self.hears().await {
                FromNovice::Dismiss { join } if join == last => return said,
                FromNovice::Relay { join, payload } if join != last => {
                    let message = wire::decode(payload.as_bytes());
                    said.push((join, message.expect("the agent speaks properly")));
                }
                _ => {}
            }
        }
    }

    /// What the agent says within a time that is plenty for it to react.
    pub async fn overhears(&mut self) -> Vec<FromNovice> {
        const PLENTY: Duration = Duration::from_secs(2);
        let mut said = Vec::new();
        while let Ok(message) = tokio::time::timeout(PLENTY, self.next_message()).await {
            said.push(message);
        }
        said
    }

    async fn tells(&mut self, message: &ToNovice) {
        tells(&mut self.socket, message).await;
    }

    async fn hears(&mut self) -> FromNovice {
        hears(&mut self.socket).await
    }

    async fn next_message(&mut self) -> FromNovice {
        next_message(&mut self.socket).await
    }
}

/// Waits for an agent and has it register its invitation. Gives its socket and the route.
async fn registered(listener: &TcpListener) -> (WebSocketStream<TcpStream>, Route) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    loop {
        if let FromNovice::Register { route, token, .. } = hears(&mut socket).await {
            let first = token.is_none();
            let token = OwnerToken("any".into());
            tells(&mut socket, &ToNovice::Registered { route, token }).await;
            // It shows the token once more when it has it.
            if !first {
                return (socket, route);
            }
        }
    }
}

async fn tells(socket: &mut WebSocketStream<TcpStream>, message: &ToNovice) {
    let text = signal::encode(message);
    let told = socket.send(Message::text(text)).await;
    told.expect("the agent listens");
}

async fn hears(socket: &mut WebSocketStream<TcpStream>) -> FromNovice {
    tokio::time::timeout(PATIENCE, next_message(socket))
        .await
        .expect("the agent says something")
}

async fn next_message(socket: &mut WebSocketStream<TcpStream>) -> FromNovice {
    loop {
        let message = socket.next().await.expect("the agent is there");
        if let Message::Text(text) = message.expect("the agent keeps the socket") {
            return signal::decode(&text).expect("the agent speaks properly");
        }
    }
}
