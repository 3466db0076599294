//! An end of a session that speaks TURN in datagrams.

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use deskhand_signaling::relay::stun::{Class, Key, Message, Method, Writer, attribute};
use socket2::SockRef;

/// The only one that is bound.
const CHANNEL: u16 = 0x4000;
const PATIENCE: Duration = Duration::from_secs(5);

/// What opens a relay.
#[derive(Debug, Clone)]
pub struct Login {
    pub relay: SocketAddr,
    pub username: String,
    pub password: String,
}

pub struct End {
    socket: UdpSocket,
    login: Login,
    realm: String,
    nonce: String,
    said: u8,
}

impl End {
    pub fn new(login: &Login) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(login.relay).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // What arrives waits here, so that only the relay is measured.
        let _ = SockRef::from(&socket).set_recv_buffer_size(1 << 20);
        let mut end = Self {
            socket,
            login: login.clone(),
            realm: String::new(),
            nonce: String::new(),
            said: 0,
        };
        let bare = Writer::new(Class::Request, Method::Allocate, &[9; 12]).finish();
        let answer = end.ask(&bare);
        let message = Message::parse(&answer).unwrap();
        end.realm = message.text(attribute::REALM).unwrap().to_owned();
        end.nonce = message.text(attribute::NONCE).unwrap().to_owned();
        end
    }

    fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut answer = vec![0; 2_000];
        self.socket.send(request).unwrap();
        let len = self.socket.recv(&mut answer).expect("the relay answers");
        answer.truncate(len);
        answer
    }

    fn asks(&mut self, method: Method, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        self.said += 1;
        let login = &self.login;
        let request = fill(Writer::new(Class::Request, method, &[self.said; 12]))
            .attribute(attribute::USERNAME, login.username.as_bytes())
            .attribute(attribute::REALM, self.realm.as_bytes())
            .attribute(attribute::NONCE, self.nonce.as_bytes())
            .sign(&Key::new(&login.username, &self.realm, &login.password))
            .finish();
        let answer = self.ask(&request);
        let class = Message::parse(&answer).unwrap().class;
        assert_eq!(class, Class::Success, "{method:?}: {answer:?}");
        answer
    }

    pub fn allocate(&mut self) -> SocketAddr {
        let answer = self.asks(Method::Allocate, |writer| {
            writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
        });
        let message = Message::parse(&answer).unwrap();
        let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS).next();
        relayed.unwrap().unwrap()
    }

    pub fn bind(&mut self, peer: SocketAddr) {
        let [high, low] = CHANNEL.to_be_bytes();
        self.asks(Method::ChannelBind, |writer| {
            writer
                .attribute(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .address(attribute::XOR_PEER_ADDRESS, peer)
        });
    }

    /// For sending alone.
    pub fn another_handle(&self) -> UdpSocket {
        self.socket.try_clone().unwrap()
    }

    pub fn does_not_wait(&self) {
        self.socket.set_nonblocking(true).unwrap();
    }

    /// Whether a packet was there.
    pub fn takes(&self, buffer: &mut [u8]) -> bool {
        self.socket.recv(buffer).is_ok()
    }
}

pub fn channel_data(data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&CHANNEL.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
}
