//! The connection is lost, and the page comes back: without a question, and without control.

use deskhand_protocol::{
    handshake::{Established, resume::ResumeKey},
    signal::Refusal,
};

use super::{
    scene::{order, registers, setup, standing},
    *,
};

const FP_BACK: Fingerprint = Fingerprint([0x33; 32]);

/// A page that is kept waiting, or was: everything that it has.
struct Page {
    key: ResumeKey,
    join: u64,
}

impl Page {
    /// Of the expert whom the novice lets see the screen.
    fn viewing(scene: &mut Scene) -> Self {
        let expert = scene.viewing();
        Self {
            key: expert.resume,
            join: 100,
        }
    }

    /// Joins the session's own route, and proves what it has, if it gets a challenge.
    fn proves(&mut self, scene: &mut Scene) -> Option<Established> {
        self.join += 1;
        let (join, route) = (JoinId(self.join), self.key.route());
        scene.server(ToNovice::Joined { join, route });
        let Some(ToPage::Challenge(challenge)) = scene.to_page(join) else {
            return None;
        };
        let (established, resume) = self.key.prove(&challenge, FP_BACK, &mut scene.rng);
        scene.relay_from_page(join, &ToAgent::Resume(resume));
        Some(established)
    }

    /// Comes back as far as the offer, which it can read.
    fn comes(&mut self, scene: &mut Scene) -> Option<Expert> {
        scene.out.clear();
        let established = self.proves(scene)?;
        scene.peer(PeerEvent::Offer(Sdp::new("v=0")));
        let mut expert = Expert {
            join: JoinId(self.join),
            channel: established.channel,
            words: established.words,
            resume: established.resume.clone(),
        };
        let offer = last_sealed(&mut expert, scene);
        if offer != Some(SealedToPage::Offer(Sdp::new("v=0"))) {
            return None;
        }
        self.key = established.resume;
        Some(expert)
    }

    /// Comes back for good.
    fn is_back(&mut self, scene: &mut Scene) -> Expert {
        let mut expert = self.comes(scene).expect("it is let in");
        let (join, servers) = (expert.join, vec![]);
        scene.server(ToNovice::IceServers { join, servers });
        scene.sealed(&mut expert, &SealedToAgent::Answer(answer(FP_BACK)));
        scene.peer(PeerEvent::Connected(FP_BACK));
        expert
    }
}

fn answer(fingerprint: Fingerprint) -> Sdp {
    let hex: Vec<_> = (fingerprint.0.iter())
        .map(|byte| format!("{byte:02X}"))
        .collect();
    Sdp::new(&format!(
        "v=0\r\na=fingerprint:sha-256 {}\r\n",
        hex.join(":")
    ))
}

fn is_lost(scene: &Scene) -> bool {
    matches!(
        scene.desk.view().stage,
        Stage::Viewing { lost: Some(_), .. }
    )
}

fn is_seen(scene: &Scene) -> bool {
    matches!(scene.desk.view().stage, Stage::Viewing { lost: None, .. })
}

fn count(scene: &Scene, what: impl Fn(&Output) -> bool) -> usize {
    scene.out.iter().filter(|output| what(output)).count()
}

fn starts(scene: &Scene) -> usize {
    count(scene, |o| {
        matches!(o, Output::Media(MediaCommand::Start(_)))
    })
}

fn stops(scene: &Scene) -> usize {
    count(scene, |o| matches!(o, Output::Media(MediaCommand::Stop)))
}

#[test]
fn a_page_that_comes_back_sees_the_screen_again_and_nobody_is_asked() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.out.clear();
    scene.peer(PeerEvent::Closed);
    assert!(is_lost(&scene) && stops(&scene) == 1, "nothing is captured");
    scene.pass(Duration::from_secs(100));
    let words = page.is_back(&mut scene).words;
    assert!(is_seen(&scene) && scene.desk.view().prompt.is_none());
    assert_eq!(starts(&scene), 1);
    let approved = |o: &Output| matches!(o, Output::Server(ToServer::Approved { join }) if join.0 == page.join);
    assert_eq!(count(&scene, approved), 1);
    let Stage::Viewing { words: shown, .. } = scene.desk.view().stage else {
        panic!()
    };
    assert_eq!(shown, words, "the words of the first handshake");
    assert_eq!(scene.durable, 1, "no password was tried");
}

