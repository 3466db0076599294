//! Several servers as one: real processes around a real Redis.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use ::redis::{Client, aio::Monitor};
use deskhand_protocol::{
    id::{JoinId, Route},
    invitation::Number,
    signal::{FromExpert, FromNovice, OwnerToken, Refusal, ToExpert, ToNovice},
};
use futures_util::StreamExt as _;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    http::ask,
    process::Running,
    redis::Redis,
    support::{Expert, Novice, Site, approve, payload, route, soon, still_talk},
};

const IN_TOUCH: &str = "in touch with the other servers";
const OUT_OF_TOUCH: &str = "out of touch with the other servers";

/// Starts a node and waits until it is in touch with the others.
async fn start(state: &Path, redis: &Redis) -> Running {
    let mut node = start_with(state, &["--redis", &redis.url()]).await;
    node.hears(IN_TOUCH).await;
    node
}

async fn start_with(state: &Path, args: &[&str]) -> Running {
    let fixed = ["--log", "debug", "--drain-seconds", "0"];
    Running::with_admin(state, &[&fixed, args].concat()).await
}

/// What it answers to operators who ask whether it is ready.
async fn readiness(node: &Running) -> String {
    let (head, body) = ask(node.admin.as_ref().unwrap(), "GET /readyz").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    body
}

/// Whether it counts itself among several.
async fn counts_as_together(node: &Running) -> bool {
    let (_, text) = ask(node.admin.as_ref().unwrap(), "GET /metrics").await;
    text.lines().any(|line| line == "deskhand_together 1")
}

/// Two nodes with the same key.
async fn pair() -> (Redis, TempDir, Running, Running) {
    let redis = Redis::start();
    let state = tempfile::tempdir().unwrap();
    let a = start(state.path(), &redis).await;
    let b = start(state.path(), &redis).await;
    (redis, state, a, b)
}

async fn is_unavailable_at(site: &Site, route: Route) {
    let mut expert = site.expert().await;
    expert.0.send(&FromExpert::Join { route }).await;
    expert.is_closed(Refusal::Unavailable).await;
}

async fn has_left(novice: &mut Novice, join: JoinId) {
    assert_eq!(novice.hear().await, ToNovice::Left { join });
}

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

#[tokio::test]
async fn a_session_is_set_up_across_two_nodes_in_either_direction() {
    let (_redis, _state, a, b) = pair().await;
    for (here, there, route) in [(&a, &b, route(1)), (&b, &a, route(2))] {
        let (mut novice, _) = here.waiting_novice(route).await;
        let (mut expert, first) = there.joined(&mut novice, route).await;
        still_talk(&mut novice, &mut expert, first).await;
        approve(&mut novice, &mut expert, first).await;
        // The largest there is.
        let longest = vec![7; deskhand_protocol::signal::MAX_PAYLOAD];
        for _ in 0..20 {
            expert.relay(&longest).await;
            novice.relay(first, &longest).await;
            let (payload, join) = (payload(&longest), first);
            let relayed = ToExpert::Relay {
                payload: payload.clone(),
            };
            assert_eq!(expert.hear().await, relayed);
            assert_eq!(novice.hear().await, ToNovice::Relay { join, payload });
        }
        drop(expert);
        has_left(&mut novice, first).await;
        let (mut expert, second) = there.joined(&mut novice, route).await;
        novice.0.send(&FromNovice::Dismiss { join: second }).await;
        assert_eq!(expert.hear().await, ToExpert::Left);
        is_unavailable_at(there, self::route(9)).await;
    }
}

#[tokio::test]
async fn the_owner_moves_to_another_node_and_nobody_else_can() {
    let (_redis, _state, a, b) = pair().await;
    let (mut novice, token) = a.waiting_novice(route(1)).await;
    let (mut expert, _) = b.joined(&mut novice, route(1)).await;
    let mut other = b.novice().await;
    let refused = other.register(route(1), None).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotOwner);
    let mut back = b.novice().await;
    back.register(route(1), Some(token)).await.unwrap();
    novice.is_closed(Refusal::Replaced).await;
    assert_eq!(expert.hear().await, ToExpert::Left);
    for site in [&a, &b] {
        let (mut expert, join) = site.joined(&mut back, route(1)).await;
        still_talk(&mut back, &mut expert, join).await;
        drop(expert);
        has_left(&mut back, join).await;
    }
}

