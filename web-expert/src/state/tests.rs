use deskhand_protocol::{
    control::{Denial, Display, EndReason, StopCause},
    handshake::Words,
    id::{InvitationId, LinkSecret},
    invitation::{FileError, LinkError, Number, Origin},
    monitor::{Monitor, MonitorId, Monitors},
    signal::Refusal,
    text::ChatText,
};

use super::*;

mod picture;
mod returning;

fn link() -> Link {
    Link {
        id: InvitationId::from_bytes([1; 16]),
        secret: LinkSecret::from_bytes([2; 16]),
        password: true,
    }
}

fn met() -> Met {
    Met {
        novice: Name::new("Anna"),
        words: Words::from_bytes([1, 2]),
    }
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn connect() -> Event {
    Event::Connect {
        name: "Maria".into(),
        password: Password("secret".into()),
    }
}

fn served(fragment: &str) -> State {
    State::new(Opened::Served(fragment.into()), String::new(), None)
}

/// A page out of a file.
fn from_file() -> State {
    let file = FromFile {
        server: Origin::parse("https://help.example").unwrap(),
        link: link(),
    };
    State::new(Opened::File(Ok(file)), String::new(), None)
}

fn connect_to(number: &str) -> Event {
    Event::ConnectTo {
        number: number.into(),
        name: "Maria".into(),
        password: Password("lamp river stone moon".into()),
    }
}

/// A page at the form.
fn page() -> State {
    served(&format!("#{}", link().to_fragment()))
}

/// From the form up to the offer of the novice's computer.
fn offered() -> [Event; 3] {
    [
        connect(),
        Event::News(News::Accepted(met())),
        Event::News(News::Offer(Sdp::new("v=0"))),
    ]
}

fn run(state: &mut State, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
    events
        .into_iter()
        .flat_map(|event| state.handle(event, secs(0)))
        .collect()
}

fn in_session() -> State {
    let mut state = page();
    run(
        &mut state,
        [
            connect(),
            Event::News(News::Checking),
            Event::News(News::Accepted(met())),
            Event::News(News::Offer(Sdp::new("v=0"))),
            Event::Line(Line::Up),
            display(),
        ],
    );
    state
}

/// The novice's computer's first word.
fn display() -> Event {
    Event::Novice(FromNovice::Display(Display {
        epoch: 1,
        width: 1280,
        height: 800,
    }))
}

fn in_control() -> State {
    let mut state = in_session();
    run(
        &mut state,
        [
            Event::TakeControl,
            Event::Novice(FromNovice::Granted(GrantId(1))),
        ],
    );
    state
}

fn console(state: &State) -> &Console {
    let Screen::Console(console) = &state.screen else {
        panic!("{state:?}")
    };
    console
}

#[test]
fn opening_the_page_does_nothing_until_connect() {
    let mut state = page();
    assert!(matches!(&state.screen, Screen::Join(join) if join.link == link()));
    let effects = state.handle(connect(), secs(0));
    assert!(matches!(
        &effects[..],
        [Effect::Remember(_), Effect::Join(credentials)] if credentials.key == Key::Link(link())
    ));
}

#[test]
fn without_a_link_one_can_be_pasted_whole_or_in_part() {
    let fragment = link().to_fragment();
    for pasted in [
        format!(" https://help.example/#{fragment}\n"),
        format!("#{fragment}"),
        fragment.clone(),
    ] {
        let mut state = served("");
        assert_eq!(state.screen, Screen::Start(Start::default()));
        run(&mut state, [Event::Paste(pasted)]);
        assert!(matches!(state.screen, Screen::Join(_)), "{state:?}");
    }
    let mut state = served("#nonsense");
    assert_eq!(problem(&state), Some(Problem::Link(LinkError::Malformed)));
    run(&mut state, [Event::Paste("2.x.y".into())]);
    assert_eq!(problem(&state), Some(Problem::Link(LinkError::Newer)));
}

/// What is wrong on the first screen.
fn problem(state: &State) -> Option<Problem> {
    let Screen::Start(start) = &state.screen else {
        panic!("{state:?}")
    };
    start.problem
}

#[test]
fn a_number_and_its_password_are_enough() {
    let mut state = served("");
    let effects = run(&mut state, [connect_to("123-456 789")]);
    let key = Key::Number(Number::new(123_456_789).unwrap());
    assert!(matches!(
        &effects[..],
        [Effect::Remember(_), Effect::Join(credentials)] if credentials.key == key
    ));
}

#[test]
fn a_wrong_number_is_told_at_once_and_nobody_is_asked() {
    let mut state = served("");
    run(&mut state, [Event::Number("12345678".into())]);
    assert_eq!(
        problem(&state),
        Some(Problem::Number(sentences::BAD_NUMBER))
    );
    run(&mut state, [Event::Number("123456789".into())]);
    assert_eq!(problem(&state), None);
    run(&mut state, [Event::Number(String::new())]);
    assert_eq!(problem(&state), None, "not typed yet");

    for number in ["", "12345678", "one"] {
        assert!(run(&mut state, [connect_to(number)]).is_empty());
        assert_eq!(
            problem(&state),
            Some(Problem::Number(sentences::BAD_NUMBER))
        );
    }
}

#[test]
fn a_number_wants_a_password_and_a_name() {
    for (name, password, why) in [
        ("Maria", " - ", sentences::NO_PASSWORD),
        (" ", "lamp", sentences::NO_NAME),
    ] {
        let mut state = served("");
        let event = Event::ConnectTo {
            number: "123456789".into(),
            name: name.into(),
            password: Password(password.into()),
        };
        assert!(run(&mut state, [event]).is_empty());
        assert_eq!(problem(&state), Some(Problem::Number(why)));
    }
}

#[test]
fn unknown_numbers_and_wrong_passwords_sound_the_same_and_the_number_stays() {
    for over in [
        Over::Refused,
        Over::Closed(Refusal::Unavailable),
        Over::Closed(Refusal::Expired),
    ] {
        let mut state = served("");
        let news = Event::News(News::Over(over));
        run(&mut state, [connect_to("123456789"), news]);
        let start = Start {
            number: "123 456 789".into(),
            problem: Some(Problem::Number(sentences::NUMBER_REFUSED)),
        };
        assert_eq!(state.screen, Screen::Start(start));
    }
}

#[test]
fn a_number_is_kept_for_connecting_again() {
    let mut state = served("");
    let left = Event::News(News::Over(Over::Left));
    run(&mut state, [connect_to("123456789"), left, Event::Again]);
    assert!(matches!(&state.screen, Screen::Start(start) if start.number == "123 456 789"));
}

#[test]
fn a_file_brings_its_own_invitation() {
    let mut state = from_file();
    let effects = run(&mut state, [connect()]);
    assert!(matches!(
        &effects[..],
        [Effect::Remember(_), Effect::Join(credentials)] if credentials.key == Key::File(link())
    ));
    let file = state.file.unwrap();
    let address = format!("https://help.example/#{}", link().to_fragment());
    assert_eq!(file.address(), address);
    assert_eq!(file.about(), "https://help.example/about");
}

#[test]
fn a_file_that_says_nothing_useful_says_so() {
    for (error, part) in [
        (FileError::Malformed, "damaged"),
        (FileError::Newer, "newer version"),
    ] {
        let mut state = State::new(Opened::File(Err(error)), String::new(), None);
        assert!(matches!(state.screen, Screen::Unable(why) if why.contains(part)));
        assert!(run(&mut state, [connect(), connect_to("123456789")]).is_empty());
    }
}

#[test]
fn a_file_of_another_version_than_the_server_leads_to_the_link() {
    let version = Event::News(News::Over(Over::Closed(Refusal::Version)));
    let mut state = from_file();
    run(&mut state, [connect(), version.clone()]);
    assert!(matches!(&state.screen, Screen::Ended(ended)
        if ended.text.contains("link instead") && ended.again.is_none()));
    let mut state = page();
    run(&mut state, [connect(), version]);
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.text.contains("Reload")));
}

