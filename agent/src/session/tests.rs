//! The session by its one door, against an expert who really does the handshake.

use deskhand_protocol::{
    control::Denial,
    envelope::{SealedToAgent, ToAgent},
    handshake::{self, Words, expert::Joining},
    id::GrantId,
    input::{Action, Position},
    invitation::Link,
    text::{ChatText, Name},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::*;
use crate::{
    front::{self, Answer, Ask, PROMPT_DELAY, PromptId},
    hand::wire::{Command, Event as HandEvent},
};

const FP_N: Fingerprint = Fingerprint([0x11; 32]);
const FP_E: Fingerprint = Fingerprint([0x22; 32]);
const PASSWORD: &str = "k7mp-q2rs";
const HOUR: Duration = Duration::from_secs(3600);

/// A session, its present, and everything it has put out since it was last looked at.
struct Scene {
    session: Session<ChaCha20Rng>,
    now: Now,
    out: Vec<Output>,
    link: Link,
    rng: ChaCha20Rng,
    durable: u8,
}

/// An expert whose password was right.
struct Expert {
    join: JoinId,
    channel: Channel,
    words: Words,
}

impl Scene {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let now = Now::read();
        let invitation =
            Invitation::make("https://h.example", Some(PASSWORD), HOUR, now, &mut rng).unwrap();
        let fragment = invitation.shown.link.split_once('#').unwrap().1.to_owned();
        let link = Link::parse(&fragment).unwrap();
        let terms = Terms {
            invitation,
            name: Name::new("Ada"),
            fingerprint: FP_N,
            no_control: None,
        };
        let session = Session::new(terms, ChaCha20Rng::seed_from_u64(8));
        let mut scene = Self {
            session,
            now,
            out: vec![],
            link,
            rng,
            durable: 0,
        };
        scene.input(Input::Server(ServerEvent::Up));
        let (route, token) = (scene.session.route, OwnerToken("t".into()));
        scene.server(ToNovice::Registered { route, token });
        scene
    }

    fn input(&mut self, input: Input) {
        let out = self.session.handle(input, self.now);
        for output in out {
            let charge = matches!(output, Output::Charge);
            self.out.push(output);
            if charge {
                self.durable += 1;
                self.input(Input::Charged(Ok(Charged::written_down())));
            }
        }
    }

    fn server(&mut self, message: ToNovice) {
        self.input(Input::Server(ServerEvent::Message(message)));
    }

    fn novice(&mut self, intent: Intent) {
        self.input(Input::Novice(intent));
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.input(Input::Tick);
    }

    fn relay_from_page(&mut self, join: JoinId, message: &ToAgent) {
        let payload = Payload::new(wire::encode(message)).unwrap();
        self.server(ToNovice::Relay { join, payload });
    }

    fn sealed(&mut self, expert: &mut Expert, message: &SealedToAgent) {
        let sealed = ToAgent::Sealed(expert.channel.seal(message));
        self.relay_from_page(expert.join, &sealed);
    }

    /// The last message to a page.
    fn to_page(&self, join: JoinId) -> Option<ToPage> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Server(ToServer::Relay { join: to, payload }) if *to == join => {
                wire::decode(payload.as_bytes()).ok()
            }
            _ => None,
        })
    }

    fn dismissed(&self, join: JoinId) -> bool {
        self.out.iter().any(
            |output| matches!(output, Output::Server(ToServer::Dismiss { join: gone }) if *gone == join),
        )
    }

    fn join(&mut self, join: u64) -> JoinId {
        let (join, route) = (JoinId(join), self.session.route);
        self.server(ToNovice::Joined { join, route });
        join
    }

    /// As far as KE2.
    fn hello(&mut self, join: JoinId, password: &str) -> Option<handshake::expert::Waiting> {
        let Some(ToPage::Challenge(challenge)) = self.to_page(join) else {
            return None;
        };
        let joining = Joining::new(self.link.clone(), password);
        let (waiting, hello) = joining.hello(&challenge, FP_E, &mut self.rng).unwrap();
        self.relay_from_page(join, &ToAgent::Hello(hello));
        Some(waiting)
    }

    /// A whole attempt; `None` if the password was wrong.
    fn attempt(&mut self, number: u64, password: &str) -> Option<Expert> {
        let join = self.join(number);
        let waiting = self.hello(join, password)?;
        let Some(ToPage::Ke2(ke2)) = self.to_page(join) else {
            return None;
        };
        let Ok((established, ke3)) = waiting.finish(&ke2, &mut self.rng) else {
            self.server(ToNovice::Left { join });
            return None;
        };
        self.relay_from_page(join, &ToAgent::Ke3(ke3));
        Some(Expert {
            join,
            channel: established.channel,
            words: established.words,
        })
    }

    fn asking(&mut self) -> Expert {
        let mut expert = self.attempt(1, PASSWORD).unwrap();
        self.sealed(
            &mut expert,
            &SealedToAgent::Introduce {
                name: Name::new("Maria"),
            },
        );
        expert
    }

    fn answer(&mut self, answer: Answer) {
        let prompt = self.session.view().prompt.unwrap().id;
        self.pass(PROMPT_DELAY);
        self.novice(Intent::Answer { prompt, answer });
    }

    fn connecting(&mut self) -> Expert {
        let expert = self.asking();
        self.answer(Answer::Allow);
        expert
    }

    fn viewing(&mut self) -> Expert {
        let expert = self.connecting();
        self.peer(PeerEvent::Connected(FP_E));
        self.input(Input::Media(MediaEvent::Display {
            width: 1280,
            height: 800,
        }));
        self.input(Input::Hand(HandEvent::Ready));
        expert
    }

    fn peer(&mut self, event: PeerEvent) {
        self.input(Input::Peer(event));
    }

    fn controlling(&mut self) -> (Expert, GrantId) {
        let expert = self.viewing();
        let grant = self.grant();
        (expert, grant)
    }

    fn grant(&mut self) -> GrantId {
        self.peer(PeerEvent::Control(FromExpert::RequestControl));
        self.answer(Answer::Allow);
        let grant = self.hand().iter().rev().find_map(|command| match command {
            Command::Open(grant) => Some(*grant),
            _ => None,
        });
        let grant = grant.expect("the hand is told to open");
        self.input(Input::Hand(HandEvent::Opened(grant)));
        grant
    }

    fn hand(&self) -> Vec<Command> {
        let commands = self.out.iter().filter_map(|output| match output {
            Output::Hand(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    fn controls(&self) -> Vec<FromNovice> {
        let messages = self.out.iter().filter_map(|output| match output {
            Output::Peer(PeerCommand::Control(message)) => Some(message.clone()),
            _ => None,
        });
        messages.collect()
    }

    fn started_media(&self) -> bool {
        self.out
            .iter()
            .any(|output| matches!(output, Output::Media(MediaCommand::Start(_))))
    }

    fn ended(&self) -> Option<String> {
        match self.session.view().stage {
            Stage::Ended(why) => Some(why),
            _ => None,
        }
    }

    fn key(&mut self, grant: GrantId) {
        let action = Action::Heartbeat;
        let event = InputEvent {
            grant,
            epoch: 1,
            at: Position::default(),
            action,
        };
        self.peer(PeerEvent::Input(event));
    }

    fn forwarded(&self) -> usize {
        self.hand()
            .iter()
            .filter(|c| matches!(c, Command::Input(_) | Command::Motion(_)))
            .count()
    }
}

#[test]
fn the_novice_is_asked_only_after_the_password_was_right() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    assert!(
        scene.session.view().prompt.is_none(),
        "a join alone alerts nobody"
    );
    scene.hello(join, PASSWORD);
    assert!(scene.session.view().prompt.is_none());
    scene.server(ToNovice::Left { join });
    scene.pass(Duration::from_secs(20));

    let expert = scene.asking();
    let prompt = scene.session.view().prompt.unwrap();
    let Ask::View {
        expert: name,
        words,
    } = prompt.ask
    else {
        panic!("wrong question")
    };
    assert_eq!((name.as_str(), words), ("Maria", expert.words));
}

#[test]
fn an_attempt_is_written_down_before_it_is_answered() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    scene.hello(join, "wrong");
    let charge = scene
        .out
        .iter()
        .position(|o| matches!(o, Output::Charge))
        .unwrap();
    let last_relay = scene
        .out
        .iter()
        .rposition(|o| matches!(o, Output::Server(ToServer::Relay { .. })))
        .unwrap();
    assert!(charge < last_relay);
}

#[test]
fn an_attempt_that_cannot_be_written_down_is_not_answered() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    let Some(ToPage::Challenge(challenge)) = scene.to_page(join) else {
        panic!()
    };
    let joining = Joining::new(scene.link.clone(), PASSWORD);
    let (_, hello) = joining.hello(&challenge, FP_E, &mut scene.rng).unwrap();
    let payload = Payload::new(wire::encode(&ToAgent::Hello(hello))).unwrap();
    let message = ToNovice::Relay { join, payload };
    let out = scene
        .session
        .handle(Input::Server(ServerEvent::Message(message)), scene.now);
    assert!(matches!(out[..], [Output::Charge]));
    scene.input(Input::Charged(Err("the disk is full".into())));
    assert_eq!(scene.to_page(join), Some(ToPage::Refused));
    assert!(scene.ended().is_some());
}

