//! A small X program that says what arrives in it, a line for each event, with the X server's
//! own time in milliseconds:
//!
//! ```text
//! ready
//! key press 38 61 state 0 time 1234      (keycode in decimal, keysym in hexadecimal)
//! button press 1 at 420 300 time 1240    (position on the display)
//! move 421 300 time 1251
//! focus in
//! ```
//!
//! `paint RRGGBB` on standard input fills its window and is answered by `painted RRGGBB`. `film FPS`
//! plays something like a film in it, until `still`, which is answered by `still` once the last
//! picture is on the display. `answer` has every press of a button give it another colour.
//! Its arguments are the window's place: `probe X Y WIDTH HEIGHT`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "part of the test harness: it fails loudly and speaks on standard output"
)]

use std::{
    io::BufRead as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use x11rb::{
    COPY_DEPTH_FROM_PARENT,
    connection::Connection as _,
    properties::{WmSizeHints, WmSizeHintsSpecification},
    protocol::{
        Event,
        xproto::{
            AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, CreateWindowAux,
            EventMask, GetKeyboardMappingReply, ImageFormat, KeyPressEvent, PropMode, Window,
            WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

fn main() {
    let place: Vec<u16> = std::env::args()
        .skip(1)
        .map(|n| n.parse().unwrap())
        .collect();
    let [x, y, width, height] = place[..] else {
        panic!("usage: probe X Y WIDTH HEIGHT")
    };
    let (connection, screen) = x11rb::connect(None).unwrap();
    let connection = Arc::new(connection);
    let root = connection.setup().roots[screen].root;
    let window = open(&connection, root, [x, y, width, height]);
    let answers = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let (connection, answers) = (Arc::clone(&connection), Arc::clone(&answers));
        move || paint_on_request(&connection, window, &answers)
    });
    let mut colour = 0x00ff_ffff;
    let mut names = Names::read(&connection);
    loop {
        match connection.wait_for_event().unwrap() {
            Event::Expose(event) if event.count == 0 => println!("ready"),
            Event::KeyPress(event) => print_key("press", &event, &names),
            Event::KeyRelease(event) => print_key("release", &event, &names),
            Event::ButtonPress(e) => {
                if answers.load(Ordering::Relaxed) {
                    colour ^= 0x00ff_ffff;
                    fill(&connection, window, colour);
                    connection.flush().unwrap();
                }
                println!(
                    "button press {} at {} {} time {}",
                    e.detail, e.root_x, e.root_y, e.time
                );
            }
            Event::ButtonRelease(e) => println!(
                "button release {} at {} {} time {}",
                e.detail, e.root_x, e.root_y, e.time
            ),
            Event::MotionNotify(e) => println!("move {} {} time {}", e.root_x, e.root_y, e.time),
            Event::FocusIn(_) => println!("focus in"),
            Event::FocusOut(_) => println!("focus out"),
            Event::MappingNotify(_) => names = Names::read(&connection),
            _ => {}
        }
    }
}

fn open(connection: &RustConnection, root: Window, place: [u16; 4]) -> Window {
    let window = connection.generate_id().unwrap();
    let [x, y, width, height] = place;
    let (x, y) = (i16::try_from(x).unwrap(), i16::try_from(y).unwrap());
    let events = EventMask::EXPOSURE
        | EventMask::KEY_PRESS
        | EventMask::KEY_RELEASE
        | EventMask::BUTTON_PRESS
        | EventMask::BUTTON_RELEASE
        | EventMask::POINTER_MOTION
        | EventMask::FOCUS_CHANGE;
    let look = CreateWindowAux::new()
        .background_pixel(0x00ff_ffff)
        .event_mask(events);
    connection
        .create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            x,
            y,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &look,
        )
        .unwrap();
    // A place that the window manager leaves alone, and no frame that would shift it.
    let mut hints = WmSizeHints::new();
    hints.position = Some((WmSizeHintsSpecification::UserSpecified, x.into(), y.into()));
    hints.set_normal_hints(connection, window).unwrap();
    let motif = connection
        .intern_atom(false, b"_MOTIF_WM_HINTS")
        .unwrap()
        .reply()
        .unwrap()
        .atom;
    connection
        .change_property32(PropMode::REPLACE, window, motif, motif, &[2, 0, 0, 0, 0])
        .unwrap();
    connection
        .change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_NAME,
            AtomEnum::STRING,
            b"probe",
        )
        .unwrap();
    connection.map_window(window).unwrap();
    connection.flush().unwrap();
    window
}

