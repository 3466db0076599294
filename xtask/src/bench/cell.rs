//! The raw results, and the runs of one cell of the tables pooled.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

/// All runs of one peer doing one workload over one net.
#[derive(Debug, Default)]
pub struct Cell {
    runs: Vec<Value>,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Results {
    /// What it was measured on, as of the last file.
    pub machine: Value,
    /// What the agent's stages took, as its own bench prints it.
    pub stages: Option<String>,
    cells: BTreeMap<[String; 3], Cell>,
    /// What went wrong, one sentence a run.
    pub failed: Vec<String>,
}

impl Results {
    /// # Errors
    /// If a line is not what the harness prints.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut results = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut line: Value = serde_json::from_str(line).context("the results are no JSON")?;
            if let Some(machine) = line.get_mut("machine") {
                results.machine = machine.take();
                continue;
            }
            if let Some(stages) = line["stages"].as_str() {
                results.stages = Some(stages.to_owned());
                continue;
            }
            let word = |name: &str| line[name].as_str().map(str::to_owned).context("no run");
            let key = [word("net")?, word("workload")?, word("peer")?];
            if line["ok"] == true {
                results.cells.entry(key).or_default().runs.push(line);
            } else {
                let error = line["error"].as_str().unwrap_or("no reason given");
                // Where its logs were is of no use to others.
                let error = error.split(", see ").next().unwrap_or(error);
                let [net, workload, peer] = key;
                results
                    .failed
                    .push(format!("{peer}, {workload}, {net}: {error}"));
            }
        }
        Ok(results)
    }

    /// The runs of one cell, if there are any.
    pub fn cell(&self, net: &str, workload: &str, peer: &str) -> Option<&Cell> {
        self.cells.get(&[net, workload, peer].map(str::to_owned))
    }

    /// All peers that were measured, variants of ours included.
    pub fn peers(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self
            .cells
            .keys()
            .map(|[_, _, peer]| peer.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }
}

impl Cell {
    /// A quantile over all single values of these kinds, of all runs.
    pub fn quantile(&self, kinds: &[&str], part: f64) -> Option<f64> {
        let mut values: Vec<f64> = (self.runs.iter())
            .flat_map(|run| kinds.iter().filter_map(|&kind| run["raw"][kind].as_array()))
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        quantile(&mut values, part)
    }

    /// The median over the runs of one figure, by its JSON pointer.
    pub fn median(&self, pointer: &str) -> Option<f64> {
        let mut values: Vec<f64> = (self.runs.iter())
            .filter_map(|run| run.pointer(pointer)?.as_f64())
            .collect();
        quantile(&mut values, 0.5)
    }
}

/// Between two values, the one in proportion.
pub fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "there are far fewer values than that"
    )]
    let (at, below) = {
        let at = part * last as f64;
        (at.fract(), at as usize)
    };
    let (low, high) = (values[below], values[(below + 1).min(last)]);
    Some(low + (high - low) * at)
}
