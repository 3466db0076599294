//! Consent as a value. A grant can be made only here, from a question that the novice answered
//! with yes; whoever wants to start the picture or to inject must hold one. Revoking drops it.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    id::GrantId,
    input::{InputEvent, Motion},
};

use crate::{
    front::{Answer, Ask, PROMPT_DELAY, Prompt, PromptId},
    hand::wire::Command,
};

/// The novice has so long to say whether somebody may see the screen.
pub const VIEW_PATIENCE: Duration = Duration::from_secs(60);
/// The novice has so long to say whether somebody may use mouse and keyboard.
pub const CONTROL_PATIENCE: Duration = Duration::from_secs(30);

/// Proof that the novice allowed the expert to see the screen.
#[derive(Debug)]
pub struct ViewGrant(());

impl ViewGrant {
    /// The same yes, for the session's next connection.
    #[must_use]
    pub fn again(&self) -> Self {
        Self(())
    }
}

/// Proof that the novice allowed the expert to use mouse and keyboard.
#[derive(Debug)]
pub struct ControlGrant(GrantId);

impl ControlGrant {
    /// Its number; events carry it.
    pub fn id(&self) -> GrantId {
        self.0
    }

    /// The hand's command for an event, if the event was made under this very grant.
    pub fn input(&self, event: InputEvent) -> Option<Command> {
        (event.grant == self.0).then_some(Command::Input(event))
    }

    /// The hand's command for a motion, if it was made under this very grant.
    pub fn motion(&self, motion: Motion) -> Option<Command> {
        (motion.grant == self.0).then_some(Command::Motion(motion))
    }
}

/// An answer that counts.
#[derive(Debug)]
pub enum Verdict<G> {
    /// Yes.
    Granted(G),
    /// No, or no answer.
    Refused,
    /// No, and nobody shall come through this invitation again.
    Blocked,
}

/// An open question; `G` is what a yes grants.
#[derive(Debug)]
pub struct Question<G> {
    prompt: Prompt,
    make: fn(GrantId) -> G,
    number: GrantId,
}

impl<G> Question<G> {
    /// What the front end shows.
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// From here on silence means no.
    pub fn deadline(&self) -> Instant {
        self.prompt.deadline
    }

    /// Takes an answer. Gives the question back if it does not count: it was meant for another
    /// question, or it is a yes that came too early to be meant. A yes that is too late is a no.
    pub fn answer(self, id: PromptId, answer: Answer, now: Instant) -> Result<Verdict<G>, Self> {
        if id != self.prompt.id {
            return Err(self);
        }
        Ok(match answer {
            Answer::Allow if now >= self.prompt.deadline => Verdict::Refused,
            Answer::Allow if now >= self.prompt.live_at => {
                Verdict::Granted((self.make)(self.number))
            }
            Answer::Allow => return Err(self),
            Answer::Refuse => Verdict::Refused,
            Answer::Block => Verdict::Blocked,
        })
    }
}

/// Asks the novice, one question at a time; numbers questions and grants.
///
/// INVARIANT: a session has one of these, so that no two of its questions have the same number:
/// a front end knows a new question by it, and an answer counts for the question it names only.
#[derive(Debug, Default)]
pub struct Consent {
    prompts: u32,
    grants: u32,
}

impl Consent {
    /// May they see the screen?
    pub fn ask_view(&mut self, ask: Ask, now: Instant) -> Question<ViewGrant> {
        Question {
            prompt: self.prompt(ask, now, VIEW_PATIENCE),
            make: |_| ViewGrant(()),
            number: GrantId(0),
        }
    }

    /// May they use mouse and keyboard?
    pub fn ask_control(&mut self, ask: Ask, now: Instant) -> Question<ControlGrant> {
        self.grants += 1;
        Question {
            prompt: self.prompt(ask, now, CONTROL_PATIENCE),
            make: ControlGrant,
            number: GrantId(self.grants),
        }
    }

    fn prompt(&mut self, ask: Ask, now: Instant, patience: Duration) -> Prompt {
        self.prompts += 1;
        Prompt {
            id: PromptId(self.prompts),
            ask,
            live_at: now + PROMPT_DELAY,
            deadline: now + patience,
        }
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::text::Name;

    use super::*;

    fn question(now: Instant) -> Question<ControlGrant> {
        Consent::default().ask_control(
            Ask::Control {
                expert: Name::new("Maria"),
            },
            now,
        )
    }

    #[test]
    fn a_yes_counts_only_between_the_delay_and_the_deadline() {
        let now = Instant::now();
        let yes = |after| question(now).answer(PromptId(1), Answer::Allow, now + after);
        assert!(
            yes(Duration::ZERO).is_err(),
            "too early: the question stays open"
        );
        assert!(matches!(yes(PROMPT_DELAY), Ok(Verdict::Granted(_))));
        assert!(
            matches!(yes(CONTROL_PATIENCE), Ok(Verdict::Refused)),
            "too late: no"
        );
    }

    #[test]
    fn a_no_counts_at_once_and_an_answer_to_another_question_never() {
        let now = Instant::now();
        assert!(matches!(
            question(now).answer(PromptId(1), Answer::Refuse, now),
            Ok(Verdict::Refused)
        ));
        assert!(
            question(now)
                .answer(PromptId(2), Answer::Allow, now + PROMPT_DELAY)
                .is_err()
        );
    }

    #[test]
    fn grants_are_never_numbered_twice() {
        let mut consent = Consent::default();
        let now = Instant::now();
        let ask = || Ask::Control {
            expert: Name::new("Maria"),
        };
        let (a, b) = (
            consent.ask_control(ask(), now),
            consent.ask_control(ask(), now),
        );
        assert!(a.number < b.number && a.prompt.id < b.prompt.id);
    }
}
