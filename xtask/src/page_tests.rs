//! The page's own tests, for a browser: `web-expert/tests/browser.rs` as a module and the glue
//! that loads it, in `target/page/tests`. The end-to-end tests run them there.

use std::{fs, io::BufReader, path::Path, process::Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::bundle::{PACKAGE, TARGET, cargo};

/// Where they are put, under the workspace.
const OUT: &str = "target/page/tests";
/// The target's name.
const TEST: &str = "browser";

/// Builds them.
///
/// # Errors
/// If they do not build, or a file cannot be written.
pub fn build(root: &Path) -> Result<()> {
    let wasm = compile(root)?;
    let mut output = wasm_bindgen_cli_support::Bindgen::new()
        .input_bytes(TEST, wasm)
        .no_modules(true)?
        .typescript(false)
        .generate_output()?;
    let out = root.join(OUT);
    fs::create_dir_all(&out)?;
    fs::write(out.join("browser.js"), output.js())?;
    fs::write(out.join("browser.wasm"), output.wasm_mut().emit_wasm())?;
    Ok(())
}

/// The module, as cargo says where it is.
fn compile(root: &Path) -> Result<Vec<u8>> {
    let mut command = cargo(root);
    command
        .args(["test", "--no-run", "--package", PACKAGE, "--test", TEST])
        .args(["--target", TARGET, "--message-format"])
        .arg("json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = command.spawn().context("run cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut module = None;
    for message in serde_json::Deserializer::from_reader(BufReader::new(stdout)).into_iter() {
        let message: serde_json::Value = message?;
        if message["target"]["name"] == TEST
            && let Some(path) = message["executable"].as_str()
        {
            module = Some(path.to_owned());
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "the page's tests do not build");
    let module = module.context("cargo does not say where the page's tests are")?;
    fs::read(&module).with_context(|| format!("read {module}"))
}
