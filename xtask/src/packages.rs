//! Which system packages each command needs, and installing those that are missing.
//!
//! Names are Debian's; Ubuntu's differ only for the browser. On other systems the missing ones
//! are named, and installing them is left to the person.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{
    bundle,
    steps::{Steps, sh},
};

/// One thing that must be there.
struct Need {
    /// The Debian package.
    package: &'static str,
    /// Where that is another one in Ubuntu.
    ubuntu: Option<&'static str>,
    /// Any of these programs will do instead, wherever it comes from.
    programs: &'static [&'static str],
}

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// To build both programs.
    Build,
    /// To open the novice's window.
    Window,
    /// To start a virtual desktop.
    Desktop,
    /// To run the end-to-end tests, the desktop included.
    Tests,
    /// To build the fuzz targets.
    Fuzz,
    /// To make packages.
    Dist,
    /// To measure another relay beside ours.
    OtherRelay,
}

const fn library(package: &'static str) -> Need {
    Need {
        package,
        ubuntu: None,
        programs: &[],
    }
}

const fn program(package: &'static str, programs: &'static [&'static str]) -> Need {
    Need {
        package,
        ubuntu: None,
        programs,
    }
}

/// pkg-config finds libaom and libvpx (the video encoders); libxkbcommon is linked by enigo, the
/// libraries of xcb by scrap.
const BUILD: &[Need] = &[
    program("pkg-config", &["pkg-config"]),
    library("libaom-dev"),
    library("libvpx-dev"),
    library("libxcb-randr0-dev"),
    library("libxcb-shm0-dev"),
    library("libxkbcommon-dev"),
];
/// What winit and glutin open at run time; linking does not show it.
const WINDOW: &[Need] = &[
    library("libegl1"),
    library("libgl1"),
    library("libgl1-mesa-dri"),
    library("libx11-6"),
    library("libx11-xcb1"),
    library("libxcursor1"),
    library("libxi6"),
    library("libxkbcommon-x11-0"),
];
const DESKTOP: &[Need] = &[
    program("xvfb", &["Xvfb"]),
    program("x11-xkb-utils", &["xkbcomp"]), // Xvfb compiles its keyboard with it
    program("xkb-data", &[]),
    program("openbox", &["openbox"]),
    program("xterm", &["xterm"]),
    program("x11-apps", &["xclock"]),
    program("x11-xserver-utils", &["xsetroot"]),
];
const TESTS: &[Need] = &[
    Need {
        package: "chromium",
        ubuntu: Some("chromium-browser"),
        programs: &["chromium", "chromium-browser", "google-chrome"],
    },
    Need {
        package: "chromium-driver",
        ubuntu: Some("chromium-chromedriver"),
        programs: &["chromedriver"],
    },
    Need {
        package: "firefox-esr",
        ubuntu: Some("firefox"),
        programs: &["firefox-esr", "firefox"],
    },
    program("nxagent", &["nxagent"]), // a display with an old MIT-SHM
    program("tigervnc-standalone-server", &["Xvnc", "Xtigervnc"]),
    program("iproute2", &["ip"]),  // networks of the tests' own
    program("nftables", &["nft"]), // and their walls
    program("coturn", &["turnserver"]),
    program("libnss3-tools", &["certutil"]), // browsers that believe an authority of the tests'
    program("xdotool", &["xdotool"]),        // somebody else's injected input
    library("fonts-dejavu-core"),
    program("dbus", &["dbus-daemon"]),
    program("redis-server", &["redis-server"]), // where several of our servers meet
    program("pebble", &["pebble"]),             // an authority that gives certificates
    program("xdg-utils", &["xdg-email"]),
    program("file", &["file"]), // xdg-utils tell by it what a file is
    program("nginx", &["nginx"]),
    program("caddy", &["caddy"]),
    program("desktop-file-utils", &["desktop-file-validate"]),
    program("appstream", &["appstreamcli"]),
    program("systemd", &["systemd-analyze"]), // judges the unit
];
const OTHER_RELAY: &[Need] = &[program("coturn", &["turnserver"])];

const DIST: &[Need] = &[
    program("dpkg", &["dpkg-deb"]),
    program("dpkg-dev", &["dpkg-shlibdeps"]),
];
/// libFuzzer is written in C++.
const FUZZ: &[Need] = &[program("g++", &["c++", "g++", "clang++"])];

impl Set {
    fn needs(self) -> Vec<&'static Need> {
        let lists: &[&[Need]] = match self {
            Self::Build => &[BUILD],
            Self::Window => &[WINDOW],
            Self::Desktop => &[DESKTOP],
            Self::Tests => &[WINDOW, DESKTOP, DIST, TESTS],
            Self::Fuzz => &[FUZZ],
            Self::Dist => &[DIST],
            Self::OtherRelay => &[OTHER_RELAY],
        };
        lists.iter().copied().flatten().collect()
    }
}

