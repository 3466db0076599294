//! A draft in a file, for mail programs that take nothing else.

use std::{
    ffi::OsStr,
    fs, io,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_builder::{
    MessageBuilder,
    headers::{date::Date, raw::Raw},
    mime::MimePart,
};

use super::{Desk, Letter, MailError, Opened, program};
use crate::channel::file::write;

pub(super) async fn open(desk: &Desk, letter: &Letter) -> Result<Opened, MailError> {
    program::handler(desk, "message/rfc822").await?;
    let path = letter.attachment.with_extension("eml");
    let draft = fs::read(&letter.attachment)
        .and_then(|attachment| compose(letter, &attachment, SystemTime::now()))
        .and_then(|draft| String::from_utf8(draft).map_err(io::Error::other));
    let written = draft.and_then(|draft| write(&draft, &path).map_err(|error| error.cause));
    let path = match written {
        Ok(path) => path,
        Err(error) => return Err(MailError::Draft { path, error }),
    };
    if let Err(error) = program::run(desk, "xdg-open", &[path.as_os_str()]).await {
        // It holds the link, and nobody will look for it.
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok(Opened::Draft(path))
}

fn compose(letter: &Letter, attachment: &[u8], now: SystemTime) -> io::Result<Vec<u8>> {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut message = MessageBuilder::new()
        // The first header: by it `file` tells a letter from other text.
        .date(Date::new(since.as_secs().try_into().unwrap_or_default()))
        // What makes it a draft, where that is understood.
        .header("X-Unsent", Raw::new("1"))
        .subject(letter.subject.as_str())
        .text_body(letter.text.as_str());
    if let Some(to) = letter.to.as_deref() {
        message = message.to(to);
    }
    let name = letter.attachment.file_name().map(OsStr::to_string_lossy);
    let file = MimePart::new("text/html", base64_lines(attachment))
        .attachment(name.unwrap_or("invitation.html".into()))
        .transfer_encoding("base64");
    message.attachments = Some(vec![file]);
    message.write_to_vec()
}

/// Every byte arrives as it is; as text, mail programs may change how lines end.
fn base64_lines(bytes: &[u8]) -> String {
    const BYTES_IN_A_LINE: usize = 57;
    let lines = bytes.chunks(BYTES_IN_A_LINE);
    let encoded: Vec<String> = lines.map(|line| STANDARD.encode(line)).collect();
    encoded.join("\r\n")
}
