//! What everything was measured on and with.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use serde_json::{Value, json};

/// The first line of the raw results; `with` are the other programs.
pub fn describe(root: &Path, with: &[String], now: Duration) -> Value {
    let memory = line_of("/proc/meminfo", "MemTotal:")
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .map(|kib| (kib + (1 << 19)) >> 20);
    json!({ "machine": {
        "seconds": now.as_secs(),
        "commit": said(Command::new("git").arg("-C").arg(root).args(["rev-parse", "--short", "HEAD"])),
        "processor": line_of("/proc/cpuinfo", "model name"),
        "cores": thread::available_parallelism().map_or(0, usize::from),
        "memory_gib": memory,
        "system": line_of("/etc/os-release", "PRETTY_NAME").map(|name| name.replace('"', "")),
        "kernel": said(Command::new("uname").arg("-r")),
        "with": with,
    }})
}

/// The relays beside ours.
pub fn relays() -> Vec<String> {
    let version = debian("coturn");
    Vec::from_iter(version.map(|version| format!("coturn {version}")))
}

/// The remote desktops beside ours, and the browser that shows them.
pub fn peers(cache: &Path) -> Vec<String> {
    let selkies = cache.join("sk/bin/pip");
    let asked: [(&str, Option<String>); 5] = [
        ("Chromium", debian("chromium")),
        (
            "Selkies",
            said(Command::new(selkies).args(["show", "selkies"])).and_then(|text| {
                Some(
                    text.lines()
                        .find_map(|line| line.strip_prefix("Version: "))?
                        .to_owned(),
                )
            }),
        ),
        ("TigerVNC", debian("tigervnc-standalone-server")),
        ("x11vnc", debian("x11vnc")),
        ("xpra", debian("xpra")),
    ];
    asked
        .into_iter()
        .filter_map(|(name, version)| Some(format!("{name} {}", version?)))
        .collect()
}

fn debian(package: &str) -> Option<String> {
    said(Command::new("dpkg-query").args(["--show", "--showformat=${Version}", package]))
}

fn said(command: &mut Command) -> Option<String> {
    let out = command.output().ok().filter(|out| out.status.success())?;
    Some(String::from_utf8(out.stdout).ok()?.trim().to_owned())
}

/// What follows that name in a file of names and values.
fn line_of(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(
        line.trim_start_matches([' ', '\t', ':', '='])
            .trim()
            .to_owned(),
    )
}
