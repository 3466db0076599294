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

use super::{
    Desk, Letter, MailError, Opened,
    asker::{self, Answer, Question},
};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const EMAIL: &str = "org.freedesktop.portal.Email";
const REQUEST: &str = "org.freedesktop.portal.Request";
/// Until the portal has taken the letter. One that is broken takes none.
const TAKING: Duration = Duration::from_secs(10);
/// Until the mail program is open; the novice may be asked meanwhile which one to use.
const OPENING: Duration = Duration::from_secs(30);

pub(super) async fn open(desk: &Desk, letter: &Letter) -> Result<Opened, MailError> {
    let question = Question {
        bus: desk.bus.clone(),
        to: letter.to.clone(),
        subject: letter.subject.clone(),
        body: letter.plain.clone(),
        attachment: letter.attachment.clone().into_os_string(),
    };
    let answer = match &desk.asker {
        Some(program) => asker::ask(program, &question).await,
        None => ask(&question).await,
    };
    match answer {
        Answer::Opened => Ok(Opened::Program {
            attachment: letter.attachment.clone(),
        }),
        Answer::Cancelled => Err(MailError::Cancelled),
        Answer::Unanswered => Err(MailError::Unanswered),
        Answer::Failed(why) => Err(MailError::Portal(why)),
    }
}

/// Asks the portal from this very process, and waits for what comes of it.
pub(super) async fn ask(question: &Question) -> Answer {
    let (handle, mut answers) = match timeout(TAKING, begin(question)).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(error)) => return Answer::Failed(error.to_string()),
        Err(_) => return Answer::Failed("it does not answer".into()),
    };
    let answer = async {
        while let Some(message) = answers.next().await {
            let Ok(message) = message else { continue };
            if message.header().path().is_some_and(|path| *path == *handle) {
                return message.body().deserialize().ok();
            }
        }
        None
    };
    let answer: Option<(u32, HashMap<String, OwnedValue>)> = match timeout(OPENING, answer).await {
        Ok(answer) => answer,
        Err(_) => return Answer::Unanswered,
    };
    match answer {
        Some((0, _)) => Answer::Opened,
        Some((1, _)) => Answer::Cancelled,
        Some(_) => Answer::Failed("it could not open one".into()),
        None => Answer::Failed("it went away".into()),
    }
}

/// Asks the portal. What it answers comes as a signal later, which belongs to the returned path.
async fn begin(question: &Question) -> zbus::Result<(OwnedObjectPath, MessageStream)> {
    let bus = match &question.bus {
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

    let attachment = File::open(&question.attachment)?;
    // Always there, if empty: some desktops' part of it trips over a letter to nobody.
    let to: Vec<&str> = question.to.as_deref().into_iter().collect();
    let options = HashMap::from([
        ("addresses", Value::from(to)),
        ("subject", Value::from(question.subject.as_str())),
        ("body", Value::from(question.body.as_str())),
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
