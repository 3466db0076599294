//! The page for invitation files: the same module with glue that needs no server, to be put into
//! one HTML page by the agent.

use std::{collections::BTreeMap, io::Write as _};

use anyhow::{Context as _, Result, ensure};

/// The module, compressed.
pub const MODULE: &str = "console.wasm.gz";

/// The files, by name.
///
/// # Errors
/// If a part is missing, or cannot stand inside HTML.
pub fn assemble(
    wasm: &[u8],
    fixed: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let take = |name: &str| {
        let bytes = fixed.get(name);
        bytes.with_context(|| format!("{name} is missing"))
    };
    let mut output = super::bindgen(wasm)
        .no_modules(true)?
        .generate_output()
        .context("make the glue for files")?;
    let mut script = output.js().as_bytes().to_vec();
    script.push(b'\n');
    script.extend_from_slice(take("file-boot.js")?);
    let style = take("style.css")?.clone();
    fits("the script", &script, &["</script", "<!--", "<script"])?;
    fits("the style", &style, &["</style", "<!--"])?;

    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    gzip.write_all(&output.wasm_mut().emit_wasm())?;
    Ok(BTreeMap::from([
        ("console.css".to_owned(), style),
        ("console.js".to_owned(), script),
        (MODULE.to_owned(), gzip.finish()?),
        ("icon.svg".to_owned(), take("icon.svg")?.clone()),
    ]))
}

/// Text inside an element ends where HTML says so, and its hash is of what a browser makes of its
/// line ends.
fn fits(what: &str, bytes: &[u8], forbidden: &[&str]) -> Result<()> {
    let text = std::str::from_utf8(bytes)?.to_ascii_lowercase();
    for part in forbidden.iter().chain(&["\r", "\0"]) {
        ensure!(!text.contains(part), "{what} contains {part:?}");
    }
    Ok(())
}
