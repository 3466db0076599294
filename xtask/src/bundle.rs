//! Makes the page's bundle: cargo, wasm-bindgen, and compressed copies, into `static/bundle`; and
//! the same page for invitation files into `static/bundle-file`, for [`file`] and the agent.
//!
//! wasm-bindgen is used as a library of the very version that the page is built with, so there
//! is no tool to install and none to get out of step. Everything that `index.html` leads to
//! carries its hash in its name and may be kept for ever; `index.html` itself must be asked for
//! anew each time.

mod file;

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hasher as _},
    io::Write as _,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// The page's package.
pub const PACKAGE: &str = "deskhand-web-expert";
/// What a browser runs.
pub const TARGET: &str = "wasm32-unknown-unknown";
const TARGET_DIR: &str = "target/page";
/// Says what the bundle was made from. Not in the bundle itself, all of which is served.
const STAMP: &str = "target/page/bundle.stamp";

/// How much work to put into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Built to be small, compressed as far as it goes.
    Release,
    /// Built to be there soon, compressed lightly.
    Quick,
}

impl Profile {
    fn cargo(self) -> &'static str {
        match self {
            Self::Release => "page",
            Self::Quick => "dev",
        }
    }

    /// Where cargo puts what it builds under this profile.
    fn directory(self) -> &'static str {
        match self {
            Self::Release => "page",
            Self::Quick => "debug",
        }
    }

    fn brotli(self) -> i32 {
        match self {
            Self::Release => 11,
            Self::Quick => 4,
        }
    }
}

/// Brings `static/bundle` under `root` (the workspace) up to date. Does nothing if nothing that
/// it is made from has changed.
///
/// # Errors
/// If the page does not build, or a file cannot be written.
pub fn bundle(root: &Path, profile: Profile) -> Result<()> {
    let wasm = compile(root, profile)?;
    let fixed = read_static(root)?;
    let out = root.join("static/bundle");

    let file_out = root.join("static/bundle-file");

    let (stamp, stamp_file) = (digest(profile, &wasm, &fixed), root.join(STAMP));
    let same = fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp);
    if same && out.join("index.html").exists() && file_out.join(file::MODULE).exists() {
        return Ok(());
    }
    let for_files = file::assemble(&wasm, &fixed)?;
    let files = assemble(generate(&wasm)?, fixed)?;
    // Made from scratch, so that nothing stale is served; without a stamp until it is whole.
    if stamp_file.exists() {
        fs::remove_file(&stamp_file)?;
    }
    empty(&out)?;
    empty(&file_out)?;
    for (name, bytes) in &for_files {
        fs::write(file_out.join(name), bytes)?;
        say(&format!("for files: {name}: {} bytes", bytes.len()));
    }
    for (name, bytes) in &files {
        write_compressed(&out, name, bytes, profile)?;
    }
    fs::write(&stamp_file, stamp)?;
    Ok(())
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("remove the old bundle")?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Cargo for the page. It has a target directory of its own, so that page and native programs do
/// not wait for each other's lock.
pub fn cargo(root: &Path) -> Command {
    let mut command = crate::build::cargo(root);
    command
        .env("CARGO_TARGET_DIR", root.join(TARGET_DIR))
        // Meant for native code, such as coverage or another linker.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .arg("--locked");
    command
}

fn compile(root: &Path, profile: Profile) -> Result<Vec<u8>> {
    say("building the page");
    let status = cargo(root)
        .args(["build", "--package", PACKAGE, "--bin", PACKAGE])
        .args(["--target", TARGET, "--profile", profile.cargo()])
        .status()
        .context("run cargo")?;
    ensure!(status.success(), "the page does not build");
    let built = root
        .join(TARGET_DIR)
        .join(TARGET)
        .join(profile.directory())
        .join("deskhand-web-expert.wasm");
    fs::read(&built).with_context(|| format!("read {}", built.display()))
}

