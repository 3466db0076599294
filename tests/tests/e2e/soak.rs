//! Hours of sessions leave nothing behind.

use std::{
    env, fs,
    time::{Duration, Instant},
};

use deskhand_tests::scene::Scene;

use super::reconnect::{is_back, reloads};

/// How long, in minutes: set by `cargo xtask soak`.
const MINUTES: &str = "DESKHAND_SOAK_MINUTES";
/// What is made once and kept counts as little as what was never made: the first part of the time
/// is for warming up, and then the middle is held against the end.
const PARTS: usize = 4;
/// So much memory may be more at the end, in percent.
const GROWTH: u64 = 5;
/// Between two reloads the expert does something for so long.
const ROUND: Duration = Duration::from_secs(5);

/// What a program uses.
#[derive(Debug, Clone, Copy)]
struct Use {
    kilobytes: u64,
    descriptors: usize,
}

impl Use {
    fn of(id: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let own = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        Self {
            // What is of files and shared with the display is nobody's growth.
            kilobytes: own("RssAnon:").expect("memory"),
            descriptors: fs::read_dir(format!("/proc/{id}/fd"))
                .expect("it runs")
                .count(),
        }
    }
}

/// The median of a part of what was seen.
fn median(seen: &[Use], figure: impl Fn(&Use) -> u64) -> u64 {
    let mut all: Vec<u64> = seen.iter().map(figure).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

fn does_not_grow(name: &str, seen: &[Use]) {
    let part = seen.len() / PARTS;
    assert!(
        part >= 3,
        "{name}: only {} rounds; give it more time",
        seen.len()
    );
    let (before, after) = (&seen[part..2 * part], &seen[seen.len() - part..]);
    let memory = |part| median(part, |one| one.kilobytes);
    let open = |part| median(part, |one| one.descriptors as u64);
    eprintln!(
        "{name}: {} rounds, {} -> {} kB, {} -> {} descriptors",
        seen.len(),
        memory(before),
        memory(after),
        open(before),
        open(after)
    );
    assert!(
        memory(after) * 100 <= memory(before) * (100 + GROWTH),
        "{name} grows: {seen:?}"
    );
    assert!(
        open(after) <= open(before),
        "{name} leaks descriptors: {seen:?}"
    );
}

#[tokio::test]
#[ignore = "takes an hour: run by `cargo xtask soak`"]
async fn an_hour_with_a_lost_page_every_few_seconds_leaves_nothing_behind() {
    let minutes = env::var(MINUTES).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_mins(minutes.unwrap_or(60));
    let mut scene = Scene::viewing().await;
    let (mut agent, mut server) = (Vec::new(), Vec::new());
    while Instant::now() < end {
        scene.probe.plays_film(30);
        scene.expert.chats("still here").await;
        scene.novice.hears("still here").await;
        tokio::time::sleep(ROUND).await;
        scene.probe.stands_still().await;
        scene.shares_control().await;
        reloads(&scene.expert).await;
        is_back(&mut scene).await;
        agent.push(Use::of(scene.novice.process.id()));
        server.push(Use::of(scene.server.process.id()));
    }
    does_not_grow("the agent", &agent);
    does_not_grow("the server", &server);
    scene.close().await;
}
