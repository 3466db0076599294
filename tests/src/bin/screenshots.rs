//! Takes the README's pictures: plays a session with the real programs and pictures the
//! expert's console and the novice's window. Its argument is the folder to put them in.

use std::{path::PathBuf, time::Duration};

use deskhand_tests::{
    browser::Role, desktop::Desktop, expert::Expert, server::Server, wait::PATIENCE,
    window::WindowNovice,
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    #[expect(clippy::expect_used, reason = "the caller is a program of ours")]
    let folder = folder.expect("usage: screenshots FOLDER");

    let server = Server::start().await;
    let mut desktop = Desktop::start().await;
    for program in [
        &["xsetroot", "-solid", "#2f5d62"][..],
        &["xclock", "-geometry", "170x170+1080+20"],
        &[
            "xterm",
            "-geometry",
            "80x22+40+60",
            "-fa",
            "Monospace",
            "-fs",
            "11",
            "-title",
            "Terminal",
            "-e",
            "sh",
            "-c",
            "ls -l --color /usr/share | head -18; exec sh",
        ],
    ] {
        desktop.run(program);
    }
    let novice = WindowNovice::invite(&server, &desktop).await;
    let expert = Expert::open(&novice.link).await;
    expert.connect(&novice.password).await;
    novice.allows().await;
    expert.sees_desktop().await;
    expert.chats("Hello! I can see your screen now.").await;
    expert.chats("May I use the mouse for a moment?").await;
    expert.browser.press("Take control").await;
    novice.allows().await;
    expert.has_control().await;
    expert
        .browser
        .says(Role::Status, "share mouse and keyboard")
        .await;
    expert.points_at((300, 300)).await;
    // The picture sharpens when nothing moves any more.
    expert.settles(Duration::from_secs(2), PATIENCE).await;
    expert
        .browser
        .save_picture(&folder.join("console.png"))
        .await;
    novice
        .save_picture(&desktop, &folder.join("novice.png"))
        .await;
}
