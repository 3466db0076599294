//! The novice's computer, but for its screen: the agent's own socket and its own core.

use std::{net::SocketAddr, time::Duration};

use deskhand_agent::{
    clock::Now,
    desk::{Desk, Setup},
    front::{Answer, Channel, Intent, Order, PromptId, Rules, Serial},
    io::{Input, Output, ServerEvent},
    server::{self, Address, Trust},
};
use deskhand_protocol::{
    handshake::novice::Charged, id::Fingerprint, invitation::Link, signal::FromNovice, text::Name,
};
use rand_core::OsRng;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// A novice who has invited somebody, and answers when the test says so.
pub struct Novice {
    pub link: Link,
    /// The question that is open.
    prompt: watch::Receiver<Option<PromptId>>,
    answers: mpsc::Sender<Answer>,
    task: JoinHandle<()>,
}

struct Run {
    desk: Desk<OsRng>,
    prompt: watch::Sender<Option<PromptId>>,
    to_server: mpsc::Sender<FromNovice>,
}

impl Novice {
    pub fn invites_at(server: SocketAddr, password: Option<&str>) -> Self {
        let address = Address::parse(&format!("http://{server}")).unwrap();
        let setup = Setup {
            server: Some(address.public()),
            name: Name::new("Ada"),
            fingerprint: Fingerprint([1; 32]),
            no_control: None,
            rules: Rules::default(),
            first_use: false,
            until_idle: false,
        };
        let desk = Desk::new(setup, vec![], Serial(1), Now::read(), OsRng);
        let (prompt, prompt_seen) = watch::channel(None);
        let (to_server, outgoing) = mpsc::channel(64);
        let (events, heard) = mpsc::channel(64);
        let (answers, answered) = mpsc::channel(1);
        let mut run = Run {
            desk,
            prompt,
            to_server,
        };
        run.feed(Input::Novice(Intent::Invite(Order {
            channel: Channel::Link,
            password: password.map(|text| text.to_owned().into()),
            life: Duration::from_secs(3600),
            keep_open: false,
            replaced: 0,
        })));
        let link = run.desk.view().invitations[0].link.clone().unwrap();
        let (_, fragment) = link.split_once('#').unwrap();
        let link = Link::parse(fragment).unwrap();
        let trust = Trust::new([]).unwrap();
        let task = tokio::spawn(async move {
            tokio::join!(
                server::run(address, trust, outgoing, events),
                run.run(heard, answered)
            );
        });
        Self {
            link,
            prompt: prompt_seen,
            answers,
            task,
        }
    }

    /// Waits until the novice is asked, or not any more.
    pub async fn is_asked(&mut self, asked: bool) {
        let changed = self.prompt.wait_for(|prompt| prompt.is_some() == asked);
        changed.await.expect("the novice's computer runs");
    }

    pub async fn refuses(&self) {
        self.answers.send(Answer::Refuse).await.unwrap();
    }
}

impl Drop for Novice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Run {
    async fn run(
        mut self,
        mut heard: mpsc::Receiver<ServerEvent>,
        mut answered: mpsc::Receiver<Answer>,
    ) {
        loop {
            let wake = self.desk.wake(Now::read());
            let input = tokio::select! {
                Some(event) = heard.recv() => Input::Server(event),
                Some(answer) = answered.recv() => {
                    let prompt = *self.prompt.borrow();
                    // Taken back before the answer came.
                    let Some(prompt) = prompt else { continue };
                    Input::Novice(Intent::Answer { prompt, answer })
                }
                () = tokio::time::sleep_until(wake.into()) => Input::Tick,
            };
            self.feed(input);
        }
    }

    fn feed(&mut self, input: Input) {
        for output in self.desk.handle(input, Now::read()) {
            match output {
                Output::Server(message) => {
                    // One that does not fit is lost with the socket, as in the agent.
                    let _ = self.to_server.try_send(message);
                }
                Output::Charge(serial) => {
                    self.feed(Input::Charged(serial, Ok(Charged::written_down())));
                }
                Output::Keep(kept) => self.feed(Input::Kept(kept.serial, Ok(()))),
                _ => {}
            }
        }
        let prompt = self.desk.view().prompt.map(|prompt| prompt.id);
        self.prompt.send_if_modified(|shown| {
            let changed = *shown != prompt;
            *shown = prompt;
            changed
        });
    }
}
