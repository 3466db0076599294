//! What helps to reach the page, as the crate can use it.
//!
//! The crate speaks to relays in datagrams only. So each server is tried once whether datagrams
//! arrive there; if they do at no relay, a [`Shim`] carries what it says over a stream.

use std::{collections::HashSet, net::Ipv6Addr, sync::Arc, time::Duration};

use ::rtc::peer_connection::configuration::RTCIceServer;
use deskhand_protocol::{
    dial,
    ice::{IceServer, IceUrl, Scheme, Transport},
};
use futures_util::future::join_all;
use rand_core::{OsRng, RngCore as _};
use tokio::{
    net::{UdpSocket, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use webrtc::runtime::Runtime;

use super::{own::OwnSockets, shim::Shim};
use crate::server::Trust;

/// A server is asked so often, the pauses doubling, whether datagrams arrive there.
const TRIES: u32 = 4;
/// The first pause: 1.5 s all together.
const PAUSE: Duration = Duration::from_millis(100);
/// The name of a server is looked up first, which may take longer than that, but not for ever.
const LONGEST: Duration = dial::WAYS;
/// So many relays are spoken to over streams, such as one as it is and one over TLS.
const MOST_STREAMS: usize = 2;

/// See the module. Dropped, what it carries ends.
pub(super) struct Ways {
    servers: Vec<RTCIceServer>,
    own: OwnSockets,
    _shims: Vec<Shim>,
}

/// Which servers can be used how.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted<'a> {
    stun: Vec<&'a IceServer>,
    datagrams: Vec<&'a IceServer>,
    streams: Vec<&'a IceServer>,
}

impl<'a> Sorted<'a> {
    fn new(servers: &'a [IceServer]) -> Self {
        let mut sorted = Self::default();
        for server in servers {
            let url = &server.url;
            match (url.scheme, url.transport) {
                (Scheme::Stun, _) => sorted.stun.push(server),
                // The crate puts a port behind it without brackets.
                (Scheme::Turn, Transport::Udp) if url.host.parse::<Ipv6Addr>().is_ok() => {}
                (Scheme::Turn, Transport::Udp) => sorted.datagrams.push(server),
                (Scheme::Turn, Transport::Tcp) | (Scheme::Turns, _) => sorted.streams.push(server),
            }
        }
        sorted
    }
}

impl Ways {
    /// Finds out which of these servers can be reached how. Those that are spoken to over TLS have
    /// to be believed by `trust`.
    pub(super) async fn find(servers: &[IceServer], trust: &Trust) -> Self {
        let Sorted {
            mut stun,
            mut datagrams,
            mut streams,
        } = Sorted::new(servers);
        let asked = stun.iter().chain(&datagrams);
        let answering = answering(asked.map(|one| one.url.authority()).collect()).await;
        let answers = |server: &&IceServer| answering.contains(&server.url.authority());
        stun.retain(answers);
        datagrams.retain(answers);
        tracing::debug!(
            servers = servers.len(),
            answering = answering.len(),
            "ways to the page"
        );
        if !datagrams.is_empty() {
            streams.clear();
        }
        let usable = stun.iter().chain(&datagrams);
        let mut servers: Vec<_> = usable.map(|server| named(server, &server.url)).collect();
        let (own, mut shims) = (OwnSockets::default(), Vec::new());
        for server in streams.into_iter().take(MOST_STREAMS) {
            match Shim::open(&server.url, trust, own.clone()).await {
                Ok(shim) => {
                    servers.push(named(server, shim.url()));
                    shims.push(shim);
                }
                Err(error) => tracing::warn!(%error, "no way to a relay over a stream"),
            }
        }
        Self {
            servers,
            own,
            _shims: shims,
        }
    }

    /// What the crate has to run on: only then do the shims listen to it.
    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        self.own.runtime()
    }

    /// For the crate.
    pub(super) fn servers(&self) -> Vec<RTCIceServer> {
        self.servers.clone()
    }

    /// Whether any way may lead through a relay.
    pub(super) fn are_relayed(&self) -> bool {
        self.servers
            .iter()
            .any(|server| !server.username.is_empty())
    }
}

fn named(server: &IceServer, url: &IceUrl) -> RTCIceServer {
    RTCIceServer {
        urls: vec![url.to_string()],
        username: server.username.clone(),
        credential: server.credential.0.clone(),
    }
}

