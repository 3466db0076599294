//! The core by its one door, against an expert who really does the handshake.

use deskhand_protocol::{
    control::{Denial, Display, FromExpert, FromNovice, Quality, StopCause},
    envelope::{SealedToAgent, SealedToPage, ToPage},
    handshake::{self, Words, expert::Joining, novice::Charged, seal::Channel},
    id::{GrantId, JoinId, Route},
    input::{Action, Button, InputEvent, Motion, Position},
    invitation::Link,
    monitor::{Monitor, MonitorId, Monitors, Shown},
    picture::{Codec, Codecs},
    signal::{FromNovice as ToServer, OwnerToken, Payload, ToNovice},
    text::{ChatText, Name, Sdp},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::*;
use crate::{
    front::{self, Answer, Ask, Intent, Order, PROMPT_DELAY, PromptId},
    hand::wire::{Command, Event as HandEvent},
    io::{MediaCommand, MediaEvent, PeerCommand, PeerEvent, ServerEvent},
    scope::Scope,
};

const FP_N: Fingerprint = Fingerprint([0x11; 32]);
const FP_E: Fingerprint = Fingerprint([0x22; 32]);
const PASSWORD: &str = "k7mp-q2rs";
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

mod abuse;
mod control;
mod guesses;
mod invitations;
mod looking;
mod lost;
mod properties;
mod reaching;
mod scene;
mod screens;
mod spoken;

use scene::{Disk, Expert, Scene};

#[test]
fn the_novice_is_asked_only_after_the_password_was_right() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    assert!(
        scene.desk.view().prompt.is_none(),
        "a join alone alerts nobody"
    );
    scene.hello(join, PASSWORD);
    assert!(scene.desk.view().prompt.is_none());
    scene.server(ToNovice::Left { join });
    scene.pass(Duration::from_secs(20));

    let expert = scene.asking();
    let prompt = scene.desk.view().prompt.unwrap();
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
fn nothing_is_said_to_the_server_before_the_greeting() {
    let mut scene = Scene::with(scene::setup());
    scene.input(Input::Server(ServerEvent::Down));
    scene.out.clear();
    scene.novice(Intent::Invite(scene::order(front::Channel::Link)));
    let to_server = |scene: &Scene| {
        let messages = scene.out.iter().filter_map(|output| match output {
            Output::Server(message) => Some(message.clone()),
            _ => None,
        });
        messages.collect::<Vec<_>>()
    };
    assert_eq!(to_server(&scene), []);
    scene.input(Input::Server(ServerEvent::Up));
    let said = to_server(&scene);
    let greeted = matches!(
        said[..],
        [ToServer::Hello { .. }, ToServer::Register { .. }]
    );
    assert!(greeted, "{said:?}");
}

#[test]
fn an_attempt_is_written_down_before_it_is_answered() {
    let mut scene = Scene::new();
    let join = scene.join(1);
    scene.hello(join, "wrong");
    let charge = scene
        .out
        .iter()
        .position(|o| matches!(o, Output::Charge(_)))
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
        .desk
        .handle(Input::Server(ServerEvent::Message(message)), scene.now);
    assert!(matches!(out[..], [Output::Charge(_)]));
    scene.input(Input::Charged(Serial(1), Err("the disk is full".into())));
    assert_eq!(scene.to_page(join), Some(ToPage::Refused));
    assert!(scene.said.last().unwrap().contains("nobody may try"));
    assert_eq!(scene.kept().standing, Standing::Open, "until there is room");
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
    assert_eq!(scene.kept().standing, Standing::Locked);
    assert!(scene.kept().secrets.is_none(), "and wiped");
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
    assert_eq!(scene.kept().failed, 0);
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
    assert!(scene.desk.view().prompt.is_some());
    scene.relay_from_page(expert.join, &sealed);
    assert!(scene.dismissed(expert.join));
    assert!(
        scene.desk.view().prompt.is_none(),
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
    assert!(matches!(scene.desk.view().stage, Stage::Viewing { .. }));
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
fn stop_and_block_closes_everything() {
    let mut scene = Scene::new();
    scene.asking();
    let prompt = scene.desk.view().prompt.unwrap().id;
    scene.novice(Intent::Answer {
        prompt,
        answer: Answer::Block,
    });
    assert!(scene.ended().is_some() && !scene.started_media());

    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    let prompt = scene.desk.view().prompt.unwrap().id;
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
    let prompt = scene.desk.view().prompt.unwrap().id;
    scene.pass(PROMPT_DELAY);
    scene.novice(Intent::Answer {
        prompt: PromptId(prompt.0 + 1),
        answer: Answer::Allow,
    });
    assert!(scene.desk.view().prompt.is_some());
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
fn the_picture_is_told_what_the_page_decodes_and_when_it_lost_something() {
    let mut scene = Scene::new();
    let codecs = Codecs::from_iter([Codec::Av1]);
    let told = |scene: &Scene| {
        let media = |output: &&Output| {
            matches!(output, Output::Media(MediaCommand::Decodes(said)) if *said == codecs)
                || matches!(output, Output::Media(MediaCommand::Refresh))
        };
        scene.out.iter().filter(media).count()
    };
    scene.connecting();
    scene.peer(PeerEvent::Control(FromExpert::Decodes(codecs)));
    assert_eq!(
        told(&scene),
        0,
        "nothing counts before the certificate was compared"
    );

    let mut scene = Scene::new();
    scene.viewing();
    scene.peer(PeerEvent::Control(FromExpert::Decodes(codecs)));
    scene.peer(PeerEvent::Control(FromExpert::Refresh));
    assert_eq!(told(&scene), 2);
}
