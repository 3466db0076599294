//! The terminal front end: lines out, lines in.

mod console;
mod style;

use std::{
    io::{BufRead as _, IsTerminal as _, Read as _, Write as _},
    time::{Duration, Instant},
};

use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use crate::front::{
    Channel, FrontEnd, Intent, Invitation, Newest, Notice, Order, Password, Serial, View,
    local_time,
};
use console::{Act, Console};
pub use style::{Style, put_json};

/// The longest line that is read; more than the longest chat message.
const MAX_LINE: u64 = 16 * 1024;

/// A view follows the notice about it within this.
const SHOWN: Duration = Duration::from_secs(2);

/// What the novice has to pass on, for people.
pub fn announcement(invitation: &Invitation) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(number) = &invitation.number {
        lines.push(format!("Address: {}", invitation.server));
        lines.push(format!("Number: {number}"));
    }
    if let Some(link) = &invitation.link {
        lines.push(format!("Link: {link}"));
    }
    match &invitation.password {
        Password::Known(password) => lines.push(format!("Password: {password}")),
        Password::None => {
            let it = match invitation.channel {
                Channel::File => "file",
                Channel::Link | Channel::Mail | Channel::Spoken => "link",
            };
            lines.push(format!(
                "Password: none. Anyone who has the {it} may ask to see your screen."
            ));
        }
        Password::Forgotten => lines.push("Password: as you told it. It is not kept.".into()),
    }
    lines.push(format!("Open until: {}", local_time(invitation.ends)));
    let known = matches!(invitation.password, Password::Known(_));
    lines.extend(match invitation.channel {
        Channel::File if known => {
            Some("Give your helper the file, and tell the password separately, best by telephone.")
        }
        Channel::Mail if known => Some("Tell the password separately, best by telephone."),
        Channel::Spoken => Some(
            "On the phone: have your helper open the address, and read out number and password.",
        ),
        _ if known => Some("Send the link, and tell the password separately, best by telephone."),
        _ => None,
    }.map(Into::into));
    lines
}

/// Runs until everything is over. `order` is what to begin with.
pub async fn run(mut front: FrontEnd, order: Option<Order>, style: Style) {
    let mut lines = typed_lines();
    let mut reading = true;
    let mut console = Console::default();
    let mut ordered = order.is_some();
    if let Some(order) = order
        && front.intents.send(Intent::Invite(order)).await.is_err()
    {
        return;
    }
    let first = front.view.borrow_and_update().clone();
    perform(console.view(&first), &front).await;
    loop {
        let wake = console.wake();
        let acts = tokio::select! {
            biased;
            // Notices first: what led to a question is read before it.
            notice = front.notices.recv() => match notice {
                Some(Notice::Invited(serial, _)) => {
                    let ordered = std::mem::take(&mut ordered);
                    pass_on(&mut front, serial, style, ordered).await;
                    vec![]
                }
                Some(Notice::FileSaved(serial, path)) if style == Style::Json => {
                    style.saved(serial, &path);
                    vec![]
                }
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

/// Prints every invitation that is made.
pub async fn print(mut made: Newest, style: Style) {
    while let Some(invitation) = made.next().await {
        style.announce(&invitation);
    }
}

/// Prints an invitation that was made, and has it go the way that was asked for; unless it was
/// asked for elsewhere.
async fn pass_on(front: &mut FrontEnd, serial: Serial, style: Style, ordered: bool) {
    let shown = |view: &View| view.invitation(serial).is_some() || view.over;
    // It is there in a moment, unless it is gone again already.
    let made = tokio::time::timeout(SHOWN, front.view.wait_for(shown)).await;
    let made = made.ok().and_then(Result::ok);
    let Some(made) = made.and_then(|view| view.invitation(serial).cloned()) else {
        return;
    };
    style.announce(&made);
    let further = match made.channel {
        _ if !ordered => return,
        Channel::Link | Channel::Spoken => return,
        Channel::File => Intent::SaveFile(serial),
        Channel::Mail => Intent::OpenMail(serial),
    };
    let _ = front.intents.send(further).await;
}

async fn perform(acts: Vec<Act>, front: &FrontEnd) {
    for act in acts {
        match act {
            Act::Line(line) => say(&line),
            Act::Ask(text) => {
                let _ = write_aside_or_out(text);
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

/// Prints a line for people. A closed standard output is no reason to stop helping.
pub fn say(line: &str) {
    let _ = write_aside_or_out(&format!("{line}\n"));
}

/// Prints a line on standard output, whoever reads it.
pub fn put(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn write_aside_or_out(text: &str) -> std::io::Result<()> {
    if style::is_aside() {
        return std::io::stderr().lock().write_all(text.as_bytes());
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Asks something before anything runs, and reads one line.
///
/// # Errors
/// Whatever the system says.
pub fn ask(question: &str) -> std::io::Result<String> {
    write_aside_or_out(question)?;
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_LINE)
        .read_line(&mut typed)?;
    Ok(typed.trim().to_owned())
}

/// Prints a line where errors go.
pub fn complain(line: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "deskhand: {line}");
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