/// The hand-written files, by name.
fn read_static(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let names = [
        "index.html",
        "style.css",
        "icon.svg",
        "boot.js",
        "file-boot.js",
        "heart.js",
        "frames.js",
    ];
    names
        .into_iter()
        .map(|name| {
            let path = root.join("static").join(name);
            let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            Ok((name.to_owned(), bytes))
        })
        .collect()
}

/// The module and the glue that loads it: `app_bg.wasm` and `app.js`.
fn generate(wasm: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    say("making the bundle");
    let mut output = bindgen(wasm).web(true)?.generate_output()?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "the page must not bring JavaScript of its own"
    );
    Ok(BTreeMap::from([
        ("app.js".to_owned(), output.js().as_bytes().to_vec()),
        ("app_bg.wasm".to_owned(), output.wasm_mut().emit_wasm()),
    ]))
}

/// What does not depend on where the page comes from.
fn bindgen(wasm: &[u8]) -> Bindgen {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("app", wasm.to_vec())
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen
}

/// Gives every file but `index.html` a name with its hash in it, and every mention of a file
/// its new name. Files are renamed after those that they mention, so that a change anywhere
/// below changes every name above.
fn assemble(
    made: BTreeMap<String, Vec<u8>>,
    fixed: BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut left: BTreeMap<_, _> = made.into_iter().chain(fixed).collect();
    let mut take = |name: &str| {
        left.remove(name)
            .with_context(|| format!("{name} is missing"))
    };
    let mut done = BTreeMap::new();
    let mut renamed: Vec<(String, String)> = vec![];
    // `app.js` mentions the module only as a default that `boot.js` overrules.
    let order = [
        "style.css",
        "icon.svg",
        "heart.js",
        "frames.js",
        "app_bg.wasm",
        "app.js",
        "boot.js",
        "index.html",
    ];
    for name in order {
        let mut bytes = take(name)?;
        if let "boot.js" | "index.html" = name {
            let mut text = String::from_utf8(bytes)?;
            for (old, new) in &renamed {
                text = text.replace(old.as_str(), new);
            }
            bytes = text.into_bytes();
        }
        let name = match name {
            // Asked for by the module, which knows no hash: it has to be asked for anew.
            "index.html" | "heart.js" | "frames.js" => name.to_owned(),
            _ => {
                let hashed = hashed_name(name, &bytes)?;
                renamed.push((name.to_owned(), hashed.clone()));
                hashed
            }
        };
        done.insert(name, bytes);
    }
    Ok(done)
}

fn hashed_name(name: &str, bytes: &[u8]) -> Result<String> {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        bail!("{name} has no extension");
    };
    Ok(format!("{stem}.{:016x}.{extension}", hash(&bytes)))
}

/// Tells versions of a file apart. Not a seal: nobody's safety rests on it.
fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn digest(profile: Profile, wasm: &[u8], fixed: &BTreeMap<String, Vec<u8>>) -> String {
    // A change of the recipe may change the bundle, too.
    let recipe = [include_str!("bundle.rs"), include_str!("bundle/file.rs")];
    format!("{profile:?} {:016x}", hash(&(wasm, fixed, recipe)))
}

/// Writes a file and its `.br` and `.gz` siblings, and says how large they are.
fn write_compressed(out: &Path, name: &str, bytes: &[u8], profile: Profile) -> Result<()> {
    let mut small = vec![];
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: profile.brotli(),
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut small, &parameters)?;
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    gzip.write_all(bytes)?;
    let zipped = gzip.finish()?;

    fs::write(out.join(name), bytes)?;
    fs::write(out.join(format!("{name}.br")), &small)?;
    fs::write(out.join(format!("{name}.gz")), &zipped)?;
    say(&format!(
        "{name}: {} bytes, gzip {}, brotli {}",
        bytes.len(),
        zipped.len(),
        small.len()
    ));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "progress for the person who waits")]
fn say(line: &str) {
    eprintln!("page: {line}");
}
