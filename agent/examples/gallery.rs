//! Shows one screen of the novice's window with a made-up session behind it:
//! `cargo run -p deskhand-agent --example gallery -- control`, and without a name the list of
//! them. Whatever is pressed is printed and changes nothing.

use deskhand_agent::{
    clock::Now,
    front::FrontEnd,
    ui::{
        person::DisplayDevices,
        window::{self, Show, Surroundings},
    },
};
use tokio::sync::{mpsc, watch};

#[path = "../tests/canned/mod.rs"]
mod canned;

#[expect(clippy::print_stdout, reason = "a program for developers to look at")]
fn main() -> anyhow::Result<()> {
    let Some(screen) = std::env::args()
        .nth(1)
        .filter(|s| canned::SCREENS.contains(&s.as_str()))
    else {
        println!("screens: {}", canned::SCREENS.join(" "));
        return Ok(());
    };
    let shown = canned::view(&screen, Now::read());
    let (wish, wishes) = mpsc::channel(1);
    // The page of the one that the screen is about; the others are found by pressing buttons.
    if let [only] = shown.invitations.as_slice() {
        wish.try_send(Show::Invitation(only.serial))?;
    }
    let (_views, view) = watch::channel(shown);
    let canned = canned::notices(&screen);
    let (tell, notices) = mpsc::channel(canned.len().max(1));
    for notice in canned {
        if tell.try_send(notice).is_err() {
            break;
        }
    }
    let (intents, mut pressed) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Some(intent) = pressed.blocking_recv() {
            println!("{intent:?}");
        }
    });
    let (own_windows, _windows) = watch::channel(Vec::new());
    let front = FrontEnd {
        view,
        notices,
        intents,
        own_windows,
    };
    let person = DisplayDevices::new(&std::env::var("DISPLAY").unwrap_or_default())?;
    let around = Surroundings {
        person: Box::new(person),
        show: Some(wishes),
        order: None,
        tray: watch::channel(false).1,
    };
    Ok(window::run(front, around)?)
}
