//! A lost connection, and a page that was loaded again.

use super::*;

/// Up to the seal of the novice's computer, and its offer.
fn answers() -> [Event; 2] {
    [
        Event::News(News::Accepted(met())),
        Event::News(News::Offer(Sdp::new("v=0 again"))),
    ]
}

fn answered() -> Vec<Effect> {
    vec![
        Effect::Revoke,
        Effect::Keep,
        Effect::Answer(Sdp::new("v=0 again")),
    ]
}

#[test]
fn approval_is_kept_before_it_is_answered_and_noted_while_the_line_is_up() {
    let mut state = page();
    run(&mut state, [connect(), Event::News(News::Accepted(met()))]);
    let offer = Event::News(News::Offer(Sdp::new("v=0")));
    assert_eq!(
        run(&mut state, [offer, Event::Beat]),
        [Effect::Keep, Effect::Answer(Sdp::new("v=0"))],
        "it is not seen to stand yet"
    );
    assert_eq!(
        run(&mut state, [Event::Line(Line::Up), Event::Beat]),
        [Effect::Keep]
    );
    run(&mut state, [Event::Line(Line::Interrupted)]);
    assert!(run(&mut state, [Event::Beat]).is_empty(), "two minutes run");
}

#[test]
fn an_interruption_is_counted_and_soon_another_way_is_tried() {
    let mut state = in_session();
    state.handle(Event::Line(Line::Interrupted), secs(10));
    assert!(state.is_counting());
    assert_eq!(console(&state).lost_since(), Some(secs(10)));
    assert!(state.handle(Event::Tick, secs(11)).is_empty());
    assert_eq!(state.handle(Event::Tick, secs(12)), [Effect::Rejoin]);
    // No server, no network.
    let closed = state.handle(Event::SocketClosed, secs(12));
    assert_eq!(closed, [Effect::StopRejoining]);
    assert!(state.handle(Event::Tick, secs(12)).is_empty());
    assert_eq!(state.handle(Event::Tick, secs(13)), [Effect::Rejoin]);
    // The old way is back first.
    assert_eq!(
        state.handle(Event::Line(Line::Up), secs(14)),
        [Effect::StopRejoining, Effect::Send(FromExpert::Refresh)],
        "and what got lost on it is sent anew"
    );
    assert!(console(&state).lost_since().is_none() && !state.is_counting());
    assert!(run(&mut state, [Event::SocketClosed]).is_empty());
}

#[test]
fn a_new_connection_begins_with_nothing_but_the_chat() {
    let mut state = in_control();
    run(
        &mut state,
        [
            display(),
            Event::Frame,
            Event::Novice(FromNovice::Chat(ChatText::new("hello"))),
            Event::Novice(FromNovice::Paused(true)),
        ],
    );
    assert_eq!(
        run(&mut state, [Event::Lost]),
        [Effect::Revoke, Effect::Rejoin],
        "at once"
    );
    assert_eq!(console(&state).control, Control::None);
    assert_eq!(run(&mut state, answers()), answered());
    let now = console(&state);
    assert!(!now.has_picture && !now.still.paused && now.display.is_none());
    assert_eq!(now.control, Control::None, "never by itself");
    assert_eq!(now.chat.len(), 1);
    assert_eq!(now.line, Line::Interrupted, "not yet");
    assert!(run(&mut state, [Event::Line(Line::Up)]).is_empty());
    assert!(console(&state).may_ask());
}

#[test]
fn what_is_wished_of_the_picture_is_said_again() {
    let mut state = in_session();
    let wish = Effect::Send(FromExpert::Quality(Quality::SharpText));
    run(&mut state, [display(), Event::Prefer(Quality::SharpText)]);
    run(&mut state, [Event::Lost]);
    run(&mut state, answers());
    assert!(run(&mut state, [Event::Line(Line::Up), display()]).contains(&wish));
}

#[test]
fn a_second_offer_for_a_connection_that_got_stuck_is_answered() {
    let again = || Event::News(News::Offer(Sdp::new("v=0 again")));
    let answer = [Effect::Answer(Sdp::new("v=0 again"))];
    let mut state = page();
    run(&mut state, offered());
    assert_eq!(run(&mut state, [again()]), answer);
    run(&mut state, [Event::Line(Line::Up), display()]);
    assert!(run(&mut state, [again()]).is_empty(), "nobody needs it");

    run(&mut state, [Event::Lost]);
    run(&mut state, answers());
    assert_eq!(run(&mut state, [again()]), answer);
}

/// The page's end stands, and the novice's computer has said nothing over it.
fn stands_at_one_end() -> State {
    let mut state = page();
    run(&mut state, offered());
    run(&mut state, [Event::Line(Line::Up)]);
    state
}

#[test]
fn a_connection_that_stands_at_this_end_alone_is_no_reason_to_refuse_another() {
    let again = || Event::News(News::Offer(Sdp::new("v=0 again")));
    let answer = [Effect::Answer(Sdp::new("v=0 again"))];
    // The novice's computer hangs up first, or not.
    for lost in [true, false] {
        let mut state = stands_at_one_end();
        if lost {
            assert_eq!(run(&mut state, [Event::Lost]), [Effect::Revoke]);
        }
        assert_eq!(run(&mut state, [again()]), answer);
        assert_eq!(console(&state).line, Line::Interrupted);
        run(&mut state, [Event::Line(Line::Up), display()]);
        assert_eq!(console(&state).line, Line::Up);
        assert!(run(&mut state, [again()]).is_empty(), "that one stands");
    }
    // The same on the way back.
    let mut state = in_session();
    run(&mut state, [Event::Lost]);
    run(&mut state, answers());
    run(&mut state, [Event::Line(Line::Up), Event::Lost]);
    assert_eq!(run(&mut state, [again()]), answer);
}

