//! Where the relay touches network and clock: sockets for clients, and one for each allocation.

mod carrier;
mod stream;
mod udp;

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use deskhand_protocol::{
    ice::{IceServer, IceUrl, PORT, Scheme, Transport},
    id::JoinId,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::TlsAcceptor;

use super::{Bounds, Client, Login, Public, Relay, Step, Wanted, Way, lend, nonce::Nonces};
use crate::{
    metrics::Metrics,
    tls::{self, Certificates},
    visitor::Seats,
};
use carrier::{Back, Carrier};

/// What clients take the relay for.
const REALM: &str = "deskhand";
/// How often it is looked what has ended.
const LOOK_AROUND: Duration = Duration::from_secs(2);
/// So many ports are tried before there is said to be none.
const TRIES: usize = 32;
/// When any port will do, the same one has to be free twice.
const BIND_TRIES: usize = 16;
/// A datagram and the head that it gets.
const LONGEST: usize = 65_536;

/// What the relay inside is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens, for datagrams and for streams. Without it: at its usual port of those
    /// addresses.
    pub listen: Option<SocketAddr>,
    /// Whether it is spoken to over TLS, too.
    pub tls: Option<OverTls>,
    /// What its addresses look like from outside.
    pub public: Public,
    /// Where allocations are.
    pub ports: RangeInclusive<u16>,
    /// How much of everything there may be.
    pub bounds: Bounds,
}

impl Settings {
    /// Whether it is spoken to on the web's port.
    pub(crate) fn shares_the_web(&self) -> bool {
        self.tls
            .as_ref()
            .is_some_and(|tls| matches!(tls.at, TlsAt::Web(_)))
    }
}

/// How the relay is spoken to over TLS.
#[derive(Debug, Clone)]
pub struct OverTls {
    /// Name or address that the certificate is for.
    pub host: String,
    /// Where it listens.
    pub at: TlsAt,
}

/// Where the relay is spoken to over TLS.
#[derive(Debug, Clone)]
pub enum TlsAt {
    /// On a port of its own, with this certificate.
    Own(SocketAddr, Certificates),
    /// On the web's, which has this number from outside.
    Web(u16),
}

/// Why there is no relay. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// It cannot listen.
    #[error(
        "The relay cannot listen on {address}: {cause}. Stop the program that does, or choose another address with {option}."
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The option that says so.
        option: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// The library that speaks TLS does not want to.
    #[error("TLS cannot be spoken with this certificate: {0}.")]
    Tls(rustls::Error),
    /// The system has no randomness to give.
    #[error("This system gives no random numbers: {0}.")]
    NoRandomness(getrandom::Error),
}

type Core = Relay<Arc<Carrier>>;

/// The running relay.
pub(crate) struct Inside {
    core: Mutex<Core>,
    ports: RangeInclusive<u16>,
    urls: Vec<IceUrl>,
    /// For streams.
    seats: Arc<Seats>,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// Listening, and not served yet.
pub(crate) struct Sockets {
    open: Vec<(UdpSocket, TcpListener)>,
    tls: Option<(TcpListener, TlsAcceptor)>,
}

impl Inside {
    /// Listens.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn open(
        settings: Settings,
        metrics: Arc<Metrics>,
    ) -> Result<(Arc<Self>, Sockets), RelayError> {
        let Settings {
            listen,
            tls,
            public,
            ports,
            bounds,
        } = settings;
        let open = match listen {
            Some(address) => vec![bind(address)?],
            None => public.ips().map(bind_usual).collect::<Result<_, _>>()?,
        };
        let port = open
            .iter()
            .find_map(|(udp, _)| Some(udp.local_addr().ok()?.port()));
        let (tls, sealed) = match tls {
            Some(OverTls { host, at }) => {
                let (sockets, port) = at.open()?;
                let url = IceUrl {
                    scheme: Scheme::Turns,
                    host,
                    port,
                    transport: Transport::Tcp,
                };
                (sockets, Some(url))
            }
            None => (None, None),
        };
        let mut secret = [0; 32];
        getrandom::getrandom(&mut secret).map_err(RelayError::NoRandomness)?;
        let nonces = Nonces::new(secret, Instant::now());
        let inside = Self {
            core: Mutex::new(Relay::new(bounds, public, REALM.to_owned(), nonces)),
            ports,
            urls: urls(public, port.unwrap_or(PORT), sealed),
            seats: Seats::new(128, 2_000, 4_000, &[]),
            metrics,
        };
        Ok((Arc::new(inside), Sockets { open, tls }))
    }

