//! Which window holds the terminal that this program runs in.
//!
//! Whoever can type into that window can answer the questions asked there. So it counts as
//! the agent's own; and where it cannot be told, control is not given.

use std::{
    collections::HashSet,
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

/// Finds the window on `display` that holds this program's terminal.
///
/// # Errors
/// The display cannot be reached.
pub fn terminal_window(display: &str) -> Result<TerminalWindow, XError> {
    if !io::stdin().is_terminal() {
        return Ok(TerminalWindow::None);
    }
    let Some(terminal) = pseudo_terminal() else {
        // The console, or a serial line: not in any window.
        return Ok(TerminalWindow::None);
    };
    let (connection, screen) = x11rb::connect(Some(display))?;
    let root = connection.setup().roots[screen].root;
    let ancestors = ancestors();
    if let Some(window) = named_window(&connection, &ancestors) {
        return Ok(TerminalWindow::Windows(vec![window]));
    }
    let programs = programs(&connection, root)?;
    let of = |wanted: &dyn Fn(u32) -> bool| -> Vec<Window> {
        let windows = programs.iter().filter(|(pid, _)| pid.is_some_and(wanted));
        windows.map(|(_, window)| *window).collect()
    };
    let mine = of(&|pid| ancestors.contains(&pid));
    if !mine.is_empty() {
        return Ok(TerminalWindow::Windows(mine));
    }
    if let Some(inside) = inside_another() {
        return Ok(TerminalWindow::Unknown(format!(
            "Deskhand runs inside {inside}, so it cannot tell which window its questions are \
             answered in. Start it in a terminal window of its own, or without a terminal."
        )));
    }
    // No parent of ours has a window here. Whoever shows this terminal holds its other end.
    let holders: HashSet<u32> = (programs.iter())
        .filter_map(|(pid, _)| *pid)
        .filter(|pid| shows(*pid, terminal) == Some(true))
        .collect();
    if !holders.is_empty() {
        return Ok(TerminalWindow::Windows(of(&|pid| holders.contains(&pid))));
    }
    let all_known = (programs.iter())
        .all(|(pid, _)| pid.is_some_and(|pid| shows(pid, terminal) == Some(false)));
    if all_known {
        return Ok(TerminalWindow::None);
    }
    Ok(TerminalWindow::Unknown(
        "Deskhand cannot tell which window its questions are answered in. Start it without a \
         terminal, from the menu of programs."
            .into(),
    ))
}

/// The number of the pseudo-terminal that standard input is.
fn pseudo_terminal() -> Option<u32> {
    let path = fs::read_link("/proc/self/fd/0").ok()?;
    path.strip_prefix("/dev/pts").ok()?.to_str()?.parse().ok()
}

/// This process, its parent, and so on.
fn ancestors() -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut next = Some(std::process::id());
    while let Some(pid) = next.filter(|pid| *pid > 1)
        && found.insert(pid)
    {
        next = parent(pid);
    }
    found
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// The window that the terminal itself named, if it is a parent's: a name that was handed down
/// through other programs may be another window's by now.
fn named_window(connection: &RustConnection, ancestors: &HashSet<u32>) -> Option<Window> {
    let window: Window = std::env::var("WINDOWID").ok()?.parse().ok()?;
    let process = process_of(connection, window).ok()??;
    ancestors.contains(&process).then_some(window)
}

/// Every window directly on the display, and those inside frames, with their processes.
fn programs(
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
