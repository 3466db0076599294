//! Carries TURN over a stream for a client that speaks datagrams: it talks to a socket on this
//! computer as if that were the relay.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use deskhand_protocol::ice::{IceUrl, Scheme, Transport, framed};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, split},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::own::OwnSockets;
use crate::server::Trust;

/// The client speaks from one socket for each of the computer's networks; each has a stream.
const MOST_STREAMS: usize = 8;
/// So many messages may wait for a stream; then they are dropped, as a network would.
const QUEUE: usize = 128;
/// A relay that is there takes a connection by then.
const CONNECT: Duration = Duration::from_secs(5);
/// No message is longer.
const LONGEST: usize = 65_536;

/// See the module. Dropped, it ends.
pub(super) struct Shim {
    url: IceUrl,
    running: JoinHandle<()>,
}

impl Shim {
    /// One that leads the sockets in `own`, and nobody else on this computer, to the relay at
    /// `server`. It is connected to when there is something to say.
    pub(super) async fn open(server: &IceUrl, trust: &Trust, own: OwnSockets) -> io::Result<Self> {
        let relay = Relay {
            authority: server.authority(),
            tls: match server.scheme {
                Scheme::Turns => {
                    let name = ServerName::try_from(server.host.clone());
                    Some((trust.tls().into(), name.map_err(io::Error::other)?))
                }
                Scheme::Stun | Scheme::Turn => None,
            },
        };
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = IceUrl {
            scheme: Scheme::Turn,
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: socket.local_addr()?.port(),
            transport: Transport::Udp,
        };
        let running = tokio::spawn(run(socket, relay, own));
        Ok(Self { url, running })
    }

    /// What the client is to take for the relay.
    pub(super) fn url(&self) -> &IceUrl {
        &self.url
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Where a relay is, and how it is spoken to.
#[derive(Clone)]
struct Relay {
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

async fn run(socket: UdpSocket, relay: Relay, own: OwnSockets) {
    let socket = Arc::new(socket);
    let mut streams: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut running = JoinSet::new();
    let mut datagram = vec![0; LONGEST];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut datagram) => received,
            Some(_) = running.join_next() => continue,
        };
        // An error is news of an earlier datagram that did not arrive.
        let Ok((len, from)) = received else {
            tokio::task::yield_now().await;
            continue;
        };
        if !own.include(from) {
            continue;
        }
        let Some(message) = for_a_stream(&datagram[..len]) else {
            continue;
        };
        streams.retain(|_, stream| !stream.is_closed());
        if !streams.contains_key(&from) && streams.len() < MOST_STREAMS {
            let (queue, waiting) = mpsc::channel(QUEUE);
            running.spawn(carry(Arc::clone(&socket), from, relay.clone(), waiting));
            streams.insert(from, queue);
        }
        if let Some(stream) = streams.get(&from) {
            // Full, or just ended: it is lost, as on a network.
            let _ = stream.try_send(message);
        }
    }
}

async fn carry(
    socket: Arc<UdpSocket>,
    client: SocketAddr,
    relay: Relay,
    waiting: mpsc::Receiver<Vec<u8>>,
) {
    let connected = async {
        let stream = TcpStream::connect(&relay.authority).await?;
        // Without it packets leave a little later.
        let _ = stream.set_nodelay(true);
        Ok::<Box<dyn Stream>, io::Error>(match relay.tls {
            None => Box::new(stream),
            Some((connector, name)) => Box::new(connector.connect(name, stream).await?),
        })
    };
    let stream = match timeout(CONNECT, connected).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "the relay takes no connection"),
        Err(_) => return tracing::debug!("the relay does not answer"),
    };
    let (read, write) = split(stream);
    tokio::select! {
        () = from_relay(read, &socket, client) => {}
        () = to_relay(write, waiting) => {}
    }
}

/// Plain or sealed.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn from_relay(read: impl AsyncRead + Unpin, socket: &UdpSocket, client: SocketAddr) {
    let mut read = BufReader::with_capacity(16 * 1024, read);
    let mut message = Vec::new();
    loop {
        let mut head = [0; 4];
        if read.read_exact(&mut head).await.is_err() {
            return;
        }
        let Some(framed) = framed(head) else {
            return tracing::debug!("the relay's stream cannot be followed");
        };
        message.clear();
        message.extend(head);
        message.resize(framed.padded, 0);
        if read.read_exact(&mut message[4..]).await.is_err() {
            return;
        }
        // What is lost is lost, as on a network.
        let _ = socket.send_to(&message[..framed.len], client).await;
    }
}

async fn to_relay(mut write: impl AsyncWrite + Unpin, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = waiting.recv().await {
        // What is sealed may be kept back until then.
        if write.write_all(&message).await.is_err() || write.flush().await.is_err() {
            return;
        }
    }
}

