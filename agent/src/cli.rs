//! What can be said on the command line. Secrets never can: arguments are seen by everybody on
//! the computer.

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use crate::{
    front::{Channel, Serial},
    invitation::Lifetime,
};

/// Ask somebody you trust to help you on your own screen.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; without a word: open the window.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How the program behaves.
    #[command(flatten)]
    pub agent: Agent,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Invite somebody to see your screen.
    Invite(Invite),
    /// Wait for the helpers you have invited, without inviting another one.
    Wait(Agent),
    /// List your invitations.
    Status(Output),
    /// Show again what to pass on of an invitation.
    Show(Show),
    /// Close an invitation at once.
    Expire(Named),
    /// Have an invitation stay open longer.
    Extend(Extend),
    /// Delete closed invitations from the list.
    Forget(Forget),
    /// What the administrator of this computer allows.
    #[command(subcommand)]
    Policy(Policy),
    /// Show or change what Deskhand remembers.
    Settings(Settings),
    /// The program's own second process; not for people.
    #[command(hide = true)]
    Hand,
    /// Another process of the program's own, which asks the desktop for a mail program.
    #[command(hide = true)]
    Portal,
}

/// How the program behaves, whatever it is to do.
#[derive(Debug, Clone, Args)]
pub struct Agent {
    /// The server that introduces you, such as <https://help.example.org>
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Certificate of an authority of your own that is to be believed, too.
    #[arg(long, env = "DESKHAND_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// What your helper sees as your name.
    #[arg(long, env = "DESKHAND_NAME", value_name = "TEXT")]
    pub name: Option<String>,
    /// Stay in the terminal instead of opening a window.
    #[arg(long)]
    pub terminal: bool,
    /// The most the picture may use, in kbit/s.
    #[arg(long, env = "DESKHAND_MAX_BITRATE", default_value_t = 50_000, value_name = "KBIT",
          value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub max_bitrate: u32,
    /// The most pictures a second.
    #[arg(long, env = "DESKHAND_MAX_FPS", default_value_t = 60, value_name = "FPS",
          value_parser = clap::value_parser!(u8).range(1..=60))]
    pub max_fps: u8,
}

/// How to invite.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Invite {
    /// How the invitation reaches your helper.
    #[arg(long, value_enum, default_value_t = ChannelName::Link)]
    pub channel: ChannelName,
    /// Read the password from the first line of standard input instead of making one.
    #[arg(long, conflicts_with = "no_password")]
    pub password_stdin: bool,
    /// No password: anyone who has the invitation may ask to see your screen.
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
    /// Keep the invitation open after the first visit, until it ends.
    #[arg(long)]
    pub keep_open: bool,
    /// Where the invitation's file goes; by default into your folder for downloads.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Whom the mail is for; you can fill it in later, too.
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// Also print the invitation here when a window opens. Not by default: what a desktop's
    /// programs print often ends up in a log.
    #[arg(long)]
    pub print: bool,
    /// Also print the link as a code for the camera of a telephone.
    #[arg(long, conflicts_with = "json")]
    pub qr: bool,
    /// For programs: print the invitation as one line of JSON.
    #[arg(long)]
    pub json: bool,
    /// How the program behaves.
    #[command(flatten)]
    pub agent: Agent,
}

/// A [`Channel`], as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChannelName {
    /// You send a link in a message.
    Link,
    /// You pass a file on.
    File,
    /// Your own mail program sends it.
    Mail,
    /// You read a number and a password out on the phone.
    Spoken,
}

impl From<ChannelName> for Channel {
    fn from(name: ChannelName) -> Self {
        match name {
            ChannelName::Link => Self::Link,
            ChannelName::File => Self::File,
            ChannelName::Mail => Self::Mail,
            ChannelName::Spoken => Self::Spoken,
        }
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// For programs: print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One invitation, to be shown again.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// Its number, as `deskhand status` lists it.
    #[arg(value_name = "ID", value_parser = serial)]
    pub id: Serial,
    /// Also print the link as a code for the camera of a telephone.
    #[arg(long)]
    pub qr: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Some invitations.
#[derive(Debug, Clone, Args)]
pub struct Named {
    /// Their numbers, as `deskhand status` lists them.
    #[arg(value_name = "ID", required = true, value_parser = serial)]
    pub ids: Vec<Serial>,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// Some closed invitations, or all of them.
#[derive(Debug, Clone, Args)]
pub struct Forget {
    /// Their numbers, as `deskhand status` lists them.
    #[arg(value_name = "ID", required_unless_present = "closed", value_parser = serial)]
    pub ids: Vec<Serial>,
    /// All that are closed.
    #[arg(long, conflicts_with = "ids")]
    pub closed: bool,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// One invitation, and how much longer.
#[derive(Debug, Clone, Args)]
pub struct Extend {
    /// Its number, as `deskhand status` lists it.
    #[arg(value_name = "ID", value_parser = serial)]
    pub id: Serial,
    /// How much longer, such as 30m, 1h or 2d.
    #[arg(value_name = "TIME")]
    pub by: Lifetime,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

/// About the policy.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Policy {
    /// Explain what is in force, and why.
    Check(Output),
}

/// What to remember; without a word: show it.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// The server that introduces you.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Certificate of an authority of your own that is to be believed, too; "" for none.
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub ca: Option<PathBuf>,
    /// What your helper sees as your name.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Which mail program opens: auto, portal, xdg-email, mapi, draft or text.
    #[arg(long, value_name = "WAY")]
    pub mail: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub output: Output,
}

fn serial(text: &str) -> Result<Serial, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number
        .map(Serial)
        .ok_or_else(|| "an invitation's number is 1 or more, as deskhand status lists it".into())
}
