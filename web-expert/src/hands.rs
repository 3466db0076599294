//! Mouse and keyboard at the edge: DOM events in, packets out, without a detour over drawing.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use deskhand_protocol::{
    id::GrantId,
    input::{HEARTBEAT, Position},
    key::KeyCode,
};
use gloo_events::{EventListener, EventListenerOptions};
use gloo_render::{AnimationFrame, request_animation_frame};
use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast as _;
use web_sys::{
    Element, Event, HtmlCanvasElement, KeyboardEvent, MouseEvent, PointerEvent, VisibilityState,
    WheelEvent,
};
use yew::Callback;

use crate::{
    channels::Channels,
    heart::Heart,
    input::{Input, Moved, Packet, Press, Typed},
    js,
    keyboard::{Modifiers, Platform, Stroke},
    pointer::{Rect, Turn},
};

/// So many milliseconds after each input, unless more follows, it is said redundantly. Besides,
/// what got lost is noticed by three packets that come after it (SCTP's fast retransmit, RFC 9260
/// section 7.2.4), and without them only after a third of a second.
const AGAIN_MILLIS: [u32; 3] = [8, 16, 24];

/// The expert's hands; cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Hands(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    input: RefCell<Input>,
    channels: RefCell<Weak<Channels>>,
    frame: RefCell<Option<AnimationFrame>>,
    heart: RefCell<Option<Heart>>,
    /// What says the last input redundantly.
    again: RefCell<Vec<Timeout>>,
}

impl PartialEq for Hands {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Hands {
    /// Idle hands.
    pub fn new(platform: Platform) -> Self {
        Self(Rc::new(Inner {
            input: RefCell::new(Input::new(platform)),
            channels: RefCell::default(),
            frame: RefCell::default(),
            heart: RefCell::default(),
            again: RefCell::default(),
        }))
    }

    /// From now on packets go out here, for as long as these channels are there.
    pub fn connect(&self, channels: &Rc<Channels>) {
        self.0.channels.replace(Rc::downgrade(channels));
    }

    /// See [`Input::grant`]. The heart beats from here on.
    pub fn grant(&self, grant: GrantId) {
        self.send(|input| input.grant(grant));
        // A handle that does not keep the hands alive: they own the heart.
        let hands = Rc::downgrade(&self.0);
        let heart = Heart::start(HEARTBEAT, move || {
            if let Some(inner) = hands.upgrade() {
                Self(inner).beat();
            }
        });
        self.0.heart.replace(Some(heart));
    }

    /// Shows that the page is alive.
    fn beat(&self) {
        let packets = self.0.input.borrow_mut().heartbeat();
        self.pass(&packets);
    }

    /// See [`Input::revoke`].
    pub fn revoke(&self) {
        self.send(Input::revoke);
        self.0.heart.take();
        self.0.again.take();
    }

    /// See [`Input::display`].
    pub fn display(&self, epoch: u16) {
        self.send(|input| input.display(epoch));
    }

    /// See [`Input::chord`].
    pub fn chord(&self, codes: &[KeyCode]) {
        self.send(|input| input.chord(codes));
    }

    /// Lets go of everything.
    pub fn release_all(&self) {
        self.send(Input::release_all);
    }

    fn is_active(&self) -> bool {
        self.0.input.borrow().is_active()
    }

    fn send(&self, act: impl FnOnce(&mut Input) -> Vec<Packet>) {
        let packets = act(&mut self.0.input.borrow_mut());
        self.put(&packets);
    }

    fn put(&self, packets: &[Packet]) {
        self.pass(packets);
        if packets
            .iter()
            .any(|packet| matches!(packet, Packet::Event(_)))
        {
            self.say_again();
        }
    }

