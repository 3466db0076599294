//! The scripts do in a real Redis what the hub was tested with.

use std::time::Duration;

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};

use super::{super::directory::Directory, server::Redis, *};
use crate::hub::SocketId;

const ROUTES: u8 = 2;

/// Who, which route, what for, proven, how old.
type Step = (u8, u8, u8, bool, u64);

fn any_script() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..4_u8, 0..ROUTES, 0..4_u8, any::<bool>(), 0..3_u64);
    proptest::collection::vec(step, 0..40)
}

fn link(redis: &Redis) -> Link {
    let options = crate::config::NodeOptions {
        redis: Some(redis.url().parse().unwrap()),
        ..Default::default()
    };
    let settings = options.settings().unwrap().unwrap();
    Link::new(settings, mpsc::channel(1).0).0
}

async fn carry_out(
    link: &Link,
    node: NodeId,
    errand: Errand,
    redis: &mut MultiplexedConnection,
) -> Option<News> {
    let mut commands = redis::pipe();
    link.write(node, &errand, &mut commands);
    let answers: Vec<Value> = commands.query_async(redis).await.unwrap();
    let [answer] = answers.try_into().unwrap();
    read(&errand, answer).unwrap()
}

#[tokio::test]
async fn the_scripts_decide_as_the_directory_of_the_hubs_own_tests() {
    let server = Redis::start();
    let link = link(&server);
    let mut redis = link
        .client
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..64 {
        let script = any_script().new_tree(&mut runner).unwrap().current();
        let emptied = redis::cmd("FLUSHALL").exec_async(&mut redis).await;
        emptied.unwrap();
        let mut directory = Directory::default();
        for (number, (who, route, what, proven, age)) in (1..).zip(&script) {
            // Two processes, of two lives each.
            let node = NodeId {
                process: u64::from(who / 2),
                life: u32::from(who % 2),
            };
            let route = Route::from_bytes([*route; 32]);
            // Late enough for all ages.
            let now = Instant::now() + Duration::from_hours(1);
            let standing = match what {
                0 => Standing::Reserved,
                1 => Standing::Registered,
                2 => Standing::Confirmed,
                _ => {
                    if let Some((_, claim)) = directory.find(route, now) {
                        directory.release(node, route, claim);
                        let errand = Errand::Release { route, claim };
                        carry_out(&link, node, errand, &mut redis).await;
                    }
                    continue;
                }
            };
            let claim = Claim {
                claim: ClaimId(number),
                route,
                standing,
                proven: *proven,
                age: Duration::from_mins(*age), // the clocks that are compared go on meanwhile
                ttl: Duration::from_hours(1),
            };
            let expected = News::Claimed {
                claim: claim.claim,
                outcome: directory.claim(node, &claim, now).0,
            };
            let said = format!("{claim:?} of {script:?}");
            let news = carry_out(&link, node, Errand::Claim(claim), &mut redis).await;
            assert_eq!(news, Some(expected), "{said}");
            let socket = SocketId(1);
            let news = carry_out(&link, node, Errand::Find { socket, route }, &mut redis).await;
            let holder = directory.find(route, now).map(|(node, _)| node);
            assert_eq!(news, Some(News::Found { socket, holder }), "{said}");
        }
    }
}
