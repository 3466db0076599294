//! What the server tells about itself.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// What to log, and how.
#[derive(Debug, Clone, Args)]
pub struct LogOptions {
    /// What to log: error, warn, info, debug or trace, also for single parts of the program
    #[arg(
        long,
        env = "DESKHAND_LOG",
        default_value = "info",
        value_name = "FILTER",
        value_parser = filter
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
    /// What passes.
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::try_new(&self.log).unwrap_or_default() // it was tried when it was read
    }
}

fn filter(text: &str) -> Result<String, &'static str> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("It has to be error, warn, info, debug or trace"),
    }
}
