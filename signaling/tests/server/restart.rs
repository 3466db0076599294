//! The server goes and comes back; agents go and come back.

use deskhand_protocol::signal::{FromExpert, Refusal, ToExpert, ToNovice};

use crate::support::{Server, config, route, still_talk};

#[tokio::test]
async fn after_a_restart_an_agent_registers_again_with_its_token() {
    let config = config();
    let server = Server::start(config.clone()).await;
    let (mut novice, token) = server.waiting_novice(route(1)).await;
    let (mut expert, _) = server.joined(&mut novice, route(1)).await;
    let stopped = server.stop();
    novice.is_closed(Refusal::Restarting).await;
    expert.is_closed(Refusal::Restarting).await;
    drop((novice, expert));
    stopped.await;

    let server = Server::start(config).await;
    // Somebody else who knows the route was faster: the owner's token still counts for more.
    let (mut squatter, _) = server.waiting_novice(route(1)).await;
    let mut novice = server.novice().await;
    let renewed = novice.register(route(1), Some(token)).await.unwrap();
    squatter.is_closed(Refusal::Replaced).await;
    let (mut expert, join) = server.joined(&mut novice, route(1)).await;
    still_talk(&mut novice, &mut expert, join).await;
    assert!(novice.register(route(1), Some(renewed)).await.is_ok());
}

#[tokio::test]
async fn a_route_stays_its_owners_while_they_are_away() {
    let server = Server::start(config()).await;
    let (mut novice, token) = server.waiting_novice(route(1)).await;
    let (mut expert, _) = server.joined(&mut novice, route(1)).await;
    drop(novice);
    assert_eq!(expert.hear().await, ToExpert::Left);
    let mut other = server.novice().await;
    let refused = other.register(route(1), None).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotOwner);
    let own = other.register(route(2), None).await.unwrap();
    let refused = other.register(route(1), Some(own)).await;
    assert_eq!(
        refused.unwrap_err(),
        Refusal::NotOwner,
        "a token of another route"
    );
    let mut back = server.novice().await;
    assert!(back.register(route(1), Some(token)).await.is_ok());
    let (mut expert, join) = server.joined(&mut back, route(1)).await;
    still_talk(&mut back, &mut expert, join).await;
}

#[tokio::test]
async fn a_server_that_lost_its_key_takes_agents_as_new() {
    let server = Server::start(config()).await;
    let (novice, token) = server.waiting_novice(route(1)).await;
    drop(novice);
    server.stop().await;
    let server = Server::start(config()).await;
    let mut novice = server.novice().await;
    assert!(novice.register(route(1), Some(token)).await.is_ok());
    let mut expert = server.expert().await;
    expert.0.send(&FromExpert::Join { route: route(1) }).await;
    assert!(matches!(novice.hear().await, ToNovice::Joined { .. }));
}
