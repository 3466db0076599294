//! Somebody with the link, and a server that helps them, against a password.

use std::collections::BTreeMap;

use deskhand_protocol::{
    envelope::{ToAgent, ToPage},
    handshake::{Bytes, Challenge, Ke3},
    id::JoinId,
};
use deskhand_tests::{
    desktop::Desktop, fake_expert::Joining, hostile::HostileServer, novice::Novice,
};

const GUESSES: usize = 10_000;
/// Twice as many at a time as the agent has challenges for.
const TOGETHER: usize = 16;

/// What a guesser does with a challenge.
#[derive(Clone, Copy)]
enum Manner {
    /// Never answers it.
    Leaves,
    /// Answers it and is gone before anything can come back.
    SaysHelloAndLeaves,
    /// Waits for the agent's answer, which is all that a guess needs, and is gone then.
    Listens,
    /// Waits for the agent's answer, and proves nothing with the next message.
    Lies,
}

const MANNERS: [Manner; 4] = [
    Manner::Leaves,
    Manner::SaysHelloAndLeaves,
    Manner::Listens,
    Manner::Lies,
];

/// One wave of guesses at the same time; gives how many of them the agent answered.
async fn wave(server: &mut HostileServer, novice: &Novice, number: usize) -> usize {
    let mut joins = Vec::new();
    for _ in 0..TOGETHER {
        joins.push(server.brings_expert().await);
    }
    let mut challenges: BTreeMap<JoinId, Challenge> = BTreeMap::new();
    for (join, message) in server.settles().await {
        if let ToPage::Challenge(challenge) = message {
            challenges.insert(join, challenge);
        }
    }
    for (place, join) in joins.iter().enumerate() {
        // Not always the same one comes first.
        let manner = MANNERS[(place + number) % MANNERS.len()];
        let Some(challenge) = challenges.get(join) else {
            continue;
        };
        if matches!(manner, Manner::Leaves) {
            continue;
        }
        let (_, hello) = Joining::new(novice, "a guess").hello(challenge);
        server.passes_on(*join, &ToAgent::Hello(hello)).await;
        match manner {
            Manner::SaysHelloAndLeaves => server.takes_expert_away(*join).await,
            Manner::Lies => {
                let lie = Ke3(Bytes([7; 64]));
                server.passes_on(*join, &ToAgent::Ke3(lie)).await;
            }
            Manner::Leaves | Manner::Listens => {}
        }
    }
    let mut said = server.settles().await;
    for join in joins {
        server.takes_expert_away(join).await;
    }
    said.extend(server.settles().await);
    let answers = said.iter().filter(|(_, one)| matches!(one, ToPage::Ke2(_)));
    answers.count()
}

#[tokio::test]
async fn ten_thousand_guesses_are_answered_five_times_and_then_never_again() {
    let desktop = Desktop::start().await;
    let (mut server, mut novice) = HostileServer::with_agent(&desktop).await;
    // Another one keeps the agent there when the first is locked.
    novice.home.runs(&["invite", "--json"]).await.success();

    let (mut guesses, mut answers, mut while_open) = (0, 0, 0);
    while guesses < GUESSES || answers < 5 {
        answers += wave(&mut server, &novice, guesses / TOGETHER).await;
        guesses += TOGETHER;
        assert!(answers <= 5, "after {guesses} guesses");
        if answers < 5 {
            while_open = guesses;
        }
        assert!(!novice.is_asked());
    }
    assert!(while_open > GUESSES / 10, "{while_open}");
    novice.hears("Invitation 1 is locked").await;

    let join = server.brings_expert().await;
    assert_eq!(server.parts_from(join).await, [ToPage::Refused]);
    for (serial, standing, failed) in [(1, "locked", 5), (2, "open", 0)] {
        let status = novice.home.status_of(serial).await;
        assert_eq!(status["standing"], standing, "{status}");
        assert_eq!(status["failed"], failed, "{status}");
    }
}
