//! What the server tells about itself.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::problem::Problem;

/// What to log, and how.
#[derive(Debug, Clone, Args)]
pub struct LogOptions {
    /// What to log: error, warn, info, debug or trace, also for single parts of the program
    #[arg(
        long,
        env = "DESKHAND_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log: String,

    /// How to log: text for people, or a line of JSON for each event
    #[arg(
        long,
        env = "DESKHAND_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

impl LogOptions {
    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        if self.filter().is_none() {
            problems.push(Problem::Combination(
                "--log cannot be read. It has to be error, warn, info, debug or trace.".to_owned(),
            ));
        }
    }

    /// What passes; `None`: it cannot be read.
    pub fn filter(&self) -> Option<EnvFilter> {
        EnvFilter::try_new(&self.log).ok()
    }
}
