//! What waits to be written to one socket: bounded in number and in bytes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, mpsc};

/// How many messages may wait.
const MAX_MESSAGES: usize = 64;
/// How many bytes may wait.
const MAX_BYTES: usize = 512 * 1024;

/// The driver's end. Dropped: the socket closes once everything in it is written.
pub(crate) struct Outbox {
    messages: mpsc::Sender<String>,
    waiting: Arc<AtomicUsize>,
    abandoned: Arc<Notify>,
}

/// The socket's end.
pub(crate) struct Mail {
    messages: mpsc::Receiver<String>,
    waiting: Arc<AtomicUsize>,
}

/// Both ends, and what tells the socket that the rest shall not be written any more.
pub(crate) fn outbox() -> (Outbox, Mail, Arc<Notify>) {
    let (sender, receiver) = mpsc::channel(MAX_MESSAGES);
    let abandoned = Arc::new(Notify::new());
    let waiting = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox {
        messages: sender,
        waiting: Arc::clone(&waiting),
        abandoned: Arc::clone(&abandoned),
    };
    let mail = Mail {
        messages: receiver,
        waiting,
    };
    (outbox, mail, abandoned)
}

impl Outbox {
    /// Whether there was room for it.
    pub(crate) fn push(&self, text: String) -> bool {
        let len = text.len();
        // Only the driver adds, so what is free now stays free until the next line.
        if self.waiting.load(Ordering::Relaxed) + len > MAX_BYTES {
            return false;
        }
        self.waiting.fetch_add(len, Ordering::Relaxed);
        // If the socket's task has ended, that it is gone is on its way here.
        let sent = self.messages.try_send(text);
        !matches!(sent, Err(mpsc::error::TrySendError::Full(_)))
    }

    /// The socket shall close at once, whatever still waits.
    pub(crate) fn abandon(self) {
        self.abandoned.notify_one();
    }
}

impl Mail {
    /// The next message to write; `None`: the outbox was dropped, and nothing is left.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let text = self.messages.recv().await?;
        self.waiting.fetch_sub(text.len(), Ordering::Relaxed);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_bounded_in_number_and_in_bytes() {
        let (outbox, mut mail, _) = outbox();
        let pushed = |len: usize| (0..1000).filter(|_| outbox.push("x".repeat(len))).count();
        assert_eq!(pushed(1), MAX_MESSAGES);
        while mail.waiting.load(Ordering::Relaxed) > 0 && !mail.messages.is_empty() {
            mail.next().await;
        }
        assert_eq!(pushed(60_000), MAX_BYTES / 60_000);
        assert!(mail.next().await.is_some());
        assert!(outbox.push("x".repeat(60_000)), "room again");
    }
}
