//! A novice without a desktop: registers an invitation with the real server, checks the password,
//! and gets as far as the question, which stays unanswered.

use deskhand_protocol::{
    VERSION,
    envelope::{SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{
        Words,
        novice::{Challenged, Charged, Record},
    },
    id::{Fingerprint, InvitationId, JoinId, LinkSecret, Route},
    invitation::{Link, Number},
    signal::{self, FromNovice, Payload, ToNovice},
    spoken::spoken_password,
    text::Name,
    wire,
};
use futures_util::{SinkExt as _, StreamExt as _};
use rand_core::OsRng;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use crate::{server::Server, wait::PATIENCE};

/// What this novice wants to be called.
pub const NAME: &str = "Anna";
/// The certificate that this novice claims to have.
const FINGERPRINT: Fingerprint = Fingerprint([0xa9; 32]);

/// An agent's socket and one invitation.
pub struct FakeNovice {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    record: Record,
}

impl FakeNovice {
    /// Invites by a link that pages from files may use, too, if `file`.
    pub async fn with_link(server: &Server, password: &str, file: bool) -> (Self, Link) {
        let link = Link {
            id: InvitationId::random(&mut OsRng),
            secret: LinkSecret::random(&mut OsRng),
            password: !password.is_empty(),
        };
        let record = Record::new(link.id, &link.secret, password, &mut OsRng).unwrap();
        let socket = Self::connect(server).await;
        let mut novice = Self { socket, record };
        novice.register(link.id.route(), file, None).await;
        (novice, link)
    }

    /// Invites by a number and a password, as they would be said on the phone.
    pub async fn with_number(server: &Server) -> (Self, Number, String) {
        let mut socket = Self::connect(server).await;
        tell(&mut socket, &FromNovice::Reserve).await;
        let ToNovice::Reserved { number } = hear(&mut socket).await else {
            panic!("no number was reserved");
        };
        let password = spoken_password(&mut OsRng).to_string();
        let record = Record::spoken(number, &password, &mut OsRng).unwrap();
        let mut novice = Self { socket, record };
        novice.register(number.route(), false, Some(number)).await;
        (novice, number, password)
    }

    async fn connect(server: &Server) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        let url = format!("{}/ws/novice", server.url.replacen("http", "ws", 1));
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        tell(&mut socket, &FromNovice::Hello { version: VERSION }).await;
        socket
    }

    async fn register(&mut self, route: Route, file: bool, number: Option<Number>) {
        let message = FromNovice::Register {
            route,
            ttl_secs: 600,
            token: None,
            file,
            number,
        };
        tell(&mut self.socket, &message).await;
        let answer = hear(&mut self.socket).await;
        assert!(matches!(answer, ToNovice::Registered { .. }), "{answer:?}");
    }

    /// Waits for an expert who knows the password, and tells them that the novice is being asked.
    /// Gives the name they gave, and the words that both should see.
    pub async fn is_asked(&mut self) -> (Name, Words) {
        let join = self.joined().await;
        let (answered, ke2) = self.challenges(join).await;
        self.says(join, &ToPage::Ke2(ke2)).await;
        let ToAgent::Ke3(ke3) = self.hears(join).await else {
            panic!("not a proof");
        };
        let mut established = answered.finish(&ke3).expect("the password is right");
        let ToAgent::Sealed(sealed) = self.hears(join).await else {
            panic!("not sealed");
        };
        let Ok(SealedToAgent::Introduce { name }) = established.channel.open(&sealed) else {
            panic!("no introduction");
        };
        let novice = Name::new(NAME);
        let accepted = SealedToPage::Accepted { novice };
        let sealed = established.channel.seal(&accepted);
        self.says(join, &ToPage::Sealed(sealed)).await;
        (name, established.words)
    }

    /// Waits for an expert whose password is wrong. It is their page that finds out.
    pub async fn meets_a_wrong_password(&mut self) {
        let join = self.joined().await;
        let (_, ke2) = self.challenges(join).await;
        self.says(join, &ToPage::Ke2(ke2)).await;
        let left = hear(&mut self.socket).await;
        assert_eq!(left, ToNovice::Left { join });
    }

    async fn joined(&mut self) -> JoinId {
        loop {
            match hear(&mut self.socket).await {
                ToNovice::Joined { join, .. } => return join,
                ToNovice::Left { .. } => {}
                other => panic!("nobody joined: {other:?}"),
            }
        }
    }

    async fn challenges(
        &mut self,
        join: JoinId,
    ) -> (
        deskhand_protocol::handshake::novice::Answered,
        deskhand_protocol::handshake::Ke2,
    ) {
        let (challenged, challenge) = Challenged::new(self.record.id(), FINGERPRINT, &mut OsRng);
        self.says(join, &ToPage::Challenge(challenge)).await;
        let ToAgent::Hello(hello) = self.hears(join).await else {
            panic!("not a hello");
        };
        challenged
            .verify_link(&self.record, &hello)
            .expect("the page has the invitation")
            .answer(&self.record, Charged::written_down(), &mut OsRng)
            .unwrap()
    }

    async fn says(&mut self, join: JoinId, message: &ToPage) {
        let payload = Payload::new(wire::encode(message)).expect("messages are short");
        tell(&mut self.socket, &FromNovice::Relay { join, payload }).await;
    }

    async fn hears(&mut self, from: JoinId) -> ToAgent {
        match hear(&mut self.socket).await {
            ToNovice::Relay { join, payload } if join == from => {
                wire::decode(payload.as_bytes()).expect("the page speaks properly")
            }
            other => panic!("nothing from the expert: {other:?}"),
        }
    }
}

async fn tell(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>, message: &FromNovice) {
    let text = signal::encode(message);
    let sent = socket.send(Message::text(text)).await;
    sent.expect("the server listens");
}

async fn hear(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> ToNovice {
    let next = async {
        loop {
            let message = socket.next().await.expect("the server is there");
            if let Message::Text(text) = message.expect("the server keeps the socket") {
                return signal::decode(&text).expect("the server speaks properly");
            }
        }
    };
    tokio::time::timeout(PATIENCE, next)
        .await
        .expect("the server says something")
}
