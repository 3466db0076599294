//! The expert: the page's real state and its real handshake. Made up are the browser, which does
//! what the state says, and the person, who tries again.

use std::time::Duration;

use deskhand_agent::io::PeerEvent;
use deskhand_protocol::{
    envelope::SealedToAgent,
    handshake::{Words, resume::PATIENCE},
    invitation::Link,
    signal::{FromExpert, ToExpert},
};
use deskhand_signaling::hub::{self, Page, Role};
use deskhand_web_expert::{
    handshake::{Handshake, News, Output, Over},
    state::{
        Credentials, Effect, Event as PageEvent, Line, Opened, Password, Screen, Stage, State,
    },
};

use super::{AGAIN, EXPERT, Event, Pair, description};

/// How often the page looks at the clock while it counts.
const TICK: Duration = Duration::from_millis(250);
/// Either end learns that the other has closed the direct connection.
const TOLD: Duration = Duration::from_millis(100);

/// A page that was opened with that invitation.
pub fn opened(link: &Link) -> State {
    let fragment = format!("#{}", link.to_fragment());
    State::new(Opened::Served(fragment), String::new(), None)
}

impl Pair {
    /// What the expert saw.
    pub fn words_of_expert(&self) -> Option<Words> {
        match &self.page.screen {
            Screen::Console(console) => Some(console.met.words),
            Screen::Joining(joining) => match &joining.stage {
                Stage::Asking(met) => Some(met.words),
                Stage::Reaching | Stage::Checking | Stage::Waiting { .. } => None,
            },
            _ => None,
        }
    }

    /// Whether the page shows a session whose connection is good.
    pub fn page_sees(&self) -> bool {
        matches!(&self.page.screen, Screen::Console(console) if console.line == Line::Up)
    }

    /// Whether the page tries to get a session back.
    pub fn page_waits(&self) -> bool {
        match &self.page.screen {
            Screen::Returning(_) => true,
            Screen::Console(console) => console.lost_since().is_some(),
            _ => false,
        }
    }

    /// The page is loaded again: it has nothing but what it kept, and the novice's computer does
    /// not know yet.
    pub fn reload(&mut self) {
        self.close_socket();
        self.page_peer = None;
        self.page = State::new(Opened::Served(String::new()), String::new(), None);
        if self.kept.is_some() {
            let now = self.page_clock();
            for effect in self.page.go_on(PATIENCE, now) {
                self.page_does(effect);
            }
            self.keep_page_time();
        }
    }

    /// The person at the page does what there is to do.
    pub(super) fn expert_acts(&mut self) {
        self.acting = false;
        match &self.page.screen {
            Screen::Join(_) => self.tell_page(PageEvent::Connect {
                name: "Maria".into(),
                password: Password(self.typed.into()),
            }),
            // Opens the link again.
            Screen::Ended(_) => {
                self.page = opened(&self.invitation);
                self.await_expert();
            }
            _ => {}
        }
    }

    pub(super) fn page_ticks(&mut self) {
        self.ticking = false;
        self.tell_page(PageEvent::Tick);
    }

    /// The browser says something about the connection of this number.
    pub(super) fn tell_page_of(&mut self, peer: u32, event: PageEvent) {
        if self.page_peer == Some(peer) {
            self.tell_page(event);
        }
    }

    pub(super) fn tell_page(&mut self, event: PageEvent) {
        let now = self.page_clock();
        for effect in self.page.handle(event, now) {
            self.page_does(effect);
        }
        self.keep_page_time();
        self.await_expert();
    }

    /// From the server.
    pub(super) fn page_hears(&mut self, message: &ToExpert) {
        let Some(handshake) = &mut self.handshake else {
            return;
        };
        for output in handshake.handle(message, &mut self.rng) {
            match output {
                Output::Send(message) => self.page_says(message),
                Output::Tell(news) => {
                    let refused = matches!(news, News::Over(Over::Refused));
                    self.locked_out |= refused && self.kept.is_some();
                    self.tell_page(PageEvent::News(news));
                }
            }
        }
    }

    pub(super) fn page_socket_closed(&mut self) {
        self.expert = None;
        self.handshake = None;
        self.tell_page(PageEvent::SocketClosed);
    }

    fn page_clock(&self) -> Duration {
        self.now.at.saturating_duration_since(self.begin)
    }

    fn keep_page_time(&mut self) {
        if self.page.is_counting() && !std::mem::replace(&mut self.ticking, true) {
            self.after(TICK, Event::PageTicks);
        }
    }

    fn await_expert(&mut self) {
        let due = matches!(self.page.screen, Screen::Join(_) | Screen::Ended(_));
        if due && !std::mem::replace(&mut self.acting, true) {
            self.after(AGAIN, Event::ExpertActs);
        }
    }

    fn page_does(&mut self, effect: Effect) {
        match effect {
            Effect::Join(Credentials {
                key,
                name,
                password,
            }) => {
                let handshake = Handshake::new(key, &password.0, name, EXPERT);
                self.open_socket(handshake);
            }
            Effect::Rejoin => match self.kept.clone() {
                Some(key) => self.open_socket(Handshake::resume(key, EXPERT)),
                None => self.after(Duration::ZERO, Event::PageRefusesToTry),
            },
            Effect::StopRejoining => self.close_socket(),
            Effect::HangUp | Effect::Part => {
                self.close_socket();
                if let Some(peer) = self.page_peer.take() {
                    self.after(TOLD, Event::Peer(peer, PeerEvent::Closed));
                }
            }
            Effect::Keep => {
                let key = self.handshake.as_ref().and_then(Handshake::resume_key);
                self.kept = key.cloned().or(self.kept.take());
            }
            Effect::Forget => self.kept = None,
            Effect::Leave => self.page_seals(&SealedToAgent::Leave),
            Effect::Answer(_) => {
                self.page_peer = Some(self.peer);
                self.page_seals(&SealedToAgent::Answer(description(EXPERT)));
            }
            _ => {}
        }
    }

    fn page_seals(&mut self, message: &SealedToAgent) {
        let sealed = self.handshake.as_mut().and_then(|one| one.seal(message));
        if let Some(sealed) = sealed {
            self.page_says(sealed);
        }
    }

    fn open_socket(&mut self, handshake: Handshake) {
        self.close_socket();
        let socket = self.socket();
        self.expert = Some(socket);
        if self.server_away {
            self.after(AGAIN, Event::Closed(socket));
        }
        for message in handshake.open() {
            self.page_says(message);
        }
        self.handshake = Some(handshake);
    }

    fn close_socket(&mut self) {
        self.handshake = None;
        if let Some(socket) = self.expert.take() {
            let gone = hub::Input::Gone { socket };
            self.send(socket, true, Event::ToHub(gone));
        }
    }

    fn page_says(&mut self, message: FromExpert) {
        let Some(socket) = self.expert.filter(|_| !self.server_away) else {
            return;
        };
        let input = match message {
            FromExpert::Hello { .. } => hub::Input::Connected {
                socket,
                role: Role::Expert(Page::Served),
            },
            message => hub::Input::Expert { socket, message },
        };
        self.send(socket, true, Event::ToHub(input));
    }
}