#[test]
fn a_nameless_expert_is_asked_for_a_name() {
    let mut state = page();
    let effects = state.handle(
        Event::Connect {
            name: "  ".into(),
            password: Password::default(),
        },
        secs(0),
    );
    assert!(effects.is_empty());
    assert!(matches!(state.screen, Screen::Join(join) if join.problem == Some(sentences::NO_NAME)));
}

#[test]
fn every_refusal_before_the_password_is_proved_sounds_the_same() {
    for over in [
        Over::Refused,
        Over::Closed(Refusal::Unavailable),
        Over::Closed(Refusal::Expired),
    ] {
        let mut state = page();
        let effects = run(&mut state, [connect(), Event::News(News::Over(over))]);
        assert_eq!(effects.last(), Some(&Effect::HangUp));
        assert!(matches!(&state.screen, Screen::Join(join)
            if join.problem == Some(sentences::REFUSED)));
    }
}

#[test]
fn a_wait_counts_down_and_tries_again_by_itself() {
    let mut state = page();
    run(
        &mut state,
        [connect(), Event::News(News::Over(Over::Wait(8)))],
    );
    assert!(state.is_counting());
    assert!(state.handle(Event::SocketClosed, secs(1)).is_empty());
    assert!(state.handle(Event::Tick, secs(7)).is_empty());
    let effects = state.handle(Event::Tick, secs(8));
    assert!(matches!(&effects[..], [Effect::Join(_)]));
}

