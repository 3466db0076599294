//! Starting the small programs of xdg-utils, which start others.

use std::{ffi::OsStr, io, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use super::{Desk, MailError};

/// They fail fast. What still runs after this has become the mail program.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs it until it has started something, or failed.
pub(super) async fn run(
    desk: &Desk,
    program: &'static str,
    arguments: &[&OsStr],
) -> Result<(), MailError> {
    let failed = |why: String| MailError::Program { program, why };
    let mut child = command(desk, program)
        .args(arguments)
        .spawn()
        .map_err(|error| failed(missing(&error)))?;
    match timeout(PATIENCE, child.wait()).await {
        Err(_) => Ok(()),
        Ok(Err(error)) => Err(failed(format!("because it was lost sight of ({error})"))),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(meaning(status.code()).into())),
    }
}

/// The desktop's program for a type, as its `.desktop` file is called.
///
/// Asked first because a desktop without one opens a browser instead.
pub(super) async fn handler(desk: &Desk, kind: &str) -> Result<(), MailError> {
    const PROGRAM: &str = "xdg-mime";
    let mut command = command(desk, PROGRAM);
    let query = command.args(["query", "default", kind]);
    let answer = timeout(
        PATIENCE,
        query.stdout(Stdio::piped()).kill_on_drop(true).output(),
    )
    .await;
    let failed = |why: String| MailError::Program {
        program: PROGRAM,
        why,
    };
    match answer {
        Err(_) => Err(failed("because it did not answer".into())),
        Ok(Err(error)) => Err(failed(missing(&error))),
        Ok(Ok(output)) if output.stdout.trim_ascii().is_empty() => Err(MailError::NoProgram),
        Ok(Ok(_)) => Ok(()),
    }
}

fn command(desk: &Desk, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .envs(desk.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl+C in our terminal is not meant for the mail program.
        .process_group(0);
    command
}

fn missing(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "because it is not installed (package xdg-utils)".into()
    } else {
        format!("because it could not be started ({error})")
    }
}

/// What xdg-utils mean by their exit codes.
fn meaning(code: Option<i32>) -> &'static str {
    match code {
        Some(1) => "because it did not understand what was asked",
        Some(2) => "because the invitation's file was not there",
        Some(3) => "because it found no program to do it with",
        Some(4) => "because the program that it started failed",
        Some(5) => "because it was not allowed to read the invitation's file",
        _ => "and did not say why",
    }
}
