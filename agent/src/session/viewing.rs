//! The session proper: picture, chat, control.

mod lost;
mod sharing;

use std::time::Instant;

use deskhand_protocol::{
    control::{Denial, EndReason, FromExpert, FromNovice, StopCause},
    envelope::{Sealed, SealedToAgent, SealedToPage},
    handshake::seal::SealError,
    id::JoinId,
    text::{ChatText, Name},
};

use super::{
    dialling::Dialled,
    hearing::{Hearing, Line},
    screens::Screens,
};
use crate::{
    clock::Now,
    consent::{Consent, ViewGrant},
    door::Partner,
    front::{self, Notice, Prompt, Speaker, Stage},
    hand::wire::Command,
    io::{MediaCommand, MediaEvent, Output, PeerCommand, PeerEvent},
    rate::Rate,
};
use sharing::Control;

/// What an expert says and asks for: far above anybody who types, far below what would bury
/// the novice's window in text.
const MESSAGES_PER_SECOND: u32 = 5;
const MESSAGES_AT_ONCE: u32 = 30;

/// Why a session is over; the sentence is for the novice.
pub(super) type End = (EndReason, &'static str);

const LOST: End = (EndReason::Lost, "The connection to your helper is lost.");
const TAMPERED: End = (
    EndReason::Lost,
    "Somebody tried to get between you and your helper, so the session was ended.",
);
const ENDED: End = (EndReason::Expert, "Your helper ended the session.");

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Viewing {
    partner: Partner,
    /// The novice's yes to the picture.
    grant: ViewGrant,
    hearing: Hearing,
    messages: Rate,
    paused: bool,
    /// The picture is being made, or would be if it were not paused.
    capturing: bool,
    screens: Screens,
    /// The expert looks at the picture.
    looking: bool,
    hand_ready: bool,
    /// Why the last hand stopped, if it did.
    hand_fault: Option<String>,
    no_control: Option<String>,
    refused: usize,
    not_before: Instant,
    control: Control,
}

impl Viewing {
    /// The connection is there: the picture begins.
    pub fn begin(
        partner: Partner,
        grant: ViewGrant,
        no_control: Option<String>,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut viewing = Self {
            partner,
            grant,
            hearing: Hearing::new(now),
            messages: Rate::new(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE),
            paused: false,
            capturing: false,
            screens: Screens::default(),
            looking: true,
            hand_ready: false,
            hand_fault: None,
            no_control,
            refused: 0,
            not_before: now.at,
            control: Control::None,
        };
        viewing.capture(out);
        out.push(Output::StartHand);
        viewing
    }

    fn capture(&mut self, out: &mut Vec<Output>) {
        self.capturing = true;
        out.push(Output::Media(MediaCommand::Start(self.grant.again())));
        if let Some(shown) = self.screens.shown() {
            out.push(Output::Media(MediaCommand::Show(shown)));
        }
    }

    pub fn stage(&self) -> Stage {
        let control = match self.control {
            Control::Open { local_hand, .. } => front::Control::Shared { local_hand },
            Control::Opening { .. } => front::Control::Shared { local_hand: false },
            Control::None | Control::Asked(_) => front::Control::None,
        };
        Stage::Viewing {
            expert: self.partner.name.clone(),
            words: self.partner.words,
            paused: self.paused,
            watched: self.screens.watched(),
            looking: self.looking,
            control,
            lost: self.hearing.lost_since(),
        }
    }

    /// Whether the page is being waited for.
    pub fn is_lost(&self) -> bool {
        self.hearing.lost_since().is_some()
    }

    /// Claimed by the expert.
    pub fn name(&self) -> &Name {
        &self.partner.name
    }

    pub fn prompt(&self) -> Option<&Prompt> {
        match &self.control {
            Control::Asked(question) => Some(question.prompt()),
            Control::None | Control::Opening { .. } | Control::Open { .. } => None,
        }
    }

    pub fn deadline(&self, now: Now) -> Option<Instant> {
        let control = match &self.control {
            Control::Asked(question) => Some(question.deadline()),
            Control::Opening { deadline, .. } => Some(*deadline),
            Control::None | Control::Open { .. } => None,
        };
        let hearing = self.hearing.deadline(now);
        control.into_iter().chain(hearing).min()
    }

    /// From the connection. Gives a reason if the session is over.
    pub fn peer_event(
        &mut self,
        event: PeerEvent,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<End> {
        match &mut self.hearing.line {
            Line::Up | Line::Silent => self.heard_directly(event, consent, now, out),
            Line::Dialling(dialling) => {
                match dialling.event(event, &mut self.partner, out) {
                    Dialled::Still => {}
                    Dialled::Connected => self.back(now, out),
                    Dialled::Tampered => return Some(TAMPERED),
                    Dialled::Failed => self.gone(now, out),
                }
                None
            }
            Line::Away => None,
        }
    }

    fn heard_directly(
        &mut self,
        event: PeerEvent,
        consent: &mut Consent,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<End> {
        if matches!(
            event,
            PeerEvent::Control(_)
                | PeerEvent::Input(_)
                | PeerEvent::Motion(_)
                | PeerEvent::Heard(true)
        ) && self.hearing.heard(now)
        {
            out.push(Output::Tell(Notice::Back(self.partner.name.clone())));
        }
        match event {
            PeerEvent::Control(
                FromExpert::Chat(_)
                | FromExpert::RequestControl
                | FromExpert::Looking(_)
                | FromExpert::Quality(_),
            ) if !self.messages.admits(now.at) => {
                return Some((
                    EndReason::Malformed,
                    "The session was ended: the other side sent more messages than anybody can read.",
                ));
            }
            PeerEvent::Control(message) => match message {
                FromExpert::Chat(text) => {
                    let from = Speaker::Expert(self.partner.name.clone());
                    out.push(Output::Tell(Notice::Chat { from, text }));
                }
                FromExpert::RequestControl => self.control_requested(consent, now, out),
                FromExpert::ReleaseControl(grant) if self.granted() == Some(grant) => {
                    self.stop_control(StopCause::Released, now.at, out);
                }
                // Crossed with a stop: it has what it wants.
                FromExpert::ReleaseControl(_) => {}
                FromExpert::Refresh => out.push(Output::Media(MediaCommand::Refresh)),
                FromExpert::Decodes(codecs) => {
                    out.push(Output::Media(MediaCommand::Decodes(codecs)));
                }
                FromExpert::Show(shown) => out.push(Output::Media(MediaCommand::Show(shown))),
                FromExpert::Looking(looking) => self.look(looking, out),
                FromExpert::Quality(quality) => {
                    out.push(Output::Media(MediaCommand::Prefer(quality)));
                }
                FromExpert::End => return Some(ENDED),
            },
            PeerEvent::Input(event) => {
                if let Control::Open { grant, .. } = &self.control
                    && !(self.screens.stalled() && event.action.begins())
                {
                    out.extend(grant.input(event).map(Output::Hand));
                }
            }
            PeerEvent::Motion(motion) => {
                if let Control::Open { grant, .. } = &self.control
                    && !self.screens.stalled()
                {
                    out.extend(grant.motion(motion).map(Output::Hand));
                }
            }
            PeerEvent::Candidate(candidate) => {
                out.push(self.partner.seal(&SealedToPage::Candidate(candidate)));
            }
            PeerEvent::Malformed => {
                return Some((
                    EndReason::Malformed,
                    "The session was ended: the other side sent something that Deskhand does not understand.",
                ));
            }
            PeerEvent::Heard(false) => {
                if self.hearing.silent(now) {
                    self.let_go(now, out);
                    out.push(Output::Tell(Notice::Lost(self.partner.name.clone())));
                }
            }
            PeerEvent::Closed | PeerEvent::Stuck => self.gone(now, out),
            PeerEvent::Offer(_) | PeerEvent::Connected(_) | PeerEvent::Heard(true) => {}
        }
        None
    }

    pub fn media_event(&mut self, event: MediaEvent, out: &mut Vec<Output>) {
        match event {
            MediaEvent::Display(scope) => self.screens.display(scope, self.hand_ready, out),
            MediaEvent::Monitors(monitors) => {
                self.screens.monitors(monitors, &self.partner.name, out);
            }
            MediaEvent::CursorShape(shape) => out.push(control(FromNovice::CursorShape(shape))),
            MediaEvent::CursorMoved(at) => out.push(Output::Peer(PeerCommand::Cursor(at))),
            MediaEvent::Stalled(stalled) => self.screens.stall(stalled, out),
            MediaEvent::Failed(_) => {}
        }
    }

    pub fn say(&self, text: ChatText, out: &mut Vec<Output>) {
        if self.is_lost() {
            out.push(Output::Tell(Notice::NotSaid(self.partner.name.clone())));
            return;
        }
        out.push(control(FromNovice::Chat(text.clone())));
        out.push(Output::Tell(Notice::Chat {
            from: Speaker::Novice,
            text,
        }));
    }

    pub fn pause(&mut self, paused: bool, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.paused, paused) != paused {
            if self.capturing {
                out.push(Output::Media(MediaCommand::Pause(paused)));
            } else if !paused && matches!(self.hearing.line, Line::Up | Line::Silent) {
                self.capture(out);
            }
            out.push(control(FromNovice::Paused(paused)));
            out.push(Output::Tell(Notice::Paused(paused)));
        }
    }

    /// The expert looks at the picture, or at something else: then none is made, whatever the
    /// novice's own pause says.
    fn look(&mut self, looking: bool, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.looking, looking) != looking {
            out.push(Output::Media(MediaCommand::Look(looking)));
            let name = self.partner.name.clone();
            out.push(Output::Tell(Notice::Looking(name, looking)));
        }
    }

    /// From the page through the server. Gives a reason if the session is over.
    ///
    /// # Errors
    /// [`SealError`] if it is not from the page that was there last.
    pub fn sealed(
        &mut self,
        join: JoinId,
        sealed: &Sealed,
        out: &mut Vec<Output>,
    ) -> Result<Option<End>, SealError> {
        if join != self.partner.join {
            return Err(SealError::Forged);
        }
        let message = self.partner.open(sealed)?;
        match (&mut self.hearing.line, message) {
            (_, SealedToAgent::Leave) => return Ok(Some(ENDED)),
            (Line::Dialling(dialling), message) => {
                if !dialling.heard(message, &mut self.partner, out) {
                    return Err(SealError::Malformed);
                }
            }
            (Line::Up | Line::Silent, SealedToAgent::Candidate(candidate)) => {
                if self.partner.admits_candidate() {
                    out.push(Output::Peer(PeerCommand::Candidate(candidate)));
                }
            }
            (Line::Up | Line::Silent | Line::Away, _) => {}
        }
        Ok(None)
    }

    /// What follows from time alone. Gives a reason if the session is over.
    pub fn pass_time(&mut self, now: Now, out: &mut Vec<Output>) -> Option<End> {
        self.hearing.pass_time(now);
        if self.hearing.is_over(now) {
            return Some(LOST);
        }
        match &mut self.hearing.line {
            Line::Dialling(dialling) if dialling.is_late(now) => self.gone(now, out),
            Line::Dialling(dialling) => dialling.pass_time(now, out),
            Line::Up | Line::Silent | Line::Away => {}
        }
        match &self.control {
            Control::Asked(question) if question.deadline() <= now.at => {
                self.control = Control::None;
                self.refuse(Denial::NoAnswer, now.at, out);
            }
            Control::Opening { deadline, .. } if *deadline <= now.at => {
                self.stop_control(StopCause::Broken, now.at, out);
            }
            Control::None | Control::Asked(_) | Control::Opening { .. } | Control::Open { .. } => {}
        }
        None
    }

    /// Ends everything: control first, then the picture, then the connection.
    pub fn close(mut self, reason: EndReason, out: &mut Vec<Output>) {
        out.push(Output::Hand(Command::Close));
        self.control = Control::None;
        out.push(Output::Media(MediaCommand::Stop));
        out.push(control(FromNovice::Ended(reason)));
        out.push(self.partner.seal(&SealedToPage::Ended(reason)));
        out.push(Output::Peer(PeerCommand::Close));
        out.push(Output::StopHand);
    }
}

pub(super) fn control(message: FromNovice) -> Output {
    Output::Peer(PeerCommand::Control(message))
}