/// Those of these servers, all as `HOST:PORT`, at which datagrams arrive. They are asked at once.
async fn answering(servers: HashSet<String>) -> HashSet<String> {
    let asked = servers.into_iter().map(async |authority| {
        let answers = do_datagrams_arrive(&authority).await;
        answers.then_some(authority)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Whether a server answers a Binding request
/// ([RFC 8489 §2](https://www.rfc-editor.org/rfc/rfc8489#section-2)).
async fn do_datagrams_arrive(authority: &str) -> bool {
    let asked = async {
        let address = lookup_host(authority).await.ok()?.next()?;
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any).await.ok()?;
        socket.connect(address).await.ok()?;
        let mut request = [0; 20];
        request[1] = 1;
        request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        OsRng.fill_bytes(&mut request[8..]);
        let mut answer = [0; 512];
        for doubled in 0..TRIES {
            // Refused or unreachable is no answer, and the next try may fare better.
            let _ = socket.send(&request).await;
            let until = Instant::now() + PAUSE * 2_u32.pow(doubled);
            while let Ok(heard) = timeout_at(until, socket.recv(&mut answer)).await {
                match heard {
                    Ok(len) if len >= 20 && answer[8..20] == request[8..] => return Some(()),
                    Ok(_) => {}
                    // Said at once: the pause is still due.
                    Err(_) => tokio::time::sleep_until(until).await,
                }
            }
        }
        None
    };
    matches!(timeout(LONGEST, asked).await, Ok(Some(())))
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::ice::Credential;

    use super::*;

    fn server(url: &str) -> IceServer {
        let url: IceUrl = url.parse().unwrap();
        let open = url.scheme == Scheme::Stun;
        IceServer {
            url,
            username: if open { "" } else { "u" }.into(),
            credential: Credential(if open { "" } else { "p" }.into()),
        }
    }

    fn public() -> Trust {
        Trust::new([]).unwrap()
    }

    /// What answers as STUN servers do.
    async fn somebody() -> (UdpSocket, u16) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        (socket, port)
    }

    async fn answer(socket: UdpSocket) {
        let mut bytes = [0; 100];
        loop {
            let (len, from) = socket.recv_from(&mut bytes).await.unwrap();
            bytes[0] = 1;
            socket.send_to(&bytes[..len], from).await.unwrap();
        }
    }

    #[tokio::test]
    async fn datagrams_are_used_where_they_arrive() {
        let (socket, port) = somebody().await;
        let servers = [
            server(&format!("stun:127.0.0.1:{port}")),
            server(&format!("turn:127.0.0.1:{port}?transport=udp")),
            server("turn:[2a00::1]?transport=udp"),
            server(&format!("turn:127.0.0.1:{port}?transport=tcp")),
        ];
        let trust = public();
        let ways = tokio::select! {
            ways = Ways::find(&servers, &trust) => ways,
            () = answer(socket) => unreachable!(),
        };
        let urls: Vec<_> = ways
            .servers()
            .into_iter()
            .flat_map(|one| one.urls)
            .collect();
        assert_eq!(
            urls,
            [
                format!("stun:127.0.0.1:{port}"),
                format!("turn:127.0.0.1:{port}?transport=udp"),
            ]
        );
        assert!(ways.are_relayed());
    }

    /// One that is down hides none that is not.
    #[tokio::test]
    async fn each_server_is_asked() {
        let (_silent, down) = somebody().await;
        let (socket, up) = somebody().await;
        let servers = [
            server(&format!("stun:127.0.0.1:{down}")),
            server(&format!("turn:127.0.0.1:{down}?transport=udp")),
            server(&format!("turn:127.0.0.1:{up}?transport=udp")),
            server(&format!("turn:127.0.0.1:{up}?transport=tcp")),
        ];
        let trust = public();
        let ways = tokio::select! {
            ways = Ways::find(&servers, &trust) => ways,
            () = answer(socket) => unreachable!(),
        };
        let found = ways.servers();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].urls,
            [format!("turn:127.0.0.1:{up}?transport=udp")]
        );
    }

    #[tokio::test]
    async fn a_stream_is_used_where_they_do_not() {
        let (_silent, port) = somebody().await;
        let servers = [
            server(&format!("stun:127.0.0.1:{port}")),
            server(&format!("turn:127.0.0.1:{port}?transport=udp")),
            server(&format!("turn:127.0.0.1:{port}?transport=tcp")),
        ];
        let ways = Ways::find(&servers, &public()).await;
        let servers = ways.servers();
        assert_eq!(servers.len(), 1);
        assert!(servers[0].urls[0].starts_with("turn:127.0.0.1:"));
        assert!(servers[0].urls[0].ends_with("?transport=udp"));
        assert!(!servers[0].urls[0].contains(&format!(":{port}?")));
        assert_eq!(
            (servers[0].username.as_str(), servers[0].credential.as_str()),
            ("u", "p")
        );
    }

    #[tokio::test]
    async fn without_servers_nothing_is_tried() {
        let ways = Ways::find(&[], &public()).await;
        assert!(ways.servers().is_empty() && !ways.are_relayed());
    }
}
