//! Made-up sessions to draw: one for every screen, shared by the tests and the gallery.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::{path::PathBuf, time::Duration};

use deskhand_agent::{
    clock::Now,
    front::{
        Ask, Channel, Control, Intent, Invitation, Notice, PROMPT_DELAY, Password, Prompt,
        PromptId, Reach, Rules, Serial, Server, Speaker, Stage, Standing, View, Watched,
    },
    ui::{self, Model, Passwords},
};
use deskhand_protocol::{
    handshake::Words,
    text::{ChatText, Name},
};
use zeroize::Zeroizing;

pub mod invitations;

/// Draws into the whole of a test harness's window, without the margin that it leaves.
pub fn draw(ui: &mut egui::Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    let all = ui.ctx().content_rect();
    let mut whole = ui.new_child(egui::UiBuilder::new().max_rect(all));
    whole.set_clip_rect(all);
    ui::draw(&mut whole, model, now)
}

/// Every screen by its name.
pub const SCREENS: [&str; 55] = [
    "home",
    "home-open",
    "home-verifying",
    "home-server-down",
    "home-forbidden",
    "home-warning",
    "server",
    "server-problem",
    "server-checking",
    "scam",
    "scam-called",
    "wizard-channel",
    "wizard-password",
    "wizard-own",
    "wizard-no-password",
    "wizard-spoken",
    "wizard-life",
    "wizard-capped",
    "wizard-failed",
    "wizard-making",
    "link",
    "link-code",
    "link-no-password",
    "link-forgotten",
    "link-getting-ready",
    "link-other-server",
    "link-server-down",
    "verifying",
    "file",
    "file-saved",
    "file-not-saved",
    "mail",
    "mail-opened",
    "mail-not-opened",
    "spoken",
    "spoken-no-number",
    "closed-used",
    "closed-expired",
    "closed-stopped",
    "closed-locked",
    "list",
    "list-empty",
    "closing",
    "prompt-view",
    "prompt-control",
    "connecting",
    "viewing",
    "paused",
    "away",
    "lost",
    "control",
    "control-screens",
    "local-hand",
    "ended",
    "ended-badly",
];

/// One more, for a name that takes much room.
pub const LONG_NAME: &str = "long-name";

/// Something the novice does.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// Presses a button or the like.
    Click(&'static str),
    /// Types into a field.
    Type(&'static str, &'static str),
    /// Closes a window that has no tray.
    Close,
}

/// From the first page to one of [`SCREENS`].
pub fn way(screen: &str) -> Vec<Act> {
    use Act::{Click, Close, Type};
    let invite = Click("Invite someone to help you");
    let mut way = match screen.split('-').next().unwrap_or_default() {
        "server" | "scam" => vec![invite],
        "wizard" => match screen {
            "wizard-channel" => vec![invite],
            "wizard-spoken" => vec![invite, Click("On the phone")],
            _ => vec![invite, Click("With a link")],
        },
        "link" | "verifying" | "file" | "mail" | "spoken" => vec![Click("Show it")],
        "closed" => vec![Click("View invitation status"), Click("Show")],
        "list" => vec![Click("View invitation status")],
        "closing" => vec![Close],
        _ => vec![],
    };
    way.extend_from_slice(match screen {
        "server-problem" => &[Type("Address of the server", "help.example.com")],
        "scam-called" => &[Click("Yes, somebody called me")],
        "wizard-own" => &[Click("Choose my own"), Type("Your own password", "river")],
        "wizard-no-password" => &[Click("No password")],
        "wizard-life" | "wizard-capped" => &[Click("Continue")],
        "wizard-failed" | "wizard-making" => &[Click("Continue"), Click("Make the invitation")],
        "link-code" => &[Click("Show QR code")],
        _ => &[],
    });
    way
}

/// Always offers the same password first.
pub fn passwords() -> Passwords {
    let mut next = ["k7mp-q2rs", "w3xt-8hjn", "b9dc-5fga"].into_iter().cycle();
    Passwords::new(move || Zeroizing::new(next.next().unwrap_or_default().to_owned()))
}

