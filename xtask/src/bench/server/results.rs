//! The raw results.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use super::{RUNS, Run};
use crate::bench::cell::quantile;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Results {
    /// What it was measured on, as of the last file.
    pub machine: Value,
    /// Of each run, what it gave in each round.
    runs: BTreeMap<Run, BTreeMap<(usize, u64), Value>>,
    files: usize,
    /// What went wrong, one sentence a run.
    pub failed: Vec<String>,
}

/// A figure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Half of them are less.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Results {
    /// Takes in a file.
    ///
    /// # Errors
    /// If a line is not what the load prints.
    pub fn read(&mut self, text: &str) -> anyhow::Result<()> {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut line: Value = serde_json::from_str(line).context("the results are no JSON")?;
            if let Some(machine) = line.get_mut("machine") {
                self.machine = machine.take();
                continue;
            }
            let known = RUNS
                .into_iter()
                .find(|Run(run, peer)| line["run"] == *run && line["peer"] == *peer);
            let run = known.with_context(|| format!("no run: {line}"))?;
            if line["ok"] == true {
                let round = line["round"].as_u64().context("a run of no round")?;
                let rounds = self.runs.entry(run).or_default();
                rounds.insert((self.files, round), line);
            } else {
                let error = line["error"].as_str().unwrap_or("no reason given");
                self.failed.push(format!("{} {}: {error}", run.0, run.1));
            }
        }
        self.files += 1;
        Ok(())
    }

    /// In how many rounds a run succeeded.
    pub fn rounds(&self, run: Run) -> usize {
        self.runs.get(&run).map_or(0, BTreeMap::len)
    }

    /// A figure of a run, by its JSON pointer.
    pub fn figure(&self, run: Run, pointer: &str) -> Option<Spread> {
        let rounds = self.runs.get(&run)?.values();
        spread(rounds.filter_map(|line| line.pointer(pointer)?.as_f64()))
    }

    /// One figure of a run by another one of it.
    pub fn rate(&self, run: Run, pointer: &str, by: &str) -> Option<Spread> {
        let rounds = self.runs.get(&run)?.values();
        spread(rounds.filter_map(|line| {
            let [part, whole] =
                [pointer, by].map(|name| line.pointer(name).and_then(Value::as_f64));
            Some(part? / whole?)
        }))
    }

    /// How often one has the figure of the other; of the same round, so that whatever else the
    /// machine did meets both.
    pub fn ratio(&self, one: Run, other: Run, pointer: &str) -> Option<Spread> {
        let (one, other) = (self.runs.get(&one)?, self.runs.get(&other)?);
        spread(one.iter().filter_map(|(round, line)| {
            let other = other.get(round)?.pointer(pointer)?.as_f64()?;
            Some(line.pointer(pointer)?.as_f64()? / other)
        }))
    }
}

fn spread(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.collect();
    let mut at = |part| quantile(&mut values, part);
    Some(Spread {
        median: at(0.5)?,
        least: at(0.0)?,
        most: at(1.0)?,
    })
}