#[test]
fn a_reloaded_page_closes_what_there_was_although_it_seems_to_stand() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    let former = JoinId(1);
    let expert = page.is_back(&mut scene);
    assert!(scene.dismissed(former));
    assert_eq!(stops(&scene), 1);
    let order = scene.out.iter().filter_map(|output| match output {
        Output::Peer(PeerCommand::Close) => Some("closed"),
        Output::Server(ToServer::Approved { .. }) => Some("approved"),
        _ => None,
    });
    assert_eq!(order.collect::<Vec<_>>(), ["closed", "approved"]);
    // The former page is out for good.
    scene.out.clear();
    let mut old = Expert {
        join: former,
        ..expert
    };
    scene.sealed(&mut old, &SealedToAgent::Leave);
    assert!(is_seen(&scene) && scene.dismissed(former));
}

#[test]
fn two_minutes_after_the_last_sign_of_life_the_session_is_over() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.pass(5 * MINUTE);
    scene.peer(PeerEvent::Heard(false));
    assert!(is_lost(&scene));
    let left = (2 * MINUTE).saturating_sub(crate::peer::SILENCE);
    assert_eq!(scene.desk.wake(scene.now), scene.now.at + MINUTE / 2);
    scene.pass(left.saturating_sub(Duration::from_millis(1)));
    assert!(is_lost(&scene));
    scene.pass(Duration::from_millis(1));
    assert!(scene.ended().unwrap().contains("is lost"));
    assert!(page.comes(&mut scene).is_none(), "the key is destroyed");
}

#[test]
fn a_silence_that_ends_by_itself_disturbs_nothing() {
    let mut scene = Scene::new();
    Page::viewing(&mut scene);
    scene.out.clear();
    scene.peer(PeerEvent::Heard(false));
    scene.pass(MINUTE);
    scene.peer(PeerEvent::Heard(true));
    assert!(is_seen(&scene));
    assert_eq!((starts(&scene), stops(&scene)), (0, 0));
    scene.pass(5 * MINUTE);
    assert!(is_seen(&scene));
}

#[test]
fn control_never_comes_back_by_itself() {
    let lose: [fn(&mut Scene); 3] = [
        |scene| scene.peer(PeerEvent::Heard(false)),
        |scene| scene.peer(PeerEvent::Closed),
        |_| {},
    ];
    for lose in lose {
        let mut scene = Scene::new();
        let mut page = Page::viewing(&mut scene);
        let grant = scene.grant();
        scene.out.clear();
        lose(&mut scene);
        let mut back = page.is_back(&mut scene);
        assert!(
            scene
                .said
                .iter()
                .any(|said| said.contains("Control stopped"))
        );
        assert!(matches!(
            scene.desk.view().stage,
            Stage::Viewing {
                control: front::Control::None,
                ..
            }
        ));
        let before = scene.forwarded();
        scene.key(grant);
        assert_eq!(scene.forwarded(), before, "not even by its number");
        scene.sealed(&mut back, &SealedToAgent::Candidate(candidate()));
        let next = scene.grant();
        assert!(next > grant, "the novice is asked, and gives another");
    }
}

fn candidate() -> deskhand_protocol::envelope::Candidate {
    deskhand_protocol::envelope::Candidate {
        candidate: deskhand_protocol::text::CandidateText::default(),
        mid: None,
        line: None,
    }
}

#[test]
fn a_question_for_control_goes_with_the_connection() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.peer(PeerEvent::Control(FromExpert::RequestControl));
    let prompt = scene.desk.view().prompt.unwrap().id;
    scene.peer(PeerEvent::Closed);
    assert!(scene.desk.view().prompt.is_none());
    page.is_back(&mut scene);
    scene.pass(PROMPT_DELAY);
    scene.novice(Intent::Answer {
        prompt,
        answer: Answer::Allow,
    });
    assert!(!scene.hand().iter().any(|c| matches!(c, Command::Open(_))));
}

#[test]
fn a_paused_picture_stays_paused_until_the_novice_goes_on() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.novice(Intent::Pause(true));
    scene.peer(PeerEvent::Closed);
    page.is_back(&mut scene);
    assert_eq!(starts(&scene), 0, "not one picture");
    assert!(scene.controls().contains(&FromNovice::Paused(true)));
    scene.novice(Intent::Pause(false));
    assert_eq!(starts(&scene), 1);

    // What the novice decides meanwhile counts as well.
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.peer(PeerEvent::Closed);
    scene.novice(Intent::Pause(true));
    page.is_back(&mut scene);
    assert_eq!(starts(&scene), 0);
    scene.peer(PeerEvent::Closed);
    scene.novice(Intent::Pause(false));
    assert_eq!(starts(&scene), 0, "nobody is there");
    page.is_back(&mut scene);
    assert_eq!(starts(&scene), 1);
}