#[test]
fn five_wrong_passwords_lock_the_invitation_for_good() {
    let mut scene = Scene::new();
    for number in 1..=5 {
        assert!(scene.ended().is_none(), "before attempt {number}");
        assert!(scene.attempt(number, "wrong").is_none());
        assert!(scene.dismissed(JoinId(number)));
        scene.pass(Duration::from_secs(20));
    }
    assert_eq!(scene.durable, 5);
    assert!(scene.ended().unwrap().contains("locked"));
    assert!(
        scene
            .out
            .iter()
            .any(|o| matches!(o, Output::LockInvitation))
    );
    assert!(
        scene.attempt(6, PASSWORD).is_none(),
        "not even the right one opens it now"
    );
    assert_eq!(scene.durable, 5);
}

#[test]
fn breaking_off_after_ke2_is_no_free_guess() {
    let mut scene = Scene::new();
    for number in 1..=5 {
        let join = scene.join(number);
        scene.hello(join, "guess");
        scene.server(ToNovice::Left { join });
        scene.pass(Duration::from_secs(20));
    }
    assert!(scene.ended().unwrap().contains("locked"));
}

#[test]
fn parallel_joins_share_one_slot() {
    let mut scene = Scene::new();
    let (first, second) = (scene.join(1), scene.join(2));
    scene.hello(first, "guess");
    scene.hello(second, "guess");
    assert_eq!(scene.to_page(second), Some(ToPage::Busy));
    assert_eq!(scene.durable, 1);
}

