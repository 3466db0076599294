//! A desktop with something going on, as in the comparison with other programs.

use std::time::Duration;

use deskhand_agent::media::rect::Size;
use x11rb::{
    COPY_DEPTH_FROM_PARENT,
    connection::Connection,
    protocol::xproto::{
        ChangeGCAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux,
        Drawable, Gcontext, ImageFormat, Pixmap, Rectangle, Window, WindowClass,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::{moving::Moving, xserver::XServer};

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// A letter, eight times a second.
    Typing,
    /// A page of text goes up by a line, 30 times a second, painted from a buffer.
    Scroll,
    /// A window of 640 x 420 goes about, 60 times a second.
    Drag,
    /// A film of 640 x 360, 30 pictures a second.
    Video,
}

impl Workload {
    pub const ALL: [Self; 4] = [Self::Typing, Self::Scroll, Self::Drag, Self::Video];

    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Scroll => "scroll",
            Self::Drag => "drag",
            Self::Video => "video",
        }
    }

    pub fn interval(self) -> Duration {
        let per_second = match self {
            Self::Typing => 8,
            Self::Scroll | Self::Video => 30,
            Self::Drag => 60,
        };
        Duration::from_secs(1) / per_second
    }
}

const SCREEN: (u16, u16) = (1920, 1080);
const PAPER: u32 = 0xfa_faf8;
const INK: u32 = 0x20_2428;
const WORDS: [&str; 20] = [
    "let",
    "window",
    "=",
    "self.encode(now)?;",
    "match",
    "pixel",
    "frame",
    "{",
    "}",
    "return",
    "cursor",
    "while",
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "dog",
];
/// Of the font `fixed`.
const LETTER: i16 = 6;
const LINE: i16 = 16;
const PAGE: Rectangle = Rectangle {
    x: 100,
    y: 130,
    width: 1600,
    height: 896,
};
const FILM: (u16, u16) = (640, 360);
const DRAGGED: (u16, u16) = (640, 420);

pub struct Desk {
    conn: RustConnection,
    window: Window,
    gc: Gcontext,
    workload: Workload,
    frame: u32,
    page: Pixmap,
    dragged: Window,
    film: Box<dyn Fn(u32) -> Vec<u8>>,
}

impl Desk {
    pub fn new(server: &XServer, workload: Workload) -> Self {
        let (conn, root) = server.connect();
        let [window, gc, font, page, dragged, inside] =
            [(); 6].map(|()| conn.generate_id().unwrap());
        conn.open_font(font, b"fixed").unwrap();
        let depth = 24;
        for (pixmap, (width, height)) in [(page, SCREEN), (inside, DRAGGED)] {
            conn.create_pixmap(depth, pixmap, root, width, height)
                .unwrap();
        }
        conn.create_gc(
            gc,
            page,
            &CreateGCAux::new().font(font).graphics_exposures(0),
        )
        .unwrap();
        let desk = Self {
            window,
            gc,
            workload,
            frame: 0,
            page,
            dragged,
            film: Moving::Waves.film(Size {
                width: FILM.0.into(),
                height: FILM.1.into(),
            }),
            conn,
        };
        desk.wallpaper(page);
        desk.text(
            inside,
            Rectangle {
                x: 0,
                y: 0,
                width: DRAGGED.0,
                height: DRAGGED.1,
            },
        );
        desk.open(
            window,
            root,
            Rectangle {
                x: 0,
                y: 0,
                width: SCREEN.0,
                height: SCREEN.1,
            },
            page,
        );
        match workload {
            Workload::Scroll => {
                desk.text(page, PAGE);
                desk.show_page();
            }
            Workload::Drag => {
                let (width, height) = DRAGGED;
                desk.open(
                    dragged,
                    window,
                    Rectangle {
                        x: 300,
                        y: 300,
                        width,
                        height,
                    },
                    inside,
                );
            }
            Workload::Typing | Workload::Video => {}
        }
        desk.done();
        desk
    }

    /// The next change, and waits until the server has drawn it.
    pub fn step(&mut self) {
        self.frame += 1;
        match self.workload {
            Workload::Typing => self.letter(),
            Workload::Scroll => self.scroll(),
            Workload::Drag => self.drag(),
            Workload::Video => self.picture(),
        }
        self.done();
    }

