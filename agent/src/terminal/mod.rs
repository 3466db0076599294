//! The terminal front end: lines out, lines in.

mod console;

use std::{
    io::{BufRead as _, IsTerminal as _, Read as _, Write as _},
    time::Instant,
};

use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use crate::front::{FrontEnd, Invitation, Password, local_time};
use console::{Act, Console};

/// The longest line that is read; more than the longest chat message.
const MAX_LINE: u64 = 16 * 1024;

/// Prints what the novice has to pass on.
pub fn announce(invitation: &Invitation) {
    if let Some(link) = &invitation.link {
        say(&format!("Link: {link}"));
    }
    match &invitation.password {
        Password::Known(password) => say(&format!("Password: {password}")),
        Password::None => {
            say("Password: none. Anyone who has the link may ask to see your screen.");
        }
        Password::Forgotten => say("Password: as you told it. It is not kept."),
    }
    say(&format!("Open until: {}", local_time(invitation.ends)));
    if let Password::Known(_) = invitation.password {
        say("Send the link, and tell the password separately, best by telephone.");
    }
}

/// Runs until the session is over.
pub async fn run(mut front: FrontEnd) {
    let mut lines = typed_lines();
    let mut reading = true;
    let mut console = Console::default();
    let first = front.view.borrow_and_update().clone();
    perform(console.view(&first), &front).await;
    loop {
        let wake = console.wake();
        let acts = tokio::select! {
            biased;
            // Notices first: what led to a question is read before it.
            notice = front.notices.recv() => match notice {
                Some(notice) => console.notice(&notice, Instant::now()),
                None => return,
            },
            Ok(()) = front.view.changed() => {
                let view = front.view.borrow_and_update().clone();
                console.view(&view)
            }
            line = lines.recv(), if reading => {
                // Without an end of the input nobody can type any more, and every question is
                // answered by silence.
                reading = line.is_some();
                line.map(|line| console.line(&line)).unwrap_or_default()
            }
            () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {
                console.tick(Instant::now())
            }
        };
        perform(acts, &front).await;
    }
}

async fn perform(acts: Vec<Act>, front: &FrontEnd) {
    for act in acts {
        match act {
            Act::Line(line) => say(&line),
            Act::Ask(text) => {
                let mut out = std::io::stdout().lock();
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            Act::DiscardTyped => {
                let stdin = std::io::stdin();
                if stdin.is_terminal() {
                    let _ = tcflush(&stdin, QueueSelector::IFlush);
                }
            }
            Act::Intent(intent) => {
                let _ = front.intents.send(intent).await;
            }
        }
    }
}

/// Prints a line. A closed standard output is no reason to stop helping.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Lines from standard input, read on a thread of their own: a blocking read cannot be broken
/// off, so it must not keep the program alive.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(8);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match (&mut input).take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