#[test]
fn attempts_have_to_wait_longer_and_longer() {
    let mut scene = Scene::new();
    let mut waits = vec![];
    for number in 1..5 {
        scene.attempt(number, "wrong");
        let join = scene.join(100 + number);
        if let Some(ToPage::Wait(secs)) = scene.to_page(join) {
            waits.push(secs);
        } else {
            waits.push(0);
            scene.server(ToNovice::Left { join });
        }
        scene.pass(Duration::from_secs(20));
    }
    assert_eq!(waits, [0, 2, 4, 8]);
}

#[test]
fn a_right_password_zeroes_the_count() {
    let mut scene = Scene::new();
    for number in 1..=4 {
        scene.attempt(number, "wrong");
        scene.pass(Duration::from_secs(20));
    }
    let expert = scene.attempt(5, PASSWORD).unwrap();
    assert!(scene.out.iter().any(|o| matches!(o, Output::ClearAttempts)));
    scene.server(ToNovice::Left { join: expert.join });
    scene.attempt(6, "wrong");
    assert!(scene.ended().is_none());
}

#[test]
fn without_the_link_nobody_burns_attempts() {
    let mut scene = Scene::new();
    scene.link.secret = deskhand_protocol::id::LinkSecret::from_bytes([9; 16]);
    for number in 0..10 {
        let join = scene.join(number);
        scene.hello(join, PASSWORD);
        assert_eq!(scene.to_page(join), Some(ToPage::Refused));
    }
    assert_eq!(scene.durable, 0);
    assert!(scene.ended().is_none());
}

