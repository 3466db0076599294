//! What the page shows, and how that changes: a pure state machine.
//!
//! [`State::handle`] takes everything that can happen and returns what is to be done about it.
//! The edges (socket, peer connection, DOM) do it and report back as further events.

mod back;
mod console;
mod opened;
mod returning;
mod start;

use std::{fmt, time::Duration};

use deskhand_protocol::{
    control::{self, CursorShape, FromExpert, FromNovice, Quality},
    envelope::Candidate,
    id::GrantId,
    invitation::Link,
    monitor::Shown,
    text::{Name, Sdp},
};

pub use back::{Back, Due};
pub use console::{Console, Control, Line, Speaker, Spoken, View};
pub use opened::{FromFile, Opened};
pub use returning::Returning;
pub use start::{Problem, Start};

use crate::{
    handshake::{Key, Met, News, Over},
    reach::Reach,
    sentences::{self, Then, Verdict},
    trial::verdict::Outcome,
};

/// Everything that can happen. Times are the page's own clock, from its start.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The expert pasted a link.
    Paste(String),
    /// The expert typed a number.
    Number(String),
    /// The expert pressed Connect beside a number.
    ConnectTo {
        /// As typed.
        number: String,
        /// As typed.
        name: String,
        /// As typed.
        password: Password,
    },
    /// The expert pressed Connect.
    Connect {
        /// As typed.
        name: String,
        /// As typed; empty where none is asked for.
        password: Password,
    },
    /// The expert gave up before the session began.
    Cancel,
    /// The expert wants to connect again.
    Again,
    /// The expert asks for mouse and keyboard.
    TakeControl,
    /// The expert gives them back.
    ReleaseControl,
    /// The expert says something.
    Say(String),
    /// How large the picture shall be.
    View(View),
    /// The expert wants to see this of the novice's screens.
    Show(Shown),
    /// What matters about the picture.
    Prefer(Quality),
    /// The expert sees the page, or it is hidden.
    Looking(bool),
    /// The expert has read the alert.
    Dismiss,
    /// The expert ends the session.
    End,
    /// From the way through the server.
    News(News),
    /// The socket could not be opened, or is gone.
    SocketClosed,
    /// The browser cannot make a certificate.
    NoCertificate,
    /// What the network lets through, as far as is known now.
    Reach(Reach),
    /// How the direct connection is.
    Line(Line),
    /// The direct connection is lost for good.
    Lost,
    /// From the novice, directly.
    Novice(FromNovice),
    /// The first of the picture, or of that of another display, is on the screen.
    Frame,
    /// The part of the page that receives the picture failed.
    PictureBroken,
    /// The expert wants to know what their network lets through.
    Try,
    /// How that ended.
    Tried(Outcome),
    /// Time has passed; sent while [`State::is_counting`].
    Tick,
    /// So does it from time to time while there is something to come back to.
    Beat,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open the socket and start the handshake.
    Join(Credentials),
    /// Come back to the session: open a socket and prove what was kept. The direct connection
    /// stays, in case it recovers.
    Rejoin,
    /// Let go of that socket.
    StopRejoining,
    /// Keep what the page can come back with, and when it was last seen connected.
    Keep,
    /// Keep it no longer.
    Forget,
    /// Tell the novice's computer, if there is a sealed way, that the expert gave up.
    Leave,
    /// Close the socket and the direct connection.
    HangUp,
    /// Let what was just sent go out, then close everything.
    Part,
    /// Answer the novice's offer.
    Answer(Sdp),
    /// A way to reach the novice's computer.
    Candidate(Candidate),
    /// Over channel `control`.
    Send(control::FromExpert),
    /// Say which videos this browser decodes.
    SayCodecs,
    /// Mouse and keyboard go to the novice.
    Grant(GrantId),
    /// No longer; release everything first.
    Revoke,
    /// What the novice's pointer looks like.
    Cursor(CursorShape),
    /// Fill the form with this name next time.
    Remember(Name),
    /// Begin with this choice next time.
    RememberQuality(Quality),
    /// Decode and paint, or do not.
    Look(bool),
    /// Try out what this network lets through.
    Try,
}

