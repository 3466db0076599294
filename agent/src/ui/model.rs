//! What the window shows: the session's newest view, what was said, and what is being typed.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::prompt::Care;
use crate::{
    clock::Now,
    front::{Control, Notice, Speaker, Stage, View, one_line, plain_name},
};

/// How many lines are kept; older ones go.
const LOG_LINES: usize = 500;
/// How long "Copied" stays.
const COPIED: Duration = Duration::from_secs(4);

/// Everything that is drawn.
#[derive(Debug)]
pub struct Model {
    /// From the session.
    pub view: View,
    /// The message that is being typed.
    pub(super) draft: String,
    pub(super) care: Care,
    log: VecDeque<Line>,
    copied: Option<(Copied, Instant)>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The novice said it.
    Mine(String),
    /// The expert said it.
    Theirs {
        /// The name they gave, on one line.
        name: String,
        /// What they said.
        text: String,
    },
    /// It happened.
    Event(String),
}

/// What is in the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    Link,
    Password,
}

impl Model {
    /// Nothing said yet.
    pub fn new(view: View) -> Self {
        Self {
            view,
            draft: String::new(),
            care: Care::default(),
            log: VecDeque::new(),
            copied: None,
        }
    }

    /// Takes a notice into the log, unless the screen itself says the same.
    pub fn hear(&mut self, notice: &Notice) {
        let line = match notice {
            Notice::Open
            | Notice::ServerAway { viewing: false }
            | Notice::Attempt
            | Notice::LocalHand(_) => return,
            Notice::Chat {
                from: Speaker::Novice,
                text,
            } => Line::Mine(text.to_string()),
            Notice::Chat {
                from: Speaker::Expert(name),
                text,
            } => Line::Theirs {
                name: plain_name(name),
                text: text.to_string(),
            },
            event => Line::Event(one_line(&event.sentence())),
        };
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    /// The session is gone without a word; nothing can be shared without it.
    pub(super) fn lose_session(&mut self) {
        self.view.prompt = None;
        if !matches!(self.view.stage, Stage::Ended { .. }) {
            self.view.stage = Stage::Ended {
                why: "Please start Deskhand again.".into(),
                trouble: true,
            };
        }
    }

    /// The lines, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.log.iter()
    }

    /// The last thing that happened, if nothing was said since.
    pub(super) fn last_event(&self) -> Option<&str> {
        match self.log.back() {
            Some(Line::Event(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn set_copied(&mut self, what: Copied, now: Instant) {
        self.copied = Some((what, now + COPIED));
    }

    pub(super) fn is_copied(&self, what: Copied, now: Instant) -> bool {
        self.copied
            .is_some_and(|(copied, until)| copied == what && now < until)
    }

    /// Whether the novice has to be able to see this window, above all others.
    pub fn must_be_seen(&self) -> bool {
        let controlled = matches!(
            self.view.stage,
            Stage::Viewing {
                control: Control::Shared { .. },
                ..
            }
        );
        self.view.prompt.is_some() || controlled
    }

    /// When the picture changes without anything happening: at the next second of a countdown,
    /// when Allow becomes live, when "Copied" goes.
    pub fn next_change(&self, now: Now) -> Option<Duration> {
        let copied = self
            .copied
            .map(|(_, until)| until)
            .filter(|until| now.at < *until)
            .map(|until| until - now.at);
        let clock = match (&self.view.prompt, &self.view.stage) {
            (Some(prompt), _) => Some(self.care.next_change(prompt, now.at)),
            (None, Stage::Home | Stage::Verifying(_)) => self
                .view
                .invitations
                .first()
                .and_then(|invitation| invitation.ends.duration_since(now.wall).ok())
                .map(until_next_minute),
            _ => None,
        };
        copied.into_iter().chain(clock).min()
    }
}

/// Until the number of minutes changes that [`in_words`] says.
fn until_next_minute(left: Duration) -> Duration {
    Duration::from_millis(1 + u64::try_from(left.as_millis() % 60_000).unwrap_or(0))
}

/// A length of time as people say it, rounded up: an invitation that says "5 minutes" is open
/// for no less than four and no more than five.
pub fn in_words(left: Duration) -> String {
    let minutes = left.as_secs().div_ceil(60);
    let count = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match minutes {
        0 | 1 => "less than a minute".into(),
        2..=59 => count(minutes, "minute"),
        _ => {
            let (hours, minutes) = (minutes / 60, minutes % 60);
            match minutes {
                0 => count(hours, "hour"),
                _ => format!("{} and {}", count(hours, "hour"), count(minutes, "minute")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_reads_as_people_say_it() {
        let said = [0, 59, 61, 3_540, 3_541, 3_601, 7_200, 9_000]
            .map(|secs| in_words(Duration::from_secs(secs)));
        assert_eq!(
            said,
            [
                "less than a minute",
                "less than a minute",
                "2 minutes",
                "59 minutes",
                "1 hour",
                "1 hour and 1 minute",
                "2 hours",
                "2 hours and 30 minutes",
            ]
        );
    }
}