#[test]
fn the_screen_that_was_watched_is_shown_again() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    let monitor = |id| Monitor {
        id: MonitorId(id),
        name: Name::new("HDMI"),
        x: 0,
        y: 0,
        width: 800,
        height: 600,
    };
    let shown = Shown::One(MonitorId(2));
    let monitors = Monitors::new(vec![monitor(1), monitor(2)], shown).unwrap();
    scene.input(Input::Media(MediaEvent::Monitors(monitors)));
    page.is_back(&mut scene);
    let again = |o: &Output| matches!(o, Output::Media(MediaCommand::Show(one)) if *one == shown);
    assert_eq!(count(&scene, again), 1);
}

#[test]
fn the_end_is_the_end_of_the_key_too() {
    let end: [fn(&mut Scene); 4] = [
        |scene| scene.novice(Intent::End),
        |scene| scene.novice(Intent::Expire(Serial(1))),
        |scene| scene.peer(PeerEvent::Control(FromExpert::End)),
        |scene| {
            scene.input(Input::Rules(Rules {
                forbidden: Some("Not here.".into()),
                ..Rules::default()
            }));
        },
    ];
    for end in end {
        let mut scene = Scene::with(setup());
        scene.invite(&order(front::Channel::Link));
        let mut page = Page::viewing(&mut scene);
        scene.out.clear();
        end(&mut scene);
        let route = page.key.route();
        let gone = |o: &Output| matches!(o, Output::Server(ToServer::Unregister { route: gone }) if *gone == route);
        assert_eq!(count(&scene, gone), 1);
        assert!(page.comes(&mut scene).is_none());
        assert_eq!(scene.to_page(JoinId(page.join)), Some(ToPage::Refused));
    }
}

#[test]
fn the_novice_need_not_wait() {
    let mut scene = Scene::with(setup());
    scene.invite(&order(front::Channel::Link));
    let mut page = Page::viewing(&mut scene);
    scene.peer(PeerEvent::Closed);
    scene.novice(Intent::Chat(ChatText::new("hello?")));
    assert!(scene.said.last().unwrap().contains("cannot read that"));
    scene.novice(Intent::End);
    assert!(scene.ended().is_some() && page.comes(&mut scene).is_none());
}

#[test]
fn the_expert_can_give_up_on_the_sealed_way() {
    let mut scene = Scene::new();
    let mut expert = scene.viewing();
    scene.peer(PeerEvent::Closed);
    scene.sealed(&mut expert, &SealedToAgent::Leave);
    assert!(scene.ended().unwrap().contains("ended the session"));
}

#[test]
fn a_stranger_at_the_route_changes_nothing_however_often_they_try() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    let mut other = Scene::new();
    other.rng = ChaCha20Rng::seed_from_u64(9);
    let stranger = Page::viewing(&mut other).key;
    for number in 0..50 {
        let (join, route) = (JoinId(500 + number), page.key.route());
        scene.server(ToNovice::Joined { join, route });
        let Some(ToPage::Challenge(challenge)) = scene.to_page(join) else {
            panic!("no challenge")
        };
        let (_, resume) = stranger.prove(&challenge, FP_BACK, &mut scene.rng);
        scene.relay_from_page(join, &ToAgent::Resume(resume));
        assert_eq!(scene.to_page(join), Some(ToPage::Refused));
        assert!(scene.dismissed(join) && is_seen(&scene));
    }
    page.is_back(&mut scene);
}

#[test]
fn a_proof_counts_once_and_not_for_long() {
    let mut scene = Scene::new();
    let page = Page::viewing(&mut scene);
    let join = |scene: &mut Scene, number| {
        let (join, route) = (JoinId(number), page.key.route());
        scene.server(ToNovice::Joined { join, route });
        let Some(ToPage::Challenge(challenge)) = scene.to_page(join) else {
            panic!("no challenge")
        };
        let (_, resume) = page.key.prove(&challenge, FP_BACK, &mut scene.rng);
        (join, ToAgent::Resume(resume))
    };
    // Replayed to another challenge.
    let (_, old) = join(&mut scene, 10);
    let (second, _) = join(&mut scene, 11);
    scene.relay_from_page(second, &old);
    assert_eq!(scene.to_page(second), Some(ToPage::Refused));
    // Sent twice.
    let (third, proof) = join(&mut scene, 12);
    scene.relay_from_page(third, &proof);
    assert!(is_lost(&scene), "accepted");
    scene.relay_from_page(third, &proof);
    assert_eq!(scene.to_page(third), Some(ToPage::Refused));
    // Held back by the server.
    let mut scene = Scene::new();
    let page = Page::viewing(&mut scene);
    let (late, route) = (JoinId(20), page.key.route());
    scene.server(ToNovice::Joined { join: late, route });
    let Some(ToPage::Challenge(challenge)) = scene.to_page(late) else {
        panic!("no challenge")
    };
    let (_, resume) = page.key.prove(&challenge, FP_BACK, &mut scene.rng);
    scene.pass(handshake::TIMEOUT);
    scene.relay_from_page(late, &ToAgent::Resume(resume));
    assert!(is_seen(&scene));
}