/// The state of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// What is shown.
    pub screen: Screen,
    /// What the expert called themselves.
    pub name: String,
    /// What the file says that the page came from, if it came from one.
    pub file: Option<FromFile>,
    /// What matters about the picture.
    pub quality: Quality,
    /// Whether it was tried out what this network lets through.
    pub trial: Trial,
    /// The page is seen.
    looking: bool,
}

/// A trial of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trial {
    /// Nobody wanted to know.
    #[default]
    None,
    /// It goes on.
    Running,
    /// It is over.
    Done(Outcome),
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// This browser will not do; why.
    Unable(&'static str),
    /// There is no invitation yet, or it is a number.
    Start(Start),
    /// The form.
    Join(Join),
    /// On the way to the novice's yes.
    Joining(Joining),
    /// On the way back to a session.
    Returning(Returning),
    /// The session.
    Console(Box<Console>),
    /// Over.
    Ended(Ended),
}

/// The form of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Whose invitation.
    pub link: Link,
    /// Why the last attempt failed.
    pub problem: Option<&'static str>,
}

/// On the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    credentials: Credentials,
    /// How far.
    pub stage: Stage,
    /// When the first tick of this stage came.
    since: Option<Duration>,
}

impl Joining {
    fn reaches(&mut self, stage: Stage) {
        self.stage = stage;
        self.since = None;
    }

    /// Whether something should have come by now. A socket may be dead for many minutes before
    /// the browser says so.
    fn is_too_long(&mut self, now: Duration) -> bool {
        let patience = match self.stage {
            Stage::Reaching | Stage::Checking => PATIENCE,
            Stage::Asking(_) => PATIENCE_WITH_PEOPLE,
            Stage::Waiting { .. } => return false,
        };
        let since = *self.since.get_or_insert(now);
        now.saturating_sub(since) >= patience
    }
}

/// Twice what the novice's computer allows for the whole check of a password.
const PATIENCE: Duration = Duration::from_secs(20);

/// The novice has a minute to answer; then their computer says so.
const PATIENCE_WITH_PEOPLE: Duration = Duration::from_secs(90);

/// How far a join has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Looking for the novice's computer.
    Reaching,
    /// It checks the password.
    Checking,
    /// It wants a pause; the page tries again then.
    Waiting {
        /// When.
        until: Duration,
    },
    /// The novice is being asked.
    Asking(Met),
}

/// Over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub text: &'static str,
    /// Where Connect again leads, if it makes sense.
    pub again: Option<Key>,
}

/// What the expert has to get in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The invitation.
    pub key: Key,
    /// Claimed, never verified.
    pub name: Name,
    /// What the novice told them.
    pub password: Password,
}

