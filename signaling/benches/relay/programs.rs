//! The two programs that relay.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use deskhand_protocol::{
    VERSION,
    ice::{IceServer, Scheme, Transport},
    id::Route,
    signal::{FromExpert, FromNovice, ToExpert, ToNovice, decode, encode},
};
use deskhand_signaling::relay::lend::Outside;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tempfile::TempDir;
use tokio::{net::TcpStream, runtime::Runtime};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::ClientRequestBuilder},
};

use crate::client::Login;

const SECRET: &str = "of this bench alone";

/// Something that relays, measured from outside.
pub trait Program {
    fn name(&self) -> &'static str;
    /// One for each session.
    fn logins(&self, sessions: usize) -> Vec<Login>;
    /// What it has taken of the processor so far.
    fn cpu(&self) -> Duration;
}

/// Ended when dropped.
struct Running(Child);

impl Running {
    fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The name in brackets may hold anything; user and system time are the 12th and 13th
        // field after it, in hundredths of a second.
        let fields = stat.rsplit_once(") ").unwrap().1;
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that is free for both.
fn free_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub struct Deskhand {
    running: Running,
    web: SocketAddr,
    _state: TempDir,
    /// The sessions stand as long as their sockets do.
    runtime: Runtime,
    sockets: std::cell::RefCell<Vec<Socket>>,
}

type Socket = WebSocketStream<TcpStream>;

impl Deskhand {
    pub fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_deskhand-server"))
            .args(["--listen", "127.0.0.1:0", "--log", "warn"])
            .args(["--turn-public-ip", "127.0.0.1"])
            .args(["--turn-listen", &free_port().to_string()])
            .arg("--state-dir")
            .arg(state.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let web = line.trim_end().strip_prefix("Listening on http://");
        let web = web.unwrap_or_else(|| panic!("it says {line}")).parse().unwrap();
        Self {
            running: Running(child),
            web,
            _state: state,
            runtime: Runtime::new().unwrap(),
            sockets: std::cell::RefCell::default(),
        }
    }

    /// Brings two ends together; gives what they are lent.
    async fn session(&self, number: u64) -> Login {
        let mut novice = self.connect("/ws/novice", None).await;
        let mut expert = self.connect("/ws/expert", Some(format!("http://{}", self.web))).await;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let route = Route::from_bytes(bytes);
        say(&mut novice, &FromNovice::Hello { version: VERSION }).await;
        say(
            &mut novice,
            &FromNovice::Register {
                route,
                ttl_secs: 600,
                token: None,
                file: false,
                number: None,
            },
        )
        .await;
        hear::<ToNovice>(&mut novice).await;
        say(&mut expert, &FromExpert::Hello { version: VERSION }).await;
        say(&mut expert, &FromExpert::Join { route }).await;
        let ToNovice::Joined { join, .. } = hear(&mut novice).await else {
            panic!("nobody joined");
        };
        assert_eq!(hear::<ToExpert>(&mut expert).await, ToExpert::Joined);
        say(&mut novice, &FromNovice::Approved { join }).await;
        let ToExpert::IceServers { servers } = hear(&mut expert).await else {
            panic!("nothing is lent");
        };
        self.sockets.borrow_mut().extend([novice, expert]);
        login(&servers)
    }

    async fn connect(&self, path: &str, origin: Option<String>) -> Socket {
        let stream = TcpStream::connect(self.web).await.unwrap();
        let url = format!("ws://{}{path}", self.web).parse().unwrap();
        let mut request = ClientRequestBuilder::new(url);
        if let Some(origin) = origin {
            request = request.with_header("origin", origin);
        }
        client_async(request, stream).await.unwrap().0
    }
}

impl Program for Deskhand {
    fn name(&self) -> &'static str {
        "the relay inside"
    }

    fn logins(&self, sessions: usize) -> Vec<Login> {
        self.runtime.block_on(async {
            let mut logins = Vec::new();
            for number in 0..sessions as u64 {
                logins.push(self.session(number).await);
            }
            logins
        })
    }

    fn cpu(&self) -> Duration {
        self.running.cpu()
    }
}

async fn say(socket: &mut Socket, message: &impl Serialize) {
    socket.send(Message::text(encode(message))).await.unwrap();
}

async fn hear<T: DeserializeOwned>(socket: &mut Socket) -> T {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return decode(&text).unwrap();
        }
    }
}

fn login(servers: &[IceServer]) -> Login {
    let fits = |s: &&IceServer| {
        s.url.scheme == Scheme::Turn && s.url.transport == Transport::Udp
    };
    let server = servers.iter().find(fits).unwrap();
    Login {
        relay: server.url.authority().parse().unwrap(),
        username: server.username.clone(),
        password: server.credential.0.clone(),
    }
}

pub struct Coturn {
    running: Running,
    listen: SocketAddr,
    _folder: TempDir,
}

impl Coturn {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = free_port();
        let mut child = Command::new("turnserver")
            .args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout"])
            .args(["--use-auth-secret", "--realm=bench", "--allow-loopback-peers"])
            .arg(format!("--static-auth-secret={SECRET}"))
            .args(["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"])
            .arg(format!("--listening-port={}", listen.port()))
            .arg(format!("--userdb={}", folder.path().join("users").display()))
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("coturn is installed: apt-get install coturn");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let ready = format!("UDP listener opened on: {listen}");
        loop {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "coturn ended");
            if line.contains(&ready) {
                break;
            }
        }
        // It says something about each session; somebody has to take it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Self {
            running: Running(child),
            listen,
            _folder: folder,
        }
    }
}

impl Program for Coturn {
    fn name(&self) -> &'static str {
        "coturn"
    }

    fn logins(&self, sessions: usize) -> Vec<Login> {
        let url = format!("turn:{}?transport=udp", self.listen).parse().unwrap();
        let outside = Outside::new(vec![url], SECRET.into());
        (0..sessions)
            .map(|n| login(&outside.lend(&format!("session {n}"), SystemTime::now())))
            .collect()
    }

    fn cpu(&self) -> Duration {
        self.running.cpu()
    }
}
