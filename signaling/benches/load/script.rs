//! What two ends say to each other through the server, from Connect to connected: one handshake
//! `ra/1`, really done, and the messages that follow it, sealed. The server cannot tell one
//! handshake from another, so all of the load say the same.

use anyhow::Context as _;
use deskhand_protocol::{
    envelope::{Candidate, Sealed, SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::{
        expert::Joining,
        novice::{Challenged, Charged, Record},
    },
    id::{Fingerprint, InvitationId, LinkSecret},
    invitation::Link,
    signal::Payload,
    text::{CandidateText, Name, Sdp},
    wire,
};
use rand_core::OsRng;
use serde::Serialize;

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The novice's agent.
    Novice,
    /// The expert's page.
    Expert,
}

/// What one end says before it waits for the other.
pub struct Turn {
    /// Who.
    pub end: End,
    /// What.
    pub payloads: Vec<Payload>,
}

/// See the module.
pub struct Script {
    /// Until the novice is asked.
    pub proving: Vec<Turn>,
    /// After the novice said yes.
    pub connecting: Vec<Turn>,
}

const PASSWORD: &str = "correct horse battery";
/// About as long as ours are.
const SDP_LEN: usize = 3_000;
const CANDIDATES: usize = 4;

impl Script {
    /// Plays it through once.
    ///
    /// # Errors
    /// If the handshake does not reach its end.
    pub fn played() -> anyhow::Result<Self> {
        let rng = &mut OsRng;
        let link = Link {
            id: InvitationId::random(rng),
            secret: LinkSecret::random(rng),
            password: true,
        };
        let record = Record::new(link.id, &link.secret, PASSWORD, rng)?;
        let (challenged, challenge) = Challenged::new(link.id, Fingerprint([1; 32]), rng);
        let joining = Joining::new(link, PASSWORD);
        let (waiting, hello) = joining.hello(&challenge, Fingerprint([2; 32]), rng)?;
        let tagged = challenged.verify_link(&record, &hello)?;
        let (answered, ke2) = tagged.answer(&record, Charged::written_down(), rng)?;
        let (mut expert, ke3) = waiting.finish(&ke2, rng)?;
        let mut novice = answered.finish(&ke3)?;

        let (name, sdp) = (Name::new("Alex Example"), sdp());
        let introduce = expert
            .channel
            .seal(&SealedToAgent::Introduce { name: name.clone() });
        let accepted = novice
            .channel
            .seal(&SealedToPage::Accepted { novice: name });
        let offer = novice.channel.seal(&SealedToPage::Offer(sdp.clone()));
        let offered: Vec<Sealed> = candidates()
            .map(|one| novice.channel.seal(&SealedToPage::Candidate(one)))
            .collect();
        let answer = expert.channel.seal(&SealedToAgent::Answer(sdp));
        let answers: Vec<Sealed> = candidates()
            .map(|one| expert.channel.seal(&SealedToAgent::Candidate(one)))
            .collect();
        let to_page =
            |sealed: Vec<Sealed>| says(End::Novice, sealed.into_iter().map(ToPage::Sealed));
        let to_agent =
            |sealed: Vec<Sealed>| says(End::Expert, sealed.into_iter().map(ToAgent::Sealed));
        Ok(Self {
            proving: vec![
                says(End::Novice, [ToPage::Challenge(challenge)])?,
                says(End::Expert, [ToAgent::Hello(hello)])?,
                says(End::Novice, [ToPage::Ke2(ke2)])?,
                says(End::Expert, [ToAgent::Ke3(ke3), ToAgent::Sealed(introduce)])?,
                to_page(vec![accepted])?,
            ],
            connecting: vec![
                to_page([vec![offer], offered].concat())?,
                to_agent([vec![answer], answers].concat())?,
            ],
        })
    }
}

fn says<M: Serialize>(end: End, messages: impl IntoIterator<Item = M>) -> anyhow::Result<Turn> {
    let payloads = messages
        .into_iter()
        .map(|message| Payload::new(wire::encode(&message)).context("a message is too long"))
        .collect::<anyhow::Result<_>>()?;
    Ok(Turn { end, payloads })
}

fn sdp() -> Sdp {
    let line = "a=rtcp-fb:111 transport-cc a=fmtp:111 minptime=10;useinbandfec=1 ";
    Sdp::new(&line.repeat(SDP_LEN.div_ceil(line.len())))
}

fn candidates() -> impl Iterator<Item = Candidate> {
    (0..CANDIDATES).map(|n| Candidate {
        candidate: CandidateText::new(&format!(
            "candidate:84216304{n} 1 udp 167772953{n} 203.0.113.{n} 4615{n} typ srflx \
             raddr 0.0.0.0 rport 0 generation 0 ufrag EEtu network-cost 999"
        )),
        mid: Some(CandidateText::new("0")),
        line: Some(0),
    })
}
