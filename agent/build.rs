//! Makes sure that the folder of what invitation files carry is there, so that the agent compiles
//! before the page has been built, and again whenever the page has.
//! Builds the C doors to libaom and libvpx: the encoders' for the agent, the decoders' for its
//! tests.

fn main() {
    embed_invitation_files();
    build_codecs();
}

fn embed_invitation_files() {
    let bundle = "../static/bundle-file";
    if let Err(error) = std::fs::create_dir_all(bundle) {
        println!("cargo:error={bundle} cannot be made ({error})");
    }
    println!("cargo:rerun-if-changed={bundle}");
    println!("cargo:rerun-if-changed=templates");
}

fn build_codecs() {
    const ENCODERS: [&str; 2] = ["src/media/encode/av1.c", "src/media/encode/vp9.c"];
    const DECODERS: &str = "tests/media/decoder.c";
    for file in ENCODERS
        .into_iter()
        .chain(["src/media/encode/door.h", DECODERS])
    {
        println!("cargo:rerun-if-changed={file}");
    }
    let mut encoders = cc::Build::new();
    encoders.warnings(true);
    for (name, version) in [("aom", "3.6"), ("vpx", "1.12")] {
        match pkg_config::Config::new()
            .atleast_version(version)
            .probe(name)
        {
            Ok(library) => {
                encoders.includes(&library.include_paths);
            }
            Err(error) => {
                println!("cargo:error=lib{name} is missing: install lib{name}-dev ({error})");
                return;
            }
        }
    }
    let mut decoders = encoders.clone();
    encoders.files(ENCODERS).compile("deskhand_encoders");
    // Named by the tests that link it; the agent does not.
    decoders
        .cargo_metadata(false)
        .file(DECODERS)
        .compile("deskhand_decoders");
    // cc and pkg-config print their own link lines in this order: ours first, then the codecs',
    // as linkers that resolve from left to right need it.
    println!("cargo:rustc-link-lib=aom");
    println!("cargo:rustc-link-lib=vpx");
}
