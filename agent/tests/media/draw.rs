//! A program that draws on the screen, and a true picture of it.

use x11rb::{
    connection::Connection,
    protocol::{
        xproto::{
            ChangeGCAux, ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux,
            CreateWindowAux, ImageFormat, Rectangle, WindowClass,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::xserver::XServer;

pub struct Painter {
    conn: RustConnection,
    root: u32,
    window: u32,
    gc: u32,
}

/// Red, green and blue of the true screen, cropped to even sides.
pub struct Screenshot {
    pub size: (u32, u32),
    pub rgb: Vec<[u8; 3]>,
}

const LINE: i16 = 14;

impl Painter {
    pub fn new(server: &XServer) -> Self {
        let (conn, root) = server.connect();
        let [window, gc, font] = [(); 3].map(|()| conn.generate_id().unwrap());
        let whole = CreateWindowAux::new()
            .background_pixel(0x10_1018)
            .override_redirect(1);
        conn.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            window,
            root,
            0,
            0,
            4000,
            4000,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &whole,
        )
        .unwrap();
        conn.map_window(window).unwrap();
        conn.open_font(font, b"fixed").unwrap();
        conn.create_gc(gc, window, &CreateGCAux::new().font(font))
            .unwrap();
        let painter = Self {
            conn,
            root,
            window,
            gc,
        };
        painter.done();
        painter
    }

    /// A screen full of coloured lines, scrolled by so many.
    pub fn text(&self, scrolled: i16) {
        let colours = [0xff_ffff, 0x80_ff80, 0xff_d060, 0x60_a0ff];
        for row in 0..80_i16 {
            let line = usize::try_from(row + scrolled).unwrap();
            let text = format!(
                "{line:4} fn handle_{:x}(&mut self, input: Input) -> Vec<Output> {{ match self.state {{ {} }} }}",
                line * 7919,
                "Waiting => self.ask(now), ".repeat(line % 4),
            );
            self.line(row, &text, colours[line % colours.len()]);
        }
        self.done();
    }

    fn line(&self, row: i16, text: &str, colour: u32) {
        let gc = ChangeGCAux::new().foreground(colour).background(0x10_1018);
        self.conn.change_gc(self.gc, &gc).unwrap();
        let padded = format!("{text:<200.200}");
        self.conn
            .image_text8(self.window, self.gc, 4, row * LINE + 12, padded.as_bytes())
            .unwrap();
    }

    /// One typed letter on the 20th line.
    pub fn letter(&self, column: i16) {
        let gc = ChangeGCAux::new()
            .foreground(0xff_ffff)
            .background(0x10_1018);
        self.conn.change_gc(self.gc, &gc).unwrap();
        self.conn
            .image_text8(self.window, self.gc, 4 + column * 6, 20 * LINE + 12, b"W")
            .unwrap();
        self.done();
    }

    /// A plain rectangle at this place.
    pub fn window(&self, x: i16, y: i16) {
        let gc = ChangeGCAux::new().foreground(0x40_6080);
        self.conn.change_gc(self.gc, &gc).unwrap();
        let rect = Rectangle {
            x,
            y,
            width: 300,
            height: 200,
        };
        self.conn
            .poly_fill_rectangle(self.window, self.gc, &[rect])
            .unwrap();
        self.done();
    }

    /// A picture of a film of 320 x 240 pixels: waves of many colours.
    pub fn film(&self, frame: u32) {
        const SIDES: (u16, u16) = (320, 240);
        let wave = |phase: u32| (f64::from(phase) / 40.0).sin() * 120.0 + 128.0;
        let places = (0..u32::from(SIDES.1)).flat_map(|y| (0..SIDES.0.into()).map(move |x| (x, y)));
        let pixels: Vec<u8> = places
            .flat_map(|(x, y): (u32, u32)| {
                let waves = [wave(x + 3 * frame), wave(y + frame), wave(x + y)];
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "from 8 to 248"
                )]
                let [b, g, r] = waves.map(|wave| wave as u8);
                [b, g, r, 0]
            })
            .collect();
        self.conn
            .put_image(
                ImageFormat::Z_PIXMAP,
                self.window,
                self.gc,
                SIDES.0,
                SIDES.1,
                96,
                64,
                0,
                24,
                &pixels,
            )
            .unwrap();
        self.done();
    }

    pub fn move_pointer(&self, x: i16, y: i16) {
        const MOTION_NOTIFY: u8 = 6;
        self.conn
            .xtest_fake_input(MOTION_NOTIFY, 0, 0, self.root, x, y, 0)
            .unwrap();
        self.done();
    }

    /// The window under the pointer gets a pointer of its own.
    pub fn set_pointer_shape(&self) {
        let [font, cursor] = [(); 2].map(|()| self.conn.generate_id().unwrap());
        self.conn.open_font(font, b"cursor").unwrap();
        let (hand, mask) = (60, 61);
        self.conn
            .create_glyph_cursor(
                cursor, font, font, hand, mask, 0, 0, 0, 0xffff, 0xffff, 0xffff,
            )
            .unwrap();
        let change = ChangeWindowAttributesAux::new().cursor(cursor);
        self.conn
            .change_window_attributes(self.window, &change)
            .unwrap();
        self.done();
    }

    /// What is on the screen now.
    pub fn screenshot(&self) -> Screenshot {
        let root = self.conn.get_geometry(self.root).unwrap().reply().unwrap();
        self.screenshot_of([0, 0, root.width & !1, root.height & !1])
    }

    /// What is on a part of it: left, top, width and height.
    pub fn screenshot_of(&self, [left, top, width, height]: [u16; 4]) -> Screenshot {
        let [x, y] = [left, top].map(|at| i16::try_from(at).unwrap());
        let image = self
            .conn
            .get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, !0)
            .unwrap()
            .reply()
            .unwrap();
        let pixels = image.data.chunks_exact(4);
        Screenshot {
            size: (width.into(), height.into()),
            rgb: pixels.map(|bgra| [bgra[2], bgra[1], bgra[0]]).collect(),
        }
    }

    /// Waits until the server has drawn it all.
    fn done(&self) {
        self.conn.sync().unwrap();
    }
}