fn paint_on_request(connection: &Arc<RustConnection>, window: Window, answers: &AtomicBool) {
    let mut film: Option<Film> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        if let Some(fps) = line.strip_prefix("film ") {
            let fps = fps.parse().unwrap();
            film = Some(Film::play(Arc::clone(connection), window, fps));
            continue;
        }
        if line == "still" {
            drop(film.take());
            connection.sync().unwrap();
            println!("still");
            continue;
        }
        if line == "answer" {
            answers.store(true, Ordering::Relaxed);
            println!("answers");
            continue;
        }
        let Some(hex) = line.strip_prefix("paint ") else {
            continue;
        };
        let pixel = u32::from_str_radix(hex, 16).unwrap();
        fill(connection, window, pixel);
        connection.sync().unwrap();
        println!("painted {hex}");
    }
}

fn fill(connection: &RustConnection, window: Window, pixel: u32) {
    let look = ChangeWindowAttributesAux::new().background_pixel(pixel);
    connection.change_window_attributes(window, &look).unwrap();
    connection.clear_area(false, window, 0, 0, 0, 0).unwrap();
}

/// Plays until it is dropped.
struct Film {
    over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Film {
    fn play(connection: Arc<RustConnection>, window: Window, fps: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                let size = connection.get_geometry(window).unwrap().reply().unwrap();
                let (width, height) = (size.width, size.height);
                let gc = connection.generate_id().unwrap();
                let look = CreateGCAux::new();
                connection.create_gc(gc, window, &look).unwrap();
                let mut due = Instant::now();
                for frame in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let picture = picture(width, height, frame);
                    let format = ImageFormat::Z_PIXMAP;
                    connection
                        .put_image(format, window, gc, width, height, 0, 0, 0, 24, &picture)
                        .unwrap();
                    connection.flush().unwrap();
                    due += Duration::from_secs(1) / fps;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                }
            }
        });
        Self {
            over,
            thread: Some(thread),
        }
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A picture of a film: soft shapes that move, with some grain.
fn picture(width: u16, height: u16, frame: u32) -> Vec<u8> {
    let mut grain = frame.wrapping_mul(0x9e37_79b1) | 1;
    let mut bytes = Vec::with_capacity(usize::from(width) * usize::from(height) * 4);
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            grain ^= grain << 13;
            grain ^= grain >> 17;
            grain ^= grain << 5;
            let wave = |a: u32, b: u32| (x * a + y * b + frame * 9) / 3 % 230;
            let pixel = [wave(2, 1), wave(1, 3), wave(3, 2)].map(|one| one + grain % 24);
            bytes.extend(pixel.map(|one| u8::try_from(one.min(255)).unwrap_or(255)));
            bytes.push(0);
        }
    }
    bytes
}

fn print_key(what: &str, event: &KeyPressEvent, names: &Names) {
    let state = u16::from(event.state);
    println!(
        "key {what} {} {:x} state {state} time {}",
        event.detail,
        names.keysym(event.detail, state),
        event.time
    );
}

/// Which keysyms the keys have.
struct Names {
    first: u8,
    map: GetKeyboardMappingReply,
}

impl Names {
    fn read(connection: &RustConnection) -> Self {
        let setup = connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = connection
            .get_keyboard_mapping(first, last - first + 1)
            .unwrap()
            .reply()
            .unwrap();
        Self { first, map }
    }

    /// Shift (bit 0) chooses the second column, if there is one.
    fn keysym(&self, code: u8, state: u16) -> u32 {
        let row = usize::from(code - self.first) * usize::from(self.map.keysyms_per_keycode);
        let plain = self.map.keysyms[row];
        let shifted = self.map.keysyms.get(row + 1).copied().unwrap_or(0);
        if state & 1 == 1 && shifted != 0 {
            shifted
        } else {
            plain
        }
    }
}