    /// Will say redundantly what was just sent.
    fn say_again(&self) {
        let again = |millis| {
            let hands = Rc::downgrade(&self.0);
            Timeout::new(millis, move || {
                let channels = hands
                    .upgrade()
                    .map(|inner| inner.channels.borrow().upgrade());
                if let Some(channels) = channels.flatten() {
                    channels.again();
                }
            })
        };
        self.0.again.replace(AGAIN_MILLIS.map(again).into());
    }

    fn pass(&self, packets: &[Packet]) {
        if let Some(channels) = self.0.channels.borrow().upgrade() {
            for packet in packets {
                channels.packet(packet);
            }
        }
    }

    /// Listens to everything that happens on the screen until the listeners are dropped.
    /// `stage` is what the expert points at, `screen` the picture inside it, which takes the
    /// keyboard; `leave` is called when the expert wants the keyboard back.
    pub fn attach(
        &self,
        stage: &Element,
        screen: &HtmlCanvasElement,
        leave: &Callback<()>,
    ) -> Vec<EventListener> {
        let mut all = self.keys(stage, leave);
        all.extend(self.pointer(stage, screen));
        all.extend(self.losses(stage));
        all
    }

    fn keys(&self, stage: &Element, leave: &Callback<()>) -> Vec<EventListener> {
        ["keydown", "keyup"]
            .into_iter()
            .map(|name| {
                let (hands, leave) = (self.clone(), leave.clone());
                listen(stage, name, move |event: &KeyboardEvent| {
                    hands.key(event, name == "keydown", &leave);
                })
            })
            .collect()
    }

    fn key(&self, event: &KeyboardEvent, down: bool, leave: &Callback<()>) {
        let stroke = Stroke {
            code: event.code(),
            key: event.key(),
            down,
            repeat: event.repeat(),
            modifiers: Modifiers {
                shift: event.shift_key(),
                ctrl: event.ctrl_key(),
                alt: event.alt_key(),
                meta: event.meta_key(),
                alt_graph: event.get_modifier_state("AltGraph"),
            },
            time: event.time_stamp(),
        };
        let typed = self.0.input.borrow_mut().key(&stroke);
        match typed {
            Typed::NotOurs => {}
            Typed::Sent(packets) => {
                event.prevent_default();
                event.stop_propagation();
                self.put(&packets);
            }
            Typed::Leave(packets) => {
                event.prevent_default();
                self.put(&packets);
                leave.emit(());
            }
        }
    }

    fn pointer(&self, stage: &Element, screen: &HtmlCanvasElement) -> Vec<EventListener> {
        let mut all = vec![];
        for name in [
            "pointerdown",
            "pointermove",
            "pointerup",
            "pointercancel",
            "lostpointercapture",
        ] {
            let (hands, screen) = (self.clone(), screen.clone());
            all.push(listen(stage, name, move |event: &PointerEvent| {
                hands.pointed(name, event, &screen);
            }));
        }
        let (hands, picture) = (self.clone(), screen.clone());
        all.push(listen(stage, "wheel", move |event: &WheelEvent| {
            hands.wheel(event, &picture);
        }));
        // The browser's own answers to buttons: menus, scrolling with the middle button, pages
        // back and forward, dragging the picture.
        for name in [
            "contextmenu",
            "mousedown",
            "mouseup",
            "auxclick",
            "dragstart",
        ] {
            let hands = self.clone();
            all.push(listen(screen, name, move |event: &Event| {
                if hands.is_active() {
                    event.prevent_default();
                }
            }));
        }
        all
    }

