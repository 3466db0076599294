//! Who asks the portal: a second process of this program.
//!
//! A portal finds out who asks by looking at their `/proc/PID/root`, and refuses whomever it cannot
//! look into ([`open_flatpak_info`]). Nobody may look into this program
//! ([`secrecy`](crate::secrecy)), so it starts one that knows nothing but what the mail program is
//! told anyway.
//!
//! [`open_flatpak_info`]: https://github.com/flatpak/xdg-desktop-portal/blob/main/src/xdp-app-info-flatpak.c

use std::{
    ffi::OsString,
    path::Path,
    process::{ExitCode, Stdio},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use super::portal;

/// Longer than the portal itself is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the portal is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question {
    /// The address of the bus; `None`: the session's.
    pub bus: Option<String>,
    pub to: Option<String>,
    pub subject: String,
    pub body: String,
    /// The path of a file.
    pub attachment: OsString,
}

/// What comes of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Opened,
    Cancelled,
    Unanswered,
    /// Why, in a few words.
    Failed(String),
}

/// Has `program`, which is this one, ask.
pub(super) async fn ask(program: &Path, question: &Question) -> Answer {
    match timeout(PATIENCE, run(program, question)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::Failed(error.to_string()),
        Err(_) => Answer::Unanswered,
    }
}

async fn run(program: &Path, question: &Question) -> std::io::Result<Answer> {
    let mut child = Command::new(program)
        .arg("portal")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(question)?).await?;
    }
    let output = child.wait_with_output().await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The whole life of that process: reads the question from standard input, and writes the answer
/// to standard output.
pub fn ask_for_another() -> ExitCode {
    let asked = || -> std::io::Result<()> {
        let question: Question = serde_json::from_reader(std::io::stdin())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let answer = runtime.block_on(portal::ask(&question));
        Ok(serde_json::to_writer(std::io::stdout(), &answer)?)
    };
    match asked() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::warn!(%error, "asking the portal");
            ExitCode::FAILURE
        }
    }
}
