//! Visible progress: every long step says its name when it begins, and how it went and how long
//! it took when it ends.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// What has been done so far.
pub struct Steps {
    began: Instant,
    done: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    ok: bool,
}

impl Steps {
    /// None yet.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Does one step and passes its result on.
    pub fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        eprintln!("\n[{}] {name} …", clock(self.began.elapsed()));
        let began = Instant::now();
        let result = work();
        let step = Step {
            name: name.to_owned(),
            took: began.elapsed(),
            ok: result.is_ok(),
        };
        eprintln!("{}", step.line());
        self.done.push(step);
        result.with_context(|| name.to_owned())
    }

    /// Does one step that later ones do not build on: a failure is remembered, and the rest is
    /// done all the same.
    pub fn check(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) {
        if let Err(error) = self.step(name, work) {
            eprintln!("{error:#}");
        }
    }

    /// Lists all steps.
    pub fn print_summary(&self) {
        eprintln!();
        for step in &self.done {
            eprintln!("{}", step.line());
        }
        eprintln!("        {} in all", clock(self.began.elapsed()));
    }

    /// # Errors
    /// Names the steps that failed, if any did.
    pub fn verdict(&self) -> anyhow::Result<()> {
        let failed: Vec<&str> = (self.done.iter())
            .filter(|step| !step.ok)
            .map(|step| step.name.as_str())
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

impl Step {
    fn line(&self) -> String {
        let word = if self.ok { "ok" } else { "FAILED" };
        format!("{word:>6}  {} ({})", self.name, clock(self.took))
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 10 {
        format!("{:.1} s", time.as_secs_f32())
    } else {
        format!("{}:{:02} min", seconds / 60, seconds % 60)
    }
}

/// Runs a program to its end; what it prints is seen as it comes. It gets no standard input.
///
/// # Errors
/// If it cannot be started or does not succeed; the sentence holds the whole command.
pub fn sh(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// A command as one would type it.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