    fn open(&self, window: Window, parent: Window, at: Rectangle, background: Pixmap) {
        let aux = CreateWindowAux::new()
            .background_pixmap(background)
            .override_redirect(1);
        self.conn
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                window,
                parent,
                at.x,
                at.y,
                at.width,
                at.height,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &aux,
            )
            .unwrap();
        self.conn.map_window(window).unwrap();
    }

    /// Soft colours, and a few pages of text.
    fn wallpaper(&self, onto: Drawable) {
        for y in 0..SCREEN.1 {
            let down = f64::from(y) / f64::from(SCREEN.1);
            let row: Vec<u8> = (0..SCREEN.0)
                .flat_map(|x| {
                    let across = f64::from(x) / f64::from(SCREEN.0);
                    let (x, y) = (f64::from(x), f64::from(y));
                    let red = 20.0 + 60.0 * down + 12.0 * (x / 190.0).sin();
                    let green = 50.0 + 70.0 * across;
                    let blue = 110.0 + 60.0 * (1.0 - down) + 10.0 * ((x + y) / 240.0).cos();
                    [byte(blue), byte(green), byte(red), 0]
                })
                .collect();
            self.conn
                .put_image(
                    ImageFormat::Z_PIXMAP,
                    onto,
                    self.gc,
                    SCREEN.0,
                    1,
                    0,
                    y.cast_signed(),
                    0,
                    24,
                    &row,
                )
                .unwrap();
        }
        self.text(
            onto,
            Rectangle {
                x: 1240,
                y: 180,
                width: 600,
                height: 420,
            },
        );
        self.text(
            onto,
            Rectangle {
                x: 60,
                y: 80,
                width: 900,
                height: 560,
            },
        );
    }

    fn text(&self, onto: Drawable, at: Rectangle) {
        self.fill(onto, PAPER, at);
        for (n, y) in (at.y..)
            .step_by(LINE as usize)
            .take((at.height / LINE.unsigned_abs()).into())
            .enumerate()
        {
            self.line(onto, at, y, u32::try_from(n).unwrap());
        }
    }

    fn line(&self, onto: Drawable, at: Rectangle, y: i16, n: u32) {
        // Whatever is drawn of it, no two lines are alike.
        let mut state = n;
        let words = std::iter::repeat_with(|| {
            state = state.wrapping_mul(0x9e37_79b1) ^ (state >> 15) ^ 0x5bd1;
            WORDS[(state >> 8) as usize % WORDS.len()]
        });
        let text = format!("{n:5}  {}", words.take(60).collect::<Vec<_>>().join(" "));
        let letters = usize::from(at.width) / LETTER.unsigned_abs() as usize - 2;
        let padded = format!("{text:<letters$.letters$}");
        self.colours(if n.is_multiple_of(7) { 0x20_50c0 } else { INK });
        self.conn
            .image_text8(
                onto,
                self.gc,
                at.x + LETTER,
                y + LINE - 4,
                &padded.as_bytes()[..padded.len().min(255)],
            )
            .unwrap();
    }

    fn colours(&self, ink: u32) {
        let gc = ChangeGCAux::new().foreground(ink).background(PAPER);
        self.conn.change_gc(self.gc, &gc).unwrap();
    }

    fn fill(&self, onto: Drawable, colour: u32, at: Rectangle) {
        let gc = ChangeGCAux::new().foreground(colour);
        self.conn.change_gc(self.gc, &gc).unwrap();
        self.conn.poly_fill_rectangle(onto, self.gc, &[at]).unwrap();
    }

    fn letter(&self) {
        let place = i16::try_from(self.frame % 140).unwrap();
        let letter = b'a' + u8::try_from(self.frame % 26).unwrap();
        self.colours(INK);
        self.conn
            .image_text8(self.window, self.gc, 70 + place * LETTER, 500, &[letter])
            .unwrap();
    }

    fn scroll(&self) {
        let line = LINE.unsigned_abs();
        let kept = PAGE.height - line;
        self.conn
            .copy_area(
                self.page,
                self.page,
                self.gc,
                PAGE.x,
                PAGE.y + LINE,
                PAGE.x,
                PAGE.y,
                PAGE.width,
                kept,
            )
            .unwrap();
        let last = PAGE.y + kept.cast_signed();
        self.fill(
            self.page,
            PAPER,
            Rectangle {
                y: last,
                height: line,
                ..PAGE
            },
        );
        self.line(self.page, PAGE, last, 56 + self.frame);
        self.show_page();
    }

    fn show_page(&self) {
        self.conn
            .copy_area(
                self.page,
                self.window,
                self.gc,
                PAGE.x,
                PAGE.y,
                PAGE.x,
                PAGE.y,
                PAGE.width,
                PAGE.height,
            )
            .unwrap();
    }

    fn drag(&self) {
        let t = f64::from(self.frame) / 60.0;
        let place = ConfigureWindowAux::new()
            .x(640 + whole(520.0 * (t * 0.9).sin()))
            .y(400 + whole(240.0 * (t * 1.3).sin()));
        self.conn.configure_window(self.dragged, &place).unwrap();
    }

    fn picture(&self) {
        let bgra = (self.film)(self.frame);
        let rows: u16 = 60;
        for (n, rows_of) in bgra
            .chunks(usize::from(FILM.0) * 4 * usize::from(rows))
            .enumerate()
        {
            let y = 380 + i16::try_from(n).unwrap() * rows.cast_signed();
            self.conn
                .put_image(
                    ImageFormat::Z_PIXMAP,
                    self.window,
                    self.gc,
                    FILM.0,
                    rows,
                    600,
                    y,
                    0,
                    24,
                    rows_of,
                )
                .unwrap();
        }
    }

    fn done(&self) {
        self.conn.sync().unwrap();
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255"
)]
fn byte(colour: f64) -> u8 {
    colour as u8
}

#[expect(clippy::cast_possible_truncation, reason = "within a screen")]
fn whole(pixels: f64) -> i32 {
    pixels as i32
}
