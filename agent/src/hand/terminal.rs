//! Which window holds the terminal that this program runs in.
//!
//! Whoever can type into that window can answer the questions asked there. So it counts as
//! the agent's own; and where it cannot be told, control is not given.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, IsTerminal as _},
    path::Path,
};

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, Window},
    rust_connection::RustConnection,
};

use super::{own::process_of, xerror::XError};

/// What is known about the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalWindow {
    /// There is none on this display: standard input is no terminal, or one elsewhere.
    None,
    /// These windows hold it, or may hold it; add them to the agent's own.
    Windows(Vec<u32>),
    /// It may be on this display, and nobody can tell where. The sentence is for the novice.
    Unknown(String),
}

/// Finds the window on the display that `DISPLAY` names that holds this program's terminal.
pub fn terminal_window() -> TerminalWindow {
    if !io::stdin().is_terminal() {
        return TerminalWindow::None;
    }
    // The console, or a serial line, is not in any window.
    let Some(terminal) = pseudo_terminal() else {
        return TerminalWindow::None;
    };
    search(terminal).unwrap_or_else(|error| {
        tracing::warn!(%error, "looking for the terminal's window");
        TerminalWindow::Unknown(NOT_FOUND.into())
    })
}

const NOT_FOUND: &str = "Deskhand cannot tell which window its questions are answered in. \
                         Start it again without --terminal, so that it opens a window.";

fn search(terminal: u32) -> Result<TerminalWindow, XError> {
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots[screen].root;
    let windows = windows(&connection, root)?;
    let named = std::env::var("WINDOWID")
        .ok()
        .and_then(|id| id.parse().ok());
    let of = |owners: &[u32]| owned_by(&windows, owners, named);

    // Best of all: whose window shows it, because that program holds its other end.
    let programs: BTreeSet<u32> = windows.iter().filter_map(|(pid, _)| *pid).collect();
    let holders: Vec<u32> = (programs.iter().copied())
        .filter(|pid| shows(*pid, terminal) == Some(true))
        .collect();
    if let Some(found) = of(&holders) {
        return Ok(found);
    }
    if let Some(program) = inside_another() {
        return Ok(TerminalWindow::Unknown(format!(
            "Deskhand runs inside {program}, so it cannot tell which window its questions are \
             answered in. Start it in a terminal window of its own, or without --terminal, so \
             that it opens a window."
        )));
    }
    // The nearest parent with a window; one further up may be the whole desktop.
    for pid in ancestors() {
        if let Some(found) = of(&[pid]) {
            return Ok(found);
        }
    }
    // Nobody who has a window here shows it, if all of them can be asked.
    let nobody = |(pid, _): &(Option<u32>, Window)| {
        pid.is_some_and(|pid| shows(pid, terminal) == Some(false))
    };
    if windows.iter().all(nobody) {
        return Ok(TerminalWindow::None);
    }
    Ok(TerminalWindow::Unknown(NOT_FOUND.into()))
}

/// The windows of these processes; only the one that the terminal named, if it is among them.
/// A name that was handed down through other programs may be another window's by now.
fn owned_by(
    windows: &[(Option<u32>, Window)],
    owners: &[u32],
    named: Option<Window>,
) -> Option<TerminalWindow> {
    let owned = windows
        .iter()
        .filter(|(pid, _)| pid.is_some_and(|pid| owners.contains(&pid)));
    let all: Vec<Window> = owned.map(|(_, window)| *window).collect();
    match named.filter(|window| all.contains(window)) {
        Some(window) => Some(TerminalWindow::Windows(vec![window])),
        None => (!all.is_empty()).then_some(TerminalWindow::Windows(all)),
    }
}

/// The number of the pseudo-terminal that standard input is.
fn pseudo_terminal() -> Option<u32> {
    let path = fs::read_link("/proc/self/fd/0").ok()?;
    path.strip_prefix("/dev/pts").ok()?.to_str()?.parse().ok()
}

/// This process, its parent, and so on.
fn ancestors() -> impl Iterator<Item = u32> {
    let first = Some(std::process::id());
    std::iter::successors(first, |pid| parent(*pid)).take_while(|pid| *pid > 1)
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// Every window directly on the display, and those inside frames, with their processes.
fn windows(
    connection: &RustConnection,
    root: Window,
) -> Result<Vec<(Option<u32>, Window)>, XError> {
    let mut found = Vec::new();
    for top in connection.query_tree(root)?.reply()?.children {
        let inside = connection
            .query_tree(top)?
            .reply()
            .map(|tree| tree.children);
        for window in std::iter::once(top).chain(inside.unwrap_or_default()) {
            match process_of(connection, window) {
                Ok(process) => found.push((process, window)),
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

/// A program that shows terminals inside others, and may be shown by any window.
fn inside_another() -> Option<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let known = [("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "Zellij")];
    if let Some((_, name)) = known.into_iter().find(|(variable, _)| set(variable)) {
        return Some(name);
    }
    // From this very computer, or with its display taken along: the window is on this display.
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    let mut fields = connection.split_whitespace();
    let (from, to) = (fields.next()?, fields.nth(1)?);
    let local_display = std::env::var("DISPLAY").is_ok_and(|name| name.starts_with(':'));
    (from == to || !local_display).then_some("a remote shell")
}

/// Whether a process holds the other end of pseudo-terminal `number`; `None` if it does not
/// let itself be asked.
fn shows(pid: u32, number: u32) -> Option<bool> {
    let descriptors = format!("/proc/{pid}/fd");
    for entry in fs::read_dir(&descriptors).ok()? {
        let entry = entry.ok()?;
        let Ok(target) = fs::read_link(entry.path()) else {
            continue;
        };
        if target == Path::new("/dev/ptmx") || target == Path::new("/dev/pts/ptmx") {
            let name = entry.file_name();
            let info = format!("/proc/{pid}/fdinfo/{}", name.to_string_lossy());
            let info = fs::read_to_string(info).ok()?;
            let index = info
                .lines()
                .find_map(|line| line.strip_prefix("tty-index:"));
            if index?.trim().parse() == Ok(number) {
                return Some(true);
            }
        }
    }
    Some(false)
}
