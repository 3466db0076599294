//! The first screen, without an invitation.

use deskhand_protocol::{
    invitation::{Link, LinkError, Number},
    spoken::normal_spoken,
    text::Name,
};

use super::{Credentials, Effect, Event, Join, Screen, State};
use crate::{handshake::Key, sentences};

/// Number and password, or a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// As typed.
    pub number: String,
    /// What was wrong last.
    pub problem: Option<Problem>,
}

/// What was wrong, and in which of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// With the number, or what belongs to it.
    Number(&'static str),
    /// With the link.
    Link(LinkError),
}

impl State {
    pub(super) fn at_the_start(&mut self, event: Event) -> Vec<Effect> {
        let Screen::Start(start) = &mut self.screen else {
            return vec![];
        };
        match event {
            Event::Paste(text) => {
                // The whole link, or only what follows the number sign.
                let fragment = text.trim().rsplit('#').next().unwrap_or_default();
                match Link::parse(fragment) {
                    Ok(link) => {
                        self.screen = Screen::Join(Join {
                            link,
                            problem: None,
                        });
                    }
                    Err(error) => start.problem = Some(Problem::Link(error)),
                }
                vec![]
            }
            Event::Number(typed) => {
                let bad = !typed.trim().is_empty() && Number::parse(&typed).is_err();
                start.number = typed;
                start.problem = bad.then_some(Problem::Number(sentences::BAD_NUMBER));
                vec![]
            }
            Event::ConnectTo {
                number,
                name,
                password,
            } => {
                let read = Number::parse(&number);
                start.number = number;
                self.name = name;
                let name = Name::new(&self.name);
                start.problem = if read.is_err() {
                    Some(Problem::Number(sentences::BAD_NUMBER))
                } else if normal_spoken(&password.0).is_empty() {
                    Some(Problem::Number(sentences::NO_PASSWORD))
                } else if name.is_empty() {
                    Some(Problem::Number(sentences::NO_NAME))
                } else {
                    None
                };
                match (read, start.problem) {
                    (Ok(number), None) => self.connect(Credentials {
                        key: Key::Number(number),
                        name,
                        password,
                    }),
                    _ => vec![],
                }
            }
            _ => vec![],
        }
    }
}
