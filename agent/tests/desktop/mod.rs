//! An X server of its own with a window manager, and windows of ours on it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use deskhand_agent::{
    clock::Now,
    front::PROMPT_DELAY,
    ui::{Model, style},
};
use egui_kittest::{Harness, kittest::Queryable};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{
            Atom, AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ChangeWindowAttributesAux,
            ClientMessageEvent, ConnectionExt as _, EventMask, MOTION_NOTIFY_EVENT, MapState,
            Window as WindowId,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    canned,
    physical::Physical,
    walk::{self, HasModel},
};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// Ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whose click it is.
#[derive(Debug, Clone, Copy)]
pub enum Hand {
    /// From the display's own mouse.
    Person,
    /// By XTEST.
    Program,
}

/// Programs end in the order of the fields: the server last.
pub struct Desktop {
    x: RustConnection,
    root: WindowId,
    display: String,
    person: Physical,
    _manager: Program,
    _server: Program,
}

impl Desktop {
    pub fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1000x800x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        let out = server.stdout.take().expect("piped");
        BufReader::new(out)
            .read_line(&mut number)
            .expect("Xvfb starts");
        let display = format!(":{}", number.trim());
        let manager = Command::new("openbox")
            .env("DISPLAY", &display)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openbox is installed");
        let (x, screen) = x11rb::connect(Some(&display)).expect("Xvfb answers");
        let root = x.setup().roots[screen].root;
        let watch = EventMask::PROPERTY_CHANGE | EventMask::SUBSTRUCTURE_NOTIFY;
        x.change_window_attributes(root, &ChangeWindowAttributesAux::new().event_mask(watch))
            .expect("sent");
        let desktop = Self {
            x,
            root,
            person: Physical::open(&display).expect("Xvfb has a mouse"),
            display,
            _manager: Program(manager),
            _server: Program(server),
        };
        let check = desktop.atom("_NET_SUPPORTING_WM_CHECK");
        desktop.until("a window manager", || {
            !desktop
                .property(root, check, AtomEnum::WINDOW.into())
                .is_empty()
        });
        desktop
    }

    /// Opens a window of ours; the display's name goes into the environment as `variable`.
    pub fn open(&self, variable: &str) -> Window<'_> {
        self.open_with(variable, &[])
    }

    /// The same, with arguments.
    pub fn open_with(&self, variable: &str, args: &[&str]) -> Window<'_> {
        let mut program = Command::new(std::env::current_exe().expect("this program"))
            .args(args)
            .env(variable, &self.display)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs");
        let orders = program.stdin.take();
        let out = BufReader::new(program.stdout.take().expect("piped"));
        let program = Program(program);
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    break;
                }
            }
        });
        let first = said.recv_timeout(PATIENCE).expect("a window opens");
        let id = first
            .parse()
            .unwrap_or_else(|_| panic!("no window: {first}"));
        let watch = EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY;
        self.x
            .change_window_attributes(id, &ChangeWindowAttributesAux::new().event_mask(watch))
            .expect("sent");
        let window = Window {
            desktop: self,
            id,
            screen: "home-open".into(),
            orders,
            said,
            program,
        };
        window.until("mapped", Window::is_viewable);
        window
    }

    fn atom(&self, name: &str) -> Atom {
        let cookie = self.x.intern_atom(false, name.as_bytes()).expect("sent");
        cookie.reply().expect("an atom").atom
    }

    fn property(&self, window: WindowId, name: Atom, kind: Atom) -> Vec<u32> {
        let cookie = self
            .x
            .get_property(false, window, name, kind, 0, 64)
            .expect("sent");
        let reply = cookie.reply();
        reply
            .ok()
            .and_then(|reply| reply.value32().map(Iterator::collect))
            .unwrap_or_default()
    }

    fn tell_manager(&self, window: WindowId, kind: &str, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, window, self.atom(kind), data);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x
            .send_event(false, self.root, to, message)
            .expect("sent");
        self.x.flush().expect("sent");
    }

    /// Waits for X events until `done`.
    fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < PATIENCE, "never: {what}");
            while self.x.poll_for_event().expect("Xvfb lives").is_some() {}
            // Not every change makes an event, so look again twice a second.
            self.wait_for_event(Duration::from_millis(500));
        }
    }

    fn wait_for_event(&self, at_most: Duration) {
        let mut fds = [PollFd::new(self.x.stream(), PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: at_most.as_secs().try_into().expect("small"),
            tv_nsec: at_most.subsec_nanos().into(),
        };
        poll(&mut fds, Some(&timeout)).expect("poll");
    }
}

