//! `cargo xtask fuzz`: libFuzzer on the targets in `fuzz/`.
//!
//! This does what `cargo fuzz run --sanitizer none` does, so that nothing has to be installed for
//! it. All of it works with stable Rust: only the sanitizers do not, and they look for faults that
//! code without `unsafe` cannot have.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use crate::{
    build,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// So often each target is called for `--full`.
const FULL: u32 = 10_000_000;

/// No input is longer: what is read here is read message by message.
const MAX_LEN: &str = "-max_len=4096";

/// How libFuzzer learns which way the program went.
const RUSTFLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// What to try, and for how long.
#[derive(clap::Args)]
pub struct Options {
    /// Try each target ten million times, however long that takes.
    #[arg(long, conflicts_with = "seconds")]
    full: bool,
    /// Try each target for so long.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
    /// Keep what has reached something new, in fuzz/corpus.
    #[arg(long)]
    keep: bool,
    /// Only these targets.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

/// Builds all targets and tries each.
///
/// # Errors
/// If one does not build or was found to fall over something.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    let fuzz = root.join("fuzz");
    let all = targets(&fuzz)?;
    if let Some(unknown) = options.targets.iter().find(|name| !all.contains(name)) {
        bail!(
            "there is no target {unknown:?}; there are {}",
            all.join(", ")
        );
    }
    packages::ensure(steps, &[Set::Fuzz])?;
    let programs = steps.step("Building the fuzz targets", || build_all(root, &fuzz))?;
    let chosen = all
        .iter()
        .filter(|name| options.targets.is_empty() || options.targets.contains(name));
    for name in chosen {
        let target = Target {
            program: programs.join(name),
            kept: fuzz.join("corpus").join(name),
            found: build::target_dir(root).join("fuzz/corpus").join(name),
            artifacts: fuzz.join("artifacts").join(name),
        };
        steps.check(&format!("Fuzzing {name}"), || target.tries(options));
        if options.keep {
            steps.check(&format!("Keeping what {name} found"), || target.keeps());
        }
    }
    steps.print_summary();
    steps.verdict()
}

/// The names of all targets.
fn targets(fuzz: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(fuzz.join("fuzz_targets"))? {
        let path = file?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        names.push(name.context("a target has no name")?.to_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// Builds them and gives the folder in which they are.
fn build_all(root: &Path, fuzz: &Path) -> anyhow::Result<PathBuf> {
    let host = build::host()?;
    let dir = build::target_dir(root).join("fuzz");
    // With a target named, the flags are not for build scripts, which would not link with them.
    sh(build::cargo(root)
        .args([
            "build",
            "--locked",
            "--release",
            "--bins",
            "--target",
            &host,
        ])
        .arg("--manifest-path")
        .arg(fuzz.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&dir)
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS.join("\x1f")))?;
    Ok(dir.join(host).join("release"))
}

struct Target {
    program: PathBuf,
    /// What is under version control.
    kept: PathBuf,
    /// What was found here.
    found: PathBuf,
    /// What it falls over.
    artifacts: PathBuf,
}

impl Target {
    fn tries(&self, options: &Options) -> anyhow::Result<()> {
        for folder in [&self.kept, &self.found, &self.artifacts] {
            fs::create_dir_all(folder)?;
        }
        let until = if options.full {
            format!("-runs={FULL}")
        } else {
            format!("-max_total_time={}", options.seconds)
        };
        let mut prefix = std::ffi::OsString::from("-artifact_prefix=");
        prefix.push(self.artifacts.join(""));
        sh(Command::new(&self.program)
            .args([
                until.as_str(),
                MAX_LEN,
                "-timeout=10",
                "-print_final_stats=1",
            ])
            .arg(prefix)
            .args([&self.found, &self.kept]))
        .with_context(|| {
            format!(
                "it falls over what is now in {}: mend it, and put that file into {}",
                self.artifacts.display(),
                self.kept.display()
            )
        })
    }

    /// Adds the fewest inputs that reach all that was reached.
    fn keeps(&self) -> anyhow::Result<()> {
        sh(Command::new(&self.program)
            .args(["-set_cover_merge=1", MAX_LEN])
            .args([&self.kept, &self.found]))
    }
}
