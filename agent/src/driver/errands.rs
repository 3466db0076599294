//! What takes a while and has nothing to do with a session: trying a server out, writing an
//! invitation's file, opening the mail program. Each is done beside the loop, and says when it
//! is done.

use std::{path::PathBuf, sync::Arc};

use deskhand_protocol::{invitation::Link, text::Name};
use tokio::sync::mpsc;

use crate::{
    channel::{
        file::{self, FilePage},
        mail::{self, Letter, Opened, Way},
    },
    front::{Invitation, Notice},
    io::ServerEvent,
    sentence::sentence,
    server::{self, Address, Trust},
};

/// More cannot wait: the novice has one pair of hands.
const QUEUE: usize = 16;

/// What the errands need.
#[derive(Debug, Clone)]
pub struct Papers {
    /// Where an invitation's file goes.
    pub folder: PathBuf,
    /// How the novice is called; may be empty.
    pub name: Name,
    /// By which way the mail program is opened.
    pub way: Way,
    /// Whom the mail is for, if the novice has said so.
    pub to: Option<String>,
}

impl Papers {
    /// Writes an invitation's file, and gives where it is.
    ///
    /// # Errors
    /// A sentence.
    pub fn write(&self, invitation: &Invitation) -> Result<PathBuf, String> {
        let link = invitation.link.as_deref().and_then(|link| {
            let (_, fragment) = link.split_once('#')?;
            Link::parse(fragment).ok()
        });
        let Some(link) = link else {
            return Err("This invitation is closed, so there is nothing to pass on.".into());
        };
        let page = file::page(&FilePage {
            server: &invitation.server,
            link: &link,
            novice: &self.name,
        });
        let page = page.map_err(|error| error.to_string())?;
        let path = self.folder.join(file::file_name(&self.name));
        file::write(&page, &path).map_err(|error| error.to_string())
    }

    /// Writes an invitation's file, and tells what came of it.
    pub fn save(&self, invitation: &Invitation) -> Notice {
        match self.write(invitation) {
            Ok(path) => Notice::FileSaved(invitation.serial, path),
            Err(why) => Notice::FileNotSaved(invitation.serial, still_open(&why)),
        }
    }

    /// Opens the mail program with an invitation, and tells what came of it.
    pub async fn mail(&self, invitation: &Invitation) -> Notice {
        let serial = invitation.serial;
        let failed = |why: &str| Notice::MailNotOpened(serial, still_open(why));
        let letter = self.write(invitation).and_then(|attachment| {
            let letter = Letter::new(self.to.as_deref(), invitation, attachment);
            letter.map_err(|error| sentence(&error))
        });
        let letter = match letter {
            Ok(letter) => letter,
            Err(why) => return failed(&why),
        };
        match mail::open(&letter, self.way).await {
            Ok(Opened::Text(text)) => Notice::MailText(serial, text),
            Ok(opened) => Notice::MailOpened(serial, opened.sentence()),
            Err(error) => failed(&sentence(&error)),
        }
    }
}

fn still_open(why: &str) -> String {
    format!("{why} The invitation is open all the same.")
}

/// An errand is done.
pub(super) enum Done {
    /// The novice is told.
    Tell(Notice),
    /// A server was tried out; a sentence says why it will not do.
    Server(Result<Address, String>),
}

/// See the module.
pub struct Errands {
    papers: Papers,
    trust: Trust,
    allows: Arc<dyn Fn(&Address) -> bool + Send + Sync>,
    done: mpsc::Sender<Done>,
    back: mpsc::Receiver<Done>,
}

impl Errands {
    /// `trust`: who is believed about servers; `allows`: whether the administrator allows one.
    pub fn new(
        papers: Papers,
        trust: Trust,
        allows: impl Fn(&Address) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (done, back) = mpsc::channel(QUEUE);
        Self {
            papers,
            trust,
            allows: Arc::new(allows),
            done,
            back,
        }
    }

    pub(super) async fn next(&mut self) -> Done {
        match self.back.recv().await {
            Some(done) => done,
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }

    /// Tries out the server at an address that the novice typed.
    pub(super) fn check_server(&self, typed: String) -> ServerEvent {
        let (done, allows) = (self.done.clone(), Arc::clone(&self.allows));
        let trust = self.trust.clone();
        tokio::spawn(async move {
            let found = try_out(&typed, &trust, &*allows).await;
            let _ = done.send(Done::Server(found)).await;
        });
        ServerEvent::Checking
    }

    /// Writes an invitation's file.
    pub(super) fn save_file(&self, invitation: Invitation) {
        let (papers, done) = (self.papers.clone(), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let notice = papers.save(&invitation);
            let _ = done.blocking_send(Done::Tell(notice));
        });
    }

    /// Opens the mail program with an invitation.
    pub(super) fn open_mail(&self, invitation: Invitation) {
        let (papers, done) = (self.papers.clone(), self.done.clone());
        tokio::spawn(async move {
            let notice = papers.mail(&invitation).await;
            let _ = done.send(Done::Tell(notice)).await;
        });
    }
}

/// Tries out the server at an address that somebody typed.
///
/// # Errors
/// A sentence.
pub async fn try_out(
    typed: &str,
    trust: &Trust,
    allows: &(dyn Fn(&Address) -> bool + Send + Sync),
) -> Result<Address, String> {
    let typed = typed.trim();
    // People leave it out, and browsers let them.
    let full = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let address = Address::parse(&full).map_err(|error| sentence(&error))?;
    if !allows(&address) {
        return Err("Your administrator does not allow that server here.".into());
    }
    server::check(&address, trust)
        .await
        .map_err(|error| sentence(&error))?;
    Ok(address)
}

pub(super) fn named(address: &Address) -> ServerEvent {
    ServerEvent::Named(address.public())
}

pub(super) fn refused(why: String) -> ServerEvent {
    ServerEvent::Unfit(why)
}
