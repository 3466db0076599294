//! The oracles of all parts and their fuzz targets: what is kept in `fuzz/corpus` does no harm,
//! and nothing is left out.
#![allow(missing_docs, reason = "tests are named by what they show")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure is a panic with a sentence"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use deskhand_protocol::oracle::Oracle;

/// Every oracle, with the crate that it is in.
fn all() -> impl Iterator<Item = (&'static str, &'static Oracle)> {
    let protocol = deskhand_protocol::oracle::ALL.iter();
    let signaling = deskhand_signaling::oracle::ALL.iter();
    let protocol = protocol.map(|oracle| ("deskhand_protocol", oracle));
    protocol.chain(signaling.map(|oracle| ("deskhand_signaling", oracle)))
}

/// The crate of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// What is kept for one target: names and content.
fn corpus(oracle: &Oracle) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(oracle.name);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn the_kept_corpus_does_no_harm_and_is_understood() {
    for (_, oracle) in all() {
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
fn every_oracle_is_a_fuzz_target_and_every_target_an_oracle() {
    let files = fs::read_dir(fuzz().join("fuzz_targets")).unwrap();
    let mut targets: BTreeMap<String, String> = files
        .map(|file| file.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (part, Oracle { name, .. }) in all() {
        let line = format!("name = \"{name}\"");
        assert!(manifest.contains(&line), "{name} is not in the manifest");
        let target = targets.remove(*name).expect(name);
        for needed in [format!("use {part}::oracle;"), format!("oracle::{name}(")] {
            assert!(target.contains(&needed), "{name} lacks {needed}");
        }
    }
    assert!(targets.is_empty(), "no oracles: {:?}", targets.keys());
}