#[tokio::test]
async fn a_killed_node_takes_nothing_with_it_that_does_not_come_back() {
    let (_redis, _state, mut a, b) = pair().await;
    let (novice, token) = a.waiting_novice(route(1)).await;
    let mut novice = novice;
    let (mut expert, _) = b.joined(&mut novice, route(1)).await;
    let (mut here, _) = b.waiting_novice(route(2)).await;
    let (_gone, joined) = a.joined(&mut here, route(2)).await;
    a.kill();
    assert_eq!(expert.hear().await, ToExpert::Left);
    has_left(&mut here, joined).await;
    is_unavailable_at(&b, route(1)).await;
    let mut other = b.novice().await;
    let refused = other.register(route(1), None).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotOwner);
    let mut back = b.novice().await;
    back.register(route(1), Some(token)).await.unwrap();
    let (mut expert, join) = b.joined(&mut back, route(1)).await;
    still_talk(&mut back, &mut expert, join).await;
}

#[tokio::test]
async fn a_node_that_is_told_to_stop_says_goodbye_to_the_others() {
    let (_redis, _state, a, b) = pair().await;
    let (mut novice, _) = a.waiting_novice(route(1)).await;
    let (mut expert, _) = b.joined(&mut novice, route(1)).await;
    let (mut here, _) = b.waiting_novice(route(2)).await;
    let (visitor, joined) = a.joined(&mut here, route(2)).await;
    let began = Instant::now();
    a.signal(Signal::TERM);
    assert_eq!(expert.hear().await, ToExpert::Left);
    has_left(&mut here, joined).await;
    // Sooner than anybody would have missed it.
    assert!(began.elapsed() < Duration::from_secs(3));
    novice.is_closed(Refusal::Restarting).await;
    drop((novice, visitor));
    a.end().await;
}

#[tokio::test]
async fn redis_is_killed_and_comes_back_and_each_node_goes_on_with_what_it_knows() {
    let (mut redis, _state, mut a, mut b) = pair().await;
    let (mut first, _) = a.waiting_novice(route(1)).await;
    let (mut far, across) = b.joined(&mut first, route(1)).await;
    let (mut near, within) = a.joined(&mut first, route(1)).await;
    assert!(readiness(&a).await.starts_with("ready, in touch"));

    redis.kill();
    assert_eq!(far.hear().await, ToExpert::Left);
    has_left(&mut first, across).await;
    still_talk(&mut first, &mut near, within).await;
    for node in [&mut a, &mut b] {
        node.hears(OUT_OF_TOUCH).await;
        assert!(readiness(node).await.contains("out of touch"));
        assert!(!counts_as_together(node).await);
    }
    let (mut second, token) = b.waiting_novice(route(2)).await;
    let (mut expert, joined) = b.joined(&mut second, route(2)).await;
    still_talk(&mut second, &mut expert, joined).await;
    is_unavailable_at(&a, route(2)).await;
    is_unavailable_at(&b, route(1)).await;
    let number = reserve(&mut second).await;
    register(&mut second, number, None).await;

    redis.start_again();
    for node in [&mut a, &mut b] {
        node.hears(IN_TOUCH).await;
        assert!(readiness(node).await.starts_with("ready, in touch"));
        assert!(counts_as_together(node).await);
    }
    still_talk(&mut first, &mut near, within).await;
    still_talk(&mut second, &mut expert, joined).await;
    // What was registered before and in between is found.
    let (mut far, across) = join_soon(&b, &mut first, route(1)).await;
    still_talk(&mut first, &mut far, across).await;
    let (mut far, across) = join_soon(&a, &mut second, route(2)).await;
    still_talk(&mut second, &mut far, across).await;
    let mut other = a.novice().await;
    let refused = other.register(route(2), None).await;
    assert_eq!(refused.unwrap_err(), Refusal::NotOwner);
    other.register(route(2), Some(token)).await.unwrap();
    second.is_closed(Refusal::Replaced).await;
    for node in [&mut a, &mut b] {
        let said = node.said().matches(OUT_OF_TOUCH).count();
        assert_eq!(said, 1, "it is said once");
    }
}

