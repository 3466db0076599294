//! Several servers as one.

use deskhand_tests::{
    balancer::Balancer, desktop::Desktop, expert::Expert, novice::Novice, probe::Probe,
    redis::Redis, scene::Scene, server::Server, wait::PATIENCE,
};

use crate::session::both_chat;

/// Two servers that are in touch.
async fn two_servers(redis: &Redis) -> (Server, Server) {
    let first = Server::start_with(&["--redis", &redis.url]).await;
    let second = first.another().await;
    first.is_in_touch().await;
    second.is_in_touch().await;
    (first, second)
}

#[tokio::test]
async fn the_novice_is_at_one_server_and_the_expert_at_another() {
    let redis = Redis::start().await;
    let (first, second) = two_servers(&redis).await;
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let mut novice = Novice::invite(&first, &desktop).await;
    novice.link = novice.link.replace(&first.url, &second.url);
    let expert = Expert::view(&mut novice).await;
    let mut scene = Scene {
        expert,
        novice,
        probe,
        desktop,
        server: second,
    };
    scene.expert_sees_changes().await;
    both_chat(&mut scene).await;
    scene.shares_control().await;
    scene.close().await;
}

#[tokio::test]
async fn an_invitation_outlives_the_server_at_which_it_was_made() {
    let redis = Redis::start().await;
    let (mut first, second) = two_servers(&redis).await;
    let balancer = Balancer::before(&[&first.url, &second.url]).await;
    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&balancer.url, &desktop, &[]).await;
    first.is_killed().await;
    let link = novice.link.replace(&balancer.url, &second.url);
    let registered = second.process.stderr.said(PATIENCE, " registered ");
    assert!(registered.await, "not registered at the second server");
    novice.link = link;
    let expert = Expert::view(&mut novice).await;
    expert.browser.close().await;
}