    fn pointed(&self, name: &str, event: &PointerEvent, screen: &HtmlCanvasElement) {
        // On the picture, and not on a bar that scrolls it.
        let on_screen = event
            .target()
            .is_some_and(|target| &target == screen.as_ref());
        if name == "pointerdown" && on_screen {
            screen.focus().ok();
        }
        if !self.is_active() {
            return;
        }
        let (x, y) = point(event);
        let picture = picture(screen);
        let at = picture.position(x, y);
        // Further buttons come as moves that name a button.
        let pressed = name == "pointerdown" || (name == "pointermove" && event.button() >= 0);
        let lost = matches!(name, "pointercancel" | "lostpointercapture");
        let press = Press {
            buttons: if lost { 0 } else { event.buttons() },
            may_press: pressed && on_screen && picture.contains(x, y),
            modifiers: modifiers(event),
        };
        self.send(|input| input.press(at, press));
        match name {
            // A drag goes on beyond the edge of the screen.
            "pointerdown" if on_screen => {
                screen.set_pointer_capture(event.pointer_id()).ok();
            }
            "pointermove" => self.moved(at),
            _ => {}
        }
    }

    fn moved(&self, at: Position) {
        let moved = self.0.input.borrow_mut().moved(at);
        if let Moved::Send(packet) = moved {
            self.put(&[packet]);
            self.await_frame();
        }
    }

    fn await_frame(&self) {
        let hands = Rc::downgrade(&self.0);
        let frame = request_animation_frame(move |_| {
            let Some(hands) = hands.upgrade().map(Self) else {
                return;
            };
            let packet = hands.0.input.borrow_mut().frame();
            if let Some(packet) = packet {
                hands.put(&[packet]);
                hands.await_frame();
            }
        });
        self.0.frame.replace(Some(frame));
    }

    fn wheel(&self, event: &WheelEvent, screen: &HtmlCanvasElement) {
        if !self.is_active() {
            return;
        }
        event.prevent_default();
        let (x, y) = point(event);
        let turn = Turn {
            delta: (event.delta_x(), event.delta_y()),
            mode: event.delta_mode(),
            notches: js::notches(event),
        };
        let at = picture(screen).position(x, y);
        self.send(|input| input.wheel(at, turn, modifiers(event)));
    }

    /// Whatever takes the keyboard or the page away.
    fn losses(&self, stage: &Element) -> Vec<EventListener> {
        let Some(window) = web_sys::window() else {
            return vec![];
        };
        let mut all = vec![];
        let (hands, within) = (self.clone(), stage.clone());
        all.push(listen(stage, "focusout", move |event: &Event| {
            let to = event
                .dyn_ref::<web_sys::FocusEvent>()
                .and_then(web_sys::FocusEvent::related_target)
                .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            if !within.contains(to.as_ref()) {
                hands.release_all();
            }
        }));
        for name in ["blur", "pagehide"] {
            let hands = self.clone();
            all.push(listen(&window, name, move |_: &Event| hands.release_all()));
        }
        if let Some(document) = window.document() {
            let (hands, watched) = (self.clone(), document.clone());
            all.push(listen(&document, "visibilitychange", move |_: &Event| {
                if watched.visibility_state() == VisibilityState::Hidden {
                    hands.release_all();
                }
            }));
        }
        all
    }
}

/// Where the picture lies inside its element, in CSS pixels of the window.
pub fn picture(screen: &HtmlCanvasElement) -> Rect {
    let area = screen.get_bounding_client_rect();
    let area = Rect {
        left: area.left(),
        top: area.top(),
        width: area.width(),
        height: area.height(),
    };
    area.contain((screen.width().into(), screen.height().into()))
}

fn point(event: &MouseEvent) -> (f64, f64) {
    (event.client_x().into(), event.client_y().into())
}

fn modifiers(event: &MouseEvent) -> Modifiers {
    Modifiers {
        shift: event.shift_key(),
        ctrl: event.ctrl_key(),
        alt: event.alt_key(),
        meta: event.meta_key(),
        alt_graph: event.get_modifier_state("AltGraph"),
    }
}

/// Listens with the right to prevent the browser's own answer.
fn listen<E: wasm_bindgen::JsCast>(
    target: &web_sys::EventTarget,
    name: &'static str,
    on: impl Fn(&E) + 'static,
) -> EventListener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(target, name, options, move |event| {
        on(event.unchecked_ref());
    })
}