/// The model that belongs to one of [`SCREENS`], still on its first page.
pub fn model(screen: &str, now: Now) -> Model {
    Model::new(view(screen, now), passwords())
}

fn maria() -> Name {
    Name::new("Maria")
}

fn words() -> Words {
    Words::from_bytes([215, 74])
}

fn viewing(paused: bool, control: Control) -> Stage {
    Stage::Viewing {
        expert: maria(),
        words: words(),
        paused,
        watched: None,
        looking: true,
        control,
        lost: None,
    }
}

/// The connection was lost a while ago.
fn lost(now: Now) -> Stage {
    Stage::Viewing {
        expert: maria(),
        words: words(),
        paused: false,
        watched: None,
        looking: true,
        control: Control::None,
        lost: now.at.checked_sub(Duration::from_secs(12)),
    }
}

/// The expert has something else in front of the page.
fn away() -> Stage {
    Stage::Viewing {
        expert: maria(),
        words: words(),
        paused: false,
        watched: None,
        looking: false,
        control: Control::None,
        lost: None,
    }
}

fn asking(now: Now, ask: Ask) -> Prompt {
    let live_at = now.at + PROMPT_DELAY;
    Prompt {
        id: PromptId(1),
        ask,
        live_at,
        deadline: live_at + Duration::from_mins(1),
    }
}

/// The view that belongs to one of [`SCREENS`].
pub fn view(screen: &str, now: Now) -> View {
    let (stage, prompt) = stage(screen, now);
    View {
        stage,
        prompt,
        server: server(screen),
        invitations: invitations_of(screen, now),
        rules: rules(screen),
        first_use: screen.starts_with("scam"),
        over: false,
    }
}

fn stage(screen: &str, now: Now) -> (Stage, Option<Prompt>) {
    let connecting = || Stage::Connecting {
        expert: maria(),
        words: words(),
    };
    let view_of = |expert| {
        asking(
            now,
            Ask::View {
                expert,
                words: words(),
            },
        )
    };
    match screen {
        "home-verifying" => (Stage::Verifying(Serial(2)), None),
        "verifying" => (Stage::Verifying(Serial(1)), None),
        "prompt-view" => (connecting(), Some(view_of(maria()))),
        LONG_NAME => {
            let name = "Maria Theresia Walburga\nverified by your bank ".repeat(3);
            (connecting(), Some(view_of(Name::new(&name))))
        }
        "prompt-control" => (
            viewing(false, Control::None),
            Some(asking(now, Ask::Control { expert: maria() })),
        ),
        "connecting" => (connecting(), None),
        "viewing" => (viewing(false, Control::None), None),
        "paused" => (viewing(true, Control::None), None),
        "away" => (away(), None),
        "lost" => (lost(now), None),
        "control" => (viewing(false, Control::Shared { local_hand: false }), None),
        "control-screens" => (
            Stage::Viewing {
                expert: maria(),
                words: words(),
                paused: false,
                looking: true,
                watched: Some(Watched::One {
                    place: 2,
                    of: 2,
                    name: "HDMI-1".into(),
                }),
                control: Control::Shared { local_hand: false },
                lost: None,
            },
            None,
        ),
        "local-hand" => (viewing(false, Control::Shared { local_hand: true }), None),
        "ended" | "ended-badly" => (
            Stage::Ended {
                why: match screen {
                    "ended" => "You ended the session.".into(),
                    _ => "The connection to your helper broke.".into(),
                },
                trouble: screen != "ended",
            },
            None,
        ),
        _ => (Stage::Home, None),
    }
}

fn server(screen: &str) -> Server {
    match screen {
        "home-server-down" | "link-server-down" => Server::Down,
        "server" => Server::Unnamed { problem: None },
        "server-problem" => Server::Unnamed {
            problem: Some(
                "There is no Deskhand server at help.example.com. Please check the address.".into(),
            ),
        },
        "server-checking" => Server::Checking,
        _ => Server::Up,
    }
}

