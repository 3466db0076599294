use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::{ALL, Oracle, seeds};

/// The crate of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The kept corpus of one target: names and content.
fn corpus(oracle: &Oracle) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(oracle.name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn the_kept_corpus_does_no_harm_and_is_understood() {
    for oracle in ALL {
        let corpus = corpus(oracle);
        let understood = corpus.iter().filter(|(path, bytes)| {
            let checked = std::panic::catch_unwind(|| (oracle.check)(bytes));
            checked.unwrap_or_else(|_| panic!("{} falls over {path:?}", oracle.name))
        });
        let understood = understood.count();
        assert!(
            understood > 0,
            "{}: of {} kept inputs none is understood any more; after a change of the wire run \
             `cargo xtask fuzz --keep {}`",
            oracle.name,
            corpus.len(),
            oracle.name,
        );
    }
}

#[test]
fn what_is_really_said_is_understood() {
    for oracle in ALL {
        for (nth, seed) in seeds::of(oracle.name).into_iter().enumerate() {
            assert!((oracle.check)(&seed), "{}, seed {nth}", oracle.name);
        }
    }
}

#[test]
fn every_oracle_is_a_fuzz_target_and_every_target_an_oracle() {
    let files = fs::read_dir(fuzz().join("fuzz_targets")).unwrap();
    let targets: BTreeSet<String> = files
        .map(|file| file.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let oracles: BTreeSet<String> = ALL.iter().map(|oracle| oracle.name.to_owned()).collect();
    assert_eq!(targets, oracles);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in oracles {
        let line = format!("name = \"{name}\"");
        assert!(manifest.contains(&line), "{name} is not in the manifest");
        let path = fuzz().join(format!("fuzz_targets/{name}.rs"));
        let calls = format!("oracle::{name}(");
        assert!(fs::read_to_string(path).unwrap().contains(&calls), "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for oracle in ALL {
            (oracle.check)(&bytes);
        }
    }

    #[test]
    fn any_text_does_no_harm(text in ".{0,60}", digits in "[-0-9 .]{0,14}") {
        super::spoken(text.as_bytes());
        super::spoken(digits.as_bytes());
    }

    /// Nearly right files, which random bytes never are.
    #[test]
    fn nearly_right_files_do_no_harm(
        version in prop_oneof![Just(1), 0..4_u16],
        server in prop_oneof![
            "https?://[a-c.:0-9-]{1,12}",
            r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{0,6})?",
        ],
        fragment in r"1\.[A-Za-z0-9_-]{21}[AQgw]\.[A-Za-z0-9_-]{21}[AQgw](\.p)?",
    ) {
        let json = serde_json::json!({
            "version": version, "server": server, "fragment": fragment,
        });
        super::file(json.to_string().as_bytes());
    }
}
