//! What can be said on the command line. Secrets never can: arguments are seen by everybody on
//! the computer.

use clap::{Args, Parser, Subcommand};

use crate::invitation::Lifetime;

/// Ask somebody you trust to help you on your own screen.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; without a word: invite.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// As for `invite`.
    #[command(flatten)]
    pub invite: Invite,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Invite somebody to see your screen.
    Invite(Invite),
    /// The program's own second process; not for people.
    #[command(hide = true)]
    Hand,
}

/// How to invite.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Invite {
    /// The server that introduces you, such as <https://help.example.org>
    #[arg(long, env = "DESKHAND_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// Read the password from the first line of standard input instead of making one.
    #[arg(long, conflicts_with = "no_password")]
    pub password_stdin: bool,
    /// No password: anyone who has the link may ask to see your screen.
    #[arg(long)]
    pub no_password: bool,
    /// How long the invitation stays open, such as 30m, 1h or 2d.
    #[arg(
        long,
        env = "DESKHAND_EXPIRES",
        default_value = "1h",
        value_name = "TIME"
    )]
    pub expires: Lifetime,
    /// What your helper sees as your name.
    #[arg(long, env = "DESKHAND_NAME", default_value = "", value_name = "TEXT")]
    pub name: String,
    /// Stay in the terminal instead of opening a window.
    #[arg(long)]
    pub terminal: bool,
    /// Also print link and password here when a window opens. Not by default: what a desktop's
    /// programs print often ends up in a log.
    #[arg(long)]
    pub print: bool,
    /// The most the picture may use, in kbit/s.
    #[arg(long, env = "DESKHAND_MAX_BITRATE", default_value_t = 8000, value_name = "KBIT",
          value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub max_bitrate: u32,
    /// The most pictures a second.
    #[arg(long, env = "DESKHAND_MAX_FPS", default_value_t = 60, value_name = "FPS",
          value_parser = clap::value_parser!(u8).range(1..=60))]
    pub max_fps: u8,
}
