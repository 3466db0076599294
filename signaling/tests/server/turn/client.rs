//! Somebody who speaks TURN, over real sockets.

use std::{net::SocketAddr, time::Duration};

use deskhand_protocol::ice::{IceServer, Transport, framed};
use deskhand_signaling::relay::stun::{Class, Key, Message, Method, Writer, attribute};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::support::soon;

/// Long enough for a datagram to cross this computer many times.
pub const QUIET: Duration = Duration::from_millis(300);

/// What carries its messages.
pub enum Line {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

/// A stream of whatever kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Somebody who speaks TURN.
pub struct Client {
    line: Line,
    login: IceServer,
    realm: String,
    nonce: String,
}

impl Client {
    pub async fn new(login: &IceServer) -> Self {
        let address: SocketAddr = login.url.authority().parse().unwrap();
        let line = match login.url.transport {
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                socket.connect(address).await.unwrap();
                Line::Udp(socket)
            }
            Transport::Tcp => Line::Stream(Box::new(TcpStream::connect(address).await.unwrap())),
        };
        Self::on(line, login).await
    }

    pub async fn on(line: Line, login: &IceServer) -> Self {
        let mut client = Self {
            line,
            login: login.clone(),
            realm: String::new(),
            nonce: String::new(),
        };
        let bare = Writer::new(Class::Request, Method::Allocate, &[1; 12]);
        client.send(&bare.finish()).await;
        let answer = client.hear().await;
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.class, Class::Error);
        answer
            .text(attribute::REALM)
            .unwrap()
            .clone_into(&mut client.realm);
        answer
            .text(attribute::NONCE)
            .unwrap()
            .clone_into(&mut client.nonce);
        client
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        match &mut self.line {
            Line::Udp(socket) => {
                socket.send(bytes).await.unwrap();
            }
            Line::Stream(stream) => {
                let mut bytes = bytes.to_vec();
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                stream.write_all(&bytes).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    }

    /// The next message, without what pads it.
    pub async fn hear(&mut self) -> Vec<u8> {
        soon(self.next()).await.expect("the stream ended")
    }

    pub async fn next(&mut self) -> Option<Vec<u8>> {
        match &mut self.line {
            Line::Udp(socket) => {
                let mut bytes = vec![0; 2_000];
                let len = socket.recv(&mut bytes).await.unwrap();
                bytes.truncate(len);
                Some(bytes)
            }
            Line::Stream(stream) => {
                let mut head = [0; 4];
                stream.read_exact(&mut head).await.ok()?;
                let framed = framed(head).unwrap();
                let mut bytes = head.to_vec();
                bytes.resize(framed.padded, 0);
                stream.read_exact(&mut bytes[4..]).await.ok()?;
                bytes.truncate(framed.len);
                Some(bytes)
            }
        }
    }

    pub async fn hears_nothing(&mut self) {
        let heard = timeout(QUIET, self.next()).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    pub fn request(&self, method: Method, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        let (username, password) = (&self.login.username, &self.login.credential.0);
        fill(Writer::new(Class::Request, method, &[2; 12]))
            .attribute(attribute::USERNAME, username.as_bytes())
            .attribute(attribute::REALM, self.realm.as_bytes())
            .attribute(attribute::NONCE, self.nonce.as_bytes())
            .sign(&Key::new(username, &self.realm, password))
            .finish()
    }

    /// Asks, and gives the code of the refusal, or nothing and the answer.
    pub async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.send(request).await;
        let answer = self.hear().await;
        let message = Message::parse(&answer).unwrap();
        let code = match message.get(attribute::ERROR_CODE) {
            Some(&[_, _, class, number, ..]) => u16::from(class) * 100 + u16::from(number),
            _ => 0,
        };
        (code, answer)
    }

    pub async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let request = self.request(Method::Allocate, |writer| {
            writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
        });
        let (code, answer) = self.ask(&request).await;
        if code != 0 {
            return Err(code);
        }
        let message = Message::parse(&answer).unwrap();
        let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS).next();
        Ok(relayed.unwrap().unwrap())
    }

    pub async fn bind(&mut self, number: u16, peer: SocketAddr) -> u16 {
        let request = self.request(Method::ChannelBind, |writer| {
            let [high, low] = number.to_be_bytes();
            writer
                .attribute(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .address(attribute::XOR_PEER_ADDRESS, peer)
        });
        self.ask(&request).await.0
    }
}

pub fn channel(number: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&number.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
}

/// Two ends, one over each way, exchange what neither could send the other directly.
pub async fn talk(a: &mut Client, b: &mut Client) {
    let (at_a, at_b) = (a.allocate().await.unwrap(), b.allocate().await.unwrap());
    assert_eq!(a.bind(0x4000, at_b).await, 0);
    assert_eq!(b.bind(0x4001, at_a).await, 0);
    for len in [0, 1, 2, 3, 4, 1_200] {
        let data = vec![0x5a; len];
        a.send(&channel(0x4000, &data)).await;
        assert_eq!(b.hear().await, channel(0x4001, &data));
        b.send(&channel(0x4001, &data)).await;
        assert_eq!(a.hear().await, channel(0x4000, &data));
    }
}
