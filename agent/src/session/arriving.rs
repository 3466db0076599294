//! Somebody knew the password: who is it, and may they see the screen?

use std::time::{Duration, Instant};

use deskhand_protocol::{
    control::EndReason,
    envelope::{Sealed, SealedToAgent, SealedToPage},
    signal::FromNovice as ToServer,
};

use super::{Connecting, News, Over, Parting, Session, State};
use crate::{
    clock::Now,
    consent::{Consent, Question, Verdict, ViewGrant},
    door::{Partner, dismiss},
    front::{Answer, Ask, PromptId},
    io::Output,
};

/// The page has so long to introduce its expert.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// The password was right; who is it?
pub(super) struct Introducing {
    pub partner: Partner,
    pub deadline: Instant,
}

impl Introducing {
    pub fn new(partner: Partner, now: Now) -> Self {
        Self {
            partner,
            deadline: now.at + INTRODUCTION,
        }
    }
}

/// The novice is being asked whether they may see the screen.
pub(super) struct Asking {
    pub partner: Partner,
    pub question: Question<ViewGrant>,
}

impl Session {
    pub(super) fn introduced(
        &mut self,
        state: Introducing,
        sealed: &Sealed,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        let mut partner = state.partner;
        let Ok(SealedToAgent::Introduce { name }) = partner.open(sealed) else {
            dismiss(partner.join, out);
            return Some(News::Over(Over::Left(Parting::Unheard)));
        };
        partner.name = name;
        out.push(partner.seal(&SealedToPage::Accepted {
            novice: self.terms.name.clone(),
        }));
        let ask = Ask::View {
            expert: partner.name.clone(),
            words: partner.words,
        };
        let question = consent.ask_view(ask, now.at);
        self.state = State::Asking(Box::new(Asking { partner, question }));
        None
    }

    pub(super) fn view_answered(
        &mut self,
        asking: Asking,
        id: PromptId,
        answer: Answer,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<News> {
        let Asking {
            mut partner,
            question,
        } = asking;
        match question.answer(id, answer, now.at) {
            Err(question) => {
                self.state = State::Asking(Box::new(Asking { partner, question }));
                None
            }
            Ok(Verdict::Granted(grant)) => {
                // The answer tells what helps to reach the page; then the connection is made.
                out.push(Output::Server(ToServer::Approved { join: partner.join }));
                self.state = State::Connecting(Box::new(Connecting::new(partner, grant, now)));
                None
            }
            Ok(Verdict::Refused) => Some(refuse(partner, EndReason::Refused, out)),
            Ok(Verdict::Blocked) => {
                out.push(partner.seal(&SealedToPage::Ended(EndReason::Refused)));
                dismiss(partner.join, out);
                Some(News::Over(Over::Blocked(
                    "You refused and blocked the invitation.".into(),
                )))
            }
        }
    }
}

/// The novice said no, or nothing.
pub(super) fn refuse(mut partner: Partner, reason: EndReason, out: &mut Vec<Output>) -> News {
    out.push(partner.seal(&SealedToPage::Ended(reason)));
    dismiss(partner.join, out);
    News::Over(Over::Refused(reason))
}
