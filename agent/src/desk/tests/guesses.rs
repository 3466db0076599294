//! Ten thousand guesses at one password, by somebody who has the link.

use rand_chacha::rand_core::RngCore as _;

use super::*;

const GUESSES: u64 = 10_000;
/// The core is thrown away so often, and begins again with what was on disk.
const RESTARTS: u64 = 50;

/// What a guesser does besides guessing.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Takes a challenge and never answers it.
    Leaves,
    /// Answers it and is gone before anything can come back.
    SaysHelloAndLeaves,
    /// Waits for the answer, which is all that a guess needs, and says nothing more.
    Listens,
    /// Sends a proof without having been answered.
    Lies,
}

const MANNERS: [Manner; 4] = [
    Manner::Leaves,
    Manner::SaysHelloAndLeaves,
    Manner::Listens,
    Manner::Lies,
];

/// So many come at the same time.
const TOGETHER: u64 = 8;

/// Guesses until there were enough of them, and counts the answers: each allows one guess to be
/// checked. Everything is over in a fraction of the invitation's time.
fn guess_away(mut scene: Scene, restarts: u64) -> (Scene, usize) {
    let (mut answered, mut while_open) = (0, 0);
    let mut manners = ChaCha20Rng::seed_from_u64(restarts);
    for round in 0..GUESSES / TOGETHER {
        let first = 1 + round * TOGETHER;
        let joins: Vec<JoinId> = (first..first + TOGETHER).map(|n| scene.join(n)).collect();
        for join in joins {
            let manner = MANNERS[usize::from(manners.next_u32().to_le_bytes()[0]) % MANNERS.len()];
            guess(&mut scene, join, manner);
        }
        scene.pass(Duration::from_millis(u64::from(manners.next_u32() % 60)));
        answered += answers(&scene);
        while_open += u64::from(scene.kept().standing == Standing::Open) * TOGETHER;
        scene.out.clear();
        if restarts > 0 && first % (GUESSES / restarts) < TOGETHER {
            scene = restart(scene);
        }
    }
    // Otherwise nothing would have been tried but to open a locked one.
    assert!(restarts > 0 || while_open > GUESSES / 2, "{while_open}");
    (scene, answered)
}

fn guess(scene: &mut Scene, join: JoinId, manner: Manner) {
    match manner {
        Manner::Leaves => {}
        Manner::SaysHelloAndLeaves | Manner::Listens => {
            scene.hello(join, "a guess");
        }
        Manner::Lies => {
            let lie = handshake::Ke3(handshake::Bytes([7; 64]));
            scene.relay_from_page(join, &ToAgent::Ke3(lie));
        }
    }
    if !matches!(manner, Manner::Listens) {
        scene.server(ToNovice::Left { join });
    }
}

fn answers(scene: &Scene) -> usize {
    let answers = scene.out.iter().filter(|output| match output {
        Output::Server(ToServer::Relay { payload, .. }) => {
            matches!(wire::decode(payload.as_bytes()), Ok(ToPage::Ke2(_)))
        }
        _ => false,
    });
    answers.count()
}

/// The program is killed: what it had in memory is gone, and so is whoever was at the door.
fn restart(scene: Scene) -> Scene {
    let mut written = scene.written;
    for kept in written.values_mut() {
        // As the store does when it is opened.
        if kept.failed >= handshake::MAX_ATTEMPTS && !kept.standing.is_closed() {
            kept.standing = Standing::Locked;
            kept.secrets = None;
        }
    }
    let kept = written.values().cloned().collect();
    Scene {
        link: scene.link,
        route: scene.route,
        rng: scene.rng,
        written,
        ..Scene::restarted(scene::setup(), kept, Serial(2), scene.now)
    }
}

fn is_locked_for_good(mut scene: Scene) {
    assert_eq!(scene.kept().standing, Standing::Locked);
    assert!(scene.kept().secrets.is_none());
    scene.pass(Duration::from_secs(60));
    assert!(scene.attempt(GUESSES * 2, PASSWORD).is_none());
    assert_eq!(answers(&scene), 0, "not even the right one opens it now");
}

fn invited() -> Scene {
    let mut scene = Scene::with(scene::setup());
    scene.invite(&scene::order(front::Channel::Link));
    scene
}

#[test]
fn ten_thousand_guesses_get_five_answers() {
    let (scene, answered) = guess_away(invited(), 0);
    assert_eq!(answered, 5);
    is_locked_for_good(scene);
}

#[test]
fn ten_thousand_guesses_get_no_more_answers_from_a_program_that_is_killed_again_and_again() {
    let (scene, answered) = guess_away(invited(), RESTARTS);
    assert_eq!(answered, 5);
    is_locked_for_good(scene);
}
