//! A display without a screen, somebody who watches what is injected into it, and a hand.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command as Program, Stdio},
    time::{Duration, Instant},
};

use deskhand_agent::{
    hand::{
        Hand,
        wire::{Command, Event},
    },
    scope::Scope,
};
use deskhand_protocol::{
    id::GrantId,
    input::{Action, Button, InputEvent, Motion, Norm, Position},
    key::{KeyCode, Keysym},
};
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event as XEvent,
        xinput::{ConnectionExt as _, Device, EventMask, InputStateData, XIEventMask},
        xproto::{AtomEnum, ConnectionExt as _},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// The agent's own program, which is the hand's too.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_deskhand");

pub const ESCAPE: u32 = 0xff1b;
pub const CONTROL_L: u32 = 0xffe3;

pub const WIDTH: u16 = 1280;
pub const HEIGHT: u16 = 800;

/// What a character means.
pub fn meaning(c: char) -> Option<Keysym> {
    Keysym::from_char(c)
}

/// An X server of one's own; ends when dropped.
pub struct Display {
    server: Child,
    pub name: String,
}

impl Display {
    pub fn start() -> Self {
        let screen = format!("{WIDTH}x{HEIGHT}x24");
        let mut server = Program::new("Xvfb")
            // Without a reset, or it would forget its layout with its first client.
            .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp"])
            .args(["-screen", "0", &screen])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut line = String::new();
        let stdout = server.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let name = format!(":{}", line.trim());
        Self { server, name }
    }

    /// Switches the keyboard layout as the novice would.
    pub fn layout(&self, name: &str) {
        let status = Program::new("setxkbmap")
            .args(["-display", &self.name, name])
            .status()
            .expect("setxkbmap is installed");
        assert!(status.success());
    }