/// As [`Site::joined`], once the other node has had the time to say again what it holds.
async fn join_soon(site: &Site, novice: &mut Novice, route: Route) -> (Expert, JoinId) {
    soon(async {
        loop {
            let mut expert = site.expert().await;
            expert.0.send(&FromExpert::Join { route }).await;
            match expert.hear().await {
                ToExpert::Joined => match novice.hear().await {
                    ToNovice::Joined { join, .. } => return (expert, join),
                    other => panic!("{other:?}"),
                },
                ToExpert::Closing {
                    reason: Refusal::Unavailable,
                } => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_redis_that_stands_still_holds_nobody_up() {
    let (redis, _state, mut a, mut b) = pair().await;
    let (mut novice, _) = a.waiting_novice(route(1)).await;
    let (mut expert, joined) = a.joined(&mut novice, route(1)).await;
    approve(&mut novice, &mut expert, joined).await;
    redis.signal(Signal::STOP);
    let began = Instant::now();
    for _ in 0..100 {
        still_talk(&mut novice, &mut expert, joined).await;
    }
    assert!(began.elapsed() < Duration::from_secs(1), "they had to wait");
    // Those who need the others are answered all the same.
    is_unavailable_at(&a, route(9)).await;
    let (mut second, _) = b.waiting_novice(route(2)).await;
    b.joined(&mut second, route(2)).await;
    for node in [&mut a, &mut b] {
        node.hears(OUT_OF_TOUCH).await;
    }
    redis.signal(Signal::CONT);
    for node in [&mut a, &mut b] {
        node.hears(IN_TOUCH).await;
    }
    still_talk(&mut novice, &mut expert, joined).await;
    let (mut far, across) = join_soon(&b, &mut novice, route(1)).await;
    still_talk(&mut novice, &mut far, across).await;
}

#[tokio::test]
async fn all_of_it_starts_again_and_owners_come_back_wherever_they_like() {
    let (mut redis, state, mut a, mut b) = pair().await;
    let (novice, token) = a.waiting_novice(route(1)).await;
    let mut spoken = a.novice().await;
    let number = reserve(&mut spoken).await;
    let spoken_token = register(&mut spoken, number, None).await;
    redis.kill();
    a.kill();
    b.kill();
    drop((novice, spoken));

    // This time the servers are there first.
    let mut a = start_with(state.path(), &["--redis", &redis.url()]).await;
    a.hears(OUT_OF_TOUCH).await;
    let mut novice = a.novice().await;
    novice.register(route(1), Some(token)).await.unwrap();
    redis.start_again();
    a.hears(IN_TOUCH).await;
    let b = start(state.path(), &redis).await;
    let mut spoken = b.novice().await;
    register(&mut spoken, number, Some(spoken_token)).await;
    let (mut expert, joined) = join_soon(&b, &mut novice, route(1)).await;
    still_talk(&mut novice, &mut expert, joined).await;
    let mut expert = a.expert().await;
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    assert_eq!(expert.hear().await, ToExpert::Joined);
    assert!(matches!(spoken.hear().await, ToNovice::Joined { .. }));
}

#[tokio::test]
async fn numbers_are_everybodys_and_so_is_the_limit_on_guessing_them() {
    let (_redis, _state, a, b) = pair().await;
    let mut novice = a.novice().await;
    let number = reserve(&mut novice).await;
    let token = register(&mut novice, number, None).await;
    register(&mut novice, number, Some(token)).await;
    let mut expert = b.expert().await;
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    assert_eq!(expert.hear().await, ToExpert::Joined);
    assert!(matches!(novice.hear().await, ToNovice::Joined { .. }));
    // Its route alone opens nothing, at either of them.
    is_unavailable_at(&a, number.route()).await;
    is_unavailable_at(&b, number.route()).await;

    let guess = |n: u32| Number::new(200_000_000 + n).unwrap();
    let began = Instant::now();
    let mut answered = 0;
    for n in 0..1000 {
        let site = if n % 2 == 0 { &a } else { &b };
        let mut expert = site.expert().await;
        let number = guess(n);
        expert.0.send(&FromExpert::JoinNumber { number }).await;
        match expert.hear().await {
            ToExpert::Closing {
                reason: Refusal::Unavailable,
            } => answered += 1,
            ToExpert::Closing {
                reason: Refusal::TooMany,
            } => break,
            other => panic!("{other:?}"),
        }
    }
    // 120 a minute, and what has come back meanwhile; two nodes alone would answer twice as many.
    let come_back = began.elapsed().as_secs() * 2 + 2;
    assert!((119..=122 + come_back).contains(&answered), "{answered}");
    for site in [&a, &b] {
        let mut expert = site.expert().await;
        expert.0.send(&FromExpert::JoinNumber { number }).await;
        expert.is_closed(Refusal::TooMany).await;
    }
}

#[tokio::test]
async fn nothing_secret_is_in_redis_or_in_a_log() {
    let password = "open sesame";
    let redis = Redis::start_with(&["--requirepass", password]);
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("redis-password");
    std::fs::write(&file, "wrong horse\n").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, private).unwrap();
    let url = redis.url();
    let relay = [
        "--turn-public-ip",
        "25.64.0.1",
        "--turn-listen",
        "127.0.0.1:0",
    ];
    let others = [
        "--redis",
        &url,
        "--redis-password-file",
        file.to_str().unwrap(),
    ];
    let args = [relay, others].concat();
    let mut wrong = start_with(state.path(), &args).await;
    wrong.hears(OUT_OF_TOUCH).await;
    assert!(!wrong.said().contains("wrong horse"));
    std::fs::write(&file, format!("{password}\n")).unwrap();
    let mut a = start_with(state.path(), &args).await;
    let mut b = start_with(state.path(), &args).await;
    a.hears(IN_TOUCH).await;
    b.hears(IN_TOUCH).await;
    let client = client_of(&redis, password);
    let monitor = client.get_async_monitor().await.unwrap();

    let (mut novice, token) = a.waiting_novice(route(1)).await;
    let (mut expert, joined) = b.joined(&mut novice, route(1)).await;
    still_talk(&mut novice, &mut expert, joined).await;
    novice.0.send(&FromNovice::Approved { join: joined }).await;
    let ToExpert::IceServers { servers: far } = expert.hear().await else {
        panic!("the expert is told nothing");
    };
    let ToNovice::IceServers { servers: near, .. } = novice.hear().await else {
        panic!("the novice is told nothing");
    };
    let mut lent = BTreeSet::new();
    for servers in [&far, &near] {
        lent.extend(servers.iter().map(|one| one.credential.0.as_str()));
    }
    lent.remove("");
    assert_eq!(lent.len(), 2, "each end by its own node");
    let mut spoken = a.novice().await;
    let number = reserve(&mut spoken).await;
    let spoken_token = register(&mut spoken, number, None).await;

    let kept = everything_in(&client).await;
    assert!(kept.contains(&route(1).to_text()), "{kept}");
    let heard = heard_until_now(monitor, &client).await;
    assert!(heard.contains("approved"), "{heard}");
    let key = std::fs::read_to_string(state.path().join("owner-token-key")).unwrap();
    let key = key.split(' ').nth(1).unwrap();
    let digits = number.get().to_string();
    let said = serde_json::to_string(&payload(b"are you there?")).unwrap();
    let said = said.trim_matches('"');
    let hidden = [&token.0, &spoken_token.0, key, &digits, password];
    for secret in hidden.into_iter().chain(lent) {
        assert!(
            !heard.contains(secret),
            "{secret} was told to Redis:\n{heard}"
        );
        for node in [&mut a, &mut b] {
            let log = node.said();
            assert!(!log.contains(secret), "{secret} is in this log:\n{log}");
            assert!(!log.contains(said), "what was said is in this log:\n{log}");
        }
        assert!(!kept.contains(secret), "{secret} is in Redis:\n{kept}");
        assert!(!kept.contains(said), "what was said is in Redis:\n{kept}");
    }
}

fn client_of(redis: &Redis, password: &str) -> Client {
    let password = password.replace(' ', "%20");
    let scheme = format!("redis://:{password}@");
    Client::open(redis.url().replace("redis://", &scheme)).unwrap()
}

/// All that anybody has said to Redis by now.
async fn heard_until_now(monitor: Monitor, client: &Client) -> String {
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let last = "that is all";
    let echo = ::redis::cmd("ECHO")
        .arg(last)
        .exec_async(&mut connection)
        .await;
    echo.unwrap();
    let mut lines = Box::pin(monitor.into_on_message::<String>());
    let mut all = String::new();
    while !all.contains(last) {
        all.push_str(&soon(lines.next()).await.unwrap());
        all.push('\n');
    }
    all
}

/// All keys and values.
async fn everything_in(client: &Client) -> String {
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let all = "local all = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            local kind = redis.call('TYPE', key).ok
            local value = kind == 'hash' and redis.call('HGETALL', key) or {redis.call('GET', key)}
            all[#all + 1] = key .. ' = ' .. cjson.encode(value)
        end
        return table.concat(all, '\\n')";
    let mut asked = ::redis::cmd("EVAL");
    asked.arg(all).arg(0);
    asked.query_async(&mut connection).await.unwrap()
}