#[test]
fn silence_at_the_view_prompt_means_no_and_three_times_closes_the_invitation() {
    let mut scene = Scene::new();
    for round in 1..=3 {
        let mut expert = scene.asking();
        scene.pass(crate::consent::VIEW_PATIENCE);
        let Some(ToPage::Sealed(sealed)) = scene.to_page(expert.join) else {
            panic!()
        };
        let ended = SealedToPage::Ended(EndReason::NoAnswer);
        assert_eq!(last_sealed(&mut expert, &scene), Some(ended), "{sealed:?}");
        assert_eq!(scene.ended().is_some(), round == 3);
        scene.out.clear();
    }
    assert!(!scene.started_media());
}

fn last_sealed(expert: &mut Expert, scene: &Scene) -> Option<SealedToPage> {
    let mut last = None;
    for output in &scene.out {
        if let Output::Server(ToServer::Relay { join, payload }) = output
            && *join == expert.join
            && let Ok(ToPage::Sealed(sealed)) = wire::decode(payload.as_bytes())
            && let Ok(message) = expert.channel.open(&sealed)
        {
            last = Some(message);
        }
    }
    last
}

#[test]
fn the_picture_starts_only_with_the_certificate_of_the_handshake() {
    let mut scene = Scene::new();
    scene.connecting();
    scene.peer(PeerEvent::Connected(Fingerprint([0x66; 32])));
    assert!(!scene.started_media());
    assert!(
        scene
            .out
            .iter()
            .any(|o| matches!(o, Output::Tell(Notice::Tampered)))
    );

    let mut scene = Scene::new();
    scene.connecting();
    assert!(!scene.started_media());
    scene.peer(PeerEvent::Connected(FP_E));
    assert!(scene.started_media());
}

#[test]
fn an_answer_with_another_fingerprint_never_reaches_the_connection() {
    let mut scene = Scene::new();
    let mut expert = scene.connecting();
    let hex = vec!["66"; 32].join(":");
    let sdp = Sdp::new(&format!("v=0\r\na=fingerprint:sha-256 {hex}\r\n"));
    scene.sealed(&mut expert, &SealedToAgent::Answer(sdp));
    assert!(
        !scene
            .out
            .iter()
            .any(|o| matches!(o, Output::Peer(PeerCommand::Answer(_))))
    );
    assert!(scene.dismissed(expert.join));
}

#[test]
fn a_replayed_sealed_message_closes_the_socket_before_any_picture() {
    let mut scene = Scene::new();
    let mut expert = scene.attempt(1, PASSWORD).unwrap();
    let introduce = SealedToAgent::Introduce {
        name: Name::new("Maria"),
    };
    let sealed = ToAgent::Sealed(expert.channel.seal(&introduce));
    scene.relay_from_page(expert.join, &sealed);
    assert!(scene.session.view().prompt.is_some());
    scene.relay_from_page(expert.join, &sealed);
    assert!(scene.dismissed(expert.join));
    assert!(
        scene.session.view().prompt.is_none(),
        "and the question goes with it"
    );
}

#[test]
fn a_meddling_server_cannot_disturb_a_session_that_stands() {
    let mut scene = Scene::new();
    let expert = scene.viewing();
    let garbage = Payload::new(vec![1, 2, 3]).unwrap();
    scene.server(ToNovice::Relay {
        join: expert.join,
        payload: garbage,
    });
    scene.server(ToNovice::Left { join: expert.join });
    scene.input(Input::Server(ServerEvent::Down));
    assert!(matches!(scene.session.view().stage, Stage::Viewing { .. }));
}

#[test]
fn a_second_expert_finds_it_busy() {
    let mut scene = Scene::new();
    scene.viewing();
    let join = scene.join(2);
    assert_eq!(scene.to_page(join), Some(ToPage::Busy));
    assert!(scene.dismissed(join));
}

#[test]
fn an_expired_invitation_lets_nobody_in_and_ends_no_session() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    scene.hello(join, PASSWORD);
    scene.now = scene.now.after(HOUR);
    scene.input(Input::Tick);
    assert_eq!(scene.to_page(join), Some(ToPage::Refused));
    assert!(scene.ended().unwrap().contains("expired"));

    let mut scene = Scene::new();
    scene.viewing();
    scene.pass(2 * HOUR);
    assert!(scene.ended().is_none());
}

