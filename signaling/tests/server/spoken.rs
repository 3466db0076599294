//! Joins by a number that was said over the phone.

use deskhand_protocol::{
    VERSION,
    id::JoinId,
    invitation::Number,
    signal::{FromExpert, FromNovice, OwnerToken, Refusal, ToExpert, ToNovice},
};

use crate::support::{Expert, Novice, Server, config, still_talk};

async fn reserve(novice: &mut Novice) -> Number {
    novice.0.send(&FromNovice::Reserve).await;
    match novice.hear().await {
        ToNovice::Reserved { number } => number,
        other => panic!("{other:?}"),
    }
}

async fn register(novice: &mut Novice, number: Number, token: Option<OwnerToken>) -> OwnerToken {
    let message = FromNovice::Register {
        route: number.route(),
        ttl_secs: 60,
        token,
        file: false,
        number: Some(number),
    };
    novice.0.send(&message).await;
    match novice.hear().await {
        ToNovice::Registered { token, .. } => token,
        other => panic!("{other:?}"),
    }
}

async fn join(novice: &mut Novice, expert: &mut Expert, number: Number) -> JoinId {
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    assert_eq!(expert.hear().await, ToExpert::Joined);
    match novice.hear().await {
        ToNovice::Joined { join, route } if route == number.route() => join,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_number_leads_to_its_novice_also_after_an_outage() {
    let server = Server::start(config()).await;
    let mut novice = server.novice().await;
    let number = reserve(&mut novice).await;
    assert_ne!(number, reserve(&mut novice).await, "another each time");
    let token = register(&mut novice, number, None).await;
    let mut expert = server.expert().await;
    let joined = join(&mut novice, &mut expert, number).await;
    still_talk(&mut novice, &mut expert, joined).await;

    drop(novice);
    let mut novice = server.novice().await;
    register(&mut novice, number, Some(token)).await;
    let mut expert = server.expert().await;
    join(&mut novice, &mut expert, number).await;
}

#[tokio::test]
async fn a_number_that_nobody_has_is_unavailable() {
    let server = Server::start(config()).await;
    let mut novice = server.novice().await;
    let reserved = reserve(&mut novice).await;
    let mut expert = server.expert().await;
    let number = reserved;
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    expert.is_closed(Refusal::Unavailable).await;
}

#[tokio::test]
async fn one_address_gets_ten_numbers_a_minute_and_links_do_not_count() {
    let mut behind = config();
    behind.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let server = Server::start(behind).await;
    let mut novice = server.novice().await;
    let number = reserve(&mut novice).await;
    register(&mut novice, number, None).await;
    let origin = server.origin();
    let from = async |address| {
        let headers = [("origin", origin.as_str()), ("x-forwarded-for", address)];
        let mut socket = server.connect("/ws/expert", &headers).await.unwrap();
        socket.send(&FromExpert::Hello { version: VERSION }).await;
        Expert(socket)
    };
    for _ in 0..10 {
        let mut expert = from("192.0.2.1").await;
        let joined = join(&mut novice, &mut expert, number).await;
        drop(expert);
        assert_eq!(novice.hear().await, ToNovice::Left { join: joined });
    }
    let mut expert = from("192.0.2.1").await;
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    expert.is_closed(Refusal::TooMany).await;
    let mut expert = from("192.0.2.1").await;
    let route = number.route();
    expert.0.send(&FromExpert::Join { route }).await;
    expert.is_closed(Refusal::Unavailable).await;
    let mut expert = from("192.0.2.2").await;
    join(&mut novice, &mut expert, number).await;
}
