//! The page's own tests, which want a browser.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use deskhand_tests::browser::Browser;
use serde_json::json;

/// Loads the tests' module and runs all of them; gives whether they passed and what they said.
const RUN: &str = "
    const [module, done] = arguments;
    document.body.innerHTML = '<pre id=\"output\"></pre>';
    window.__wbg_test_invoke = test => test(); // asked for by wasm-bindgen-test
    const bytes = Uint8Array.from(atob(module), c => c.charCodeAt(0));
    const run = async () => {
        const wasm = await wasm_bindgen({ module_or_path: bytes });
        const tests = Object.keys(wasm).filter(name => name.startsWith('__wbgt_'));
        const context = new wasm_bindgen.WasmBindgenTestContext(false);
        return await context.run(tests.map(name => wasm[name])) && tests.length > 0;
    };
    const said = () => document.getElementById('output').textContent;
    run().then(passed => done([passed, said()]), error => done([false, said() + error]));
";

#[tokio::test]
async fn the_pages_own_tests_pass_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/page/tests");
    let read = |name| {
        let path = folder.join(name);
        fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; `cargo xtask test` makes it", path.display())
        })
    };
    let (glue, module) = (read("browser.js"), read("browser.wasm"));
    let script = format!("{}\n{RUN}", String::from_utf8(glue).unwrap());

    let browser = Browser::start().await;
    // A file of one's own is a place that browsers trust, as they do the page's.
    let empty = tempfile::Builder::new().suffix(".html").tempfile().unwrap();
    browser
        .goto(&format!("file://{}", empty.path().display()))
        .await;
    let result = browser
        .client
        .execute_async(&script, vec![json!(BASE64_STANDARD.encode(module))])
        .await
        .expect("the tests run");
    let said = result[1].as_str().unwrap_or_default();
    assert_eq!(result[0], true, "{said}");
    browser.close().await;
}
