//! A server that cheats: it can end an attempt, but it learns nothing, opens nothing and shows
//! nothing. Every test ends before an offer was made, let alone a picture sent.

use deskhand_protocol::{
    envelope::{SealedToAgent, SealedToPage, ToAgent, ToPage},
    handshake::HandshakeError,
    id::Fingerprint,
    signal::FromNovice,
};
use deskhand_tests::{
    desktop::Desktop,
    fake_expert::{FakeExpert, Joining, challenge, ke2, sealed},
    hostile::HostileServer,
    novice::Novice,
};

/// The server's own certificate, which it would like to slip in.
const ITS_OWN: Fingerprint = Fingerprint([0xbb; 32]);

async fn open() -> (Desktop, HostileServer, Novice) {
    let desktop = Desktop::start().await;
    let (server, novice) = HostileServer::with_agent(&desktop).await;
    (desktop, server, novice)
}

/// The attack cost nothing and broke nothing: the next expert gets as far as the question, and
/// both see the same words.
async fn honest_expert_is_still_welcome(server: &mut HostileServer, novice: &mut Novice) {
    let (mut expert, join) = FakeExpert::arrives(server, novice).await;
    let introduction = expert.introduction();
    server.passes_on(join, &introduction).await;
    let question = novice.asked().await;
    assert!(question.contains(&expert.words().to_string()), "{question}");
}

/// The novice says yes to a question that may or may not stand; no offer may come of it.
async fn no_offer_comes(server: &mut HostileServer, novice: &mut Novice) {
    novice.types("y");
    for said in server.overhears().await {
        assert!(
            !matches!(said, FromNovice::Approved { .. } | FromNovice::Relay { .. }),
            "the agent went on: {said:?}"
        );
    }
}

#[tokio::test]
async fn a_swapped_certificate_of_the_novice_is_refused_at_no_cost() {
    let (_desktop, mut server, mut novice) = open().await;
    let join = server.brings_expert().await;
    let mut altered = challenge(&mut server, join).await;
    altered.fingerprint = ITS_OWN;
    let (_, hello) = Joining::new(&novice, &novice.password).hello(&altered);
    server.passes_on(join, &ToAgent::Hello(hello)).await;
    assert_eq!(server.parts_from(join).await, [ToPage::Refused]);
    assert!(!novice.unheard().contains("password"), "it cost no attempt");
    honest_expert_is_still_welcome(&mut server, &mut novice).await;
}

#[tokio::test]
async fn a_swapped_certificate_of_the_expert_is_refused_at_no_cost() {
    let (_desktop, mut server, mut novice) = open().await;
    let join = server.brings_expert().await;
    let challenge = challenge(&mut server, join).await;
    let (_, mut hello) = Joining::new(&novice, &novice.password).hello(&challenge);
    hello.fingerprint = ITS_OWN;
    server.passes_on(join, &ToAgent::Hello(hello)).await;
    assert_eq!(server.parts_from(join).await, [ToPage::Refused]);
    assert!(!novice.unheard().contains("password"), "it cost no attempt");
    honest_expert_is_still_welcome(&mut server, &mut novice).await;
}

#[tokio::test]
async fn an_altered_proof_of_the_novice_is_refused_by_the_expert() {
    let (_desktop, mut server, novice) = open().await;
    let join = server.brings_expert().await;
    let challenge = challenge(&mut server, join).await;
    let (waiting, hello) = Joining::new(&novice, &novice.password).hello(&challenge);
    server.passes_on(join, &ToAgent::Hello(hello)).await;
    let mut altered = ke2(&mut server, join).await;
    altered.0.0[17] ^= 1;
    assert_eq!(
        waiting.finish(&altered).err(),
        Some(HandshakeError::Mismatch)
    );
}

#[tokio::test]
async fn an_altered_proof_of_the_expert_is_a_failed_attempt() {
    let (_desktop, mut server, mut novice) = open().await;
    let join = server.brings_expert().await;
    let challenge = challenge(&mut server, join).await;
    let (waiting, hello) = Joining::new(&novice, &novice.password).hello(&challenge);
    server.passes_on(join, &ToAgent::Hello(hello)).await;
    let ke2 = ke2(&mut server, join).await;
    let (_, mut ke3) = waiting.finish(&ke2).unwrap();
    ke3.0.0[5] ^= 1;
    server.passes_on(join, &ToAgent::Ke3(ke3)).await;
    assert_eq!(server.parts_from(join).await, [ToPage::Refused]);
    novice.hears("4 more tries are left").await;
    assert!(!novice.is_asked());
}

