//! The page: one loop over a closed set of messages.

use std::{collections::VecDeque, time::Duration};

use gloo_events::EventListener;
use yew::{Callback, Component, Context, Html, html};

use crate::{
    channels,
    hands::Hands,
    heart::Heart,
    js,
    keyboard::Platform,
    memory, peer, picture,
    place::{self, Place},
    sentences,
    shell::{Heard, Shell},
    state::{Control, Event, Opened, Screen, State},
    view::{
        console::ConsoleView, ended::EndedView, join::JoinView, joining::JoiningView,
        returning::ReturningView, start::StartView, unable::UnableView,
    },
};

/// Countdowns show whole seconds; four looks per second keep them honest.
const TICK: Duration = Duration::from_millis(250);

/// Everything that reaches the page.
#[derive(Debug)]
pub enum Msg {
    /// From the expert or the clock.
    Event(Event),
    /// From an edge.
    Heard(Heard),
}

/// The root component.
#[derive(Debug)]
pub struct App {
    state: State,
    shell: Shell,
    /// Goes on in a hidden tab: a session that is lost there is not waited for any longer.
    ticker: Option<Heart>,
    _seen: Option<EventListener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let opened = place::opened();
        let place = Place::of(&opened);
        let unable = unable(&opened);
        let mut state = State::new(opened, memory::name(), unable);
        state.quality = memory::quality();
        let heard = ctx.link().callback(Msg::Heard);
        let mut app = Self {
            state,
            shell: Shell::new(place, Hands::new(platform()), heard),
            ticker: None,
            _seen: watch_visibility(ctx.link().callback(Msg::Event)),
        };
        app.go_on();
        app.keep_time(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        // The novice's pointer is drawn on its own, many times a second, and so are figures.
        let draws = !matches!(
            msg,
            Msg::Heard(
                Heard::Peer(peer::Heard::Channel(
                    channels::Heard::Cursor(_) | channels::Heard::Answer(..)
                )) | Heard::Beat
            )
        );
        let mut events: VecDeque<Event> = match msg {
            Msg::Event(event) => [event].into(),
            Msg::Heard(heard) => self.shell.hear(heard).into(),
        };
        while let Some(event) = events.pop_front() {
            for effect in self.state.handle(event, js::now()) {
                events.extend(self.shell.apply(effect));
            }
        }
        self.shell.cursor.own(self.has_the_pointer());
        self.keep_time(ctx);
        draws
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let on = ctx.link().callback(Msg::Event);
        match &self.state.screen {
            Screen::Unable(why) => html! { <UnableView {why} file={self.state.file.clone()} /> },
            Screen::Start(start) => html! {
                <StartView start={start.clone()} name={self.state.name.clone()}
                    trial={self.state.trial.clone()} {on} />
            },
            Screen::Join(join) => html! {
                <JoinView
                    join={join.clone()}
                    name={self.state.name.clone()}
                    file={self.state.file.clone()}
                    trial={self.state.trial.clone()}
                    {on}
                />
            },
            Screen::Joining(joining) => html! {
                <JoiningView stage={joining.stage.clone()} now={js::now()} {on} />
            },
            Screen::Returning(returning) => html! {
                <ReturningView returning={returning.clone()} now={js::now()} {on} />
            },
            Screen::Console(console) => html! {
                if let Some(picture) = self.shell.picture.clone() {
                <ConsoleView
                    console={(**console).clone()}
                    now={js::now()}
                    {picture}
                    hands={self.shell.hands.clone()}
                    cursor={self.shell.cursor.clone()}
                    gauge={self.shell.gauge.clone()}
                    quality={self.state.quality}
                    trial={self.state.trial.clone()}
                    {on}
                />
                }
            },
            Screen::Ended(ended) => html! {
                <EndedView ended={ended.clone()} file={self.state.file.clone()}
                    trial={self.state.trial.clone()} {on} />
            },
        }
    }
}

impl App {
    /// Goes on with the session that this page was in before it was loaded again.
    fn go_on(&mut self) {
        let kept = memory::session();
        let Some(kept) = kept.filter(|kept| self.state.may_go_on_with(kept.key.id())) else {
            memory::forget_session();
            return;
        };
        self.shell.may_return(kept.key);
        for effect in self.state.go_on(kept.left, js::now()) {
            self.shell.apply(effect);
        }
    }

    fn has_the_pointer(&self) -> bool {
        let Screen::Console(console) = &self.state.screen else {
            return false;
        };
        matches!(
            console.control,
            Control::Granted {
                local_hand: false,
                ..
            }
        )
    }

    fn keep_time(&mut self, ctx: &Context<Self>) {
        if !self.state.is_counting() {
            self.ticker = None;
        } else if self.ticker.is_none() {
            let link = ctx.link().clone();
            self.ticker = Some(Heart::start(TICK, move || {
                link.send_message(Msg::Event(Event::Tick));
            }));
        }
    }
}

/// Says whether anybody can see the page: now, and whenever that changes.
fn watch_visibility(on: Callback<Event>) -> Option<EventListener> {
    let document = web_sys::window()?.document()?;
    on.emit(Event::Looking(!document.hidden()));
    let watched = document.clone();
    Some(EventListener::new(
        &document,
        "visibilitychange",
        move |_| on.emit(Event::Looking(!watched.hidden())),
    ))
}

/// Why this browser will not do, if so.
fn unable(opened: &Opened) -> Option<&'static str> {
    let window = web_sys::window()?;
    let file = matches!(opened, Opened::File(_));
    if !window.is_secure_context() {
        return Some(if file {
            sentences::FILE_NOT_SECURE
        } else {
            sentences::not_secure(&window.location().hostname().unwrap_or_default())
        });
    }
    if !js::has_webrtc(&window) {
        return Some(sentences::NO_WEBRTC);
    }
    (!picture::is_possible(&window)).then_some(sentences::NO_PICTURE)
}

fn platform() -> Platform {
    let name = web_sys::window()
        .and_then(|window| window.navigator().platform().ok())
        .unwrap_or_default();
    Platform::from_dom(&name)
}
