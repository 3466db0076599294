//! What the window shows: the session's newest view, where in it the novice is, what was said,
//! and what is being typed.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    time::{Duration, Instant},
};

use deskhand_protocol::handshake::Words;

use super::{
    closing::Closing,
    page::Page,
    passwords::Passwords,
    prompt::Care,
    say::{until_next_minute, until_next_second},
    wizard::{Step, Wizard},
};
use crate::{
    clock::Now,
    front::{
        Channel, Control, Invitation, Notice, Order, Serial, Speaker, Stage, Standing, View,
        one_line, plain_name,
    },
};

/// How many lines are kept; older ones go.
const LOG_LINES: usize = 500;
/// So long after a page came up presses were meant for the one before.
pub const TURNING: Duration = Duration::from_millis(400);
/// How long "Copied" stays.
const COPIED: Duration = Duration::from_secs(4);

/// Everything that is drawn.
#[derive(Debug)]
pub struct Model {
    pub(super) view: View,
    /// The message that is being typed.
    pub(super) draft: String,
    pub(super) care: Care,
    pub(super) page: Page,
    pub(super) wizard: Wizard,
    pub(super) passwords: Passwords,
    /// The server's address that is being typed.
    pub(super) address: String,
    /// The novice has read the warning, whether or not the session knows it by now.
    pub(super) warned: bool,
    /// The QR code of the link is to be seen.
    pub(super) code_shown: bool,
    /// The last thing that happened to an invitation, until the page is turned.
    pub(super) news: Option<String>,
    /// Went wrong, and stays until the first page has shown it.
    pub(super) alarm: Option<String>,
    pub(super) closing: Closing,
    /// What a command asked for, until it can be made.
    pub(super) wanted: Option<Order>,
    /// When another page came up.
    turned: Option<Instant>,
    /// Nothing comes from the session any more.
    pub(super) lost: bool,
    pub(super) copied: Option<(Copied, Instant)>,
    handed: BTreeMap<Serial, Handed>,
    log: VecDeque<Line>,
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
    Text,
    Password,
}

/// What has been done with an invitation to pass it on; errors are sentences.
#[derive(Debug, Clone, Default)]
pub(super) struct Handed {
    /// Where its file is.
    pub(super) file: Option<Result<PathBuf, String>>,
    /// What is left to do in the mail program.
    pub(super) mail: Option<Result<String, String>>,
}

impl Model {
    /// Nothing said yet, and on the first page.
    pub fn new(view: View, mut passwords: Passwords) -> Self {
        Self {
            wizard: Wizard::new(passwords.make(), view.rules.longest),
            view,
            draft: String::new(),
            care: Care::default(),
            page: Page::default(),
            passwords,
            address: String::new(),
            warned: false,
            code_shown: false,
            news: None,
            alarm: None,
            closing: Closing::default(),
            wanted: None,
            turned: None,
            lost: false,
            copied: None,
            handed: BTreeMap::new(),
            log: VecDeque::new(),
        }
    }

    /// Takes the session's newest view.
    pub fn see(&mut self, view: View) {
        // One may follow another without anything between them that is seen here.
        let begins = !self.is_session() || words(&view) != words(&self.view);
        if begins && is_session(&view) {
            // The next helper sees this window, and is not to read what the last one wrote.
            self.log.clear();
            self.draft.clear();
            self.closing = Closing::No;
        }
        self.view = view;
    }

    /// Takes a notice to where the novice looks for it, unless the screen itself says the same.
    pub fn hear(&mut self, notice: &Notice) {
        match notice {
            Notice::Open
            | Notice::ServerAway { viewing: false }
            | Notice::Attempt
            | Notice::LocalHand(_)
            | Notice::Looking(..)
            | Notice::Extended(..)
            | Notice::Closed(_, Standing::Revoked | Standing::Used)
            | Notice::Ended(_) => {}
            Notice::Invited(serial, channel) => {
                if self.is_making(*channel) {
                    // A password of the novice's own is not needed here any more.
                    self.wizard = Wizard::new(self.passwords.make(), self.view.rules.longest);
                    self.go(Page::Fresh(*serial));
                }
            }
            Notice::Renumbered { old, new } => {
                if self.shows(*old) {
                    self.go(Page::Fresh(*new));
                }
                self.news = Some(notice.sentence());
            }
            Notice::NotInvited(channel, why) => {
                if self.is_making(*channel) {
                    self.wizard.fail(one_line(why));
                } else {
                    self.news = Some(one_line(why));
                }
            }
            Notice::FileSaved(serial, path) => {
                self.handed_mut(*serial).file = Some(Ok(path.clone()));
            }
            Notice::FileNotSaved(serial, why) => {
                self.handed_mut(*serial).file = Some(Err(why.clone()));
            }
            Notice::MailOpened(serial, how) => {
                self.handed_mut(*serial).mail = Some(Ok(how.clone()));
            }
            Notice::MailText(serial, _) => {
                // The page itself offers the text.
                let why = "No mail program opens. Copy the text below into a letter.";
                self.handed_mut(*serial).mail = Some(Err(why.into()));
            }
            Notice::MailNotOpened(serial, why) => {
                self.handed_mut(*serial).mail = Some(Err(why.clone()));
            }
            // The other pages say it themselves.
            Notice::Closed(..) => {
                if self.page == Page::Home {
                    self.news = Some(notice.sentence());
                }
            }
            Notice::Chat { from, text } => self.write(match from {
                Speaker::Novice => Line::Mine(text.to_string()),
                Speaker::Expert(name) => Line::Theirs {
                    name: plain_name(name),
                    text: text.to_string(),
                },
            }),
            Notice::StoreTrouble(why) => {
                self.alarm = Some(one_line(why));
                self.write(Line::Event(one_line(why)));
            }
            event => {
                let sentence = one_line(&event.sentence());
                if is_about_an_invitation(event) {
                    self.news = Some(sentence.clone());
                }
                self.write(Line::Event(sentence));
            }
        }
    }