/// What the novice's window opens at run time, by the names of Debian's packages.
pub fn of_the_window() -> Vec<&'static str> {
    WINDOW.iter().map(|need| need.package).collect()
}

/// Makes sure that everything in `sets` is there; says what is missing before installing it.
///
/// # Errors
/// If something is missing and cannot be installed: a sentence with the command to type.
pub fn ensure(steps: &mut Steps, sets: &[Set]) -> anyhow::Result<()> {
    let needs = sets.iter().flat_map(|set| set.needs());
    let mut missing: Vec<&str> = needs.filter(|need| !found(need)).map(name).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !in_path("apt-get") {
        // Whether a library is there under another name cannot be told: go on, and let the
        // build say so if it is not.
        eprintln!(
            "This is neither Debian nor Ubuntu, so nothing is installed. What is needed goes by \
             these names there; please install their counterparts if the next steps fail: {list}"
        );
        return Ok(());
    }
    eprintln!("Missing system packages: {list}");
    let by_hand = format!("please install them yourself: apt-get install {list}");
    steps.step("Installing system packages", || {
        apt(&["update"])?;
        let mut install = vec!["install", "--yes", "--no-install-recommends"];
        install.extend(&missing);
        apt(&install).context(by_hand)
    })
}

fn name(need: &'static Need) -> &'static str {
    match need.ubuntu {
        Some(ubuntu) if is_ubuntu() => ubuntu,
        _ => need.package,
    }
}

fn found(need: &'static Need) -> bool {
    need.programs.iter().any(|program| in_path(program)) || installed(name(need))
}

fn installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|out| out.stdout == b"installed")
}

/// Whether there is a program of that name.
pub fn in_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn is_ubuntu() -> bool {
    std::fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

fn apt(args: &[&str]) -> anyhow::Result<()> {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else if in_path("sudo") {
        eprintln!("This needs administrator rights, so sudo may ask for your password.");
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        bail!("installing needs administrator rights, and there is no sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    sh(command
        .args(["--quiet", "-o", "Dpkg::Use-Pty=0"])
        .args(args))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of our own entry under /proc is the user we run as.
    std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

/// Makes sure that Rust can build for the browser.
///
/// # Errors
/// If the target is missing and rustup cannot add it.
pub fn ensure_wasm_target(steps: &mut Steps) -> anyhow::Result<()> {
    let out = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", bundle::TARGET])
        .output()
        .context("cannot start rustc")?;
    let dir = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    if !dir.is_empty() && Path::new(&dir).exists() {
        return Ok(());
    }
    steps.step("Adding Rust's target for the browser", || {
        sh(Command::new("rustup").args(["target", "add", bundle::TARGET])).context(
            "Rust cannot build for the browser yet: please install its target wasm32-unknown-unknown",
        )
    })
}

/// Makes sure that the formatter and the linter are there.
///
/// # Errors
/// If one is missing and rustup cannot add it.
pub fn ensure_lint_tools(steps: &mut Steps) -> anyhow::Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
        {
            steps.step(&format!("Adding {component}"), || {
                sh(Command::new("rustup").args(["component", "add", component]))
            })?;
        }
    }
    Ok(())
}
