//! `xdg-email`, which knows the mail programs and how each wants its attachment.

use std::ffi::OsStr;

use super::{Desk, Letter, MailError, Opened, program};

pub(super) async fn open(desk: &Desk, letter: &Letter) -> Result<Opened, MailError> {
    program::handler(desk, "x-scheme-handler/mailto").await?;
    let mut arguments = vec![
        OsStr::new("--utf8"),
        OsStr::new("--subject"),
        OsStr::new(&letter.subject),
        OsStr::new("--body"),
        OsStr::new(&letter.plain),
        OsStr::new("--attach"),
        letter.attachment.as_os_str(),
    ];
    arguments.extend(letter.to.as_deref().map(OsStr::new));
    program::run(desk, "xdg-email", &arguments).await?;
    Ok(Opened::Program {
        attachment: letter.attachment.clone(),
    })
}
