//! The desktop's own way: `org.freedesktop.portal.Email`.
//!
//! See [its documentation](https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Email.html).

use std::{collections::HashMap, fs::File, time::Duration};

use futures_util::StreamExt as _;
use tokio::time::timeout;
use zbus::{
    Connection, MatchRule, MessageStream,
    message::Type,
    zvariant::{Fd, OwnedObjectPath, OwnedValue, Value},
};

use super::{Desk, Letter, MailError, Opened};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const EMAIL: &str = "org.freedesktop.portal.Email";
const REQUEST: &str = "org.freedesktop.portal.Request";
/// Until the portal has taken the letter. One that is broken takes none.
const TAKING: Duration = Duration::from_secs(10);
/// Until the mail program is open; the novice may be asked meanwhile which one to use.
const OPENING: Duration = Duration::from_secs(30);

pub(super) async fn open(desk: &Desk, letter: &Letter) -> Result<Opened, MailError> {
    let asked = timeout(TAKING, ask(desk, letter)).await;
    let (handle, mut answers) = asked
        .map_err(|_| MailError::Portal("it does not answer".into()))?
        .map_err(|error| MailError::Portal(error.to_string()))?;
    let answer = async {
        while let Some(message) = answers.next().await {
            let Ok(message) = message else { continue };
            if message.header().path().is_some_and(|path| *path == *handle) {
                return message.body().deserialize().ok();
            }
        }
        None
    };
    let answer: Option<(u32, HashMap<String, OwnedValue>)> = timeout(OPENING, answer)
        .await
        .map_err(|_| MailError::Unanswered)?;
    match answer {
        Some((0, _)) => Ok(Opened::Program {
            attachment: letter.attachment.clone(),
        }),
        Some((1, _)) => Err(MailError::Cancelled),
        Some(_) => Err(MailError::Portal("it could not open one".into())),
        None => Err(MailError::Portal("it went away".into())),
    }
}

/// Asks the portal. What it answers comes as a signal later, which belongs to the returned path.
async fn ask(desk: &Desk, letter: &Letter) -> zbus::Result<(OwnedObjectPath, MessageStream)> {
    let bus = match &desk.bus {
        Some(address) => {
            zbus::connection::Builder::address(address.as_str())?
                .build()
                .await?
        }
        None => Connection::session().await?,
    };
    // Listening from before the question: the answer may come at once.
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(NAME)?
        .interface(REQUEST)?
        .member("Response")?
        .build();
    let answers = MessageStream::for_match_rule(rule, &bus, None).await?;

    let attachment = File::open(&letter.attachment)?;
    // Always there, if empty: some desktops' part of it trips over a letter to nobody.
    let to: Vec<&str> = letter.to.as_deref().into_iter().collect();
    let options = HashMap::from([
        ("addresses", Value::from(to)),
        ("subject", Value::from(letter.subject.as_str())),
        ("body", Value::from(letter.plain.as_str())),
        ("attachment_fds", Value::from(vec![Fd::from(&attachment)])),
    ]);
    let no_window = "";
    let reply = bus
        .call_method(
            Some(NAME),
            PATH,
            Some(EMAIL),
            "ComposeEmail",
            &(no_window, options),
        )
        .await?;
    Ok((reply.body().deserialize()?, answers))
}
