//! Makes sure that the folder of what invitation files carry is there, so that the agent compiles
//! before the page has been built, and again whenever the page has.
//! Builds the C doors to libvpx: the encoder's for the agent, the decoder's for its tests.

fn main() {
    embed_invitation_files();
    build_codec();
}

fn embed_invitation_files() {
    let bundle = "../static/bundle-file";
    if let Err(error) = std::fs::create_dir_all(bundle) {
        println!("cargo:error={bundle} cannot be made ({error})");
    }
    println!("cargo:rerun-if-changed={bundle}");
    println!("cargo:rerun-if-changed=templates");
}

fn build_codec() {
    println!("cargo:rerun-if-changed=src/media/encode/vp9.c");
    println!("cargo:rerun-if-changed=src/media/encode/vp9.h");
    println!("cargo:rerun-if-changed=tests/media/decoder.c");
    let vpx = match pkg_config::Config::new()
        .atleast_version("1.12")
        .probe("vpx")
    {
        Ok(vpx) => vpx,
        Err(error) => {
            println!("cargo:error=libvpx is missing: install libvpx-dev ({error})");
            return;
        }
    };
    let mut encoder = cc::Build::new();
    encoder.includes(&vpx.include_paths).warnings(true);
    let mut decoder = encoder.clone();
    encoder
        .file("src/media/encode/vp9.c")
        .compile("deskhand_vp9");
    // Named by the tests that link it; the agent does not.
    decoder
        .cargo_metadata(false)
        .file("tests/media/decoder.c")
        .compile("deskhand_vp9_decoder");
    // cc and pkg-config print their own link lines in this order: ours first, then libvpx,
    // as linkers that resolve from left to right need it.
    println!("cargo:rustc-link-lib=vpx");
}
