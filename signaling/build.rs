//! Makes sure that the folder of the page's bundle is there, so that the server compiles
//! before the page has been built, and again whenever the page has.

fn main() -> std::io::Result<()> {
    let bundle = "../static/bundle";
    std::fs::create_dir_all(bundle)?;
    println!("cargo:rerun-if-changed={bundle}");
    println!("cargo:rerun-if-changed=templates");
    Ok(())
}