    /// Starts a program on this display; it ends with the display.
    pub fn run(&self, program: &str, args: &[&str]) -> Guest {
        let child = Program::new(program)
            .args(args)
            .env("DISPLAY", &self.name)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        Guest(child)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program of somebody else's.
pub struct Guest(pub Child);

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One raw event, with the server's own time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub time: u32,
    pub injected: bool,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Key(u32, bool),
    Button(u32, bool),
    Motion,
}

/// Sees all that happens on a display, and can tell injected from physical events.
pub struct Observer {
    pub connection: RustConnection,
    pub root: u32,
    xtest: Vec<u16>,
}

impl Observer {
    pub fn open(display: &Display) -> Self {
        let (connection, screen) = x11rb::connect(Some(&display.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        connection
            .xinput_xi_query_version(2, 2)
            .unwrap()
            .reply()
            .unwrap();
        let raw = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION;
        let masks = [EventMask {
            deviceid: Device::ALL_MASTER.into(),
            mask: vec![raw],
        }];
        connection
            .xinput_xi_select_events(root, &masks)
            .unwrap()
            .check()
            .unwrap();
        let mark = connection
            .intern_atom(false, b"XTEST Device")
            .unwrap()
            .reply()
            .unwrap()
            .atom;
        let devices = connection
            .xinput_xi_query_device(Device::ALL)
            .unwrap()
            .reply()
            .unwrap();
        let marked = |id: u16| {
            let any = AtomEnum::ANY.into();
            let property = connection.xinput_xi_get_property(id, false, mark, any, 0, 1);
            property.unwrap().reply().unwrap().num_items > 0
        };
        let ids = devices.infos.iter().map(|device| device.deviceid);
        let xtest = ids.filter(|id| marked(*id)).collect();
        Self {
            connection,
            root,
            xtest,
        }
    }

    /// What happened since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        self.connection.sync().unwrap();
        let mut all = Vec::new();
        while let Some(event) = self.connection.poll_for_event().unwrap() {
            let (time, source, what) = match event {
                XEvent::XinputRawKeyPress(e) => (e.time, e.sourceid, What::Key(e.detail, true)),
                XEvent::XinputRawKeyRelease(e) => (e.time, e.sourceid, What::Key(e.detail, false)),
                XEvent::XinputRawButtonPress(e) => {
                    (e.time, e.sourceid, What::Button(e.detail, true))
                }
                XEvent::XinputRawButtonRelease(e) => {
                    (e.time, e.sourceid, What::Button(e.detail, false))
                }
                XEvent::XinputRawMotion(e) => (e.time, e.sourceid, What::Motion),
                _ => continue,
            };
            all.push(Seen {
                time,
                injected: self.xtest.contains(&source),
                what,
            });
        }
        all
    }

    /// What was injected since the last call.
    pub fn injected(&self) -> Vec<What> {
        let seen = self.seen().into_iter();
        seen.filter(|seen| seen.injected)
            .map(|seen| seen.what)
            .collect()
    }

    /// How many keys and buttons XTEST's devices hold.
    pub fn held(&self) -> u32 {
        let mut count = 0;
        for id in &self.xtest {
            let id = u8::try_from(*id).unwrap();
            let state = self
                .connection
                .xinput_query_device_state(id)
                .unwrap()
                .reply()
                .unwrap();
            for class in state.classes {
                let bits = match class.data {
                    InputStateData::Key(keys) => keys.keys,
                    InputStateData::Button(buttons) => buttons.buttons,
                    _ => continue,
                };
                count += bits.iter().map(|byte| byte.count_ones()).sum::<u32>();
            }
        }
        count
    }

    /// Waits until XTEST's devices hold so many.
    pub async fn until_held(&self, count: u32, limit: Duration) {
        let start = Instant::now();
        while self.held() != count {
            assert!(start.elapsed() < limit, "{} held, not {count}", self.held());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn pointer(&self) -> (i16, i16) {
        let pointer = self
            .connection
            .query_pointer(self.root)
            .unwrap()
            .reply()
            .unwrap();
        (pointer.root_x, pointer.root_y)
    }
}

/// A hand at work, as an agent would lead it.
pub struct Led {
    pub hand: Hand,
    pub grant: GrantId,
    seq: u32,
}

impl Led {
    pub async fn start(display: &Display) -> Self {
        let mut hand = Hand::spawn(Path::new(PROGRAM), &display.name).unwrap();
        assert_eq!(next(&mut hand).await, Event::Ready);
        hand.send(Command::Display(Scope {
            display: deskhand_protocol::control::Display {
                epoch: 1,
                width: WIDTH,
                height: HEIGHT,
            },
            left: 0,
            top: 0,
        }))
        .unwrap();
        Self {
            hand,
            grant: GrantId(0),
            seq: 0,
        }
    }

    /// Opens the next grant, and waits until the novice's hand is at rest.
    pub async fn open(&mut self) {
        self.grant.0 += 1;
        self.hand.send(Command::Open(self.grant)).unwrap();
        assert_eq!(self.event().await, Event::Opened(self.grant));
    }

    /// The next event; a heartbeat goes on meanwhile.
    pub async fn event(&mut self) -> Event {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            let beat = input(self.grant, (0, 0), Action::Heartbeat);
            let _ = self.hand.send(beat);
            let beat = tokio::time::sleep(Duration::from_millis(200));
            tokio::select! {
                event = self.hand.next() => return event,
                () = beat => assert!(tokio::time::Instant::now() < deadline, "no event"),
            }
        }
    }

    /// Kills the hand, as a crash would.
    pub fn kill(&self) {
        let id = i32::try_from(self.hand.id().unwrap()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }

    pub fn act(&self, at: (u16, u16), action: Action) {
        self.hand.send(input(self.grant, at, action)).unwrap();
    }

    pub fn key(&self, code: KeyCode, keysym: Option<Keysym>, down: bool) {
        self.act((0, 0), Action::Key { code, keysym, down });
    }

    pub fn tap(&self, code: KeyCode, keysym: Option<Keysym>) {
        self.key(code, keysym, true);
        self.key(code, keysym, false);
    }

    pub fn button(&self, at: (u16, u16), down: bool) {
        let button = Button::Left;
        self.act(at, Action::Button { button, down });
    }

    pub fn motion(&mut self, at: (u16, u16)) {
        self.seq += 1;
        self.hand
            .send(Command::Motion(Motion {
                grant: self.grant,
                epoch: 1,
                seq: self.seq,
                at: position(at),
            }))
            .unwrap();
    }

    /// Waits until all that was sent so far has been done: closing says so, in order.
    pub async fn done(&mut self, observer: &Observer, marker: (i16, i16)) {
        let to = |n: i16| u16::try_from(n).unwrap();
        self.motion((to(marker.0), to(marker.1)));
        let start = Instant::now();
        while observer.pointer() != marker {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "motion never came"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub async fn next(hand: &mut Hand) -> Event {
    tokio::time::timeout(Duration::from_secs(10), hand.next())
        .await
        .expect("an event in time")
}

pub fn input(grant: GrantId, at: (u16, u16), action: Action) -> Command {
    Command::Input(InputEvent {
        grant,
        epoch: 1,
        at: position(at),
        action,
    })
}

pub fn position((x, y): (u16, u16)) -> Position {
    Position {
        x: Norm::of_pixel(x, WIDTH),
        y: Norm::of_pixel(y, HEIGHT),
    }
}
