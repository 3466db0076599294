//! The agent's end of the hand.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStdin, ChildStdout},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{
    queue::Queue,
    wire::{self, Command, Event, Unframer},
    xerror::XError,
    xtest::release_xtest,
};

/// A display releases what a hand held in so long, or later: nobody waits longer for it.
const RELEASE: Duration = Duration::from_secs(1);

/// The hand cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandError {
    /// The program could not be run.
    #[error("the program that moves mouse and keyboard cannot be started: {0}")]
    Start(#[from] std::io::Error),
}

/// The hand is gone, or does not keep up; [`Hand::next`] says so too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the program that moves mouse and keyboard is gone")]
pub struct Gone;

/// A running hand. Dropping it closes the pipe, upon which it releases everything and ends.
pub struct Hand {
    shared: Arc<Shared>,
    stdout: ChildStdout,
    unframer: Unframer,
    writer: JoinHandle<()>,
    child: Child,
    display: String,
    /// Why it is over, once it is.
    over: Option<String>,
    /// What it held is being released, once its process has ended.
    releasing: Option<Releasing>,
    /// The fault has been given out.
    told: bool,
}

struct Releasing {
    done: oneshot::Receiver<Result<usize, XError>>,
    until: Instant,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// For the writer: there is something to write.
    queued: Notify,
    /// For the reader: the hand was given up.
    broken: Notify,
}

#[derive(Default)]
struct State {
    queue: Queue,
    gone: bool,
}

impl Shared {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in here can panic halfway through a change.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hand {
    /// Starts `program hand` on `display`. It is ready when [`Event::Ready`] comes.
    ///
    /// # Errors
    /// The program cannot be run.
    pub fn spawn(program: &Path, display: &str) -> Result<Self, HandError> {
        let mut child = tokio::process::Command::new(program)
            .arg("hand")
            .env("DISPLAY", display)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Never killed: it ends by itself when the pipe closes, with nothing held.
            .kill_on_drop(false)
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("its pipes are missing").into());
        };
        let shared = Arc::new(Shared::default());
        let writer = tokio::spawn(write(Arc::clone(&shared), stdin));
        Ok(Self {
            shared,
            stdout,
            unframer: Unframer::default(),
            writer,
            child,
            display: display.to_owned(),
            over: None,
            releasing: None,
            told: false,
        })
    }

    /// Sends a command; never waits. Of motions that wait only the latest is sent; `Close` and
    /// `Prompt(true)` overtake all input that waits.
    ///
    /// # Errors
    /// The hand is gone, or takes nothing any more.
    pub fn send(&self, command: Command) -> Result<(), Gone> {
        let sent = self.shared.with(|state| {
            if state.gone || state.queue.push(command).is_err() {
                state.gone = true;
                return Err(Gone);
            }
            Ok(())
        });
        match sent {
            Ok(()) => self.shared.queued.notify_one(),
            Err(Gone) => self.shared.broken.notify_one(),
        }
        sent
    }

    /// The next event. When the hand is gone: one [`Event::Fault`], once its process has ended
    /// and everything that it held is released, unless the display hangs; after that nothing ever
    /// comes.
    ///
    /// Cancel safe: no event is lost if this is dropped while it waits.
    pub async fn next(&mut self) -> Event {
        let why = loop {
            if self.told {
                std::future::pending::<()>().await;
            }
            if let Some(why) = &self.over {
                break why.clone();
            }
            match self.unframer.message::<Event>() {
                Ok(Some(Event::Fault(why))) => self.over = Some(why),
                Ok(Some(event)) => return event,
                Ok(None) => self.read().await,
                Err(malformed) => self.over = Some(malformed.to_string()),
            }
        };
        self.shared.with(|state| state.gone = true);
        self.writer.abort();
        // Only a hand that is really gone presses nothing any more: then all can be released.
        let _ = self.child.kill().await;
        let releasing = self.releasing.get_or_insert_with(|| {
            let display = self.display.clone();
            let (told, done) = oneshot::channel();
            // No task of the runtime, which would not end before a display that hangs.
            std::thread::spawn(move || {
                let _ = told.send(release_xtest(&display));
            });
            Releasing {
                done,
                until: Instant::now() + RELEASE,
            }
        });
        match timeout_at(releasing.until, &mut releasing.done).await {
            Ok(Ok(Ok(released))) => tracing::info!(released, "released what a dead hand held"),
            Ok(Ok(Err(error))) => tracing::warn!(%error, "releasing what a dead hand held"),
            Ok(Err(_)) | Err(_) => tracing::warn!("nothing is known of what a dead hand held"),
        }
        self.told = true;
        Event::Fault(why)
    }

    async fn read(&mut self) {
        let mut buffer = [0; 1024];
        let read = tokio::select! {
            read = self.stdout.read(&mut buffer) => read,
            () = self.shared.given_up() => Ok(0),
        };
        match read {
            Ok(count @ 1..) => self.unframer.feed(&buffer[..count]),
            Ok(0) | Err(_) => self.over = Some(Gone.to_string()),
        }
    }

    /// Whether it takes nothing any more: then [`Hand::next`] is to be waited for, which releases
    /// what it held.
    pub fn is_given_up(&self) -> bool {
        self.shared.with(|state| state.gone)
    }

    /// The process, for tests that kill it.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

impl Shared {
    /// Comes back when the hand was given up by a sender or by the writer.
    async fn given_up(&self) {
        while !self.with(|state| state.gone) {
            self.broken.notified().await;
        }
    }
}

async fn write(shared: Arc<Shared>, mut stdin: ChildStdin) {
    loop {
        match shared.with(|state| state.queue.pop()) {
            None => shared.queued.notified().await,
            Some(command) => {
                if stdin.write_all(&wire::frame(&command)).await.is_err() {
                    shared.with(|state| state.gone = true);
                    shared.broken.notify_one();
                    return;
                }
            }
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        // Drops the pipe's end, wherever the writer is.
        self.writer.abort();
        if self.shared.with(|state| state.gone) {
            // It does not even read any more; whoever gave it up releases what it held.
            let _ = self.child.start_kill();
        }
    }
}