    /// Serves until it is dropped.
    ///
    /// # Errors
    /// If the system takes the sockets away.
    pub(crate) async fn run(self: Arc<Self>, sockets: Sockets) -> io::Result<()> {
        let mut parts = JoinSet::new();
        for (udp, tcp) in sockets.open {
            let udp = Arc::new(tokio::net::UdpSocket::from_std(udp)?);
            let tcp = tokio::net::TcpListener::from_std(tcp)?;
            parts.spawn(udp::serve(Arc::clone(&self), udp));
            parts.spawn(stream::serve(Arc::clone(&self), tcp));
        }
        if let Some((listener, tls)) = sockets.tls {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            parts.spawn(stream::serve_tls(Arc::clone(&self), listener, tls));
        }
        let mut looks = interval(LOOK_AROUND);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => self.core().pass_time(Instant::now()),
                _ = parts.join_next() => return Ok(()),
            }
        }
    }

    /// Serves a client that was taken elsewhere, and speaks over TLS.
    pub(crate) async fn take_sealed(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite,
        peer: SocketAddr,
    ) {
        match self.seats.take(peer.ip().into()) {
            Some(seat) => stream::connection(self, stream, peer, Way::Tls, seat).await,
            None => {
                self.metrics.turned_away.inc();
            }
        }
    }

    /// What this session may use.
    pub(crate) fn lend(&self, join: JoinId, fresh: Login, now: Instant) -> Vec<IceServer> {
        let login = self.core().lend(join, fresh, now);
        lend::servers(&self.urls, &login)
    }

    /// What somebody may try out; `None`: too many do.
    pub(crate) fn lend_trial(&self, fresh: Login, now: Instant) -> Option<Vec<IceServer>> {
        let login = self.core().lend_trial(fresh, now)?;
        Some(lend::servers(&self.urls, &login))
    }

    /// Where anybody learns their own address.
    pub(crate) fn stun(&self) -> Vec<IceServer> {
        lend::open(&self.urls)
    }

    /// The session is gone, and what it has then.
    pub(crate) fn reclaim(&self, join: JoinId, end: Instant, now: Instant) {
        self.core().reclaim(join, end, now);
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serves(&self, client: Client) -> bool {
        self.core().serves(client)
    }

    fn gone(&self, client: Client) {
        self.core().gone(client);
    }

    /// Takes one message of a client's, to whom `back` leads, and does what follows. Never waits:
    /// what does not fit is dropped, as a network would.
    fn take(self: &Arc<Self>, client: Client, bytes: &[u8], back: &Back) {
        let step = self
            .core()
            .client_said(client, bytes, is_own, Instant::now());
        match step {
            Step::Nothing => {}
            Step::Answer(answer) => back.send(answer),
            Step::Open(wanted) => back.send(self.allocate(wanted, back)),
            Step::Send { through, to, data } => through.send(to, data),
            Step::Deliver { to, packet } => to.back.send(packet),
        }
    }

    fn allocate(self: &Arc<Self>, wanted: Wanted, back: &Back) -> Vec<u8> {
        let opened = open_port(wanted.ip, &self.ports)
            .and_then(|(socket, port)| Some((tokio::net::UdpSocket::from_std(socket).ok()?, port)));
        let Some((socket, port)) = opened else {
            tracing::warn!("the relay has no port left");
            return Core::not_opened(&wanted);
        };
        let relayed = SocketAddr::new(wanted.ip, port);
        tracing::info!(way = ?wanted.client.way, port, "relay allocation");
        self.metrics.allocated(wanted.client.way);
        let carrier = Carrier::start(Arc::downgrade(self), socket, relayed, back.clone());
        self.core().opened(wanted, port, carrier, Instant::now())
    }

    fn peer_said(&self, relayed: SocketAddr, from: SocketAddr, data: &[u8]) {
        let taken = self
            .core()
            .peer_said(relayed, canonical(from), data, Instant::now());
        if let Some((carrier, packet)) = taken {
            carrier.back.send(packet);
        }
    }
}

/// Addresses for clients; the first of each way serves those who want to know their own, too. More
/// would only slow browsers down.
fn urls(public: Public, port: u16, sealed: Option<IceUrl>) -> Vec<IceUrl> {
    let hosts: Vec<IpAddr> = public.ips().collect();
    let url = |host: &IpAddr, scheme, transport| IceUrl {
        scheme,
        host: host.to_string(),
        port,
        transport,
    };
    let first = || hosts.iter().take(1);
    let stun = first().map(|host| url(host, Scheme::Stun, Transport::Udp));
    let udp = hosts
        .iter()
        .map(|host| url(host, Scheme::Turn, Transport::Udp));
    let tcp = first().map(|host| url(host, Scheme::Turn, Transport::Tcp));
    stun.chain(udp).chain(tcp).chain(sealed).collect()
}