#[test]
fn of_two_pages_with_the_same_key_only_one_holds_the_session() {
    let mut scene = Scene::new();
    let mut first = Page::viewing(&mut scene);
    let mut second = Page {
        key: first.key.clone(),
        join: 200,
    };
    let mut gone = first.is_back(&mut scene);
    // The second one comes with what the first one has used up.
    assert!(second.comes(&mut scene).is_none() && is_seen(&scene));
    // Both at once: who came later goes on.
    let mut second = Page {
        key: first.key.clone(),
        join: 300,
    };
    first.comes(&mut scene).unwrap();
    second.is_back(&mut scene);
    assert!(is_seen(&scene));
    scene.sealed(&mut gone, &SealedToAgent::Leave);
    assert!(is_seen(&scene), "nobody listens to the first one any more");
    assert!(first.comes(&mut scene).is_none());
}

#[test]
fn an_offer_that_gets_lost_locks_nobody_out() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    // Nothing of what the agent says arrives.
    for _ in 0..3 {
        page.proves(&mut scene).unwrap();
        scene.server(ToNovice::Left {
            join: JoinId(page.join),
        });
        assert!(is_lost(&scene));
    }
    // Nothing of what the page says after the offer arrives.
    page.comes(&mut scene).unwrap();
    scene.input(Input::Server(ServerEvent::Down));
    scene.input(Input::Server(ServerEvent::Up));
    page.is_back(&mut scene);
    assert!(is_seen(&scene));
}

#[test]
fn the_certificate_of_the_new_proof_counts_and_no_other() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.peer(PeerEvent::Closed);
    let mut expert = page.comes(&mut scene).unwrap();
    scene.sealed(&mut expert, &SealedToAgent::Answer(answer(FP_E)));
    let answered = |o: &Output| matches!(o, Output::Peer(PeerCommand::Answer(_)));
    assert_eq!(count(&scene, answered), 0);

    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    let mut expert = page.comes(&mut scene).unwrap();
    scene.sealed(&mut expert, &SealedToAgent::Answer(answer(FP_BACK)));
    scene.out.clear();
    scene.peer(PeerEvent::Connected(FP_E));
    assert_eq!(starts(&scene), 0);
    assert!(scene.ended().unwrap().contains("get between"));
}

#[test]
fn a_connection_that_cannot_be_made_is_no_end() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    page.comes(&mut scene).unwrap();
    for _ in 0..3 {
        scene.peer(PeerEvent::Stuck);
    }
    assert!(is_lost(&scene));
    page.is_back(&mut scene);
    assert!(is_seen(&scene));
}

#[test]
fn who_lost_everything_comes_by_the_invitation_and_is_asked_about() {
    let (mut scene, serial) = {
        let mut scene = Scene::with(setup());
        let serial = scene.invite(&order(front::Channel::Link));
        (scene, serial)
    };
    let mut page = Page::viewing(&mut scene);
    scene.peer(PeerEvent::Closed);
    let mut expert = scene.attempt(50, PASSWORD).expect("nobody is turned away");
    let told = scene.said.join("\n");
    assert!(told.contains("former helper's session is over"), "{told}");
    let name = Name::new("Maria");
    scene.sealed(&mut expert, &SealedToAgent::Introduce { name });
    assert!(matches!(
        scene.desk.view().prompt.unwrap().ask,
        Ask::View { .. }
    ));
    assert!(page.comes(&mut scene).is_none(), "the former one is over");
    assert_eq!(standing(&scene, serial), Some(Standing::InUse));
}

#[test]
fn the_session_outlasts_its_invitation_and_whatever_the_server_forgets() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.pass(2 * HOUR);
    scene.input(Input::Server(ServerEvent::Down));
    scene.out.clear();
    scene.input(Input::Server(ServerEvent::Up));
    assert_eq!(
        registers(&scene),
        [(page.key.route(), false, None)],
        "the invitation itself is over"
    );
    scene.out.clear();
    let (route, reason) = (page.key.route(), Refusal::Expired);
    scene.server(ToNovice::Unregistered { route, reason });
    assert_eq!(registers(&scene).len(), 1);
    page.is_back(&mut scene);
    assert!(is_seen(&scene));
}

#[test]
fn a_sleeping_computer_keeps_no_session() {
    let mut scene = Scene::new();
    let mut page = Page::viewing(&mut scene);
    scene.now = Now {
        at: scene.now.at,
        ..scene.now.after(3 * MINUTE)
    };
    scene.input(Input::Tick);
    scene.peer(PeerEvent::Heard(false));
    assert!(scene.ended().is_some());
    assert!(page.comes(&mut scene).is_none());
}