#[tokio::test]
async fn a_proof_from_another_join_is_refused() {
    let (_desktop, mut server, mut novice) = open().await;
    // A whole exchange of an honest expert, kept by the server.
    let first = server.brings_expert().await;
    let challenge_one = challenge(&mut server, first).await;
    let (waiting, hello) = Joining::new(&novice, &novice.password).hello(&challenge_one);
    server
        .passes_on(first, &ToAgent::Hello(hello.clone()))
        .await;
    let ke2 = ke2(&mut server, first).await;
    let (_, ke3) = waiting.finish(&ke2).unwrap();
    server.passes_on(first, &ToAgent::Ke3(ke3.clone())).await;

    // Played again under another name: neither hello nor proof is good there, and the honest
    // session is not disturbed.
    let second = server.brings_expert().await;
    server.passes_on(second, &ToAgent::Hello(hello)).await;
    server.passes_on(second, &ToAgent::Ke3(ke3)).await;
    let said = server.parts_from(second).await;
    assert!(
        said.iter()
            .all(|m| matches!(m, ToPage::Busy | ToPage::Refused)),
        "{said:?}"
    );
    assert!(!novice.is_asked());
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn a_repeated_message_ends_the_attempt() {
    let (_desktop, mut server, mut novice) = open().await;
    let (mut expert, join) = FakeExpert::arrives(&mut server, &novice).await;
    let introduction = expert.introduction();
    server.passes_on(join, &introduction).await;
    novice.asked().await;
    server.passes_on(join, &introduction).await;
    server.parts_from(join).await;
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn messages_in_another_order_end_the_attempt() {
    let (_desktop, mut server, mut novice) = open().await;
    let (mut expert, join) = FakeExpert::arrives(&mut server, &novice).await;
    let first = expert.introduction();
    let second = expert.seal(&SealedToAgent::Leave);
    server.passes_on(join, &second).await;
    server.passes_on(join, &first).await;
    assert_eq!(server.parts_from(join).await, []);
    assert!(!novice.is_asked());
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn the_agents_own_words_thrown_back_end_the_attempt() {
    let (_desktop, mut server, mut novice) = open().await;
    let (mut expert, join) = FakeExpert::arrives(&mut server, &novice).await;
    let introduction = expert.introduction();
    server.passes_on(join, &introduction).await;
    let accepted = sealed(&mut server, join).await;
    assert!(matches!(
        expert.open(&accepted),
        Ok(SealedToPage::Accepted { .. })
    ));
    novice.asked().await;
    server.passes_on(join, &ToAgent::Sealed(accepted)).await;
    server.parts_from(join).await;
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn words_for_one_session_are_nothing_in_another() {
    let (_desktop, mut server, mut novice) = open().await;
    let (_other_desktop, mut other_server, other_novice) = open().await;
    let (_, join) = FakeExpert::arrives(&mut server, &novice).await;
    let (mut elsewhere, _) = FakeExpert::arrives(&mut other_server, &other_novice).await;
    // The server connects the expert of one invitation with the novice of another.
    let introduction = elsewhere.introduction();
    server.passes_on(join, &introduction).await;
    assert_eq!(server.parts_from(join).await, []);
    assert!(!novice.is_asked());
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn an_altered_message_ends_the_attempt() {
    let (_desktop, mut server, mut novice) = open().await;
    let (mut expert, join) = FakeExpert::arrives(&mut server, &novice).await;
    let ToAgent::Sealed(mut introduction) = expert.introduction() else {
        unreachable!("introductions are sealed")
    };
    introduction.ciphertext[3] ^= 1;
    server.passes_on(join, &ToAgent::Sealed(introduction)).await;
    assert_eq!(server.parts_from(join).await, []);
    assert!(!novice.is_asked());
    no_offer_comes(&mut server, &mut novice).await;
}

#[tokio::test]
async fn the_server_cannot_approve_for_the_novice() {
    let (_desktop, mut server, mut novice) = open().await;
    let (mut expert, join) = FakeExpert::arrives(&mut server, &novice).await;
    let introduction = expert.introduction();
    server.passes_on(join, &introduction).await;
    novice.asked().await;
    // An answer to an offer that was never made.
    let early = expert.seal(&SealedToAgent::Answer(deskhand_protocol::text::Sdp::new(
        "v=0",
    )));
    server.passes_on(join, &early).await;
    server.parts_from(join).await;
    no_offer_comes(&mut server, &mut novice).await;
}
