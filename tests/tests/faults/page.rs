//! The expert's page, but for its DOM: the page's own state and handshake over a real socket.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use deskhand_protocol::{
    handshake::Words,
    id::Fingerprint,
    invitation::Link,
    signal::{self, FromExpert, Refusal, ToExpert},
};
use deskhand_web_expert::{
    handshake::{Handshake, Output},
    state::{Credentials, Effect, Event, Opened, Password, Screen, Stage, State},
};
use futures_util::{SinkExt as _, StreamExt as _};
use rand_core::OsRng;
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{ClientRequestBuilder, Message},
};

const FINGERPRINT: Fingerprint = Fingerprint([2; 32]);
/// How often the page looks at its clock.
const TICK: Duration = Duration::from_millis(250);

/// Where an attempt has led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The novice is being asked; both should see these words.
    Asked(Words),
    /// It is over, with this sentence.
    Over(String),
}

/// A page at an invitation.
pub struct Page {
    server: SocketAddr,
    origin: String,
    password: String,
    state: State,
    began: Instant,
    socket: Option<WebSocketStream<TcpStream>>,
    handshake: Option<Handshake>,
}

impl Page {
    /// A page of `origin`'s that finds its server at `server`.
    pub fn open(link: &Link, server: SocketAddr, origin: String, password: &str) -> Self {
        let opened = Opened::Served(format!("#{}", link.to_fragment()));
        Self {
            server,
            origin,
            password: password.to_owned(),
            state: State::new(opened, String::new(), None),
            began: Instant::now(),
            socket: None,
            handshake: None,
        }
    }

    /// Presses Connect (and Connect again before it, if that is what is offered), and waits until
    /// the novice is asked, or a sentence says why not.
    pub async fn connects(&mut self) -> Outcome {
        if matches!(self.state.screen, Screen::Ended(_)) {
            self.takes(Event::Again).await;
        }
        let connect = Event::Connect {
            name: "Maria".into(),
            password: Password(self.password.clone()),
        };
        self.takes(connect).await;
        self.waits_while(|stage| !matches!(stage, Stage::Asking(_)))
            .await
    }

    /// Waits for what comes after the novice was asked.
    pub async fn hears_the_answer(&mut self) -> Outcome {
        self.waits_while(|_| true).await
    }

    async fn waits_while(&mut self, on_the_way: impl Fn(&Stage) -> bool) -> Outcome {
        loop {
            match &self.state.screen {
                Screen::Joining(joining) => match &joining.stage {
                    stage if on_the_way(stage) => {}
                    Stage::Asking(met) => return Outcome::Asked(met.words),
                    stage => panic!("{stage:?}"),
                },
                Screen::Join(join) => {
                    let text = join.problem.expect("a sentence says why");
                    return Outcome::Over(text.to_owned());
                }
                Screen::Ended(ended) => {
                    assert!(ended.again.is_some(), "for good: {}", ended.text);
                    return Outcome::Over(ended.text.to_owned());
                }
                other => panic!("{other:?}"),
            }
            let event = tokio::select! {
                events = next(&mut self.socket, &mut self.handshake) => events,
                () = tokio::time::sleep(TICK) => {
                    assert!(self.state.is_counting(), "nothing would ever end this");
                    vec![Event::Tick]
                }
            };
            for event in event {
                self.takes(event).await;
            }
        }
    }

    /// Takes an event and does what follows from it.
    async fn takes(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.state.handle(event, self.began.elapsed()) {
                match effect {
                    Effect::Join(credentials) => {
                        if !self.joins(credentials).await {
                            events.push_back(Event::SocketClosed);
                        }
                    }
                    Effect::HangUp => {
                        self.socket = None;
                        self.handshake = None;
                    }
                    Effect::Remember(_) => {}
                    other => panic!("nothing else is expected here: {other:?}"),
                }
            }
        }
    }

    async fn joins(&mut self, credentials: Credentials) -> bool {
        let Credentials {
            key,
            name,
            password,
        } = credentials;
        let handshake = Handshake::new(key, &password.0, name, FINGERPRINT);
        let Some(mut socket) = connect(self.server, &self.origin).await else {
            return false;
        };
        for message in handshake.open() {
            // What cannot be sent is followed by the end of the socket.
            let _ = send(&mut socket, &message).await;
        }
        self.socket = Some(socket);
        self.handshake = Some(handshake);
        true
    }
}

async fn connect(server: SocketAddr, origin: &str) -> Option<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(server).await.ok()?;
    let uri = format!("ws://{server}/ws/expert").parse().unwrap();
    let request = ClientRequestBuilder::new(uri).with_header("origin", origin);
    let (socket, _) = client_async(request, stream).await.ok()?;
    Some(socket)
}

async fn send(socket: &mut WebSocketStream<TcpStream>, message: &FromExpert) -> Result<(), ()> {
    let text = Message::text(signal::encode(message));
    socket.send(text).await.map_err(|_| ())
}

/// What the socket brings next, after what the handshake makes of it.
async fn next(
    socket: &mut Option<WebSocketStream<TcpStream>>,
    handshake: &mut Option<Handshake>,
) -> Vec<Event> {
    let (Some(open), Some(handshake)) = (socket.as_mut(), handshake.as_mut()) else {
        return std::future::pending().await;
    };
    let message: ToExpert = match open.next().await {
        Some(Ok(Message::Text(text))) => signal::decode(&text).unwrap_or(ToExpert::Closing {
            reason: Refusal::Protocol,
        }),
        // A browser answers pings by itself, as the library does.
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return vec![],
        Some(Ok(_) | Err(_)) | None => {
            *socket = None;
            return vec![Event::SocketClosed];
        }
    };
    let mut events = Vec::new();
    for output in handshake.handle(&message, &mut OsRng) {
        match output {
            Output::Send(message) => {
                let _ = send(open, &message).await;
            }
            Output::Tell(news) => events.push(Event::News(news)),
        }
    }
    events
}