impl TlsAt {
    /// Listens, if that is for the relay to do, and gives the port as seen from outside.
    fn open(self) -> Result<(Option<(TcpListener, TlsAcceptor)>, u16), RelayError> {
        let (address, certificates) = match self {
            Self::Own(address, certificates) => (address, certificates),
            Self::Web(port) => return Ok((None, port)),
        };
        let acceptor = certificates
            .acceptor(&[tls::TURN])
            .map_err(RelayError::Tls)?;
        let bound = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok((Some((listener, acceptor)), port))
        });
        let bound = bound.map_err(|cause| RelayError::Listen {
            address,
            option: "--turn-tls-listen",
            cause,
        })?;
        tracing::info!(port = bound.1, "relay listens over TLS");
        Ok(bound)
    }
}

/// Whether an address is one of this computer's right now: only then can it be listened on.
fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// An address of IP version 4 in its usual spelling.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Both sockets, at the same port.
fn bind(address: SocketAddr) -> Result<(UdpSocket, TcpListener), RelayError> {
    let tries = if address.port() == 0 { BIND_TRIES } else { 1 };
    let both = || -> io::Result<(UdpSocket, TcpListener)> {
        let tcp = TcpListener::bind(address)?;
        let udp = UdpSocket::bind(tcp.local_addr()?)?;
        tcp.set_nonblocking(true)?;
        udp.set_nonblocking(true)?;
        Ok((udp, tcp))
    };
    let mut bound = both();
    for _ in 1..tries {
        if bound.is_ok() {
            break;
        }
        bound = both();
    }
    if let Ok((udp, _)) = &bound {
        tracing::info!(address = ?udp.local_addr(), "relay listens");
    }
    bound.map_err(|cause| RelayError::Listen {
        address,
        option: "--turn-listen",
        cause,
    })
}

/// At that very address, so that what leaves shows it: a computer with several would choose. Behind
/// a NAT it is none of this computer's, so any will do.
fn bind_usual(ip: IpAddr) -> Result<(UdpSocket, TcpListener), RelayError> {
    bind((ip, PORT).into()).or_else(|error| match &error {
        RelayError::Listen { cause, .. } if cause.kind() == io::ErrorKind::AddrNotAvailable => {
            bind((any(ip), PORT).into())
        }
        _ => Err(error),
    })
}

fn any(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// A socket at a random free port, at that address of the relay's. Behind a NAT that address is
/// none of this computer's, so any will do.
fn open_port(ip: IpAddr, ports: &RangeInclusive<u16>) -> Option<(UdpSocket, u16)> {
    let span = u32::from(ports.end().checked_sub(*ports.start())?) + 1;
    for _ in 0..TRIES {
        let mut random = [0; 4];
        getrandom::getrandom(&mut random).ok()?;
        let offset = u16::try_from(u32::from_le_bytes(random) % span).ok()?;
        let port = ports.start() + offset;
        let bound = UdpSocket::bind((ip, port)).or_else(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => UdpSocket::bind((any(ip), port)),
            _ => Err(error),
        });
        if let Ok(socket) = bound {
            socket.set_nonblocking(true).ok()?;
            return Some((socket, port));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_few_addresses() {
        let public = Public {
            v4: Some(Ipv4Addr::new(25, 64, 0, 1)),
            v6: Some("2a00::1".parse().unwrap()),
        };
        let sealed = "turns:help.example.org:443".parse().unwrap();
        let told = urls(public, 3478, Some(sealed));
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "stun:25.64.0.1:3478",
                "turn:25.64.0.1:3478?transport=udp",
                "turn:[2a00::1]:3478?transport=udp",
                "turn:25.64.0.1:3478?transport=tcp",
                "turns:help.example.org:443?transport=tcp",
            ]
        );
    }

    #[test]
    fn this_computer_knows_its_own_addresses() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own(Ipv4Addr::new(25, 64, 255, 254).into()));
    }

    #[test]
    fn ports_come_from_the_range_or_not_at_all() {
        let local = IpAddr::from(Ipv4Addr::LOCALHOST);
        let taken = UdpSocket::bind((local, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(open_port(local, &(port..=port)).is_none());
        drop(taken);
        let (_socket, found) = open_port(local, &(port..=port)).unwrap();
        assert_eq!(found, port);
    }
}