#[test]
fn a_line_that_falls_silent_is_not_waited_for_for_ever() {
    // What came last, when its stage was first looked at, and when it was too long.
    let stages = [
        (vec![], 1, 21),
        (vec![News::Checking], 15, 35),
        (vec![News::Checking, News::Accepted(met())], 15, 105),
    ];
    for (news, begins, ends) in stages {
        let mut state = page();
        run(&mut state, [connect()]);
        assert!(state.handle(Event::Tick, secs(1)).is_empty());
        run(&mut state, news.into_iter().map(Event::News));
        assert!(state.is_counting());
        assert!(state.handle(Event::Tick, secs(begins)).is_empty());
        assert!(state.handle(Event::Tick, secs(ends - 1)).is_empty());
        assert_eq!(state.handle(Event::Tick, secs(ends)), [Effect::HangUp]);
        assert!(matches!(&state.screen, Screen::Join(join)
            if join.problem == Some(sentences::SILENT.text)));
        assert!(!state.is_counting());
    }
}

#[test]
fn an_offer_that_the_novice_was_not_asked_for_is_refused() {
    let mut state = page();
    run(
        &mut state,
        [connect(), Event::News(News::Offer(Sdp::new("v=0")))],
    );
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_none()));
}

#[test]
fn a_fresh_offer_is_answered_until_the_connection_stands() {
    let offer = || Event::News(News::Offer(Sdp::new("v=0")));
    let answer = [Effect::Answer(Sdp::new("v=0"))];
    let mut state = page();
    let met = Event::News(News::Accepted(met()));
    run(&mut state, [connect(), met, offer()]);
    assert_eq!(run(&mut state, [offer()]), answer);
    run(&mut state, [Event::Line(Line::Up), display()]);
    assert_eq!(run(&mut state, [offer()]), []);
}

#[test]
fn giving_up_tells_the_novice() {
    let mut state = page();
    run(&mut state, [connect(), Event::News(News::Accepted(met()))]);
    assert_eq!(
        state.handle(Event::Cancel, secs(0)),
        [Effect::Leave, Effect::HangUp]
    );
    assert!(matches!(state.screen, Screen::Join(_)));
}

#[test]
fn control_is_asked_for_granted_used_and_given_back() {
    let mut state = in_session();
    assert_eq!(
        state.handle(Event::TakeControl, secs(0)),
        [Effect::Send(control::FromExpert::RequestControl)]
    );
    assert!(
        state.handle(Event::TakeControl, secs(0)).is_empty(),
        "asked once is enough"
    );
    assert_eq!(
        run(&mut state, [Event::Novice(FromNovice::Granted(GrantId(4)))]),
        [Effect::Grant(GrantId(4))]
    );
    assert_eq!(
        state.handle(Event::ReleaseControl, secs(0)),
        [
            Effect::Revoke,
            Effect::Send(control::FromExpert::ReleaseControl(GrantId(4)))
        ],
        "what is held comes up before control is given back"
    );
    assert_eq!(console(&state).control, Control::None);
}

#[test]
fn a_stop_ends_control_and_says_how() {
    for cause in [StopCause::Escape, StopCause::CtrlC, StopCause::Button] {
        let mut state = in_control();
        let effects = run(
            &mut state,
            [Event::Novice(FromNovice::Stopped {
                grant: GrantId(1),
                cause,
            })],
        );
        assert_eq!(effects, [Effect::Revoke]);
        assert_eq!(console(&state).control, Control::None);
        assert!(console(&state).alert.is_some());
        assert!(console(&state).may_ask(), "may ask again");
    }
}

#[test]
fn a_late_stop_of_an_earlier_grant_does_not_end_this_one() {
    let mut state = in_control();
    let effects = run(
        &mut state,
        [
            Event::Novice(FromNovice::Granted(GrantId(2))),
            Event::Novice(FromNovice::Stopped {
                grant: GrantId(1),
                cause: StopCause::Released,
            }),
        ],
    );
    assert_eq!(effects, [Effect::Grant(GrantId(2))]);
    assert_eq!(console(&state).grant(), Some(GrantId(2)));
}

#[test]
fn after_a_refusal_the_expert_waits_before_asking_again() {
    let mut state = in_session();
    run(
        &mut state,
        [
            Event::TakeControl,
            Event::Novice(FromNovice::Denied {
                reason: Denial::Refused,
                retry_secs: 10,
            }),
        ],
    );
    assert!(state.is_counting() && !console(&state).may_ask());
    assert!(state.handle(Event::TakeControl, secs(5)).is_empty());
    state.handle(Event::Tick, secs(10));
    assert!(console(&state).may_ask());
}

