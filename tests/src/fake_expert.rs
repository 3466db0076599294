//! An expert without a browser: only what the handshake and the sealing need.

use deskhand_protocol::{
    envelope::{Sealed, SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{
        Challenge, Established, HandshakeError, Hello, Ke2, Ke3, Words, expert, seal::SealError,
    },
    id::{Fingerprint, JoinId},
    invitation::Link,
    text::Name,
};
use rand_core::OsRng;

use crate::{hostile::HostileServer, novice::Novice};

/// The certificate that this expert claims to have.
pub const FINGERPRINT: Fingerprint = Fingerprint([0xe1; 32]);

/// An expert with link and password who has not said hello.
pub struct Joining(expert::Joining);

/// An expert who has said hello.
pub struct Waiting(expert::Waiting);

/// An expert who shares a key with the agent.
pub struct FakeExpert {
    established: Established,
}

impl Joining {
    /// With the novice's own link, and the password given.
    pub fn new(novice: &Novice, password: &str) -> Self {
        let (_, fragment) = novice.link.split_once('#').expect("links have a fragment");
        let link = Link::parse(fragment).expect("the agent makes proper links");
        Self(expert::Joining::new(link, password))
    }

    /// Answers a challenge.
    pub fn hello(self, challenge: &Challenge) -> (Waiting, Hello) {
        let (waiting, hello) = self.0.hello(challenge, FINGERPRINT, &mut OsRng).unwrap();
        (Waiting(waiting), hello)
    }
}

impl Waiting {
    /// Checks the agent's proof and makes one's own.
    ///
    /// # Errors
    /// As a page would refuse.
    pub fn finish(self, ke2: &Ke2) -> Result<(FakeExpert, Ke3), HandshakeError> {
        let (established, ke3) = self.0.finish(ke2, &mut OsRng)?;
        Ok((FakeExpert { established }, ke3))
    }
}

impl FakeExpert {
    /// Comes through the server, which for once behaves, and proves the password.
    pub async fn arrives(server: &mut HostileServer, novice: &Novice) -> (Self, JoinId) {
        let join = server.brings_expert().await;
        let expert = Self::proves(server, novice, join).await;
        (expert, join)
    }

    async fn proves(server: &mut HostileServer, novice: &Novice, join: JoinId) -> Self {
        let challenge = challenge(server, join).await;
        let (waiting, hello) = Joining::new(novice, &novice.password).hello(&challenge);
        server.passes_on(join, &ToAgent::Hello(hello)).await;
        let ke2 = ke2(server, join).await;
        let (expert, ke3) = waiting.finish(&ke2).expect("the password is right");
        server.passes_on(join, &ToAgent::Ke3(ke3)).await;
        expert
    }

    /// What both should see.
    pub fn words(&self) -> Words {
        self.established.words
    }

    /// Seals a message for the agent.
    pub fn seal(&mut self, message: &SealedToAgent) -> ToAgent {
        ToAgent::Sealed(self.established.channel.seal(message))
    }

    /// The sealed introduction, which makes the agent ask the novice.
    pub fn introduction(&mut self) -> ToAgent {
        self.seal(&SealedToAgent::Introduce {
            name: Name::new(crate::expert::NAME),
        })
    }

    /// Opens what the agent sealed.
    ///
    /// # Errors
    /// As a page would refuse.
    pub fn open(&mut self, sealed: &Sealed) -> Result<SealedToPage, SealError> {
        self.established.channel.open(sealed)
    }
}

/// The agent's challenge for an expert.
pub async fn challenge(server: &mut HostileServer, join: JoinId) -> Challenge {
    match server.hears_for(join).await {
        ToPage::Challenge(challenge) => challenge,
        other => panic!("not a challenge: {other:?}"),
    }
}

/// The agent's answer to a hello.
pub async fn ke2(server: &mut HostileServer, join: JoinId) -> Ke2 {
    match server.hears_for(join).await {
        ToPage::Ke2(ke2) => ke2,
        other => panic!("not a KE2: {other:?}"),
    }
}

/// The next sealed message of the agent's.
pub async fn sealed(server: &mut HostileServer, join: JoinId) -> Sealed {
    match server.hears_for(join).await {
        ToPage::Sealed(sealed) => sealed,
        other => panic!("not sealed: {other:?}"),
    }
}