fn rules(screen: &str) -> Rules {
    match screen {
        "home-forbidden" => Rules {
            forbidden: Some("Remote assistance is disabled by your administrator.".into()),
            ..Rules::default()
        },
        "home-warning" => Rules {
            warning: Some(
                "Invite only staff of the help desk. They never ask for your password.".into(),
            ),
            view_only: true,
            ..Rules::default()
        },
        "wizard-capped" => Rules {
            longest: Some(Duration::from_mins(30)),
            ..Rules::default()
        },
        _ => Rules::default(),
    }
}

fn invitations_of(screen: &str, now: Now) -> Vec<Invitation> {
    let open = |channel| invitations::open(1, channel, now);
    match screen {
        "home-open" | "home-verifying" => vec![
            invitations::open(2, Channel::Link, now),
            open(Channel::Spoken),
        ],
        "link-no-password" => vec![Invitation {
            password: Password::None,
            ..open(Channel::Link)
        }],
        "link-forgotten" => vec![Invitation {
            password: Password::Forgotten,
            failed: 1,
            ..open(Channel::Link)
        }],
        "link-getting-ready" => vec![Invitation {
            reach: Reach::NotYet,
            ..open(Channel::Link)
        }],
        "link-other-server" => vec![Invitation {
            reach: Reach::Elsewhere,
            ..open(Channel::Link)
        }],
        "spoken-no-number" => vec![Invitation {
            number: None,
            ..open(Channel::Spoken)
        }],
        "closed-used" => vec![invitations::closed(9, Channel::Mail, Standing::Used, now)],
        "closed-expired" => vec![invitations::closed(
            9,
            Channel::File,
            Standing::Expired,
            now,
        )],
        "closed-stopped" => vec![invitations::closed(
            9,
            Channel::Spoken,
            Standing::Revoked,
            now,
        )],
        "closed-locked" => vec![invitations::closed(9, Channel::Link, Standing::Locked, now)],
        "list" => invitations::all(now),
        "spoken" => vec![open(Channel::Spoken)],
        "file" | "file-saved" | "file-not-saved" => vec![open(Channel::File)],
        "mail" | "mail-opened" | "mail-not-opened" => vec![open(Channel::Mail)],
        "link" | "link-code" | "link-server-down" | "verifying" | "closing" => {
            vec![open(Channel::Link)]
        }
        _ => vec![],
    }
}

/// What is told on that screen.
pub fn notices(screen: &str) -> Vec<Notice> {
    let maria_says = |text: &str| Notice::Chat {
        from: Speaker::Expert(maria()),
        text: ChatText::new(text),
    };
    let you_say = |text: &str| Notice::Chat {
        from: Speaker::Novice,
        text: ChatText::new(text),
    };
    match screen {
        "link-server-down" => vec![Notice::ServerAway { viewing: false }],
        "verifying" => vec![Notice::Attempt, Notice::WrongPassword { left: 4 }],
        "wizard-failed" => vec![Notice::NotInvited(
            Channel::Link,
            "The server cannot be reached, so it gave you no number. Try again later, or choose \
             another way."
                .into(),
        )],
        "file-saved" => vec![Notice::FileSaved(
            Serial(1),
            PathBuf::from("/home/anna/Documents/Help Anna.html"),
        )],
        "file-not-saved" => vec![Notice::FileNotSaved(
            Serial(1),
            "The disk is full, so the file could not be written. Make room and try again.".into(),
        )],
        "mail-opened" => vec![Notice::MailOpened(
            Serial(1),
            "Your mail program is open. Put in your helper's address and send the message.".into(),
        )],
        "mail-not-opened" => vec![Notice::MailNotOpened(
            Serial(1),
            "No mail program was found on this computer.".into(),
        )],
        "viewing" | "paused" | "control" | "local-hand" => vec![
            Notice::ViewingStarted(maria()),
            maria_says("Hello! I can see your screen now. What is the matter?"),
            you_say("The printer does nothing. I have tried three times."),
            maria_says(
                "Let me look at it. May I use your mouse for a moment? I will ask you first.",
            ),
            you_say("Yes, please."),
        ],
        _ => vec![],
    }
}