/// A password; hides from `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl State {
    /// A page that was opened so. `unable` says why this browser will not do.
    pub fn new(opened: Opened, name: String, unable: Option<&'static str>) -> Self {
        let (screen, file) = match opened {
            Opened::Served(fragment) => (Self::served(&fragment), None),
            Opened::File(Ok(file)) => (
                Screen::Join(Join {
                    link: file.link.clone(),
                    problem: None,
                }),
                Some(file),
            ),
            Opened::File(Err(error)) => (Screen::Unable(sentences::file(error)), None),
        };
        Self {
            screen: unable.map_or(screen, Screen::Unable),
            name,
            file,
            quality: Quality::default(),
            trial: Trial::None,
            looking: true,
        }
    }

    fn served(fragment: &str) -> Screen {
        match Link::parse(fragment) {
            Ok(link) => Screen::Join(Join {
                link,
                problem: None,
            }),
            Err(_) if fragment.trim_start_matches('#').is_empty() => {
                Screen::Start(Start::default())
            }
            Err(error) => Screen::Start(Start {
                problem: Some(Problem::Link(error)),
                ..Start::default()
            }),
        }
    }

    /// Whether something on the page changes by the passing of time alone.
    pub fn is_counting(&self) -> bool {
        match &self.screen {
            Screen::Joining(_) | Screen::Returning(_) => true,
            Screen::Console(console) => console.is_counting(),
            Screen::Unable(_) | Screen::Start(_) | Screen::Join(_) | Screen::Ended(_) => false,
        }
    }

    /// Takes an event. What does not fit the screen came too late and changes nothing.
    pub fn handle(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        match event {
            Event::Prefer(quality) => return self.prefer(quality),
            Event::Looking(looking) => return self.look(looking),
            Event::Try => return self.try_out(),
            Event::Tried(outcome) => {
                self.trial = Trial::Done(outcome);
                return vec![];
            }
            _ => {}
        }
        let (was_heard, was_session) = (self.is_heard(), self.is_session());
        let mut effects = self.handle_on_screen(event, now);
        if was_session && !self.is_session() {
            effects.push(Effect::Forget);
        }
        if self.is_heard() && !was_heard {
            effects.extend(self.wishes());
        }
        effects
    }

    fn handle_on_screen(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        match &mut self.screen {
            Screen::Unable(_) => vec![],
            Screen::Start(_) => self.at_the_start(event),
            Screen::Join(_) => self.at_the_form(event),
            Screen::Joining(_) => self.joining(event, now),
            Screen::Returning(_) => self.returning(event, now),
            Screen::Console(console) => match console.handle(event, now) {
                console::Next::Stay(effects) => effects,
                console::Next::End(verdict, effects) => {
                    let key = console.key.clone();
                    self.end(verdict, key);
                    effects
                }
            },
            Screen::Ended(_) => self.after_the_end(event),
        }
    }

    fn prefer(&mut self, quality: Quality) -> Vec<Effect> {
        self.quality = quality;
        let mut effects = vec![Effect::RememberQuality(quality)];
        if self.is_heard() {
            effects.push(Effect::Send(FromExpert::Quality(quality)));
        }
        effects
    }

    fn look(&mut self, looking: bool) -> Vec<Effect> {
        if std::mem::replace(&mut self.looking, looking) == looking {
            return vec![];
        }
        let mut effects = vec![Effect::Look(looking)];
        if self.is_heard() {
            effects.push(Effect::Send(FromExpert::Looking(looking)));
        }
        effects
    }

    /// Whether there is something to come back to.
    fn is_session(&self) -> bool {
        matches!(self.screen, Screen::Console(_) | Screen::Returning(_))
    }

    fn try_out(&mut self) -> Vec<Effect> {
        if self.trial == Trial::Running {
            return vec![];
        }
        self.trial = Trial::Running;
        vec![Effect::Try]
    }

    /// Whether the novice's computer hears what the page wishes: it says first what is shared.
    fn is_heard(&self) -> bool {
        matches!(&self.screen, Screen::Console(console) if console.display.is_some())
    }

    /// What it does not suppose by itself.
    fn wishes(&self) -> Vec<Effect> {
        let quality = Some(self.quality).filter(|quality| *quality != Quality::default());
        let away = (!self.looking).then_some(FromExpert::Looking(false));
        let wishes = quality.map(FromExpert::Quality).into_iter().chain(away);
        wishes.map(Effect::Send).collect()
    }

    fn at_the_form(&mut self, event: Event) -> Vec<Effect> {
        let (Screen::Join(join), Event::Connect { name, password }) = (&mut self.screen, event)
        else {
            return vec![];
        };
        self.name = name;
        let name = Name::new(&self.name);
        if name.is_empty() {
            join.problem = Some(sentences::NO_NAME);
            return vec![];
        }
        let link = join.link.clone();
        let key = match self.file {
            Some(_) => Key::File(link),
            None => Key::Link(link),
        };
        self.connect(Credentials {
            key,
            name,
            password,
        })
    }

    fn connect(&mut self, credentials: Credentials) -> Vec<Effect> {
        self.screen = Screen::Joining(Joining {
            credentials: credentials.clone(),
            stage: Stage::Reaching,
            since: None,
        });
        vec![
            Effect::Remember(credentials.name.clone()),
            Effect::Join(credentials),
        ]
    }

    fn joining(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        let Screen::Joining(joining) = &mut self.screen else {
            return vec![];
        };
        let key = joining.credentials.key.clone();
        match event {
            Event::News(News::Checking) => joining.reaches(Stage::Checking),
            Event::News(News::Accepted(met)) => joining.reaches(Stage::Asking(met)),
            Event::News(News::Over(Over::Wait(secs))) => {
                joining.reaches(Stage::Waiting {
                    until: now + Duration::from_secs(secs.into()),
                });
                return vec![Effect::HangUp];
            }
            Event::Tick => {
                if let Stage::Waiting { until } = joining.stage
                    && until <= now
                {
                    joining.reaches(Stage::Reaching);
                    return vec![Effect::Join(joining.credentials.clone())];
                }
                if joining.is_too_long(now) {
                    return self.fail(sentences::SILENT, key);
                }
            }
            Event::News(News::Offer(sdp)) => {
                if let Stage::Asking(met) = &joining.stage {
                    let console = Console::new(key, met.clone());
                    self.screen = Screen::Console(Box::new(console));
                    return vec![Effect::Keep, Effect::Answer(sdp)];
                }
                return self.fail(sentences::over(Over::Tampered, &key), key);
            }
            Event::News(News::Over(over)) => {
                return self.fail(sentences::over(over, &key), key);
            }
            // While it waits there is no socket, and its end is no news.
            Event::SocketClosed if !matches!(joining.stage, Stage::Waiting { .. }) => {
                return self.fail(sentences::NO_SERVER, key);
            }
            Event::NoCertificate => return self.fail(sentences::NO_CERTIFICATE, key),
            Event::Cancel => {
                self.screen = form(key, None);
                return vec![Effect::Leave, Effect::HangUp];
            }
            // Candidates belong to an offer; all else is late or of another screen.
            _ => {}
        }
        vec![]
    }

    fn fail(&mut self, verdict: Verdict, key: Key) -> Vec<Effect> {
        self.end(verdict, Some(key));
        vec![Effect::HangUp]
    }

    fn end(&mut self, verdict: Verdict, key: Option<Key>) {
        let text = verdict.text;
        self.screen = match (verdict.then, key) {
            (Then::Form, Some(key)) => form(key, Some(text)),
            (Then::Again, again) => Screen::Ended(Ended { text, again }),
            (Then::Form, None) | (Then::Nothing, _) => Screen::Ended(Ended { text, again: None }),
        };
    }

    fn after_the_end(&mut self, event: Event) -> Vec<Effect> {
        if let (Screen::Ended(ended), Event::Again) = (&self.screen, event)
            && let Some(key) = ended.again.clone()
        {
            self.screen = form(key, None);
        }
        vec![]
    }
}

/// Where the expert gave what leads to the novice.
fn form(key: Key, problem: Option<&'static str>) -> Screen {
    match key {
        Key::Link(link) | Key::File(link) => Screen::Join(Join { link, problem }),
        Key::Number(number) => Screen::Start(Start {
            number: number.to_string(),
            problem: problem.map(Problem::Number),
        }),
    }
}

/// What a count shows that goes up: whole seconds.
pub fn seconds_since(since: Duration, now: Duration) -> u64 {
    now.saturating_sub(since).as_secs()
}

/// What a countdown shows: whole seconds, and never 0 while there is something left.
pub fn seconds_left(until: Duration, now: Duration) -> u64 {
    let left = until.saturating_sub(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