#[test]
fn the_local_hand_pauses_only_control_that_is_held() {
    let mut state = in_control();
    run(&mut state, [Event::Novice(FromNovice::LocalHand(true))]);
    assert_eq!(
        console(&state).control,
        Control::Granted {
            grant: GrantId(1),
            local_hand: true
        }
    );
    let mut state = in_session();
    run(&mut state, [Event::Novice(FromNovice::LocalHand(true))]);
    assert_eq!(console(&state).control, Control::None);
}

#[test]
fn a_desktop_that_does_not_answer_keeps_everything_as_it_is() {
    let mut state = in_control();
    let before = console(&state).control;
    run(&mut state, [Event::Novice(FromNovice::Stalled(true))]);
    assert!(console(&state).still.stalled);
    assert_eq!(console(&state).control, before);
    run(&mut state, [Event::Novice(FromNovice::Stalled(false))]);
    assert!(!console(&state).still.stalled);
}

#[test]
fn a_picture_that_cannot_be_received_is_told_in_a_sentence() {
    let mut state = in_session();
    assert_eq!(run(&mut state, [Event::PictureBroken]), []);
    let alert = console(&state).alert.as_deref();
    assert_eq!(alert, Some(sentences::PICTURE_BROKEN));
}

#[test]
fn chat_goes_both_ways_and_is_bounded() {
    let mut state = in_session();
    assert_eq!(
        state.handle(Event::Say(" hello ".into()), secs(0)),
        [Effect::Send(control::FromExpert::Chat(ChatText::new(
            "hello"
        )))]
    );
    assert!(state.handle(Event::Say("  \n ".into()), secs(0)).is_empty());
    for n in 0..1000 {
        let text = ChatText::new(&n.to_string());
        run(&mut state, [Event::Novice(FromNovice::Chat(text))]);
    }
    let chat = &console(&state).chat;
    assert_eq!(chat.len(), 500);
    assert_eq!(chat.last().unwrap().text.as_str(), "999");
    assert_eq!(chat.last().unwrap().number, 1000);
}

#[test]
fn the_server_may_go_once_the_line_is_up() {
    let mut state = in_session();
    assert!(run(&mut state, [Event::News(News::Over(Over::Left))]).is_empty());
    assert!(run(&mut state, [Event::SocketClosed]).is_empty());
    assert_eq!(console(&state).line, Line::Up);
}

#[test]
fn an_interruption_alone_is_waited_out() {
    let mut state = in_session();
    run(
        &mut state,
        [Event::Line(Line::Interrupted), Event::Line(Line::Up)],
    );
    assert_eq!(console(&state).line, Line::Up);
}

#[test]
fn a_connection_that_never_came_about_is_the_end() {
    let mut state = page();
    let effects = run(&mut state, offered().into_iter().chain([Event::Lost]));
    let end = [Effect::Revoke, Effect::HangUp, Effect::Forget];
    assert_eq!(effects[effects.len() - 3..], end);
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_some()));
}

#[test]
fn the_end_is_said_before_the_line_closes() {
    let mut state = in_control();
    assert_eq!(
        state.handle(Event::End, secs(0)),
        [
            Effect::Revoke,
            Effect::Send(control::FromExpert::End),
            Effect::Part,
            Effect::Forget
        ]
    );
    // The invitation ends with its session, so there is nothing to come back to.
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_none()));
}

#[test]
fn the_novices_end_is_the_end() {
    let mut state = in_control();
    let effects = run(
        &mut state,
        [Event::Novice(FromNovice::Ended(EndReason::Novice))],
    );
    assert_eq!(effects, [Effect::Revoke, Effect::HangUp, Effect::Forget]);
    assert!(
        run(&mut state, [Event::Novice(FromNovice::Granted(GrantId(9)))]).is_empty(),
        "nothing comes after it"
    );
}

#[test]
fn no_secret_shows_in_debug() {
    let mut state = page();
    run(&mut state, [connect()]);
    let shown = format!("{state:?}");
    assert!(!shown.contains("secret\"") && !shown.contains(&link().to_fragment()));
}

#[test]
fn the_connection_is_tried_out_once_at_a_time_and_wherever_the_page_is() {
    let mut state = served("");
    assert_eq!(state.trial, Trial::None);
    assert_eq!(state.handle(Event::Try, secs(0)), [Effect::Try]);
    assert_eq!(state.trial, Trial::Running);
    assert_eq!(state.handle(Event::Try, secs(1)), []);

    // What came of it is kept when the screen changes meanwhile.
    let screen = state.screen.clone();
    assert_eq!(state.handle(Event::Tried(Outcome::NoServer), secs(2)), []);
    assert_eq!(state.trial, Trial::Done(Outcome::NoServer));
    assert_eq!(state.screen, screen);
    assert_eq!(state.handle(Event::Try, secs(3)), [Effect::Try]);
}