#[test]
fn another_connection_that_does_not_come_is_gone_for() {
    let mut state = stands_at_one_end();
    state.handle(Event::Lost, secs(0));
    let rejoins = (1..60).find(|now| state.handle(Event::Tick, secs(*now)) == [Effect::Rejoin]);
    assert_eq!(rejoins, Some(21));
}

#[test]
fn two_minutes_later_it_is_over() {
    let mut state = in_session();
    state.handle(Event::Line(Line::Interrupted), secs(0));
    for now in 0..120 {
        state.handle(Event::Tick, secs(now));
        state.handle(Event::SocketClosed, secs(now));
    }
    assert_eq!(
        state.handle(Event::Tick, secs(120)),
        [Effect::Revoke, Effect::HangUp, Effect::Forget]
    );
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_some()));
}

#[test]
fn the_expert_need_not_wait() {
    let mut state = in_session();
    run(&mut state, [Event::Line(Line::Interrupted)]);
    assert!(run(&mut state, [Event::Say("hello?".into())]).is_empty());
    assert_eq!(
        run(&mut state, [Event::End]),
        [
            Effect::Revoke,
            Effect::Send(FromExpert::End),
            Effect::Leave,
            Effect::Part,
            Effect::Forget
        ]
    );
}

#[test]
fn only_the_novices_own_word_ends_it_while_it_is_lost() {
    for (over, goes_on) in [
        (Over::Left, true),
        (Over::Busy, true),
        (Over::Tampered, true),
        (Over::Closed(Refusal::Unavailable), true),
        (Over::Closed(Refusal::Restarting), true),
        (Over::Closed(Refusal::TooMany), true),
        (Over::Closed(Refusal::Version), false),
        (Over::Refused, false),
        (Over::Ended(EndReason::Novice), false),
    ] {
        let mut state = in_session();
        run(&mut state, [Event::Lost]);
        let effects = run(&mut state, [Event::News(News::Over(over))]);
        if goes_on {
            assert_eq!(effects, [Effect::StopRejoining], "{over:?}");
        } else {
            assert_eq!(effects.last(), Some(&Effect::Forget), "{over:?}");
        }
        let stays = matches!(state.screen, Screen::Console(_));
        assert_eq!(stays, goes_on, "{over:?}");
    }
}

/// A page that was loaded again in the middle of a session.
fn reloaded() -> State {
    let mut state = served("");
    assert!(state.may_go_on_with(link().id));
    assert_eq!(state.go_on(secs(100), secs(0)), [Effect::Rejoin]);
    state
}

#[test]
fn a_reloaded_page_goes_on_by_itself() {
    let mut state = reloaded();
    assert!(state.is_counting());
    assert_eq!(
        run(&mut state, answers()),
        [Effect::Keep, Effect::Answer(Sdp::new("v=0 again"))]
    );
    assert_eq!(console(&state).met, met());
    assert!(!console(&state).may_ask());
    run(&mut state, [Event::Line(Line::Up)]);
    assert!(console(&state).may_ask() && console(&state).lost_since().is_none());
}

#[test]
fn a_reloaded_page_tries_again_and_gives_up_in_time() {
    let mut state = reloaded();
    let failed = state.handle(Event::SocketClosed, secs(1));
    assert_eq!(failed, [Effect::StopRejoining]);
    assert_eq!(state.handle(Event::Tick, secs(2)), [Effect::Rejoin]);
    assert_eq!(
        state.handle(Event::Tick, secs(100)),
        [Effect::HangUp, Effect::Forget]
    );
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_none()));

    let mut state = reloaded();
    let refused = Event::News(News::Over(Over::Refused));
    assert_eq!(run(&mut state, [refused]), [Effect::HangUp, Effect::Forget]);

    let mut state = reloaded();
    assert_eq!(
        run(&mut state, [Event::Cancel]),
        [Effect::Leave, Effect::HangUp, Effect::Forget]
    );
}

#[test]
fn an_offer_out_of_the_blue_is_nothing_to_go_on_with() {
    let mut state = reloaded();
    let offer = Event::News(News::Offer(Sdp::new("v=0")));
    assert_eq!(run(&mut state, [offer]), [Effect::StopRejoining]);
}

#[test]
fn a_page_goes_on_only_with_what_it_was_opened_for() {
    let other = InvitationId::from_bytes([9; 16]);
    assert!(served("").may_go_on_with(other));
    assert!(page().may_go_on_with(link().id) && !page().may_go_on_with(other));
    assert!(from_file().may_go_on_with(link().id) && !from_file().may_go_on_with(other));
    assert!(!served("#nonsense").may_go_on_with(other));
    let unable = State::new(Opened::Served(String::new()), String::new(), Some("why"));
    assert!(!unable.may_go_on_with(other));

    // It knows how to begin anew, then.
    let mut state = from_file();
    state.go_on(secs(1), secs(0));
    run(&mut state, answers());
    run(&mut state, [Event::Line(Line::Up), Event::Lost]);
    state.handle(Event::Tick, secs(500));
    assert!(matches!(&state.screen, Screen::Ended(ended) if ended.again.is_some()));
}
