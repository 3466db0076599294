//! Made-up sessions to draw: one for every screen, shared by the tests and the gallery.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::time::Duration;

use deskhand_agent::{
    clock::Now,
    front::{
        Ask, Channel, Control, Intent, Invitation, Notice, PROMPT_DELAY, Password, Prompt,
        PromptId, Rules, Serial, Server, Speaker, Stage, Standing, View,
    },
    ui::{self, Model},
};
use deskhand_protocol::{
    handshake::Words,
    text::{ChatText, Name},
};

/// Draws into the whole of a test harness's window, without the margin that it leaves.
pub fn draw(ui: &mut egui::Ui, model: &mut Model, now: Now) -> Vec<Intent> {
    let all = ui.ctx().content_rect();
    let mut whole = ui.new_child(egui::UiBuilder::new().max_rect(all));
    whole.set_clip_rect(all);
    ui::draw(&mut whole, model, now)
}

/// Every screen by its name.
pub const SCREENS: [&str; 14] = [
    "waiting",
    "waiting-no-password",
    "waiting-server-down",
    "verifying",
    "prompt-view",
    "prompt-control",
    "connecting",
    "viewing",
    "paused",
    "control",
    "local-hand",
    "ended",
    "ended-badly",
    "long-name",
];

fn maria() -> Name {
    Name::new("Maria")
}

fn words() -> Words {
    Words::from_bytes([215, 74])
}

fn invitation(now: Now, password: bool) -> Invitation {
    Invitation {
        serial: Serial(1),
        channel: Channel::Link,
        standing: Standing::Open,
        made: now.wall - Duration::from_mins(2),
        ends: now.wall + Duration::from_mins(58),
        failed: 0,
        used_by: None,
        keep_open: false,
        link: Some(
            "https://help.example.org/#1.kP3vX0aTq5mE8sYtRwZbLg.Jc2nU7hQdVf4oGi9xKzB1A.p".into(),
        ),
        number: None,
        server: "https://help.example.org".into(),
        password: if password {
            Password::Known("7k3m9q2xw".into())
        } else {
            Password::None
        },
    }
}

fn viewing(paused: bool, control: Control) -> Stage {
    Stage::Viewing {
        expert: maria(),
        words: words(),
        paused,
        control,
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
    let connecting = || Stage::Connecting {
        expert: maria(),
        words: words(),
    };
    let (stage, prompt) = match screen {
        "waiting" | "waiting-server-down" | "waiting-no-password" => (Stage::Home, None),
        "verifying" => (Stage::Verifying(Serial(1)), None),
        "prompt-view" => (
            connecting(),
            Some(asking(
                now,
                Ask::View {
                    expert: maria(),
                    words: words(),
                },
            )),
        ),
        "long-name" => (
            connecting(),
            Some(asking(
                now,
                Ask::View {
                    expert: Name::new(&"Maria Theresia Walburga\nverified by your bank ".repeat(3)),
                    words: words(),
                },
            )),
        ),
        "prompt-control" => (
            viewing(false, Control::None),
            Some(asking(now, Ask::Control { expert: maria() })),
        ),
        "connecting" => (connecting(), None),
        "paused" => (viewing(true, Control::None), None),
        "control" => (viewing(false, Control::Shared { local_hand: false }), None),
        "local-hand" => (viewing(false, Control::Shared { local_hand: true }), None),
        "ended" | "ended-badly" => (
            Stage::Ended {
                why: match screen {
                    "ended" => "You ended the session.".into(),
                    _ => "The invitation is locked: the password was wrong too often.".into(),
                },
                trouble: screen != "ended",
            },
            None,
        ),
        _ => (viewing(false, Control::None), None),
    };
    let server = match screen {
        "waiting-server-down" => Server::Down,
        _ => Server::Up,
    };
    View {
        stage,
        prompt,
        server,
        invitations: vec![invitation(now, screen != "waiting-no-password")],
        rules: Rules::default(),
        first_use: false,
    }
}

/// What was said and done before that.
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
        "waiting-server-down" => vec![Notice::ServerAway { viewing: false }],
        "verifying" => vec![Notice::Attempt, Notice::WrongPassword { left: 4 }],
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
