//! What is offered for download.

use std::path::PathBuf;

use clap::Args;

use super::problem::Problem;
use crate::downloads::Downloads;

/// What the server offers for download.
#[derive(Debug, Default, Args)]
pub struct DownloadOptions {
    /// A folder with programs for people who need help. What is in it is offered at /get
    #[arg(long, env = "DESKHAND_DOWNLOADS", value_name = "DIRECTORY")]
    pub downloads: Option<PathBuf>,
}

impl DownloadOptions {
    /// Opens the folder, if there is one to open.
    pub(super) fn check(self, problems: &mut Vec<Problem>) -> Option<Downloads> {
        match Downloads::open(self.downloads?) {
            Ok(downloads) => Some(downloads),
            Err(error) => {
                problems.push(error.into());
                None
            }
        }
    }
}
