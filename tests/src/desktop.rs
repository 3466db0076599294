//! A real X display with a real window manager, and what is on it.

use std::path::Path;

use rustix::process::Signal;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, ImageFormat, Window},
    rust_connection::RustConnection,
};

use crate::{
    process::Process,
    wait::{self, PATIENCE},
};

/// Width and height of every display here.
pub const SIZE: (u16, u16) = (1280, 800);

/// Which X server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In memory, with a keyboard of its own.
    Xvfb,
    /// In memory, with a keyboard and pointer that a VNC client moves.
    Xvnc,
}

/// A display and its window manager.
pub struct Desktop {
    // Dropped in this order: programs before the server they are on.
    programs: Vec<Process>,
    server: Process,
    /// For `DISPLAY`.
    pub display: String,
}

impl Desktop {
    /// Starts an Xvfb desktop.
    pub async fn start() -> Self {
        Self::start_on(Kind::Xvfb, &[]).await
    }

    /// Starts a desktop on the given server; `args` are passed on to it.
    pub async fn start_on(kind: Kind, args: &[&str]) -> Self {
        let (width, height) = SIZE;
        let mut command = match kind {
            Kind::Xvfb => Process::command("Xvfb"),
            Kind::Xvnc => Process::command("Xvnc"),
        };
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"]);
        match kind {
            Kind::Xvfb => command.args(["-screen", "0", &format!("{width}x{height}x24")]),
            Kind::Xvnc => command.args([
                "-geometry",
                &format!("{width}x{height}"),
                "-depth",
                "24",
                "-SecurityTypes",
                "None",
                "-localhost",
            ]),
        };
        let server = Process::start("X server", command.args(args));
        let number = server
            .stdout
            .wait("number of the display", PATIENCE, 0, |text| {
                text.contains('\n').then(|| text.trim().to_owned())
            })
            .await;
        let mut desktop = Self {
            programs: Vec::new(),
            server,
            display: format!(":{number}"),
        };
        desktop.run(&["openbox", "--sm-disable", "--startup", "echo ready"]);
        // Before it says so, windows that are opened can get lost.
        let ready = desktop.programs[0].stdout.said(PATIENCE, "ready\n");
        assert!(ready.await, "the window manager does not start");
        desktop
    }

    /// Starts a program on it, which ends with it.
    pub fn run(&mut self, words: &[&str]) {
        let mut command = Process::command(words[0]);
        command.args(&words[1..]);
        let process = Process::start(words[0], self.dress(&mut command));
        self.programs.push(process);
    }

    /// Gives a command this display, and nothing of the one the tests run on.
    pub fn dress<'a>(
        &self,
        command: &'a mut std::process::Command,
    ) -> &'a mut std::process::Command {
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_SESSION_TYPE")
            .env_remove("WINDOWID")
            .env_remove("XAUTHORITY")
    }

    /// A connection of the test's own.
    pub fn connect(&self) -> RustConnection {
        let (connection, _) = x11rb::connect(Some(&self.display)).expect("the display is up");
        connection
    }

    /// Keys that are down right now, as X keycodes.
    pub fn keys_down(&self) -> Vec<u8> {
        let keys = self.connect().query_keymap().unwrap().reply().unwrap().keys;
        (0..=u8::MAX)
            .filter(|code| keys[usize::from(code / 8)] >> (code % 8) & 1 == 1)
            .collect()
    }

    /// Whether any pointer button is down.
    pub fn button_down(&self) -> bool {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let pointer = connection.query_pointer(root).unwrap().reply().unwrap();
        u16::from(pointer.mask) & 0x1f00 != 0
    }

    /// Waits until no key and no button is down.
    pub async fn all_released(&self, within: std::time::Duration) {
        wait::until("release of keys and buttons", within, async || {
            (self.keys_down().is_empty() && !self.button_down()).then_some(())
        })
        .await;
    }

    /// Saves a picture of what the display shows where this window is.
    pub fn save_part(&self, window: Window, path: &Path) {
        let shown = self.shown(window);
        let rgb: Vec<u8> = shown.pixels.into_iter().flatten().collect();
        save_png(path, shown.width, shown.height, &rgb);
    }

    /// The middle of what has this colour in this window, if so many pixels have: their median,
    /// which a few others elsewhere do not move.
    pub fn middle_of_colour(
        &self,
        window: Window,
        colour: [u8; 3],
        pixels: usize,
    ) -> Option<(i16, i16)> {
        let shown = self.shown(window);
        let width = usize::from(shown.width);
        let (mut across, mut along): (Vec<_>, Vec<_>) = (shown.pixels.iter().enumerate())
            .filter(|(_, pixel)| **pixel == colour)
            .map(|(at, _)| (at % width, at / width))
            .unzip();
        if across.len() < pixels {
            return None;
        }
        let median = |places: &mut Vec<usize>| {
            let half = places.len() / 2;
            i16::try_from(*places.select_nth_unstable(half).1).ok()
        };
        let (x, y) = (median(&mut across)?, median(&mut along)?);
        Some((shown.left + x, shown.top + y))
    }

    fn shown(&self, window: Window) -> Shown {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let size = connection.get_geometry(window).unwrap().reply().unwrap();
        let place = connection
            .translate_coordinates(window, root, 0, 0)
            .unwrap()
            .reply()
            .unwrap();
        let (left, top) = (place.dst_x.max(0), place.dst_y.max(0));
        let rest = |size: u16, start: i16| size - start.unsigned_abs();
        let width = size.width.min(rest(SIZE.0, left));
        let height = size.height.min(rest(SIZE.1, top));
        let image = connection
            .get_image(ImageFormat::Z_PIXMAP, root, left, top, width, height, !0)
            .unwrap()
            .reply()
            .unwrap();
        let pixels = image.data.chunks_exact(4);
        Shown {
            left,
            top,
            width,
            height,
            pixels: pixels.map(|p| [p[2], p[1], p[0]]).collect(),
        }
    }

    /// A number that any other picture in this place (left, top, width, height) would hardly have.
    pub fn print_of(&self, [x, y, width, height]: [u16; 4]) -> i32 {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let format = ImageFormat::Z_PIXMAP;
        let (x, y) = (x.cast_signed(), y.cast_signed());
        let image = connection.get_image(format, root, x, y, width, height, !0);
        let image = image.unwrap().reply().unwrap();
        let pixels = image.data.chunks_exact(4).map(|p| [p[2], p[1], p[0]]);
        pixels.flatten().fold(0, |print: i32, byte| {
            print.wrapping_mul(31).wrapping_add(byte.into())
        })
    }

    /// The X server hangs: it neither answers nor dies.
    pub fn freeze(&self) {
        self.server.signal(Signal::STOP);
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.server.signal(Signal::CONT);
    }

    /// Ends the X server at once, as a crash would.
    pub fn crash(&self) {
        self.server.signal(Signal::KILL);
    }
}

/// A part of the display, as red, green and blue, row by row.
struct Shown {
    left: i16,
    top: i16,
    width: u16,
    height: u16,
    pixels: Vec<[u8; 3]>,
}

fn save_png(path: &Path, width: u16, height: u16, rgb: &[u8]) {
    let file = std::fs::File::create(path).expect("the picture can be written");
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), width.into(), height.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rgb).unwrap();
    writer.finish().unwrap();
}
