//! A virtual desktop for machines without a display: an X server in memory, a window manager and
//! a few programs. Everything dies with the process that started it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// Starts the desktop and gives its name for `DISPLAY`.
///
/// # Errors
/// If the X server cannot be started.
pub fn start(logs: &Path) -> anyhow::Result<String> {
    let mut server = companion("Xvfb");
    server
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
        .args(["-nolisten", "tcp", "-noreset"])
        .stderr(File::create(logs.join("xvfb.log"))?);
    let number = first_line(server).with_context(|| {
        format!(
            "Xvfb did not start; see {}",
            logs.join("xvfb.log").display()
        )
    })?;
    let display = format!(":{number}");
    let on_display = |words: &[&str]| {
        let mut program = companion(words[0]);
        program
            .args(&words[1..])
            .env("DISPLAY", &display)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program
    };
    // Windows that are opened before the window manager says that it is ready can get lost.
    first_line(on_display(&[
        "openbox",
        "--sm-disable",
        "--startup",
        "echo ready",
    ]))?;
    for words in PROGRAMS {
        on_display(words)
            .spawn()
            .with_context(|| format!("cannot start {}", words[0]))?;
    }
    Ok(display)
}

/// Something to look at.
const PROGRAMS: [&[&str]; 3] = [
    &["xsetroot", "-solid", "#2f5d62"],
    &["xclock", "-geometry", "180x180+1060+40"],
    &[
        "xterm",
        "-geometry",
        "92x28+60+120",
        "-fa",
        "Monospace",
        "-fs",
        "11",
        "-title",
        "Terminal",
    ],
];

/// Starts a program and gives the first line it prints.
fn first_line(mut program: Command) -> anyhow::Result<String> {
    let mut child = program.stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().context("the program has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let line = line.trim();
    if line.is_empty() {
        bail!("it said nothing");
    }
    Ok(line.to_owned())
}

/// A program that the kernel ends when this process ends, however that happens, and that
/// Ctrl-C in the terminal does not reach.
pub fn companion(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "TERM", "--", program])
        .stdin(Stdio::null())
        .process_group(0);
    command
}