/// A datagram as it stands in a stream; nothing, if it is no whole message.
fn for_a_stream(datagram: &[u8]) -> Option<Vec<u8>> {
    let framed = framed(*datagram.first_chunk()?)?;
    let mut message = datagram.get(..framed.len)?.to_vec();
    message.resize(framed.padded, 0);
    Some(message)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
    use tokio::net::TcpListener;

    use super::*;

    /// Long enough for a connection on this computer many times over.
    const QUIET: Duration = Duration::from_millis(300);
    /// Far longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn only_whole_messages_go_into_a_stream_and_are_padded_there() {
        assert_eq!(for_a_stream(&[]), None);
        assert_eq!(for_a_stream(&[0x40, 0, 0, 2, 1]), None);
        assert_eq!(for_a_stream(&[0xff; 30]), None);
        let padded = vec![0x40, 0, 0, 2, 1, 2, 0, 0];
        assert_eq!(for_a_stream(&[0x40, 0, 0, 2, 1, 2]), Some(padded.clone()));
        assert_eq!(for_a_stream(&[0x40, 0, 0, 2, 1, 2, 9, 9]), Some(padded));
    }

    async fn open(scheme: &str, relay: &TcpListener, trust: &Trust) -> (Shim, OwnSockets) {
        let port = relay.local_addr().unwrap().port();
        let server = format!("{scheme}:127.0.0.1:{port}?transport=tcp");
        let (server, own) = (server.parse().unwrap(), OwnSockets::default());
        let shim = Shim::open(&server, trust, own.clone()).await;
        (shim.unwrap(), own)
    }

    async fn open_plain(relay: &TcpListener) -> (Shim, OwnSockets) {
        open("turn", relay, &Trust::new([]).unwrap()).await
    }

    /// One of the sockets that the shim is for.
    async fn client(shim: &Shim, own: &OwnSockets) -> UdpSocket {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        own.add(&socket).unwrap();
        let client = UdpSocket::from_std(socket).unwrap();
        client.connect(shim.url().authority()).await.unwrap();
        client
    }

    /// The stranger speaks first, and what it said would have arrived first.
    #[tokio::test]
    async fn nobody_else_on_this_computer_is_led_to_the_relay() {
        let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (shim, own) = open_plain(&relay).await;
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let message = [0x40, 0, 0, 0];
        let sent = stranger.send_to(&message, shim.url().authority()).await;
        assert_eq!(sent.unwrap(), message.len());
        let client = client(&shim, &own).await;
        client.send(&message).await.unwrap();
        let (mut stream, _) = relay.accept().await.unwrap();
        let mut answer = message;
        stream.read_exact(&mut answer).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        let heard = timeout(PATIENCE, client.recv(&mut answer)).await;
        assert_eq!(heard.unwrap().unwrap(), answer.len());
        assert!(
            timeout(QUIET, relay.accept()).await.is_err(),
            "the stranger has a stream"
        );
    }

    /// Two clients, each with a stream of its own; messages that arrive in pieces, or several at
    /// once.
    #[tokio::test]
    async fn datagrams_and_streams_are_translated_both_ways() {
        let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (shim, own) = open_plain(&relay).await;
        for byte in 1..=2_u8 {
            let client = client(&shim, &own).await;
            client.send(&[0x40, 0, 0, 1, byte]).await.unwrap();
            client.send(&[0x40, 0, 0, 0]).await.unwrap();
            let (mut stream, _) = relay.accept().await.unwrap();
            let mut said = [0; 12];
            stream.read_exact(&mut said).await.unwrap();
            assert_eq!(said, [0x40, 0, 0, 1, byte, 0, 0, 0, 0x40, 0, 0, 0]);

            for piece in [
                &[0x40][..],
                &[0, 0, 3, byte, byte],
                &[byte, 0, 0x40, 0, 0, 1, 7, 0],
            ] {
                stream.write_all(piece).await.unwrap();
                stream.flush().await.unwrap();
            }
            stream.write_all(&[0, 0]).await.unwrap();
            let mut heard = [0; 100];
            let len = client.recv(&mut heard).await.unwrap();
            assert_eq!(heard[..len], [0x40, 0, 0, 3, byte, byte, byte]);
            let len = client.recv(&mut heard).await.unwrap();
            assert_eq!(heard[..len], [0x40, 0, 0, 1, 7]);
        }
    }

    /// A relay whose certificate is for `127.0.0.1`; gives what it heard.
    async fn sealed_relay(listener: TcpListener, config: ServerConfig) -> Vec<u8> {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let Ok(mut stream) = acceptor.accept(stream).await else {
            return vec![];
        };
        let mut said = vec![0; 8];
        stream.read_exact(&mut said).await.unwrap();
        stream.write_all(&said).await.unwrap();
        stream.flush().await.unwrap();
        said
    }

    #[tokio::test]
    async fn a_relay_over_tls_has_to_show_who_it_is() {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let config = || {
            let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![cert.der().clone()], key.into())
                .unwrap()
        };
        let authority = tempfile::NamedTempFile::new().unwrap();
        let text = STANDARD.encode(cert.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        std::fs::write(authority.path(), pem).unwrap();
        let said = [0x40, 0, 0, 1, 7, 0, 0, 0];
        for (believed, heard) in [(Some(authority.path()), &said[..]), (None, &[])] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let trust = Trust::new(believed).unwrap();
            let (shim, own) = open("turns", &listener, &trust).await;
            let client = client(&shim, &own).await;
            client.send(&said[..5]).await.unwrap();
            assert_eq!(sealed_relay(listener, config()).await, heard);
            if !heard.is_empty() {
                let mut answer = [0; 100];
                let len = client.recv(&mut answer).await.unwrap();
                assert_eq!(answer[..len], said[..5]);
            }
        }
    }

    #[tokio::test]
    async fn a_relay_that_hangs_up_is_called_again() {
        let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (shim, own) = open_plain(&relay).await;
        let client = client(&shim, &own).await;
        client.send(&[0x40, 0, 0, 0]).await.unwrap();
        drop(relay.accept().await.unwrap());
        let again = async {
            loop {
                client.send(&[0x40, 0, 0, 0]).await.unwrap();
                let accepted = timeout(Duration::from_millis(50), relay.accept()).await;
                if accepted.is_ok() {
                    return;
                }
            }
        };
        timeout(PATIENCE, again).await.unwrap();
    }
}