/// A window of ours, in a process of its own.
pub struct Window<'a> {
    desktop: &'a Desktop,
    id: WindowId,
    screen: String,
    orders: Option<ChildStdin>,
    said: mpsc::Receiver<String>,
    program: Program,
}

impl Window<'_> {
    /// Has it show this screen.
    pub fn show(&mut self, screen: &str) {
        screen.clone_into(&mut self.screen);
        self.tell(screen);
    }

    /// Passes an order on to the program.
    pub fn tell(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("the window is open");
        writeln!(orders, "{order}").expect("the window listens");
    }

    pub fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let what = format!("{what}, for {}", self.screen);
        self.desktop.until(&what, || done(self));
    }

    pub fn is_viewable(&self) -> bool {
        let cookie = self.desktop.x.get_window_attributes(self.id).expect("sent");
        let reply = cookie.reply();
        reply.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE)
    }

    pub fn has_state(&self, name: &str) -> bool {
        let all = self.desktop.atom("_NET_WM_STATE");
        let states = self.desktop.property(self.id, all, AtomEnum::ATOM.into());
        states.contains(&self.desktop.atom(name))
    }

    pub fn is_on_every_desktop(&self) -> bool {
        let desktop = self.desktop.atom("_NET_WM_DESKTOP");
        self.desktop
            .property(self.id, desktop, AtomEnum::CARDINAL.into())
            == [u32::MAX]
    }

    pub fn is_active(&self) -> bool {
        let active = self.desktop.atom("_NET_ACTIVE_WINDOW");
        self.desktop
            .property(self.desktop.root, active, AtomEnum::WINDOW.into())
            == [self.id]
    }

    pub fn is_topmost(&self) -> bool {
        let stack = self.desktop.atom("_NET_CLIENT_LIST_STACKING");
        let stack = self
            .desktop
            .property(self.desktop.root, stack, AtomEnum::WINDOW.into());
        stack.last() == Some(&self.id)
    }

    pub fn title(&self) -> String {
        let x = &self.desktop.x;
        let (name, utf8) = (
            self.desktop.atom("_NET_WM_NAME"),
            self.desktop.atom("UTF8_STRING"),
        );
        let cookie = x
            .get_property(false, self.id, name, utf8, 0, 64)
            .expect("sent");
        let reply = cookie.reply().map(|reply| reply.value).unwrap_or_default();
        String::from_utf8_lossy(&reply).into_owned()
    }

    /// Minimises it, as the button in its title bar does, and returns once it is out of sight.
    pub fn minimise(&self) {
        const ICONIC: u32 = 3;
        let desktop = self.desktop;
        while desktop.x.poll_for_event().expect("Xvfb lives").is_some() {}
        desktop.tell_manager(self.id, "WM_CHANGE_STATE", [ICONIC, 0, 0, 0, 0]);
        // It may be back at once, so its state would not tell.
        let start = Instant::now();
        loop {
            match desktop.x.poll_for_event().expect("Xvfb lives") {
                Some(Event::UnmapNotify(gone)) if gone.window == self.id => break,
                Some(_) => {}
                None => desktop.wait_for_event(PATIENCE.saturating_sub(start.elapsed())),
            }
            assert!(
                start.elapsed() < PATIENCE,
                "never minimised: {}",
                self.screen
            );
        }
    }

    /// As a click in a task bar does.
    pub fn activate(&self) {
        const PAGER: u32 = 2;
        self.desktop
            .tell_manager(self.id, "_NET_ACTIVE_WINDOW", [PAGER, 0, 0, 0, 0]);
    }

    /// As the cross in the title bar does.
    pub fn close(&self) {
        self.desktop
            .tell_manager(self.id, "_NET_CLOSE_WINDOW", [0, 2, 0, 0, 0]);
    }

    /// Clicks on the middle of a button. Where it is, the same views say without a window.
    pub fn click(&self, by: Hand, button: &str) {
        let at = where_is(button, &self.screen, self.size());
        let x = &self.desktop.x;
        let to = x
            .translate_coordinates(self.id, self.desktop.root, at.0, at.1)
            .expect("sent")
            .reply()
            .expect("the window is open");
        let fake = |kind, detail| {
            x.xtest_fake_input(kind, detail, 0, self.desktop.root, to.dst_x, to.dst_y, 0)
                .expect("sent");
        };
        fake(MOTION_NOTIFY_EVENT, 0);
        match by {
            Hand::Program => {
                fake(BUTTON_PRESS_EVENT, 1);
                fake(BUTTON_RELEASE_EVENT, 1);
            }
            Hand::Person => {
                x.sync().expect("Xvfb lives");
                self.desktop.person.click(1).expect("Xvfb lives");
            }
        }
        x.flush().expect("sent");
    }

    /// Clicks until the window says what it should; returns that line.
    pub fn click_until(&self, by: Hand, button: &str, enough: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            self.click(by, button);
            if let Ok(line) = self.said.recv_timeout(PROMPT_DELAY)
                && enough(&line)
            {
                return line;
            }
        }
        panic!("clicks on {button} did nothing");
    }

    /// As long as it takes a question to become live.
    pub fn pause(&self) {
        let end = Instant::now() + PROMPT_DELAY;
        while Instant::now() < end {
            while self
                .desktop
                .x
                .poll_for_event()
                .expect("Xvfb lives")
                .is_some()
            {}
            self.desktop
                .wait_for_event(end.saturating_duration_since(Instant::now()));
        }
    }

    fn size(&self) -> [f32; 2] {
        let cookie = self.desktop.x.get_geometry(self.id).expect("sent");
        let geometry = cookie.reply().expect("the window is open");
        [geometry.width.into(), geometry.height.into()]
    }

    /// The next thing the novice did.
    pub fn hear(&self) -> String {
        self.said.recv_timeout(PATIENCE).expect("something is done")
    }

    /// Waits until its process has ended, well.
    pub fn ends(&mut self) {
        self.orders = None;
        let status = self.program.0.wait().expect("it is our child");
        assert!(status.success(), "{status}");
    }

    /// What three quiet seconds cost, once it has settled.
    pub fn idle_cpu_ticks(&self) -> u64 {
        for _ in 0..3 {
            self.pause();
        }
        let before = self.cpu_ticks();
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            self.pause();
        }
        self.cpu_ticks() - before
    }

    /// User and system time so far, in ticks; see proc(5).
    fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.0.id()));
        let stat = stat.expect("it lives");
        let (_, after_name) = stat.rsplit_once(") ").expect("a name in brackets");
        let fields = after_name.split(' ').skip(11).take(2);
        fields
            .map(|ticks| ticks.parse::<u64>().expect("a number"))
            .sum()
    }
}

struct Drawn(Model);

impl HasModel for Drawn {
    fn model(&mut self) -> &mut Model {
        &mut self.0
    }
}

fn where_is(button: &str, screen: &str, size: [f32; 2]) -> (i16, i16) {
    let now = Now::read();
    let model = canned::model(screen, now);
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(egui::Theme::Light)
        .with_context_setup(style::install)
        .build_ui_state(
            move |ui, drawn: &mut Drawn| {
                canned::draw(ui, &mut drawn.0, now);
            },
            Drawn(model),
        );
    for act in canned::way(screen) {
        walk::act(&mut harness, act);
    }
    let at = harness.get_by_label(button).rect().center();
    #[expect(clippy::cast_possible_truncation, reason = "a place in a small window")]
    let place = (at.x as i16, at.y as i16);
    place
}
