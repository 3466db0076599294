//! The terminal front end's pure half: what is printed, and what a typed line means.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use deskhand_protocol::text::ChatText;

use crate::front::{
    Answer, Ask, Control, Intent, Notice, Prompt, PromptId, Speaker, Stage, View, plain_name,
};

/// Something for the terminal or the session.
#[derive(Debug)]
pub(super) enum Act {
    /// A whole line.
    Line(String),
    /// Without a line break, flushed.
    Ask(&'static str),
    /// What was typed before now counts for nothing.
    DiscardTyped,
    /// To the session.
    Intent(Intent),
}

const HELP: &str = "Type to chat. /stop takes control back, /pause and /resume the picture, /end ends the session.";
/// The question is put again when so long nothing else was said: what was said last may have
/// been that it is closed.
const BEFORE_ASKING_AGAIN: Duration = Duration::from_millis(100);
/// The most messages that wait for a question to be closed: more than a session admits in the
/// time that a question is open.
const HELD_BACK: usize = 400;
/// So often the novice reads how long a connection has been lost.
const COUNT: Duration = Duration::from_secs(10);
const ONLY_STOP: &str = "While control is shared, only /stop and /end work here.";

/// What the terminal shows right now.
#[derive(Debug, Default)]
pub(super) struct Console {
    prompt: Option<Open>,
    /// What the expert said while a question is open: it could be made to look like the question.
    held_back: VecDeque<String>,
    controlled: bool,
    viewing: bool,
    /// Somebody is being helped, or is about to be.
    helped: bool,
    lost: Option<Lost>,
}

/// The connection to the expert is lost.
#[derive(Debug)]
struct Lost {
    since: Instant,
    /// When the next line about it is due.
    due: Instant,
}

#[derive(Debug)]
struct Open {
    id: PromptId,
    live_at: Instant,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The question can be read; a line is no answer yet.
    Shown,
    /// `[y/N] ` was put on the screen: the next line is the answer. A notice has pushed it away
    /// if it is to be put there again at some time.
    Live { again: Option<Instant> },
    /// The answer is with the session.
    Answered,
}

impl Open {
    fn is_live(&self) -> bool {
        matches!(self.step, Step::Live { .. })
    }

    /// Whether `[y/N] ` stands where the next line is typed.
    fn is_on_screen(&self) -> bool {
        self.step == Step::Live { again: None }
    }

    /// When `[y/N] ` is due.
    fn due(&self) -> Option<Instant> {
        match self.step {
            Step::Shown => Some(self.live_at),
            Step::Live { again } => again,
            Step::Answered => None,
        }
    }
}

impl Console {
    /// The view has changed.
    pub(super) fn view(&mut self, view: &View) -> Vec<Act> {
        self.controlled = matches!(
            view.stage,
            Stage::Viewing {
                control: Control::Shared { .. },
                ..
            }
        );
        self.helped = matches!(view.stage, Stage::Connecting { .. } | Stage::Viewing { .. });
        let began = matches!(view.stage, Stage::Viewing { .. }) && !self.viewing;
        self.viewing = matches!(view.stage, Stage::Viewing { .. });
        self.lost = match (self.lost.take(), lost_since(view)) {
            (Some(lost), Some(since)) if lost.since == since => Some(lost),
            (_, since) => since.map(|since| Lost {
                since,
                due: since + COUNT,
            }),
        };
        let mut acts = Vec::new();
        if began {
            acts.push(Act::Line(HELP.into()));
        }
        match (&self.prompt, &view.prompt) {
            (Some(open), Some(prompt)) if open.id == prompt.id => {}
            (None, None) => {}
            (old, new) => {
                if old.as_ref().is_some_and(Open::is_on_screen) {
                    acts.push(Act::Line(String::new()));
                }
                if let Some(prompt) = new {
                    acts.push(Act::DiscardTyped);
                    acts.extend(question(prompt).into_iter().map(Act::Line));
                }
                self.prompt = new.as_ref().map(|prompt| Open {
                    id: prompt.id,
                    live_at: prompt.live_at,
                    step: Step::Shown,
                });
                if self.prompt.is_none() {
                    acts.extend(self.held_back.drain(..).map(Act::Line));
                }
            }
        }
        acts
    }

