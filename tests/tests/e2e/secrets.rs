//! After a whole session its secrets are nowhere that somebody else could look.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    memory::{contains, found_in},
    novice::Novice,
    probe::Probe,
    scene::Scene,
    server::Server,
    wait::PATIENCE,
};

const PASSWORD: &str = "Zebra-Quarz-7419-lila";
const FROM_EXPERT: &str = "Bitte nicht weitersagen: Kolibri 5512";
const FROM_NOVICE: &str = "Das bleibt unter uns: Nashorn 8843";

/// Everything that must stay between two people, each under a name for whoever reads a failure.
struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    fn of(novice: &Novice) -> Self {
        let (_, fragment) = novice.link.rsplit_once("#1.").expect("a link");
        let mut parts = fragment.split('.');
        let mut both = |written, raw| {
            let text = parts.next().expect("a part of the link");
            let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64");
            [(written, text.as_bytes().to_vec()), (raw, bytes)]
        };
        let [id, raw_id] = both("id of the invitation", "id of the invitation, raw");
        let [secret, raw_secret] = both("secret of the link", "secret of the link, raw");
        Self(vec![
            id,
            raw_id,
            secret,
            raw_secret,
            ("password", PASSWORD.into()),
            ("what the expert said", FROM_EXPERT.into()),
            ("what the novice said", FROM_NOVICE.into()),
        ])
    }

    fn bytes(&self) -> Vec<&[u8]> {
        self.0.iter().map(|(_, bytes)| bytes.as_slice()).collect()
    }

    /// Which of them are in there.
    fn named(&self, found: impl Fn(&[u8]) -> bool) -> Vec<&'static str> {
        let known = self.0.iter().filter(|(_, bytes)| found(bytes));
        known.map(|(name, _)| *name).collect()
    }

    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        let found = self.named(|one| contains(bytes, one));
        assert_eq!(found, <[&str; 0]>::default(), "in {place}");
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.is_file())
        .collect()
}

#[tokio::test]
async fn no_log_no_metric_no_file_and_not_the_memory_of_the_server_holds_a_secret() {
    let server = Server::start_with(&["--log", "trace", "--admin-listen", "127.0.0.1:0"]).await;
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let mut novice = Novice::invite_with_own(&server, &desktop, PASSWORD).await;
    novice.password = PASSWORD.into();
    let secrets = Secrets::of(&novice);
    let expert = Expert::view(&mut novice).await;
    let mut scene = Scene {
        expert,
        novice,
        probe,
        desktop,
        server,
    };
    scene.expert.chats(FROM_EXPERT).await;
    scene.novice.hears(FROM_EXPERT).await;
    scene.novice.types(FROM_NOVICE);
    scene.expert.browser.says(Role::Log, FROM_NOVICE).await;
    scene.expert_sees_changes().await;
    scene.shares_control().await;

    // This search would find them: the agent has to know what it invites by.
    let agent = scene.novice.process.id();
    let found = found_in(agent, &secrets.bytes());
    assert!(!found.is_empty(), "the search finds nothing");
    let found = found_in(scene.server.process.id(), &secrets.bytes());
    let found = secrets.named(|one| found.contains(&one));
    assert_eq!(found, <[&str; 0]>::default(), "in the server's memory");
    let metrics = scene.server.metrics().await;
    assert!(metrics.contains("# EOF"), "{metrics}");
    secrets.are_not_in("the metrics", metrics.as_bytes());

    scene.novice.types("/end");
    let status = scene.novice.process.end(PATIENCE).await;
    assert!(status.success(), "{status}");
    for (name, process) in [
        ("agent", &scene.novice.process),
        ("server", &scene.server.process),
    ] {
        let log = process.stderr.text();
        assert!(!log.is_empty(), "the {name} said nothing");
        secrets.are_not_in(&format!("the log of the {name}"), log.as_bytes());
    }
    let kept = [scene.novice.home.path(), scene.server.state()];
    let kept: Vec<PathBuf> = kept.into_iter().flat_map(files).collect();
    assert!(kept.len() >= 2, "{kept:?}");
    for file in kept {
        let bytes = fs::read(&file).expect("it can be read");
        secrets.are_not_in(&file.display().to_string(), &bytes);
    }
    scene.close().await;
}