#[test]
fn input_reaches_the_hand_only_under_the_grant_that_is_open() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 0, "before any grant");

    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 0, "while the novice is asked");
    assert!(scene.hand().contains(&Command::Prompt(true)));
    scene.answer(Answer::Allow);
    scene.key(GrantId(1));
    assert_eq!(
        scene.forwarded(),
        0,
        "before the hand says that the gate is open"
    );
    scene.input(Input::Hand(HandEvent::Opened(GrantId(1))));
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 1);
    scene.key(GrantId(2));
    assert_eq!(scene.forwarded(), 1, "under another number");

    scene.novice(Intent::StopControl);
    scene.key(GrantId(1));
    assert_eq!(scene.forwarded(), 1, "after the stop");
    assert!(matches!(
        scene.session.view().stage,
        Stage::Viewing {
            control: front::Control::None,
            ..
        }
    ));
}

#[test]
fn a_later_grant_has_another_number() {
    let mut scene = Scene::new();
    let (_, first) = scene.controlling();
    scene.input(Input::Hand(HandEvent::Closed {
        grant: first,
        cause: StopCause::Escape,
    }));
    let second = scene.grant();
    assert!(second > first);
    scene.key(first);
    assert_eq!(scene.forwarded(), 0);
    scene.key(second);
    assert_eq!(scene.forwarded(), 1);
}

#[test]
fn each_stop_ends_control_and_not_the_session() {
    for cause in [StopCause::Escape, StopCause::CtrlC, StopCause::Silence] {
        let mut scene = Scene::new();
        let (_, grant) = scene.controlling();
        scene.input(Input::Hand(HandEvent::Closed { grant, cause }));
        assert!(
            scene
                .controls()
                .contains(&FromNovice::Stopped { grant, cause })
        );
        assert!(matches!(
            scene.session.view().stage,
            Stage::Viewing {
                control: front::Control::None,
                ..
            }
        ));
    }
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    scene.peer(PeerEvent::Control(FromExpert::ReleaseControl(grant)));
    assert!(scene.hand().contains(&Command::Close));
}

#[test]
fn a_dead_hand_ends_control_and_says_so() {
    let mut scene = Scene::new();
    let (_, grant) = scene.controlling();
    scene.input(Input::Hand(HandEvent::Fault("gone".into())));
    assert!(scene.controls().contains(&FromNovice::Stopped {
        grant,
        cause: StopCause::Broken
    }));
    scene.key(grant);
    assert_eq!(scene.forwarded(), 0);
}

#[test]
fn refused_requests_have_to_wait() {
    let mut scene = Scene::new();
    scene.viewing();
    let mut waits = vec![];
    for _ in 0..4 {
        scene.out.clear();
        scene.peer(PeerEvent::Control(FromExpert::RequestControl));
        scene.answer(Answer::Refuse);
        scene.peer(PeerEvent::Control(FromExpert::RequestControl));
        for message in scene.controls() {
            if let FromNovice::Denied {
                reason: Denial::TooSoon,
                retry_secs,
            } = message
            {
                waits.push(retry_secs);
            }
        }
        scene.pass(Duration::from_secs(61));
    }
    assert_eq!(waits, [10, 30, 60, 60]);
}

#[test]
fn silence_at_the_control_prompt_means_no() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    scene.pass(crate::consent::CONTROL_PATIENCE);
    assert!(scene.controls().iter().any(|m| matches!(
        m,
        FromNovice::Denied {
            reason: Denial::NoAnswer,
            ..
        }
    )));
    assert!(!scene.hand().iter().any(|c| matches!(c, Command::Open(_))));
}

#[test]
fn stop_and_block_closes_everything() {
    let mut scene = Scene::new();
    scene.asking();
    let prompt = scene.session.view().prompt.unwrap().id;
    scene.novice(Intent::Answer {
        prompt,
        answer: Answer::Block,
    });
    assert!(scene.ended().is_some() && !scene.started_media());

    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    let prompt = scene.session.view().prompt.unwrap().id;
    scene.novice(Intent::Answer {
        prompt,
        answer: Answer::Block,
    });
    assert!(scene.ended().is_some());
    assert!(
        scene
            .out
            .iter()
            .any(|o| matches!(o, Output::Media(MediaCommand::Stop)))
    );
}