    fn write(&mut self, line: Line) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    /// The session is gone without a word; nothing can be shared without it.
    pub(super) fn lose_session(&mut self) {
        self.lost = true;
        self.view.prompt = None;
        if !matches!(self.view.stage, Stage::Ended { .. }) {
            self.view.stage = Stage::Ended {
                why: "Please start Deskhand again.".into(),
                trouble: true,
            };
        }
    }

    /// An invitation of that kind is wanted, and neither made nor refused yet.
    fn is_making(&self, channel: Channel) -> bool {
        let making = self.page == Page::Wizard && self.wizard.step == Step::Making;
        making && self.wizard.channel == channel
    }

    /// A command asks for an invitation: it is made as soon as the novice was asked what is
    /// asked before the first one.
    pub fn begin_with(&mut self, order: Order) {
        self.go(Page::towards_an_invitation(&self.view, self.warned));
        self.wanted = Some(order);
    }

    /// Another page has come up.
    pub(super) fn turn(&mut self, now: Instant) {
        self.turned = Some(now);
    }

    /// Whether a press counts. The second half of a double click, or a key held down, is not
    /// meant for whatever the first has brought up under it.
    pub fn admits_press(&self, now: Instant) -> bool {
        self.is_session() || self.turned.is_none_or(|at| now >= at + TURNING)
    }

    /// What the novice should know of, the gravest first.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.alarm.as_deref().or(self.news.as_deref())
    }

    fn shows(&self, serial: Serial) -> bool {
        matches!(self.page, Page::Invitation { serial: shown, .. } if shown == serial)
    }

    /// An invitation was made by somebody else in the novice's name, such as a command: its page
    /// opens as if it had been made here.
    pub fn show_fresh(&mut self, serial: Serial) {
        self.go(Page::Fresh(serial));
    }

    /// The lines, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.log.iter()
    }

    pub(super) fn handed(&self, serial: Serial) -> Handed {
        self.handed.get(&serial).cloned().unwrap_or_default()
    }

    pub(super) fn handed_mut(&mut self, serial: Serial) -> &mut Handed {
        self.handed.entry(serial).or_default()
    }

    pub(super) fn set_copied(&mut self, what: Copied, now: Instant) {
        self.copied = Some((what, now + COPIED));
    }

    pub(super) fn is_copied(&self, what: Copied, now: Instant) -> bool {
        self.copied
            .is_some_and(|(copied, until)| copied == what && now < until)
    }

    /// The invitations through which somebody can come.
    pub(super) fn open_invitations(&self) -> impl Iterator<Item = &Invitation> {
        let all = self.view.invitations.iter();
        all.filter(|one| !one.standing.is_closed())
    }

    /// Somebody is here, or about to be.
    pub(super) fn is_session(&self) -> bool {
        is_session(&self.view)
    }

    /// The program is about to end, and the window with it.
    pub(super) fn is_over(&self) -> bool {
        self.view.over
    }

    /// Whether the novice has to be able to see this window, above all others.
    pub fn must_be_seen(&self) -> bool {
        self.view.prompt.is_some() || self.is_controlled()
    }

    /// Mouse and keyboard are shared.
    pub(super) fn is_controlled(&self) -> bool {
        matches!(
            self.view.stage,
            Stage::Viewing {
                control: Control::Shared { .. },
                ..
            }
        )
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
            (None, Stage::Home | Stage::Verifying(_)) => self.next_minute(now),
            (
                None,
                Stage::Viewing {
                    lost: Some(since), ..
                },
            ) => Some(until_next_second(now.at.saturating_duration_since(*since))),
            _ => None,
        };
        copied.into_iter().chain(clock).min()
    }

    /// When the next of the times changes that the page tells.
    fn next_minute(&self, now: Now) -> Option<Duration> {
        let left = |one: &Invitation| one.ends.duration_since(now.wall).ok();
        match self.page {
            Page::Invitation { serial, .. } => self
                .view
                .invitation(serial)
                .filter(|one| !one.standing.is_closed())
                .and_then(left)
                .map(until_next_minute),
            Page::List if !self.view.invitations.is_empty() => {
                let open = self.open_invitations().filter_map(left);
                let next = open.map(until_next_minute).min();
                // "5 minutes ago" may be late by one.
                Some(next.unwrap_or(Duration::from_secs(60)))
            }
            _ => None,
        }
    }
}

fn is_session(view: &View) -> bool {
    let stage = matches!(view.stage, Stage::Connecting { .. } | Stage::Viewing { .. });
    stage || view.prompt.is_some()
}

/// What both people see during a session, and in no other one.
fn words(view: &View) -> Option<Words> {
    match &view.stage {
        Stage::Connecting { words, .. } | Stage::Viewing { words, .. } => Some(*words),
        Stage::Home | Stage::Verifying(_) | Stage::Ended { .. } => None,
    }
}

/// Whether the novice should read it where invitations are shown.
fn is_about_an_invitation(event: &Notice) -> bool {
    matches!(
        event,
        Notice::WrongPassword { .. }
            | Notice::HelperLeft { .. }
            | Notice::ViewRefused { .. }
            | Notice::ViewUnanswered { .. }
            | Notice::Tampered
            | Notice::NotConnected { .. }
            | Notice::ServerRefuses(_)
            | Notice::SeenOnTheWay
            | Notice::MayComeBack
            | Notice::RefusedTooOften
    )
}
