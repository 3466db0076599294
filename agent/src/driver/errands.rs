//! What takes a while and has nothing to do with a session: trying a server out, writing an
//! invitation's file, opening the mail program. Each is done beside the loop, and says when it
//! is done.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::mpsc;

use crate::{
    front::{Invitation, Notice},
    io::ServerEvent,
    server::{self, Address},
};

/// More cannot wait: the novice has one pair of hands.
const QUEUE: usize = 16;

/// What the errands need.
#[derive(Debug, Clone)]
pub struct Papers {
    /// Where an invitation's file goes.
    pub folder: PathBuf,
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
    allows: Arc<dyn Fn(&Address) -> bool + Send + Sync>,
    done: mpsc::Sender<Done>,
    back: mpsc::Receiver<Done>,
}

impl Errands {
    /// `allows`: whether the administrator allows a server.
    pub fn new(papers: Papers, allows: impl Fn(&Address) -> bool + Send + Sync + 'static) -> Self {
        let (done, back) = mpsc::channel(QUEUE);
        Self {
            papers,
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
        tokio::spawn(async move {
            let found = try_out(&typed, &*allows).await;
            let _ = done.send(Done::Server(found)).await;
        });
        ServerEvent::Checking
    }

    pub(super) fn save_file(&self, _invitation: &Invitation) {
        let _ = &self.papers;
    }

    pub(super) fn open_mail(&self, _invitation: &Invitation) {}
}

async fn try_out(
    typed: &str,
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
    server::check(&address)
        .await
        .map_err(|error| sentence(&error))?;
    Ok(address)
}

/// An error as a sentence.
fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

pub(super) fn named(address: &Address) -> ServerEvent {
    ServerEvent::Named(address.public())
}

pub(super) fn refused(why: String) -> ServerEvent {
    ServerEvent::Unfit(why)
}