#[test]
fn an_answer_to_an_older_question_does_nothing() {
    let mut scene = Scene::new();
    scene.asking();
    let prompt = scene.session.view().prompt.unwrap().id;
    scene.pass(PROMPT_DELAY);
    scene.novice(Intent::Answer {
        prompt: PromptId(prompt.0 + 1),
        answer: Answer::Allow,
    });
    assert!(scene.session.view().prompt.is_some());
}

#[test]
fn both_sides_chat_and_either_ends() {
    let mut scene = Scene::new();
    scene.viewing();
    scene.novice(Intent::Chat(ChatText::new("hello")));
    assert!(
        scene
            .controls()
            .contains(&FromNovice::Chat(ChatText::new("hello")))
    );
    scene.peer(PeerEvent::Control(FromExpert::Chat(ChatText::new("hi"))));
    assert!(
        scene
            .out
            .iter()
            .any(|o| matches!(o, Output::Tell(Notice::Chat { .. })))
    );
    scene.peer(PeerEvent::Control(FromExpert::End));
    assert!(
        scene
            .controls()
            .contains(&FromNovice::Ended(EndReason::Expert))
    );
    assert!(matches!(
        scene.out.last(),
        Some(Output::Done(Outcome::Finished))
    ));
}

#[test]
fn a_stuck_connection_is_made_afresh_three_times() {
    let mut scene = Scene::new();
    scene.connecting();
    for _ in 0..3 {
        scene.peer(PeerEvent::Stuck);
    }
    let starts = scene
        .out
        .iter()
        .filter(|o| matches!(o, Output::Peer(PeerCommand::Start)))
        .count();
    assert_eq!(starts, 3);
    assert!(
        matches!(scene.session.view().stage, Stage::Waiting(_)),
        "and then it may be tried again"
    );
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Request,
        Answer(u8),
        Opened(u32),
        Closed(u32),
        Fault,
        Ready,
        Stop,
        Release(u32),
        Input(u32),
        Pass(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Request),
            (0u8..3).prop_map(Step::Answer),
            (0u32..6).prop_map(Step::Opened),
            (0u32..6).prop_map(Step::Closed),
            Just(Step::Fault),
            Just(Step::Ready),
            Just(Step::Stop),
            (0u32..6).prop_map(Step::Release),
            (0u32..6).prop_map(Step::Input),
            (0u8..40).prop_map(Step::Pass),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever happens in whatever order: an event goes to the hand only between a yes and
        /// the next stop, and only under the number of that yes.
        #[test]
        fn no_event_is_ever_forwarded_outside_a_live_grant(steps in proptest::collection::vec(step(), 1..60)) {
            let mut scene = Scene::new();
            scene.viewing();
            let mut live: Option<GrantId> = None;
            for step in steps {
                scene.out.clear();
                match step {
                    Step::Request => scene.peer(PeerEvent::Control(FromExpert::RequestControl)),
                    Step::Answer(which) => if let Some(prompt) = scene.session.view().prompt {
                        let answer = [Answer::Allow, Answer::Refuse, Answer::Allow][usize::from(which)];
                        scene.novice(Intent::Answer { prompt: prompt.id, answer });
                    },
                    Step::Opened(n) => scene.input(Input::Hand(HandEvent::Opened(GrantId(n)))),
                    Step::Closed(n) => scene.input(Input::Hand(HandEvent::Closed {
                        grant: GrantId(n),
                        cause: StopCause::Escape,
                    })),
                    Step::Fault => scene.input(Input::Hand(HandEvent::Fault("gone".into()))),
                    Step::Ready => scene.input(Input::Hand(HandEvent::Ready)),
                    Step::Stop => scene.novice(Intent::StopControl),
                    Step::Release(n) => {
                        scene.peer(PeerEvent::Control(FromExpert::ReleaseControl(GrantId(n))));
                    }
                    Step::Input(n) => {
                        scene.key(GrantId(n));
                        let allowed = usize::from(live == Some(GrantId(n)));
                        prop_assert_eq!(scene.forwarded(), allowed);
                    }
                    Step::Pass(secs) => scene.pass(Duration::from_secs(secs.into())),
                }
                for output in &scene.out {
                    match output {
                        Output::Peer(PeerCommand::Control(FromNovice::Granted(n))) => live = Some(*n),
                        Output::Peer(PeerCommand::Control(FromNovice::Stopped { .. })) => live = None,
                        _ => {}
                    }
                }
            }
        }
    }
}