    /// When something is due by time alone.
    pub(super) fn wake(&self) -> Option<Instant> {
        let asked = self.prompt.as_ref().and_then(Open::due);
        let counted = self.lost.as_ref().map(|lost| lost.due);
        asked.into_iter().chain(counted).min()
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Act> {
        let counted = self.count(now);
        counted.into_iter().chain(self.ask(now)).collect()
    }

    fn count(&mut self, now: Instant) -> Option<Act> {
        let lost = self.lost.as_mut().filter(|lost| lost.due <= now)?;
        let passed = now.saturating_duration_since(lost.since);
        while lost.due <= now {
            lost.due += COUNT;
        }
        Some(Act::Line(format!("Reconnecting… {} s", passed.as_secs())))
    }

    fn ask(&mut self, now: Instant) -> Vec<Act> {
        let Some(open) = &mut self.prompt else {
            return vec![];
        };
        if open.due().is_none_or(|due| now < due) {
            return vec![];
        }
        let first = open.step == Step::Shown;
        open.step = Step::Live { again: None };
        let discard = first.then_some(Act::DiscardTyped);
        discard.into_iter().chain([Act::Ask("[y/N] ")]).collect()
    }

    /// Something worth a line.
    pub(super) fn notice(&mut self, notice: &Notice, now: Instant) -> Vec<Act> {
        if matches!(notice, Notice::ControlAsked(_)) {
            return vec![]; // the question itself follows
        }
        let from_expert = matches!(
            notice,
            Notice::Chat {
                from: Speaker::Expert(_),
                ..
            }
        );
        if from_expert && self.prompt.is_some() {
            if self.held_back.len() < HELD_BACK {
                self.held_back.push_back(notice.sentence());
            }
            return vec![];
        }
        let mut acts = vec![];
        if let Some(open) = &mut self.prompt
            && open.is_live()
        {
            if open.is_on_screen() {
                acts.push(Act::Line(String::new()));
            }
            open.step = Step::Live {
                again: Some(now + BEFORE_ASKING_AGAIN),
            };
        }
        acts.push(Act::Line(notice.sentence()));
        acts
    }

    /// The novice typed a line.
    pub(super) fn line(&mut self, line: &str) -> Vec<Act> {
        let line = line.trim();
        if let Some(open) = &mut self.prompt {
            if !open.is_live() {
                return vec![];
            }
            open.step = Step::Answered;
            let answer = match line.to_ascii_lowercase().as_str() {
                "y" | "yes" => Answer::Allow,
                "block" => Answer::Block,
                _ => Answer::Refuse,
            };
            let prompt = open.id;
            return vec![Act::Intent(Intent::Answer { prompt, answer })];
        }
        match line {
            "/stop" => vec![Act::Intent(Intent::StopControl)],
            "/end" if self.helped => vec![Act::Intent(Intent::End)],
            "/end" => vec![Act::Intent(Intent::Quit)],
            _ if self.controlled => vec![Act::Line(ONLY_STOP.into())],
            "/pause" => vec![Act::Intent(Intent::Pause(true))],
            "/resume" => vec![Act::Intent(Intent::Pause(false))],
            "" => vec![],
            _ if line.starts_with('/') => vec![Act::Line(HELP.into())],
            _ if !self.viewing => vec![Act::Line(
                "Nobody is connected yet, so nobody can read that.".into(),
            )],
            _ => vec![Act::Intent(Intent::Chat(ChatText::new(line)))],
        }
    }
}

fn lost_since(view: &View) -> Option<Instant> {
    match view.stage {
        Stage::Viewing { lost, .. } => lost,
        _ => None,
    }
}

fn question(prompt: &Prompt) -> Vec<String> {
    match &prompt.ask {
        Ask::View { expert, words } => vec![
            format!(
                "{} (the name is not verified) wants to see your screen.",
                plain_name(expert)
            ),
            format!("Both of you should see these words: {words}"),
            "Allow them to see your screen? (y: yes, n: no, block: no, and close the invitation)"
                .into(),
        ],
        Ask::Control { expert } => vec![
            format!(
                "{} wants to use your mouse and keyboard, together with you.",
                plain_name(expert)
            ),
            "With control they can do whatever you can do on this computer.".into(),
            "You can stop it at any moment: press Esc, or press Ctrl+C, or type /stop here.".into(),
            "Allow control? (y: yes, n: no, block: no, and end the session)".into(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use deskhand_protocol::text::Name;

    use super::*;
    use crate::front::{Rules, Server};

    fn at(stage: Stage) -> View {
        View {
            stage,
            prompt: None,
            server: Server::Up,
            invitations: vec![],
            rules: Rules::default(),
            first_use: false,
            over: false,
        }
    }

    fn asking(now: Instant) -> View {
        let prompt = Prompt {
            id: PromptId(1),
            ask: Ask::Control {
                expert: Name::new("Maria"),
            },
            live_at: now + Duration::from_millis(700),
            deadline: now + Duration::from_secs(30),
        };
        View {
            prompt: Some(prompt),
            ..at(Stage::Home)
        }
    }

    fn shown(acts: &[Act]) -> String {
        let line = |act: &Act| match act {
            Act::Line(line) => format!("{line}\n"),
            Act::Ask(text) => (*text).to_owned(),
            Act::DiscardTyped => "<discard>\n".into(),
            Act::Intent(intent) => format!("<{intent:?}>\n"),
        };
        acts.iter().map(line).collect()
    }

    #[test]
    fn nothing_typed_before_the_question_is_live_answers_it() {
        let now = Instant::now();
        let mut console = Console::default();
        console.view(&asking(now));
        assert_eq!(shown(&console.line("y")), "");
        assert_eq!(shown(&console.tick(now)), "");
        assert_eq!(
            shown(&console.tick(now + Duration::from_millis(700))),
            "<discard>\n[y/N] "
        );
        let answer = shown(&console.line(" Y "));
        assert_eq!(answer, "<Answer { prompt: PromptId(1), answer: Allow }>\n");
        assert_eq!(
            shown(&console.tick(now + Duration::from_secs(2))),
            "",
            "asked once"
        );
        assert_eq!(shown(&console.line("y")), "", "answered once");
    }

    #[test]
    fn the_question_is_put_again_after_a_notice_unless_it_is_closed() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut console = Console::default();
        console.view(&asking(begin));
        console.tick(at(700));
        let chat = Notice::LocalHand(true);
        let said = chat.sentence();
        assert_eq!(
            shown(&console.notice(&chat, at(1000))),
            format!("\n{said}\n")
        );
        assert_eq!(shown(&console.notice(&chat, at(1050))), format!("{said}\n"));
        assert_eq!(shown(&console.tick(at(1100))), "");
        assert_eq!(shown(&console.tick(console.wake().unwrap())), "[y/N] ");
        assert_eq!(console.wake(), None);

        console.notice(&Notice::ControlRefused, at(2000));
        let mut closed = asking(begin);
        closed.prompt = None;
        assert_eq!(shown(&console.view(&closed)), "");
        assert_eq!(console.wake(), None);
        assert_eq!(shown(&console.tick(at(3000))), "");
    }

    #[test]
    fn what_the_expert_says_waits_until_the_question_is_closed() {
        let now = Instant::now();
        let mut console = Console::default();
        console.view(&asking(now));
        console.tick(now + Duration::from_secs(1));
        let forged = Notice::Chat {
            from: Speaker::Expert(Name::new("Maria")),
            text: ChatText::new(&format!("{}Keep them out?", "\n".repeat(60))),
        };
        assert_eq!(shown(&console.notice(&forged, now)), "");
        assert_eq!(console.wake(), None, "the question stands as it was");
        let mut closed = asking(now);
        closed.prompt = None;
        let after = shown(&console.view(&closed));
        assert!(after.ends_with("Maria: Keep them out?\n"), "{after}");
    }

    #[test]
    fn anything_but_yes_is_no() {
        let now = Instant::now();
        for typed in ["", "n", "ja", "/stop", "yy"] {
            let mut console = Console::default();
            console.view(&asking(now));
            console.tick(now + Duration::from_secs(1));
            assert!(
                shown(&console.line(typed)).contains("answer: Refuse"),
                "{typed}"
            );
        }
    }

    #[test]
    fn the_question_names_the_three_ways_to_stop() {
        let text = shown(&Console::default().view(&asking(Instant::now())));
        for way in ["Esc", "Ctrl+C", "/stop"] {
            assert!(text.contains(way), "{way}");
        }
    }

    #[test]
    fn while_control_is_shared_only_stop_and_end_are_obeyed() {
        let words = deskhand_protocol::handshake::Words::from_bytes([1, 2]);
        let stage = Stage::Viewing {
            expert: Name::new("Maria"),
            words,
            paused: false,
            watched: None,
            looking: true,
            control: Control::Shared { local_hand: false },
            lost: None,
        };
        let mut console = Console::default();
        console.view(&at(stage));
        assert_eq!(shown(&console.line("rm -rf /")), format!("{ONLY_STOP}\n"));
        assert_eq!(shown(&console.line("/pause")), format!("{ONLY_STOP}\n"));
        assert_eq!(shown(&console.line("/stop")), "<StopControl>\n");
        assert_eq!(shown(&console.line("/end")), "<End>\n");
    }

    #[test]
    fn a_lost_connection_is_counted_until_it_is_back() {
        let begin = Instant::now();
        let at_secs = |secs| begin + Duration::from_secs(secs);
        let viewing = |lost| {
            at(Stage::Viewing {
                expert: Name::new("Maria"),
                words: deskhand_protocol::handshake::Words::from_bytes([1, 2]),
                paused: false,
                watched: None,
                looking: true,
                control: Control::None,
                lost,
            })
        };
        let mut console = Console::default();
        console.view(&viewing(None));
        assert_eq!(console.wake(), None);
        console.view(&viewing(Some(begin)));
        assert_eq!(console.wake(), Some(at_secs(10)));
        assert_eq!(shown(&console.tick(at_secs(9))), "");
        assert_eq!(shown(&console.tick(at_secs(10))), "Reconnecting… 10 s\n");
        console.view(&viewing(Some(begin)));
        assert_eq!(shown(&console.tick(at_secs(12))), "", "once");
        assert_eq!(shown(&console.tick(at_secs(20))), "Reconnecting… 20 s\n");
        console.view(&viewing(None));
        assert_eq!(console.wake(), None);
    }
}
