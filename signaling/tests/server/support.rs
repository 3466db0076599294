//! A server in this process, and sockets to it.

use std::{net::SocketAddr, ops::Deref, time::Duration};

use deskhand_protocol::{
    VERSION,
    id::{JoinId, Route},
    signal::{
        FromExpert, FromNovice, OwnerToken, Payload, Refusal, ToExpert, ToNovice, decode, encode,
    },
};
use deskhand_signaling::{Config, ServeError, serve, token::KeyRing};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue, Response},
    },
};

/// Far longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it never happened")
}

pub fn route(byte: u8) -> Route {
    Route::from_bytes([byte; 32])
}

pub fn payload(bytes: &[u8]) -> Payload {
    Payload::new(bytes.to_vec()).unwrap()
}

/// Nobody is waited for at the end.
pub fn config() -> Config {
    let mut config = Config::local(KeyRing::ephemeral().unwrap());
    config.patience.drain = Duration::ZERO;
    config
}

/// Where a server is reached, in this process or in another one.
pub struct Site {
    pub address: SocketAddr,
}

/// A running server; dropped, it stops.
pub struct Server {
    site: Site,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(config, listener, async {
            let _ = stopped.await;
        }));
        Self {
            site: Site { address },
            stop,
            task,
        }
    }

    /// Tells it to stop; resolves once it has.
    pub fn stop(self) -> impl Future<Output = ()> {
        self.stop.send(()).unwrap();
        async { soon(self.task).await.unwrap().unwrap() }
    }
}

impl Deref for Server {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Site {
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An agent that said Hello.
    pub async fn novice(&self) -> Novice {
        let mut socket = self.connect("/ws/novice", &[]).await.unwrap();
        socket.send(&FromNovice::Hello { version: VERSION }).await;
        Novice(socket)
    }

    /// The same for one whose address a proxy tells.
    pub async fn novice_from(&self, address: &str) -> Novice {
        let headers = [("x-forwarded-for", address)];
        let mut socket = self.connect("/ws/novice", &headers).await.unwrap();
        socket.send(&FromNovice::Hello { version: VERSION }).await;
        Novice(socket)
    }

    /// An agent with a route, and its token, which it has shown to have.
    pub async fn waiting_novice(&self, route: Route) -> (Novice, OwnerToken) {
        let mut novice = self.novice().await;
        let token = novice.register(route, None).await.unwrap();
        let token = novice.register(route, Some(token)).await.unwrap();
        (novice, token)
    }

    /// A page of this server's that said Hello.
    pub async fn expert(&self) -> Expert {
        let mut socket = self
            .connect("/ws/expert", &[("origin", &self.origin())])
            .await
            .unwrap();
        socket.send(&FromExpert::Hello { version: VERSION }).await;
        Expert(socket)
    }

    /// The same for one whose address a proxy tells.
    pub async fn expert_from(&self, address: &str) -> Expert {
        let origin = self.origin();
        let headers = [("origin", origin.as_str()), ("x-forwarded-for", address)];
        let mut socket = self.connect("/ws/expert", &headers).await.unwrap();
        socket.send(&FromExpert::Hello { version: VERSION }).await;
        Expert(socket)
    }

    /// A page that joined, as its novice knows it.
    pub async fn joined(&self, novice: &mut Novice, route: Route) -> (Expert, JoinId) {
        let mut expert = self.expert().await;
        let join = novice.joined_by(&mut expert, route).await;
        (expert, join)
    }

    /// The status of the answer to an upgrade; 101 for a socket.
    pub async fn upgrade(&self, path: &str, headers: &[(&'static str, &str)]) -> u16 {
        match self.connect(path, headers).await {
            Ok(_) => 101,
            Err(answer) => answer.status().as_u16(),
        }
    }

    /// A socket, or the answer that was given instead.
    pub async fn connect(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Box<Response<Option<Vec<u8>>>>> {
        let url = format!("ws://{}{path}", self.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match soon(client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response),
            Err(other) => panic!("{other}"),
        }
    }
}

pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn send(&mut self, message: &impl Serialize) {
        self.send_text(encode(message)).await;
    }

    pub async fn send_text(&mut self, text: String) {
        soon(self.0.send(Message::text(text))).await.unwrap();
    }

    /// The next message; `None`: the socket is closed.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        // All of it: a server that only pings would keep each wait short.
        soon(async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return Some(decode(&text).unwrap()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(other)) => panic!("{other:?}"),
                }
            }
        })
        .await
    }
}

pub struct Novice(pub Socket);

impl Novice {
    pub async fn hear(&mut self) -> ToNovice {
        self.0.next().await.expect("closed")
    }

    pub async fn register(
        &mut self,
        route: Route,
        token: Option<OwnerToken>,
    ) -> Result<OwnerToken, Refusal> {
        let ttl_secs = 60;
        self.0
            .send(&FromNovice::Register {
                route,
                ttl_secs,
                token,
                file: false,
                number: None,
            })
            .await;
        match self.hear().await {
            ToNovice::Registered { token, .. } => Ok(token),
            ToNovice::Unregistered { reason, .. } | ToNovice::Closing { reason } => Err(reason),
            other => panic!("{other:?}"),
        }
    }

    /// That page joins.
    pub async fn joined_by(&mut self, expert: &mut Expert, route: Route) -> JoinId {
        expert.0.send(&FromExpert::Join { route }).await;
        assert_eq!(expert.hear().await, ToExpert::Joined);
        match self.hear().await {
            ToNovice::Joined { join, route: at } if at == route => join,
            other => panic!("{other:?}"),
        }
    }

    pub async fn relay(&mut self, join: JoinId, bytes: &[u8]) {
        let payload = payload(bytes);
        self.0.send(&FromNovice::Relay { join, payload }).await;
    }

    /// Is told that it is closed, and why; nothing follows.
    pub async fn is_closed(&mut self, reason: Refusal) {
        assert_eq!(self.hear().await, ToNovice::Closing { reason });
        assert_eq!(self.0.next::<ToNovice>().await, None);
    }
}

pub struct Expert(pub Socket);

impl Expert {
    pub async fn hear(&mut self) -> ToExpert {
        self.0.next().await.expect("closed")
    }

    pub async fn relay(&mut self, bytes: &[u8]) {
        let payload = payload(bytes);
        self.0.send(&FromExpert::Relay { payload }).await;
    }

    pub async fn is_closed(&mut self, reason: Refusal) {
        assert_eq!(self.hear().await, ToExpert::Closing { reason });
        assert_eq!(self.0.next::<ToExpert>().await, None);
    }
}

/// The novice approves, and both are told what helps them to reach each other.
pub async fn approve(novice: &mut Novice, expert: &mut Expert, join: JoinId) {
    novice.0.send(&FromNovice::Approved { join }).await;
    assert!(matches!(expert.hear().await, ToExpert::IceServers { .. }));
    assert!(matches!(novice.hear().await, ToNovice::IceServers { .. }));
}

/// Shows that a pair still reaches each other.
pub async fn still_talk(novice: &mut Novice, expert: &mut Expert, join: JoinId) {
    expert.relay(b"are you there?").await;
    let heard = novice.hear().await;
    let payload = payload(b"are you there?");
    assert_eq!(heard, ToNovice::Relay { join, payload });
    novice.relay(join, b"yes").await;
    let payload = self::payload(b"yes");
    assert_eq!(expert.hear().await, ToExpert::Relay { payload });
}
